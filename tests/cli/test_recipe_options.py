from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest

from imdbsent.errors import ExitCode
from imdbsent.training.recipes import BUCKETED, SETTINGS, Recipe

OTHER = {
    "architecture": "classic", "vocabulary_size": 5_000, "maximum_length": 200, "embedding_size": 16, "units": 32,
    "epochs": 3, "batch_size": 128, "learning_rate": 0.01, "bucketed": True,
}  # fmt: skip


def option(field: str) -> str:
    return "--" + field.replace("_", "-")


def chosen(run, *arguments: str) -> dict[str, Any]:
    """The recipe that would be trained: the last of the list."""
    result = run("train", "--list", "--format", "json", *arguments)
    assert (result.code, result.err) == (ExitCode.DONE, "")
    recipe: dict[str, Any] = json.loads(result.out)[-1]
    return recipe


def test_every_field_but_the_name_can_be_overridden(run) -> None:
    assert ["name", *OTHER] == [field.name for field in fields(Recipe)]
    given = [(option(field), *(() if value is True else (str(value),))) for field, value in OTHER.items()]
    assert chosen(run, *(part for parts in given for part in parts)) == {"name": "classic", **OTHER}
    help_text = run("train", "--help").out
    for field in SETTINGS:
        assert f" {option(field)} " in help_text


def test_a_flag_can_be_taken_back(run) -> None:
    recipe = chosen(run, "--recipe", "bucketed", "--no-bucketed", "--epochs", "2")
    assert recipe == asdict(replace(BUCKETED, bucketed=False, epochs=2))


def test_the_command_line_wins_over_the_file_and_the_file_over_its_base(run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "bucketed"\nepochs = 4\nunits = 50\n')
    expected = asdict(replace(BUCKETED, name="mine", epochs=5, units=50))
    assert chosen(run, "--recipe", str(path), "--epochs", "5") == expected


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--epochs", "0"], "'--epochs': 0 is not in the range"),
        (["--epochs", "1001"], "'--epochs': 1001 is not in the range"),
        (["--epochs", "many"], "'--epochs'"),
        (["--units", "5000"], "'--units': 5000"),
        (["--learning-rate", "0"], "'--learning-rate'"),
        (["--learning-rate", "nan"], "--learning-rate: learning_rate is nan, not a number from"),
        (["--architecture", "x"], "--architecture: architecture is 'x', not 'classic' or 'flagship'. Type: "),
        (["--vocabulary-size", "1000000", "--embedding-size", "4096"], "the recipe 'classic': its weights would take"),
        (["--recipe", "none.toml"], "cannot read 'none.toml': No such file"),
        (["--format", "json"], "Type: imdbsent train --list --format json"),
    ],
)
def test_what_makes_no_sense_is_one_line_before_anything_else(
    run, home: Path, arguments: list[str], said: str
) -> None:
    result = run("train", "--data", "nowhere", *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.USAGE, "", 1)
    assert said in result.err
    assert "Type: " in result.err
    assert not home.exists()
