from __future__ import annotations

from enum import Enum
from typing import Annotated

import pytest
import typer

from imdbsent import __version__
from imdbsent.cli.app import COMMANDS, LazyCommand
from imdbsent.errors import ExitCode


def test_help_names_every_command_and_exits_0(run) -> None:
    result = run("--help")
    assert result.code == ExitCode.DONE
    for command in ("predict", "train", "models"):
        assert command in result.out


def test_without_a_command_the_help_comes(run) -> None:
    assert run().out == run("--help").out


def test_the_version_is_printed(run) -> None:
    assert run("--version").out == run("-V").out == f"imdbsent {__version__}\n"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_help_lists_the_first_line_of_each_commands_own_help(command: LazyCommand) -> None:
    assert command.load().help.partition("\n\n")[0].replace("\n", " ") == command.summary


def test_the_help_of_predict_fits_two_screens(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert len(run("predict", "--help").out.splitlines()) <= 2 * 50


def test_the_help_ends_with_the_examples_each_on_one_line(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = run("predict", "--help").out.splitlines()
    examples = lines[lines.index(" Examples:") + 1 :]
    assert examples[0] == '   imdbsent predict "great movie"'
    assert all(line.startswith(("   imdbsent", "   cat", "   # ")) for line in examples)
    assert max(map(len, examples)) > 40  # a terminal wraps them, and copies them as one line


@pytest.mark.parametrize("names", [(), ("predict",), ("models",), ("models", "show"), ("help",)])
def test_help_prints_what_the_option_prints(run, names: tuple[str, ...]) -> None:
    result = run("help", *names)
    assert result.code == ExitCode.DONE
    assert result.out == run(*names, "--help").out


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("prdict",), "imdbsent has no command 'prdict'. Did you mean 'predict'? Type: imdbsent --help"),
        (("models", "xyz"), "imdbsent models has no command 'xyz'. Type: imdbsent models --help"),
        (("predict", "x"), "imdbsent predict has no commands of its own. Type: imdbsent predict --help"),
    ],
)
def test_a_command_that_is_not_there_gets_one_line(run, names: tuple[str, ...], message: str) -> None:
    result = run("help", *names)
    assert (result.code, result.out, result.err) == (ExitCode.USAGE, "", f"imdbsent: {message}\n")


class Color(str, Enum):
    RED = "red"
    BLUE = "blue"


def paint(
    color: Annotated[Color, typer.Option(help="Paint [red]boldly[/red].")] = Color.RED,
    extra: Annotated[str, typer.Option(help="pip install 'imdbsent[ray]'.")] = "",
) -> None:
    """Paint [bold]now[/bold]."""


def test_help_is_plain_text_and_lists_choices(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    command = LazyCommand("paint", __name__, "paint", "", "").load()
    assert command.main(["--help"], prog_name="paint", standalone_mode=False) == 0
    page = " ".join(capsys.readouterr().out.split())
    for text in ("Paint [bold]now[/bold].", "--color COLOR Paint [red]boldly[/red]. Choices: red, blue.",
                 "pip install 'imdbsent[ray]'."):  # fmt: skip
        assert text in page


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["great movie"], 'To classify a text, type: imdbsent predict "great movie"'),
        (["great", "movie"], 'To classify a text, type: imdbsent predict "great movie"'),
        (['a "great" one'], "To classify a text, type: imdbsent predict 'a \"great\" one'"),
        (["prdict", "x"], "Did you mean 'predict'? Type: imdbsent --help"),
    ],
)
def test_a_text_without_a_command_and_a_typing_error_get_the_command(
    run, arguments: list[str], advice: str
) -> None:
    result = run(*arguments)
    assert result.code == ExitCode.USAGE
    assert result.err == f"imdbsent: there is no command '{arguments[0]}'. {advice}\n"


@pytest.mark.parametrize(
    ("arguments", "next_command"),
    [
        (["prdict", "x"], "imdbsent --help"),
        (["predict", "--frmat", "csv"], "imdbsent predict --help"),
        (["predict", "--format", "xml", "x"], "imdbsent predict --help"),
        (["predict", "--threshold", "2", "x"], "imdbsent predict --help"),
        (["predict", "--batch-size", "0", "x"], "imdbsent predict --help"),
        (["train", "--recipe", "resnet"], "imdbsent train --recipe classic"),
    ],
)
def test_a_command_line_that_makes_no_sense_gets_one_line_with_the_next_command(
    run, arguments: list[str], next_command: str
) -> None:
    result = run(*arguments)
    assert result.code == ExitCode.USAGE
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert next_command in result.err


def test_an_unexpected_error_is_one_line_and_a_traceback_when_debugging(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the moon")

    monkeypatch.setattr("imdbsent.load", fail)
    result = run("predict", "great")
    assert result.code == ExitCode.FAILED
    assert result.err.count("\n") == 1
    assert "unexpected RuntimeError: the moon" in result.err
    monkeypatch.setenv("IMDBSENT_DEBUG", "1")
    with pytest.raises(RuntimeError, match="the moon"):
        run("predict", "great")


def test_ctrl_c_is_quiet(run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_arguments: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("imdbsent.load", interrupt)
    result = run("predict", "great")
    assert (result.code, result.out, result.err) == (ExitCode.INTERRUPTED, "", "")
