"""Which model the commands look at that follow a tutorial, and what becomes of one that cannot do what is asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.errors import ExitCode

IDS = "1 14 22 16 43 530 973"
WORDS = "this film was just brilliant casting\n"


def test_where_nothing_was_chosen_ids_are_those_of_the_tutorials(run) -> None:
    assert run("inspect", "decode", *IDS.split()).out == WORDS
    assert run("inspect", "decode", "--model", "flagship", *IDS.split()).out != WORDS
    ids = json.loads(run("inspect", "encode", WORDS, "--format", "jsonl").out)["ids"]
    assert ids == [int(number) for number in IDS.split()]


@pytest.mark.parametrize("arguments", [["trace", "great"], ["word", "great"], ["words", "--top", "3"]])
def test_where_nothing_was_chosen_the_network_is_that_of_the_tutorials(run, arguments: list[str]) -> None:
    result = run("inspect", *arguments, "-q")
    assert result.code == ExitCode.DONE
    assert result.out == run("inspect", *arguments, "-q", "--model", "classic").out


@pytest.mark.parametrize("arguments", [["trace", "great"], ["word", "great"], ["words", "--top", "3"]])
def test_a_network_that_predict_does_not_use_is_named(
    run, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run("predict", "great", "-m", "classic")  # installs it
    named = "this is the model 'classic'; imdbsent predict uses 'flagship'"
    assert named in run("inspect", *arguments).err.splitlines()
    assert named not in run("inspect", *arguments, "--quiet").err
    assert named not in run("inspect", *arguments, "--model", "classic").err
    monkeypatch.setenv("IMDBSENT_MODEL", "classic")
    assert named not in run("inspect", *arguments).err


def test_a_review_is_read_as_in_the_tutorials(run, tiny_tree: Path) -> None:
    review = ("inspect", "review", "7", "--ids", "-q", "--data", str(tiny_tree))
    assert run(*review).out == run(*review, "--model", "classic").out != run(*review, "--model", "flagship").out


def test_a_model_that_was_chosen_is_looked_at(run, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    run("models", "use", "flagship")
    assert run("inspect", "decode", *IDS.split()).out == run("inspect", "decode", "-m", "flagship", *IDS.split()).out
    monkeypatch.setenv("IMDBSENT_MODEL", str(tiny_bundle.directory))
    assert run("inspect", "decode", "4", "5").out == "movie great\n"


def test_inspect_model_shows_the_default_model(run) -> None:
    assert json.loads(run("inspect", "model", "--format", "json", "-q").out)["name"] == "flagship"


def test_a_choice_that_cannot_be_read_is_told_with_the_model_that_is_looked_at(run, home: Path) -> None:
    (home / "config" / "default-model").mkdir(parents=True)
    result = run("inspect", "decode", "14", "22")
    assert result.out == "this film\n"
    assert "the model is 'classic'" in result.err


@pytest.mark.parametrize(
    ("arguments", "next_step"),
    [
        (["inspect", "trace", "great", "-m", "flagship"], "Type: the same command with --model classic"),
        (["inspect", "word", "great", "-m", "flagship"], "Type: the same command with --model classic"),
        (["inspect", "encode", "great", "--pad", "-m", "flagship"], "Type: the same command with --model classic"),
        (["models", "export", "flagship", "-o", "x.keras"], "Type: the same command with -o FILE.onnx --format onnx"),
    ],
)
def test_what_the_flagship_cannot_do_is_one_line_with_the_next_command(
    run, arguments: list[str], next_step: str, tmp_path: Path, tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMDBSENT_ACLIMDB", str(tiny_tree))
    run("predict", "great")  # installs it
    result = run(*arguments)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert result.err.count("\n") == 1
    assert next_step in result.err
    assert not Path("x.keras").exists()


def test_a_padded_review_is_refused_too(run, tiny_tree: Path) -> None:
    result = run("inspect", "review", "0", "--ids", "--pad", "-q", "-m", "flagship", "--data", str(tiny_tree))
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert "does not use padding" in result.err


def test_of_the_flagships_words_there_is_all_but_the_nearest(run) -> None:
    result = run("inspect", "word", "Great", "--nearest", "0", "-q", "-m", "flagship", "--format", "json")
    fields = json.loads(result.out)
    assert (fields["word"], fields["nearest"]) == ("great", [])
    assert 0 < fields["probability"] < 1
    words = run("inspect", "words", "--top", "2", "-q", "-m", "flagship").out
    assert len(words.splitlines()) == 2


def test_a_short_review_is_not_said_to_be_padded_for_a_network_that_reads_none(run, tiny_tree: Path) -> None:
    result = run("inspect", "review", "0", "-q", "-m", "flagship", "--data", str(tiny_tree))
    assert result.code == ExitCode.DONE
    assert "[pad" not in result.out
    assert "[start]" in result.out
