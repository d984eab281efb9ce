from __future__ import annotations

import csv
import errno
import io
import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from imdbsent.errors import OutputClosed, OutputFailed, UsageProblem
from imdbsent.records import Prediction
from imdbsent.writing.text import (
    NO_COLUMNS,
    Format,
    ResultColumns,
    TextWriter,
    result_columns,
    text_layout,
    write,
)
from tests.writing.texts import text_of

GOOD = Prediction("great", "positive", 0.9876543, tokens=1, unknown=0.0)
FAILED = Prediction("caf\ufffd", None, None, "not valid UTF-8 at byte 3")
KEPT = Prediction("great", "positive", 0.5, None, 3, True, 1 / 3, "a,b", 7, ("x", None, 1.5, [True, float("nan")]))
COLUMNS = ResultColumns(id=True, kept=("name", "none", "number", "list"))
texts = st.text(st.characters(codec="utf-8"))


def whole(chosen: Format, *predictions: Prediction, columns: ResultColumns = NO_COLUMNS) -> str:
    return text_of(predictions, text_layout(chosen, columns))


def test_tsv_has_three_columns_and_no_header() -> None:
    assert whole(Format.TSV, GOOD, FAILED) == (
        "positive\t0.987654\tgreat\n\t\t[not valid UTF-8 at byte 3] caf\ufffd\n"
    )


@given(texts)
def test_tsv_is_one_line_of_three_columns_whatever_the_text(text: str) -> None:
    line = whole(Format.TSV, Prediction(text, "negative", 0.25))
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert "\r" not in line
    assert len(line.split("\t")) == 3


def test_tsv_leaves_a_comma_alone_and_quotes_a_quotation_mark() -> None:
    assert whole(Format.TSV, Prediction('a, "b"', "negative", 0.25), Prediction("a, b", "negative", 0.25)) == (
        'negative\t0.250000\t"a, ""b"""\nnegative\t0.250000\ta, b\n'
    )


def test_a_nul_is_written_as_it_is() -> None:
    assert whole(Format.CSV, Prediction("a\0b", "negative", 0.25)).endswith("negative,0.250000,0,false,,,a\0b\n")


@given(texts.filter(lambda text: "\0" not in text))  # Python 3.10 cannot read one
@example(' leading "quotes", commas\r\nand lines ')
def test_csv_gives_the_text_back(text: str) -> None:
    rows = list(csv.reader(io.StringIO(whole(Format.CSV, Prediction(text, "negative", 0.25)), newline="")))
    assert rows == [
        ["label", "probability", "tokens", "truncated", "unknown", "problem", "text"],
        ["negative", "0.250000", "0", "false", "", "", text],
    ]


@given(texts)
def test_jsonl_is_one_line_and_gives_the_text_back(text: str) -> None:
    line = whole(Format.JSONL, Prediction(text, "negative", 0.25, tokens=4, truncated=True, unknown=0.5))
    assert line.count("\n") == 1
    assert json.loads(line) == {
        "label": "negative", "probability": 0.25, "tokens": 4, "truncated": True, "unknown": 0.5, "text": text,
    }  # fmt: skip


def test_a_failed_record_has_null_and_its_problem_in_json() -> None:
    assert json.loads(whole(Format.JSONL, FAILED)) == {
        "label": None,
        "probability": None,
        "tokens": 0,
        "truncated": False,
        "unknown": None,
        "text": "caf\ufffd",
        "problem": "not valid UTF-8 at byte 3",
    }


@pytest.mark.parametrize("count", [0, 1, 3])
def test_json_is_one_array(count: int) -> None:
    assert len(json.loads(whole(Format.JSON, *[GOOD] * count))) == count


def test_lone_surrogates_do_not_stop_the_writing() -> None:
    assert json.loads(whole(Format.JSONL, Prediction("bad \ud800", None, None, "x")))["text"] == "bad ?"
    stream = io.BytesIO()
    write(["bad \ud800", "\n"], stream)
    assert stream.getvalue() == b"bad ?\n"


@pytest.mark.parametrize(
    ("error", "raised"), [(BrokenPipeError(), OutputClosed), (OSError(errno.ENOSPC, "No space left"), OutputFailed)]
)
def test_what_the_system_says_of_the_output_is_told(error: OSError, raised: type[Exception]) -> None:
    class Broken(io.BytesIO):
        def write(self, _content: object) -> int:
            raise error

    with pytest.raises(raised):
        write(["x"], Broken())


def test_the_id_comes_first_and_kept_columns_before_the_text() -> None:
    assert whole(Format.CSV, KEPT, columns=COLUMNS) == (
        "id,label,probability,tokens,truncated,unknown,problem,name,none,number,list,text\n"
        '"a,b",positive,0.500000,3,true,0.333333,,x,,1.5,"[true, null]",great\n'
    )
    assert whole(Format.JSONL, KEPT, columns=COLUMNS) == (
        '{"id": "a,b", "label": "positive", "probability": 0.5, "tokens": 3, "truncated": true, "unknown": 0.333333, '
        '"name": "x", "none": null, "number": 1.5, "list": [true, null], "text": "great"}\n'
    )


def test_a_record_that_is_no_row_has_nothing_in_kept_columns() -> None:
    row = json.loads(whole(Format.JSONL, GOOD, columns=COLUMNS))
    assert [row[name] for name in COLUMNS.kept] == [None] * 4
    assert len(whole(Format.CSV, GOOD, columns=COLUMNS).splitlines()[1].split(",")) == 12


def test_a_kept_column_with_a_name_of_ours_is_called_input() -> None:
    assert result_columns(("label", "stars", "id"), has_id=True).kept == ("input_label", "stars", "input_id")
    assert result_columns(("id",), has_id=False).kept == ("id",)
    assert result_columns(("label", "input_label"), has_id=False).kept == ("input_input_label", "input_label")
    with pytest.raises(UsageProblem, match="would be called"):
        result_columns(("stars", "stars"), has_id=False)


@pytest.mark.parametrize("chosen", [Format.TSV, Format.CSV, Format.JSONL, Format.JSON])
@given(sizes=st.lists(st.integers(0, 3), max_size=4))
def test_batches_are_written_like_one_stream_and_a_writer_continues_after_another(
    chosen: Format, sizes: list[int]
) -> None:
    layout = text_layout(chosen)
    predictions = [Prediction(f"text {i}", "positive", 0.5) for i in range(sum(sizes))]
    stream, done = io.BytesIO(), 0
    for size in sizes:
        TextWriter(stream, layout, written=done).write(predictions[done : done + size])
        done += size
    TextWriter(stream, layout, written=done).close()
    assert stream.getvalue().decode() == text_of(predictions, layout)
