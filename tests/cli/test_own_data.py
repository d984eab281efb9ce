from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imdbsent.cli._own_data import own_data
from imdbsent.errors import ExitCode, UsageProblem
from imdbsent.training.request import OwnData

NOTHING: dict[str, Any] = dict.fromkeys(
    ("text_column", "label_column", "positive", "group_column", "validation", "validation_fraction")
)


def test_what_is_left_out_has_its_default_and_paths_hold_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = str(tmp_path / "mine.csv")
    assert own_data("mine.csv", None, **NOTHING) == OwnData(path, "text", "label", None, None, None, 0.1)


def test_every_option_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options = {"text_column": "body", "label_column": "stars", "positive": ">=7", "group_column": "film"}
    asked = own_data("mine.csv", None, **{**NOTHING, **options, "validation": "v.csv"})
    assert asked is not None
    assert (asked.text_column, asked.label_column, asked.positive, asked.group_column) == tuple(options.values())
    assert asked.validation == str(tmp_path / "v.csv")
    asked = own_data("mine.csv", None, **{**NOTHING, "validation_fraction": 0.3})
    assert asked is not None
    assert asked.validation_fraction == 0.3


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"validation": "v.csv", "validation_fraction": 0.2}, ["--validation", "--validation-fraction", "one of them"]),
        ({"positive": ">=seven"}, ["'>=seven'", "--positive '>=7'"]),
    ],
)
def test_options_that_contradict_each_other_are_an_error(options: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(UsageProblem) as caught:
        own_data("mine.csv", None, **{**NOTHING, **options})
    assert caught.value.exit_code is ExitCode.USAGE
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("option", ["text_column", "label_column", "positive", "group_column"])
def test_a_folder_has_no_columns_but_the_file_beside_it_has(tmp_path: Path, option: str) -> None:
    with pytest.raises(UsageProblem, match=f"--{option.replace('_', '-')} requires a file with columns"):
        own_data(str(tmp_path), None, **{**NOTHING, option: "good"})
    assert own_data(str(tmp_path), None, **{**NOTHING, option: "good", "validation": "v.csv"})


def test_options_of_one_source_are_not_those_of_the_other() -> None:
    assert own_data(None, Path("x"), **NOTHING) is None
    with pytest.raises(UsageProblem, match=r"--positive requires FILE.*imdbsent train"):
        own_data(None, None, **{**NOTHING, "positive": "1"})
    with pytest.raises(UsageProblem, match="--data cannot be combined with FILE"):
        own_data("mine.csv", Path("x"), **NOTHING)
