from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imdbsent.bundle.bundle import Bundle, write_card
from imdbsent.bundle.card import VOCABULARY
from imdbsent.cli.inspect.ids import rows_of
from imdbsent.text.tokenizer import KerasTokenizer, Vocabulary, split_words
from tests.tiny import TINY

LINES = [("decode", b"1 5 4\n0 0 1 6\n"), ("encode", b"great movie\n")]


@pytest.fixture
def model(tiny_bundle: Bundle) -> tuple[str, str]:
    return "--model", str(tiny_bundle.directory)


@pytest.mark.parametrize(
    "arguments", [["1", "5", "4"], ["[1, 5, 4]"], ["[1,", "5,", "4]"], ["0", "0", "1", "5", "4"], ["5,4"]]
)
def test_ids_become_words(run, model, arguments: list[str]):
    result = run("inspect", "decode", *arguments, *model)
    assert (result.code, result.out, result.err) == (0, "great movie\n", "")


def test_ids_of_standard_input_become_a_line_a_list(run, model):
    result = run("inspect", "decode", "-", *model, stdin=b"array([list([1, 5,\n 4]), list([1, 6, 2])], dtype=object)\n")
    assert result.out == "great movie\nawful [OOV]\n"


def test_without_arguments_decode_and_encode_read_a_pipe(run, model):
    assert run("inspect", "decode", *model, stdin=b"1 5 4\n1 6\n").out == "great movie\nawful\n"
    assert run("inspect", "encode", *model, stdin=b"great\n").out == "[start]\t\t1\ngreat\t2\t5\n"


def test_an_id_beyond_num_words_still_has_its_word(run, model):
    assert run("inspect", "decode", "1", "7", *model).out == "rare\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "reason"),
    [
        (["8"], b"", "no word has the id 8"),
        (["99999999999"], b"", "no word has the id 99999999999"),
        (["great"], b"", "'great' is not an id"),
        (["1", "-4"], b"", "-4"),
        (["[1, 5"], b"", "not a list of ids"),
        ([""], b"", "no ids given"),
        (["-"], b"", "no ids given"),
        (["-"], b"\xff\xfe", "is not an id"),
    ],
)
def test_what_is_no_id_is_one_line_and_exit_code_2(run, model, arguments, stdin, reason: str):
    result = run("inspect", "decode", *arguments, *model, stdin=stdin)
    assert (result.code, result.out) == (2, "")
    assert reason in result.err
    assert result.err.count("\n") == 1


def test_a_word_has_a_rank_and_the_id_is_three_more(run, model):
    result = run("inspect", "encode", "Great RARE unseen", *model, "--format", "tsv")
    assert result.out == "[start]\t\t1\ngreat\t2\t5\nrare\t4\t2\nunseen\t\t\n"


def test_padded_is_what_the_network_reads(run, model):
    result = run("inspect", "encode", "Great unseen movie", *model, "--pad", "--format", "jsonl")
    assert json.loads(result.out) == {
        "ids": [0, 0, 0, 0, 0, 1, 5, 4],
        "words": ["[pad]", "[pad]", "[pad]", "[pad]", "[pad]", "[start]", "great", "movie"],
    }


def test_padding_cuts_a_long_text_in_front(run, model):
    result = run("inspect", "encode", "awful " + "great " * 8, *model, "--pad", "--format", "jsonl")
    assert json.loads(result.out)["ids"] == [5] * 8


def test_the_table_folds_the_padding_and_says_what_became_of_each_word(run, model):
    result = run("inspect", "encode", "rare unseen", *model)
    assert "too rare: out of the vocabulary" in result.out
    assert "not in the training reviews" in result.out
    assert "[pad] x 5" in run("inspect", "encode", "great movie", "--pad", *model).out
    assert "Cut off: the first 2 ids." in run("inspect", "encode", "great " * 9, "--pad", *model).out


def test_the_table_has_the_spelling_that_a_word_was_read_in(run, tiny_bundle: Bundle):
    write_card(tiny_bundle.directory, replace(tiny_bundle.card, tokenizer="corrected"))
    lines = run("inspect", "encode", "Awfull mvoie great", "--model", str(tiny_bundle.directory)).out.splitlines()
    assert [line.split("read as ")[-1].strip(" │") for line in lines if "read as" in line] == ["awful", "movie"]
    assert "great" in lines[-2]


def test_a_pipe_of_texts_has_an_object_each_in_order(run, model):
    result = run("inspect", "encode", "-", *model, "--format", "jsonl", stdin=b"great\n\nawful\n")
    objects = [json.loads(line) for line in result.out.splitlines()]
    assert [fields["ids"] for fields in objects] == [[1, 5], [], [1, 6]]
    assert objects[1]["problem"] == "blank"


def test_a_pipe_of_texts_has_rows_with_an_empty_line_between(run, model):
    result = run("inspect", "encode", "-", *model, stdin=b"great\n\xff\nawful\n")
    assert result.out.split("\n\n") == [
        "[start]\t\t1\ngreat\t2\t5", "[not valid UTF-8 at byte 0]\t\t", "[start]\t\t1\nawful\t3\t6\n"
    ]  # fmt: skip


@pytest.mark.parametrize(("arguments", "reason"), [(["-"], "no text given"), ([" "], "blank")])
def test_no_text_is_one_line_and_exit_code_2(run, model, arguments, reason: str):
    result = run("inspect", "encode", *arguments, *model)
    assert (result.code, result.out) == (2, "")
    assert reason in result.err
    assert result.err.count("\n") == 1


def test_decode_undoes_encode(run, model):
    encoded = run("inspect", "encode", "Great, awful <br /> movie!", *model, "--format", "jsonl")
    ids = str(json.loads(encoded.out)["ids"])
    assert run("inspect", "decode", "-", *model, stdin=ids.encode()).out == "great awful movie\n"


WORDS = Vocabulary.parse((TINY / VOCABULARY).read_bytes()).words[:3]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=7), st.sampled_from([" ", ", ", "!\n", " <br /> "]))
def test_the_words_of_any_text_inside_the_vocabulary_come_back(run, words: list[bytes], blank: str):
    text = blank.join(word.decode().title() for word in words) + "."
    text = text.replace("<br />", "")
    encoded = run("inspect", "encode", text, "--pad", "--format", "jsonl", "-m", str(TINY))
    decoded = run("inspect", "decode", str(json.loads(encoded.out)["ids"]), "-m", str(TINY))
    assert decoded.out.split() == [word.decode() for word in words]


@given(st.text(alphabet="abc .,!", max_size=40))
def test_every_word_of_a_text_has_a_row_and_the_ids_are_those_of_encode(text: str):
    tokenizer = KerasTokenizer(Vocabulary((b"a", b"b", b"ab", b"c")), num_words=7, maximum_length=5)
    rows = rows_of(text, tokenizer, pad=False)
    assert [row.word for row in rows[1:]] == [word.decode() for word in split_words(text)]
    assert [row.id for row in rows if row.id is not None] == tokenizer.encode_whole(text)
    padded = [row.id for row in rows_of(text, tokenizer, pad=True)]
    kept = tokenizer.encode(text)
    assert padded == [0] * (5 - len(kept)) + kept
