from __future__ import annotations

import pytest

from imdbsent import __version__
from imdbsent.errors import ExitCode


def test_help_names_every_command_and_exits_0(run) -> None:
    result = run("--help")
    assert result.code == ExitCode.DONE
    for command in ("predict", "train", "models"):
        assert command in result.out


def test_without_a_command_the_help_comes(run) -> None:
    assert run().out == run("--help").out


def test_the_version_is_printed(run) -> None:
    assert run("--version").out == f"imdbsent {__version__}\n"


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
