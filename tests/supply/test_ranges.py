from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.supply import ranges

SCRIPTS = sorted(Path(__file__).parent.glob("*.sh"))


def test_every_library_that_answering_needs_has_a_lowest_version() -> None:
    pinned = ranges.lowest()
    assert {"typer", "rich", "numpy", "onnxruntime", "pyarrow"} <= {line.partition("==")[0] for line in pinned}
    assert all(re.fullmatch(r"[a-z]+==[0-9.]+", line) for line in pinned)
    assert not {"tensorflow", "onnx", "tomli"} & {line.partition("==")[0] for line in pinned}


def test_the_newest_are_the_ranges_of_the_project() -> None:
    assert [line.replace(">=", "==").partition(",")[0] for line in ranges.newest()] == ranges.lowest()
    assert "typer>=0.26,<0.29" in ranges.newest()


def test_all_are_those_of_answering_of_training_and_of_each_extra_that_users_have() -> None:
    pinned = dict(line.split("==") for line in ranges.lowest(ranges.ALL))
    extras = {"pyarrow", "python-calamine", "ray[data]", "tensorboard"}
    extras |= {"torch", "transformers", "safetensors"}
    assert pinned.keys() - {"tensorflow", "onnx"} - extras < {line.partition("==")[0] for line in ranges.lowest()}
    assert {"tensorflow", "onnx", *extras} < pinned.keys()
    assert "ray[data]>=2.50,<3" in ranges.newest(ranges.ALL)
    text = ranges.PROJECT.read_text()
    section = text[text.index("[project.optional-dependencies]") : text.index("[project.scripts]")]
    extras_of_all = set(re.findall(r"^(\w+) = \[", section, re.MULTILINE))
    assert extras_of_all - {"dev", "docs", "test"} == set(ranges.ALL) - {"dependencies"}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_the_scripts_are_bash(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_make_has_a_word_for_each_script() -> None:
    makefile = (ranges.PROJECT.parent / "Makefile").read_text()
    for script in SCRIPTS:
        assert f"tests/supply/{script.name}" in makefile
