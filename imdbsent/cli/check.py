"""`imdbsent check`: does this installation answer?"""

# No `from __future__ import annotations`: Typer would compile and evaluate the annotations again.

import importlib.util
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from imdbsent import settings
from imdbsent.cli._console import PageFormat, complete_models
from imdbsent.cli._streams import visible
from imdbsent.errors import ImdbsentError
from imdbsent.writing.text import write

_LIBRARIES: Final = {
    "tensorflow": ("imdbsent train (1.9 GB installed)", "tensorflow onnx"),
    "onnx": ("imdbsent train (1.9 GB installed)", "tensorflow onnx"),
    "pyarrow": ("Parquet and zstd", "pyarrow"),
    "python_calamine": ("Excel", "python-calamine"),
    "ray": ("--engine ray", "'ray[data]' pyarrow"),
}
"""The libraries that an answer does not need: what does, and what to install."""


def check(
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            "-m",
            metavar="NAME|PATH",
            autocompletion=complete_models,
            help="Name or folder. Default: the default model.",
        ),
    ] = None,
    output_format: Annotated[PageFormat, typer.Option("--format", help="Output format.")] = PageFormat.TABLE,
) -> None:
    """Check the installation: model, known answers, folders, versions, cores. Exits with 0 if it works.

    imdbsent check

    imdbsent check --format json | jq .model
    """
    found, error = examine(model)
    if output_format is PageFormat.JSON:
        write([json.dumps(found, ensure_ascii=False, indent=2) + "\n"], sys.stdout.buffer)
    else:
        write((f"{name:12} {visible(text)}\n" for name, text in _lines(found)), sys.stdout.buffer)
    if error is not None:
        raise error


def examine(model: str | None = None) -> tuple[dict[str, Any], ImdbsentError | None]:
    """Look at an installation.

    Args:
        model: the model to load; None for the default.

    Returns:
        What there is, as JSON can hold it; and what is wrong with the model, or None.
    """
    from imdbsent.job_report import exit_code_of, versions

    answers: dict[str, float | None] = {}
    name, error = None, None
    try:
        import imdbsent
        from imdbsent.models import inventory, store

        classifier = imdbsent.load(model, threads=1)
        name = store.pinned(classifier.bundle)
        answers = {one.text: one.probability for one in inventory.check_answers(classifier)}
    except ImdbsentError as problem:
        error = problem
    from imdbsent.classify.engine import available_cores

    folders = {
        "models": settings.models_directory(),
        "cache": settings.cache_directory(),
        "config": settings.config_directory(),
        "temporary": Path(tempfile.gettempdir()),
    }
    return {
        "ok": error is None,
        "exit_code": exit_code_of(error),
        "problem": None if error is None else str(error),
        "model": name,
        "answers": answers,
        "folders": {key: {"path": str(path), "writable": _is_writable(path)} for key, path in folders.items()},
        "versions": versions(),
        "cores": available_cores(),
        "left_out": {
            library: {"for": purpose, "install": f"pip install {packages}"}
            for library, (purpose, packages) in _LIBRARIES.items()
            if importlib.util.find_spec(library) is None
        },
    }, error


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    lines = [("model", found["model"] or "no working model")]
    lines += [("answer", f"{probability:.4f} {text}") for text, probability in found["answers"].items()]
    lines += [
        (key, f"{folder['path']}{'' if folder['writable'] else ' (read-only; predictions do not need it)'}")
        for key, folder in found["folders"].items()
    ]
    lines.append(("versions", ", ".join(f"{name} {version}" for name, version in found["versions"].items())))
    lines.append(("cores", str(found["cores"])))
    left_out = [f"{facts['for']}: {facts['install']}" for facts in found["left_out"].values()]
    lines += [("left out", text) for text in dict.fromkeys(left_out)]  # two libraries may be one installation
    return lines


def _is_writable(folder: Path) -> bool:
    """Whether a folder can be written, or created."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK)
