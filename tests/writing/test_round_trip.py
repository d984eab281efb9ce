"""As many rows come back as were written, from the libraries that people read results with."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from imdbsent.records import Prediction
from imdbsent.writing.text import Format, ResultColumns, text_layout
from tests.writing.texts import text_of

TEXTS = st.text(st.characters(codec="utf-8"), max_size=30) | st.sampled_from(
    ["", "NA", "#", '"', '""', "\r", "\r\n", "\n\n", "\\", "\t", "a\tb", "'", ",", "null", " ", "\x1a", "\ufeff", "1,2"]
)
COLUMNS = ResultColumns(id=True, kept=("note",))


def predictions_of(texts: list[tuple[str, str]]) -> list[Prediction]:
    """A prediction for each text and note, each third one failed, ids that tell them apart."""
    return [
        Prediction(text, "positive", 0.25, None, 1, False, 0.5, f"n{i}", i, (note,))
        if i % 3
        else Prediction(text, None, None, "blank", id=f"n{i}", number=i, kept=(note,))
        for i, (text, note) in enumerate(texts)
    ]


def written(texts: list[tuple[str, str]], chosen: Format, columns: ResultColumns = COLUMNS) -> io.BytesIO:
    return io.BytesIO(text_of(predictions_of(texts), text_layout(chosen, columns)).encode())


@pytest.fixture(scope="module")
def pandas() -> Any:
    return pytest.importorskip("pandas", reason="pandas is not installed")


@pytest.fixture(scope="module")
def polars() -> Any:
    return pytest.importorskip("polars", reason="polars is not installed")


FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
ROWS = st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6)
HARD = [("a\n\nb\r", '"'), ("\r\n", "\\"), ("", ""), ('x"\ty', "\t")]


@pytest.mark.slow
@FEW
@given(texts=ROWS)
@example(texts=HARD)
def test_pandas_reads_csv(pandas: Any, texts: list[tuple[str, str]]) -> None:
    frame = pandas.read_csv(written(texts, Format.CSV), keep_default_na=False, dtype=str, lineterminator=None)
    assert list(frame.columns) == COLUMNS.names
    assert list(frame["id"]) == [f"n{i}" for i in range(len(texts))]
    if not any("\0" in text + note for text, note in texts):  # its parser ends a field at a NUL
        assert list(zip(frame["text"], frame["note"])) == texts


@pytest.mark.slow
@FEW
@given(texts=ROWS)
@example(texts=HARD)
def test_pandas_reads_tsv(pandas: Any, texts: list[tuple[str, str]]) -> None:
    stream = written(texts, Format.TSV, ResultColumns())
    frame = pandas.read_csv(stream, sep="\t", header=None, keep_default_na=False)
    assert list(frame[0]) == ["positive" if i % 3 else "" for i in range(len(texts))]


@pytest.mark.slow
@FEW
@given(texts=ROWS)
@example(texts=HARD)
def test_pandas_reads_jsonl(pandas: Any, texts: list[tuple[str, str]]) -> None:
    frame = pandas.read_json(written(texts, Format.JSONL), lines=True, dtype=False)
    assert list(zip(frame["text"], frame["note"])) == texts


@pytest.mark.slow
@FEW
@given(texts=ROWS)
@example(texts=HARD)
def test_polars_reads_csv(polars: Any, texts: list[tuple[str, str]]) -> None:
    frame = polars.read_csv(written(texts, Format.CSV), infer_schema=False)
    assert frame.columns == COLUMNS.names
    assert frame["id"].to_list() == [f"n{i}" for i in range(len(texts))]
    assert list(zip(frame["text"].fill_null(""), frame["note"].fill_null(""))) == texts


@pytest.mark.slow
@FEW
@given(texts=ROWS)
@example(texts=HARD)
def test_polars_reads_tsv(polars: Any, texts: list[tuple[str, str]]) -> None:
    stream = written(texts, Format.TSV, ResultColumns())
    frame = polars.read_csv(stream, separator="\t", has_header=False, infer_schema=False)
    assert frame.to_series(0).to_list() == ["positive" if i % 3 else None for i in range(len(texts))]


@pytest.mark.slow
@FEW
@given(texts=ROWS)
@example(texts=HARD)
def test_polars_reads_jsonl(polars: Any, texts: list[tuple[str, str]]) -> None:
    frame = polars.read_ndjson(written(texts, Format.JSONL))
    assert list(zip(frame["text"], frame["note"])) == texts
