from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imdbsent.text.tokenizer import (
    OOV_ID,
    START_ID,
    KerasTokenizer,
    Vocabulary,
    packed,
    split_words,
    unpacked,
    word_spans,
)

WORDS = (b"the", b"movie", "café".encode(), b"isn't", b"rare")
TOKENIZER = KerasTokenizer(Vocabulary(WORDS), num_words=8, maximum_length=5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Great MOVIE", ["great", "movie"]),
        ("so-so... really?<br /><br />Yes!", ["so", "so", "really", "br", "br", "yes"]),
        ("isn't  don't", ["isn't", "don't"]),
        ("Ølsen ÉCLAIR", ["Ølsen", "ÉclaIR".replace("claIR", "clair")]),  # only ASCII is lowercased
        ("a\tb\nc\r\nd", ["a", "b", "c", "d"]),
        ("nul\0inside", ["nul\0inside"]),
        ("😀 ok", ["😀", "ok"]),
        ("", []),
        ("?!...", []),
    ],
)
def test_words_are_split_as_keras_did(text: str, words: list[str]) -> None:
    assert [word.decode() for word in split_words(text)] == words


def test_a_lone_surrogate_does_not_stop_the_splitting() -> None:
    assert len(split_words("bad \udcff byte")) == 3


def test_the_word_of_rank_r_has_id_r_plus_3_and_the_start_mark_comes_first() -> None:
    assert TOKENIZER.encode_whole("the movie café") == [START_ID, 4, 5, 6]


def test_a_word_beyond_num_words_is_out_of_vocabulary_and_an_unseen_one_is_left_out() -> None:
    assert TOKENIZER.encode_whole("the rare zebra") == [START_ID, 4, OOV_ID]


def test_a_long_text_keeps_its_end() -> None:
    assert TOKENIZER.encode("the the movie café isn't the") == [4, 5, 6, 7, 4]


def test_the_start_mark_and_padding_decode_to_no_word() -> None:
    assert TOKENIZER.decode([0, 0, 1, 4, 2, 3, 999]) == ["the", "[OOV]", "[OOV]", "[OOV]"]


@given(st.lists(st.sampled_from([word.decode() for word in WORDS[:4]])))
def test_decoding_gives_back_the_words_of_any_text_inside_the_vocabulary(words: list[str]) -> None:
    assert TOKENIZER.decode(TOKENIZER.encode_whole(" ".join(words))) == words


@given(st.text())
def test_any_text_encodes_to_ids_of_the_network(text: str) -> None:
    ids = TOKENIZER.encode(text)
    assert TOKENIZER.encoding(text).ids.tolist() == ids
    assert 1 <= len(ids) <= 5
    assert all(0 < i < 8 for i in ids)


@given(st.lists(st.sampled_from(["the", "movie", "rare", "zebra", "ape"])))
def test_an_encoding_counts_what_tokens_shows(words: list[str]) -> None:
    text = " ".join(words)
    ids = [token.id for token in TOKENIZER.tokens(text)]
    assert [START_ID, *filter(None, ids)] == TOKENIZER.encode_whole(text)
    encoding = TOKENIZER.encoding(text)
    read = [number for number in ids if number is not None]
    assert (encoding.tokens, encoding.truncated) == (min(len(read), 5), len(read) > 5)
    assert encoding.unknown == (sum(i in (None, OOV_ID) for i in ids) / len(ids) if ids else None)


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_packed_ids_are_those_that_numpy_reads(ids: list[int]) -> None:
    assert np.frombuffer(b"".join(packed(ids)), np.intc).tolist() == ids
    assert [unpacked(one) for one in packed(range(300))] == list(range(300))
    assert unpacked(b"") is None


ANY_TEXT = st.text() | st.text(st.sampled_from("aB .'<br/>é\u00e9\u0301😀\u2028\xa0\x85\x1c\r\n\t\v\f\0-_`ß\u0130"))


@given(ANY_TEXT)
def test_each_word_stands_where_its_span_says(text: str) -> None:
    pieces = [text[start:end] for start, end in word_spans(text)]
    assert [piece.encode().lower() for piece in pieces] == split_words(text)  # bytes.lower touches ASCII alone


@given(ANY_TEXT)
def test_spans_are_in_order_and_between_them_there_are_separators_alone(text: str) -> None:
    after = 0
    for start, end in [*TOKENIZER.spans(text), (len(text), len(text))]:
        assert after <= start <= end
        assert split_words(text[after:start]) == []
        after = end
    assert len(TOKENIZER.spans(text)) == len(TOKENIZER.tokens(text))


def test_spans_count_characters_and_not_bytes() -> None:
    text = "😀 Café, \ud83d!"
    assert [text[start:end] for start, end in word_spans(text)] == ["😀", "Café", "\ud83d"]


def test_a_vocabulary_comes_back_from_its_file(tmp_path: Path) -> None:
    vocabulary = Vocabulary(WORDS)
    vocabulary.write(tmp_path / "vocabulary.txt")
    assert Vocabulary.parse((tmp_path / "vocabulary.txt").read_bytes()) == vocabulary
