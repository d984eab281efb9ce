from __future__ import annotations

import csv
import errno
import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imdbsent.errors import OutputClosed, OutputFailed
from imdbsent.records import Prediction
from imdbsent.records.writing import as_csv, as_json, jsonl, tsv, write

GOOD = Prediction("great", "positive", 0.9876543)
FAILED = Prediction("caf\ufffd", None, None, "not valid UTF-8 at byte 3")
texts = st.text(st.characters(codec="utf-8"))


def test_tsv_has_three_columns_and_no_header() -> None:
    assert "".join(tsv([GOOD, FAILED])) == (
        "positive\t0.987654\tgreat\n\t\t[not valid UTF-8 at byte 3] caf\ufffd\n"
    )


@given(texts)
def test_tsv_is_one_line_of_three_columns_whatever_the_text(text: str) -> None:
    (line,) = tsv([Prediction(text, "negative", 0.25)])
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert "\r" not in line
    assert len(line.split("\t")) == 3


def test_tsv_leaves_a_comma_alone_and_quotes_a_quotation_mark() -> None:
    assert "".join(tsv([Prediction('a, "b"', "negative", 0.25), Prediction("a, b", "negative", 0.25)])) == (
        'negative\t0.250000\t"a, ""b"""\nnegative\t0.250000\ta, b\n'
    )


def test_a_nul_is_written_as_it_is() -> None:
    assert "".join(as_csv([Prediction("a\0b", "negative", 0.25)])).endswith("negative,0.250000,a\0b,\n")


@given(texts.filter(lambda text: "\0" not in text))  # Python 3.10 cannot read one
@example(' leading "quotes", commas\r\nand lines ')
def test_csv_gives_the_text_back(text: str) -> None:
    rows = list(csv.reader(io.StringIO("".join(as_csv([Prediction(text, "negative", 0.25)])), newline="")))
    assert rows == [["label", "probability", "text", "problem"], ["negative", "0.250000", text, ""]]


@given(texts)
def test_jsonl_is_one_line_and_gives_the_text_back(text: str) -> None:
    (line,) = jsonl([Prediction(text, "negative", 0.25)])
    assert line.count("\n") == 1
    assert json.loads(line) == {"label": "negative", "probability": 0.25, "text": text}


def test_a_failed_record_has_null_and_its_problem_in_json() -> None:
    assert json.loads("".join(jsonl([FAILED]))) == {
        "label": None,
        "probability": None,
        "text": "caf\ufffd",
        "problem": "not valid UTF-8 at byte 3",
    }


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_one_array(count: int) -> None:
    assert len(json.loads("".join(as_json([GOOD] * count)))) == count


def test_lone_surrogates_do_not_stop_the_writing() -> None:
    stream = io.BytesIO()
    write(jsonl([Prediction("bad \ud800", None, None, "x")]), stream)
    assert json.loads(stream.getvalue())["text"] == "bad ?"


@pytest.mark.parametrize(
    ("error", "raised"), [(BrokenPipeError(), OutputClosed), (OSError(errno.ENOSPC, "No space left"), OutputFailed)]
)
def test_what_the_system_says_of_the_output_is_told(error: OSError, raised: type[Exception]) -> None:
    class Broken(io.BytesIO):
        def write(self, _content: object) -> int:
            raise error

    with pytest.raises(raised):
        write(["x"], Broken())
