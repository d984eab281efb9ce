from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from imdbsent.cli._input_options import NONE_GIVEN, InputOptions, own_data, with_input_options
from imdbsent.errors import ExitCode, InvalidOptions, UsageProblem
from imdbsent.reading.options import Escape, Quoting, ReadOptions
from imdbsent.training.request import OwnData

TRAIN = ReadOptions(command="train")


def asked(file: str | None = "mine.csv", data: Path | None = None, **options: Any) -> OwnData | None:
    """The texts of `train`, with the options of the split by their own names and all others as input options."""
    split = {key: options.pop(key) for key in ("group_column", "validation", "validation_fraction") if key in options}
    return own_data(file, data, InputOptions(options), **split)


def test_what_is_left_out_has_its_default_and_paths_hold_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = str(tmp_path / "mine.csv")
    assert own_data("mine.csv", None, NONE_GIVEN) == OwnData(path, TRAIN, (), (), None, None, 0.1)
    assert asked("-") == OwnData("-")


def test_every_option_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    options: dict[str, Any] = {
        "text_column": "2", "label_column": "1", "input_format": "csv", "delimiter": ";", "encoding": "cp1252",
        "quoting": Quoting.NONE, "escape": Escape.BACKSLASH, "no_header": True, "sheet": "2", "skip_bad": True,
        "positive": ["4-5"], "negative": ["1", "2"], "group_column": "3", "validation": "v.csv",
    }  # fmt: skip
    own = asked(**options)
    assert own is not None
    assert own.read == ReadOptions(
        text_column="2", label_column="1", input_format="csv", delimiter=";", encoding="cp1252", quoting=Quoting.NONE,
        escape=Escape.BACKSLASH, header=False, sheet="2", skip_bad=True, command="train",
    )  # fmt: skip
    assert (own.positive, own.negative, own.group_column) == (("4-5",), ("1", "2"), "3")
    assert own.validation == str(tmp_path / "v.csv")
    own = asked(validation_fraction=0.3)
    assert own is not None
    assert own.validation_fraction == 0.3


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"validation": "v.csv", "validation_fraction": 0.2}, ["--validation", "--validation-fraction", "one of them"]),
        ({"positive": [">=seven"]}, ["'>=seven'", "--positive '>=7'"]),
        ({"negative": ["<x"]}, ["'<x'", "--negative"]),
        ({"file": "-", "validation": "-"}, ["standard input", "path of the other"]),
        ({"input_format": "docx"}, ["'docx'", "--input-format"]),
    ],
)
def test_options_that_contradict_each_other_are_an_error(options: dict[str, Any], parts: list[str]) -> None:
    with pytest.raises(UsageProblem) as caught:
        asked(**options)
    assert caught.value.exit_code is ExitCode.USAGE
    for part in parts:
        assert part in str(caught.value)


def test_without_a_header_columns_have_numbers() -> None:
    with pytest.raises(InvalidOptions, match="numbers and no names"):
        asked(no_header=True, text_column="body")


@pytest.mark.parametrize(
    "option",
    [
        {"text_column": "good"},
        {"label_column": "good"},
        {"positive": ["good"]},
        {"negative": ["good"]},
        {"group_column": "good"},
        {"delimiter": ";"},
    ],
)
def test_a_folder_has_no_columns_but_the_file_beside_it_has(tmp_path: Path, option: dict[str, Any]) -> None:
    (name,) = option
    with pytest.raises(UsageProblem, match=f"--{name.replace('_', '-')} requires a file with columns"):
        asked(str(tmp_path), **option)
    assert asked(str(tmp_path), **option, validation="v.csv")
    assert asked(str(tmp_path), skip_bad=True)


def test_options_of_one_source_are_not_those_of_the_other() -> None:
    assert asked(None, Path("x")) is None
    assert asked(None, positive=[], negative=None, no_header=False, skip_bad=False) is None
    with pytest.raises(UsageProblem, match=r"--positive requires FILE.*imdbsent train"):
        asked(None, positive=["1"])
    with pytest.raises(UsageProblem, match="--skip-bad requires FILE"):
        asked(None, skip_bad=True)
    with pytest.raises(UsageProblem, match="--data cannot be combined with FILE"):
        asked("mine.csv", Path("x"))


@pytest.mark.parametrize("rules", [True, False])
def test_a_command_gets_the_options_as_one_object(rules: bool) -> None:
    seen: list[InputOptions] = []
    app = typer.Typer()

    @app.command()
    @with_input_options(rules=rules)
    def command(file: str, given: InputOptions = NONE_GIVEN) -> None:
        assert file == "mine.csv"
        seen.append(given)

    arguments = ["mine.csv", "--text-column", "2", "--no-header", "--quoting", "none"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert seen[0].given == {"--text-column": "2", "--no-header": True, "--quoting": Quoting.NONE}
    assert seen[0].read("x") == ReadOptions(text_column="2", header=False, quoting=Quoting.NONE, command="x")
    result = CliRunner().invoke(app, ["mine.csv", "--positive", "a,b", "--positive", "c", "--negative", "1-2"])
    assert (result.exit_code == 0) is rules
    if rules:
        assert (seen[1].positive, seen[1].negative) == (("a,b", "c"), ("1-2",))
        assert [seen[1].rules().label(label) for label in ("A", "b", "c ", "2", "3")] == [1, 1, 1, 0, None]
