from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imdbsent.tokenizer import OOV_ID, START_ID, KerasTokenizer, Vocabulary, split_words

WORDS = (b"the", b"movie", "café".encode(), b"isn't", b"rare")
TOKENIZER = KerasTokenizer(Vocabulary(WORDS), num_words=8, maximum_length=5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Great MOVIE", ["great", "movie"]),
        ("so-so... really?<br /><br />Yes!", ["so", "so", "really", "br", "br", "yes"]),
        ("isn't  don't", ["isn't", "don't"]),
        ("Ølsen ÉCLAIR", ["Ølsen", "ÉclaIR".replace("claIR", "clair")]),  # only ASCII is lower-cased
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
    assert TOKENIZER.encoding(text).ids == ids
    assert 1 <= len(ids) <= 5
    assert all(0 < i < 8 for i in ids)


def test_a_vocabulary_comes_back_from_its_file(tmp_path: Path) -> None:
    vocabulary = Vocabulary(WORDS)
    vocabulary.write(tmp_path / "vocabulary.txt")
    assert Vocabulary.read(tmp_path / "vocabulary.txt") == vocabulary
