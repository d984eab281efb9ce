from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imdbsent.text import tokenizer as module
from imdbsent.text.tokenizer import CHUNK_SIZE, KerasTokenizer, Vocabulary, chunks, split_words
from tests.conftest import MemoryPeak
from tests.tiny import MAXIMUM_LENGTH, NUM_WORDS, WORDS

TEXTS = st.text(st.sampled_from("ab ,.\t\n\xe9\u2028\U0001f600"), max_size=60)


@given(text=TEXTS, size=st.integers(1, 9))
def test_the_words_of_the_chunks_are_those_of_the_text(text: str, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_SIZE", size)
        cut = list(chunks(text))
    assert "".join(cut) == text
    assert [word for chunk in cut for word in split_words(chunk)] == split_words(text)


@given(st.lists(st.sampled_from(["great", "awful", "rare", "other", "<br />"])).map(" ".join), st.integers(1, 9))
def test_a_text_in_chunks_is_encoded_as_one(text: str, size: int) -> None:
    tokenizer = KerasTokenizer(Vocabulary(WORDS), NUM_WORDS, MAXIMUM_LENGTH)
    whole = tokenizer.encoding(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CHUNK_SIZE", size)
        assert tokenizer.encoding(text) == whole
    assert whole.ids.tolist() == tokenizer.encode(text)


def test_a_long_text_is_encoded_in_little_memory(memory: MemoryPeak) -> None:
    text = "great movie " * (CHUNK_SIZE // 2)
    tokenizer = KerasTokenizer(Vocabulary(WORDS), NUM_WORDS, MAXIMUM_LENGTH)
    with memory(at_most=64 * 2**20):  # a tenth of what its words would take together
        encoding = tokenizer.encoding(text)
    assert encoding.truncated
    assert encoding.ids.tolist() == [5, 4] * (MAXIMUM_LENGTH // 2)


def test_a_word_without_end_is_one_chunk() -> None:
    assert len(list(chunks("a" * (3 * CHUNK_SIZE)))) == 1
