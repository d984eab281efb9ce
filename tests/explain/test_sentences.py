from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imdbsent.explain.explain import sentence_spans
from imdbsent.text.tokenizer import word_spans

ANY_TEXT = st.text() | st.text(st.sampled_from("aé .!?\"')”\n<br/> "))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Great. Awful! Really?", ["Great. ", "Awful! ", "Really?"]),
        ("Great", ["Great"]),
        ("It cost 3.5 million... and shows.", ["It cost 3.5 million... ", "and shows."]),
        ('"Great!" he said. (Twice.) Then', ['"Great!" ', "he said. ", "(Twice.) ", "Then"]),
        ("Good.<br /><br />Bad<BR/>ugly", ["Good.<br /><br />", "Bad<BR/>", "ugly"]),
        ("A title\nand a line\r\n\r\nend", ["A title\n", "and a line\r\n\r\n", "end"]),
        ("great.Awful", ["great.Awful"]),
        ("“Gut!” »Ja.« Nein", ["“Gut!” ", "»Ja.« Nein"]),
        ("!!! ???", ["!!! ", "???"]),
        (" \n", [" \n"]),
        ("", []),
    ],
)
def test_sentences_end_at_marks_before_blanks_and_at_line_breaks(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


@given(ANY_TEXT)
def test_the_sentences_are_the_text_and_no_word_is_in_two(text: str) -> None:
    sentences = sentence_spans(text)
    assert "".join(text[start:end] for start, end in sentences) == text
    assert all(start < end for start, end in sentences)
    for start, end in word_spans(text):
        assert sum(first <= start and end <= last for first, last in sentences) == 1


@pytest.mark.parametrize("piece", [".", ".)", "<br", "\n", "<br /> ", '"', ". "])
def test_no_text_takes_long(piece: str) -> None:
    started = time.process_time()
    sentence_spans(piece * 100_000 + "a")
    assert time.process_time() - started < 5
