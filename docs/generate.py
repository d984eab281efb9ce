"""Write docs/commands.md (what `--help` prints, and the exit codes) and docs/python.md. Run it with `make docs`.

It also writes requirements/answer.txt: what a light installation needs.
"""

from __future__ import annotations

import ast
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import python_page
import typer
from running import ROOT, printed

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = ROOT / "docs" / "commands.md"
PYTHON = ROOT / "docs" / "python.md"
WIDTH = 100  # columns
LIGHT = ROOT / "requirements" / "answer.txt"
TRAINING = ("tensorflow", "onnx")
"""The dependencies that only `imdbsent train` needs: a light installation leaves them out."""

_LIGHT_HEAD = """# What answering needs: the dependencies of pyproject.toml without those of training.
# pip install -r requirements/answer.txt && pip install --no-deps .
# This file is generated: python docs/generate.py
"""

_HEAD = """# Commands

What `--help` prints, at {width} columns. This page is generated: `make docs` writes it, and a test fails if it is out
of date.

<!-- {versions} -->

{contents}
"""


def commands() -> Iterator[tuple[str, Any]]:
    """Each command and its subcommands with their names, for example "imdbsent inspect trace".

    The program imports a command when it is looked up; this looks up all of them.
    """
    from imdbsent.cli.app import app  # noqa: PLC0415 (whoever imports this file need not import the command line)

    yield from _walk("imdbsent", typer.main.get_command(app))


def versions() -> str:
    """The libraries that lay out a help page; other versions of them lay it out a little differently."""
    return f"laid out by typer {version('typer')}, rich {version('rich')}"


def page() -> str:
    """The text of docs/commands.md."""
    names = [name for name, _ in commands()]
    with ThreadPoolExecutor() as pool:
        helps = list(pool.map(lambda name: printed(f"{name} --help", width=WIDTH), names))
    contents = "\n".join(f"- [`{name}`](#{name.replace(' ', '-')})" for name in names)
    sections = [f"## {name}\n\n```text\n{text}```\n" for name, text in zip(names, helps)]
    head = _HEAD.format(width=WIDTH, versions=versions(), contents=contents + "\n- [Exit codes](#exit-codes)")
    return "\n".join([head, *sections, _exit_codes()])


def light_requirements() -> str:
    """The text of requirements/answer.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = [line for line in project["dependencies"] if re.split(r"[^A-Za-z0-9_.-]", line)[0] not in TRAINING]
    return _LIGHT_HEAD + "".join(f"{line}\n" for line in lines)


def _walk(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    yield name, command
    for child in getattr(command, "commands", {}).values():
        yield from _walk(f"{name} {child.name}", child)


def _exit_codes() -> str:
    """The members of `imdbsent.errors.ExitCode`, each with the string below it."""
    tree = ast.parse((ROOT / "imdbsent" / "errors.py").read_text("utf-8"))
    (codes,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "ExitCode")
    values = [ast.literal_eval(node.value) for node in codes.body if isinstance(node, ast.Assign)]
    meanings = [ast.literal_eval(node.value) for node in codes.body[1:] if isinstance(node, ast.Expr)]
    rows = [f"| {value} | {meaning} |" for value, meaning in zip(values, meanings)]
    return "\n".join(["## Exit codes", "", "| code | meaning |", "|---:|---|", *rows, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    PYTHON.write_text(python_page.page(), encoding="utf-8", newline="\n")
    LIGHT.write_text(light_requirements(), encoding="utf-8", newline="\n")
