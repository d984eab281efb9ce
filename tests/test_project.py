"""What the documents say of the project holds."""

from __future__ import annotations

import re
from pathlib import Path

from imdbsent import __version__

ROOT = Path(__file__).parent.parent


def test_the_light_install_of_readme_and_makefile_is_every_dependency_but_those_of_training() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    block = re.search(r"^dependencies = \[\n(.*?)^\]", project, re.DOTALL | re.MULTILINE)
    assert block
    names = set(re.findall(r'^ *"([a-z0-9]+)', block[1], re.MULTILINE)) - {"tensorflow", "onnx"}
    for document in ("README.md", "Makefile"):
        line = next(line for line in (ROOT / document).read_text().splitlines() if "platformdirs filelock" in line)
        installed = line[line.index('"typer') :].partition(" &&")[0].split()
        assert {re.sub(r"[^a-z0-9].*", "", name.strip('"')) for name in installed} == names, document
    assert '"typer>=0.26,<0.29"' in project
    assert '"typer>=0.26,<0.29"' in (ROOT / "README.md").read_text()


def test_ci_calls_the_readmes_test_command() -> None:
    assert "\nmake check\n" in (ROOT / "README.md").read_text()
    assert "\nmake check\n" in (ROOT / ".ci" / "run").read_text()


def test_the_citation_is_of_this_version() -> None:
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text()
