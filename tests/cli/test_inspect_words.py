from __future__ import annotations

import json
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.cli.inspect.words import WordOrder, sorted_words
from imdbsent.explain.words import RankedWord


@pytest.fixture
def model(tiny_bundle: Bundle) -> tuple[str, str]:
    return "--model", str(tiny_bundle.directory)


def test_without_the_reviews_a_word_has_rank_id_and_neighbors_and_a_note(run, model):
    result = run("inspect", "word", "Great!", *model, "--format", "json")
    assert result.code == 0
    assert "not counted" in result.err
    assert result.err.count("\n") == 1
    fields = json.loads(result.out)
    assert (fields["word"], fields["rank"], fields["id"], fields["counts"]) == ("great", 2, 5, None)
    assert [neighbor["word"] for neighbor in fields["nearest"]] == ["movie", "awful"]


def test_with_the_reviews_each_split_and_class_is_counted(run, model, tiny_tree: Path):
    result = run("inspect", "word", "great", *model, "--data", str(tiny_tree), "--format", "json", "-q")
    counts = {count["folder"]: count for count in json.loads(result.out)["counts"]}
    texts = [path.read_text("utf-8") for path in (tiny_tree / "train" / "pos").iterdir()]
    assert set(counts) == {"train/neg", "train/pos", "test/neg", "test/pos"}
    assert counts["train/pos"]["occurrences"] == sum(text.count("great") for text in texts)
    assert counts["train/neg"]["occurrences"] == 0
    assert counts["test/neg"]["reviews_total"] == 5


def test_the_table_of_a_word_says_the_same(run, model, tiny_tree: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IMDBSENT_ACLIMDB", str(tiny_tree))
    result = run("inspect", "word", "great", *model)
    for part in ("5 = rank + 3", "train/pos", "test/neg", "movie", "awful", "1.0000"):
        assert part in result.out
    assert "train/pos has 5 of 12,500 reviews" in result.err


def test_a_word_beyond_num_words_has_a_rank_and_no_neighbors(run, model):
    fields = json.loads(run("inspect", "word", "rare", *model, "--format", "json").out)
    assert (fields["rank"], fields["id"], fields["probability"], fields["nearest"]) == (4, 2, None, [])
    assert "out of the vocabulary" in run("inspect", "word", "rare", *model).out


def test_the_verdict_on_a_word_alone_is_that_of_predict(run, model):
    fields = json.loads(run("inspect", "word", "awful", *model, "--format", "json").out)
    predicted = json.loads(run("predict", "awful", *model, "--format", "jsonl").out)
    assert fields["probability"] == pytest.approx(predicted["probability"], abs=1e-6)


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("grate", "Type: imdbsent inspect word great"),
        ("xyzzy", "'xyzzy' is not among the 4 words"),
        ("great movie", "not one word but 2"),
        ("...", "not one word but 0"),
        ("", "not one word but 0"),
    ],
)
def test_what_is_no_word_is_one_line_and_exit_code_2(run, model, word: str, reason: str):
    result = run("inspect", "word", word, *model)
    assert (result.code, result.out) == (2, "")
    assert reason in result.err
    assert result.err.count("\n") == 1


def test_reviews_that_are_named_and_not_there_are_exit_code_3(run, model, tmp_path: Path):
    result = run("inspect", "word", "great", *model, "--data", str(tmp_path / "nowhere"))
    assert result.code == 3


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("rank", ["movie", "great", "awful"]),
        ("positive", ["great", "movie", "awful"]),
        ("negative", ["awful", "movie", "great"]),
        ("alphabet", ["awful", "great", "movie"]),
    ],
)
def test_words_are_sorted_as_asked(run, model, sort: str, order: list[str]):
    result = run("inspect", "words", "--sort", sort, *model)
    assert [line.split("\t")[0] for line in result.out.splitlines()] == order


def test_words_that_are_even_stand_by_rank():
    rows = [RankedWord("b", 1, 4, 0.5), RankedWord("a", 2, 5, 0.5)]
    assert sorted_words(rows[::-1], WordOrder.POSITIVE) == rows
    assert sorted_words(rows[::-1], WordOrder.NEGATIVE) == rows


def test_as_many_words_as_asked_for(run, model):
    result = run("inspect", "words", "--top", "2", "--format", "jsonl", *model)
    assert [json.loads(line)["id"] for line in result.out.splitlines()] == [4, 5]


def test_a_table_of_words(run, model):
    result = run("inspect", "words", "--format", "table", *model)
    assert "P(positive)" in result.out
    assert "awful" in result.out


@pytest.mark.parametrize("arguments", [("--top", "0"), ("--top", "many"), ("--sort", "beauty")])
def test_a_wrong_option_is_one_line_and_exit_code_2(run, model, arguments: tuple[str, str]):
    result = run("inspect", "words", *arguments, *model)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1
    assert "imdbsent inspect words --help" in result.err
