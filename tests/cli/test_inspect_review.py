from __future__ import annotations

import json
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.cli.inspect.review import decoded_text, encode_review
from imdbsent.dataset.aclimdb import Review
from imdbsent.text.tokenizer import KerasTokenizer, Vocabulary


@pytest.fixture
def options(tiny_bundle: Bundle, tiny_tree: Path) -> tuple[str, ...]:
    return "--quiet", "--model", str(tiny_bundle.directory), "--data", str(tiny_tree)


@pytest.mark.parametrize(
    ("number", "split", "file", "label"),
    [
        (0, "train", "train/neg/0_2.txt", "negative"),
        (4, "train", "train/neg/4_2.txt", "negative"),
        (5, "train", "train/pos/0_9.txt", "positive"),
        (9, "test", "test/pos/4_9.txt", "positive"),
    ],
)
def test_numbers_go_by_class_and_then_by_id(run, options, number: int, split: str, file: str, label: str):
    result = run("inspect", "review", str(number), "--split", split, "--format", "json", *options)
    fields = json.loads(result.out)
    assert (fields["file"], fields["label"]) == (file, label)


def test_ids_are_ordered_as_numbers_not_as_names(run, options, tiny_tree: Path):
    (tiny_tree / "train" / "neg" / "10_1.txt").write_text("movie")
    result = run("inspect", "review", "5", "--split", "train", "--format", "json", *options)
    assert json.loads(result.out)["file"] == "train/neg/10_1.txt"


def test_a_review_with_all_that_there_is_to_know(run, options):
    fields = json.loads(run("inspect", "review", "5", "--split", "train", "--format", "json", *options).out)
    assert fields == {
        "number": 5,
        "file": "train/pos/0_9.txt",
        "split": "train",
        "label": "positive",
        "stars": 9,
        "title": "tt0000000",
        "length": 3,
        "cut": 0,
        "paddings": 5,
        "ids": [1, 4, 5],
        "text": "This movie 0 is great.<br />Really superb!",
    }


def test_the_table_marks_what_the_network_does_not_know(run, options, tiny_tree: Path):
    (tiny_tree / "train" / "neg" / "0_2.txt").write_text("A rare movie")
    out = run("inspect", "review", "0", "--split", "train", *options).out
    for part in ("train/neg/0_2.txt", "negative, 2 of 10 stars", "tt0000000", "[pad x 5] [start] {a} [rare] movie"):
        assert part in out


def test_what_is_cut_stands_apart_from_what_is_read(run, options, tiny_tree: Path):
    (tiny_tree / "train" / "neg" / "0_2.txt").write_text("awful awful nix great " + "movie " * 7)
    out = run("inspect", "review", "0", "--split", "train", *options).out
    assert "the first 3 ids: the network reads the last 8" in out
    lines = [line.split() for line in out.splitlines()]
    assert lines[5:7] == [["awful", "awful", "{nix}"], ["read", "great", *["movie"] * 7]]


def test_cut_and_read_are_what_encode_keeps():
    tokenizer = KerasTokenizer(Vocabulary((b"a", b"b")), num_words=6, maximum_length=4)
    for text in ("", "x", "a", "a b a", "a b a b", "x a x b a x b a x", "b " * 9):
        encoded = encode_review(Review("train", 0, text, 1, 9, ""), tokenizer)
        read = [token.id for token in encoded.read if token.id is not None]
        assert ([] if encoded.cut else [1]) + read == tokenizer.encode(text)
        assert encoded.unread + encoded.read == encoded.tokens
        assert encoded.paddings + len(tokenizer.encode(text)) == 4


def test_a_word_cannot_steer_the_terminal():
    tokenizer = KerasTokenizer(Vocabulary((b"a",)), num_words=6, maximum_length=4)
    assert "\x1b" not in decoded_text(tokenizer.tokens("a \x1b]0;title\x07 a")).plain


def test_one_rare_word_is_in_the_singular(run, options, tiny_tree: Path):
    (tiny_tree / "train" / "neg" / "0_2.txt").write_text("A rare movie")
    assert "1 word too rare, 1 left out" in run("inspect", "review", "0", *options).out
    (tiny_tree / "train" / "neg" / "0_2.txt").write_text("rare rare movie")
    assert "2 words too rare, 0 left out" in run("inspect", "review", "0", *options).out


def test_ids_decode_to_the_words(run, options):
    ids = run("inspect", "review", "5", "--split", "train", "--ids", *options).out
    assert ids == "[1, 4, 5]\n"
    assert run("inspect", "decode", "-", *options[:3], stdin=ids.encode()).out == "movie great\n"


def test_ids_are_whole_unless_padded(run, options, tiny_tree: Path):
    (tiny_tree / "train" / "neg" / "0_2.txt").write_text("great " * 9)
    assert run("inspect", "review", "0", "--ids", *options).out == f"{[1] + [5] * 9}\n"
    assert run("inspect", "review", "0", "--ids", "--pad", *options).out == f"{[5] * 8}\n"
    assert run("inspect", "review", "5", "--ids", "--pad", *options).out == f"{[0] * 5 + [1, 4, 5]}\n"


def test_raw_is_the_file(run, options, tiny_tree: Path):
    result = run("inspect", "review", "7", "--split", "test", "--raw", *options)
    assert result.out == (tiny_tree / "test" / "pos" / "2_9.txt").read_text() + "\n"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("10",), "there is no review 10 in the train split, which has 10. Type: imdbsent inspect review 9"),
        (("many",), "Invalid value for 'N'"),
        (("1.5",), "Invalid value for 'N'"),
        (("-1",), "-1"),
        (("0", "--split", "unsup"), "unsup"),
        (("0", "--ids", "--raw"), "--ids cannot be combined with --raw"),
        (("0", "--pad"), "--pad requires --ids"),
        ((), "N"),
    ],
)
def test_what_is_no_review_is_one_line_and_exit_code_2(run, options, arguments, reason: str):
    result = run("inspect", "review", *arguments, *options)
    assert (result.code, result.out) == (2, "")
    assert reason in result.err
    assert result.err.count("\n") == 1


def test_without_the_reviews_and_the_network_it_is_exit_code_3(run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("IMDBSENT_OFFLINE", "1")
    result = run("inspect", "review", "0", "--raw")
    assert (result.code, result.out) == (3, "")
    assert result.err.count("\n") == 1


@pytest.mark.real
def test_the_first_review_of_the_tutorials(run, real_archive: Path, real_reviews):
    """x_train[0] of keras.datasets.imdb.load_data(num_words=10000), as every tutorial prints it."""
    reviews = real_reviews("train/neg", "train/pos")
    number = next(i for i, review in enumerate(reviews) if review.file_name.startswith("576_") and review.label)
    assert number == 13_076
    result = run("inspect", "review", str(number), "--ids", "--quiet", "--data", str(real_archive))
    ids = json.loads(result.out)
    assert ids[:12] == [1, 14, 22, 16, 43, 530, 973, 1622, 1385, 65, 458, 4468]
    assert len(ids) == 218
    assert ids[-10:] == [4472, 113, 103, 32, 15, 16, 5345, 19, 178, 32]
    decoded = run("inspect", "decode", "-", "--quiet", stdin=result.out.encode())
    assert decoded.out.startswith("this film was just brilliant casting location scenery story direction")
