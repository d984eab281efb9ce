from __future__ import annotations

import errno
import gzip
import io
import json
import os
import resource
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imdbsent.errors import ImdbsentError, OutputClosed, OutputFailed, UsageProblem
from imdbsent.reading.options import parse_format
from imdbsent.reading.tables import open_table
from imdbsent.records import Prediction
from imdbsent.writing.output import OutputSpec, Sink, check_output, format_of_output, open_output
from imdbsent.writing.text import NO_COLUMNS, Format, ResultColumns

COLUMNS = ResultColumns(id=True, kept=("stars", "note"))
FORMATS = ["tsv", "csv", "jsonl", "json", "csv.gz", "jsonl.zst", "parquet"]


def predictions(count: int, start: int = 0) -> Iterator[Prediction]:
    for i in range(start, start + count):
        yield Prediction(f"text {i}", "positive", 0.1234567, None, 2, False, 0.5, i, i, (i, f"note {i}"))


def needs_pyarrow(suffix: str) -> None:
    if suffix.endswith(("zst", "parquet")):
        pytest.importorskip("pyarrow", reason="Parquet and zstd need pyarrow")


def write(path: Path, batches: list[Any], columns: ResultColumns = COLUMNS, types: Any = None) -> bytes:
    with open_output(OutputSpec(path, format_of_output(path), columns_for(path, columns), types or {})) as writer:
        for batch in batches:
            writer.write(batch)
    return path.read_bytes()


def columns_for(path: Path, columns: ResultColumns = COLUMNS) -> ResultColumns:
    return NO_COLUMNS if path.suffix == ".tsv" else columns


def spec(path: Path) -> OutputSpec:
    return OutputSpec(path, format_of_output(path), columns_for(path))


def rows_of(path: Path, name: str) -> list[dict[str, Any]]:
    return [row.values for row in open_table(str(path), parse_format(name)).rows()]


@pytest.mark.parametrize("suffix", ["csv", "jsonl", "csv.gz", "jsonl.gz", "jsonl.zst", "parquet"])
def test_what_is_written_is_read_again(tmp_path: Path, suffix: str) -> None:
    needs_pyarrow(suffix)
    write(tmp_path / f"out.{suffix}", [predictions(3)])
    rows = rows_of(tmp_path / f"out.{suffix}", suffix)
    assert [row["text"] for row in rows] == ["text 0", "text 1", "text 2"]
    assert [str(row["id"]) for row in rows] == ["0", "1", "2"]
    assert [row["note"] for row in rows] == ["note 0", "note 1", "note 2"]
    assert [float(row["probability"]) for row in rows] == [0.123457] * 3


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_bytes_are_the_same_however_the_predictions_come(tmp_path: Path, suffix: str) -> None:
    needs_pyarrow(suffix)
    path = tmp_path / f"out.{suffix}"
    together = write(path, [predictions(25_000)])
    apart = write(path, [predictions(1), [], predictions(11_998, 1), predictions(13_001, 11_999)])
    assert together == apart
    assert write(path, []) == write(path, [[]])


def test_a_group_of_parquet_is_bounded_in_rows_and_in_characters(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    long = [Prediction("x" * 2**20, "positive", 0.5)] * 20
    write(tmp_path / "a.parquet", [long, [Prediction("", "negative", 0.5)] * 10_001], NO_COLUMNS)
    metadata = parquet.ParquetFile(str(tmp_path / "a.parquet")).metadata
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [17, 10_000, 4]


def test_parquet_keeps_the_types_of_parquet_and_writes_all_else_as_texts(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    types = {"id": arrow.int64(), "stars": arrow.int8(), "note": arrow.large_string()}
    write(tmp_path / "a.parquet", [predictions(2)], types=types)
    schema = parquet.read_schema(str(tmp_path / "a.parquet"))
    assert schema.names == COLUMNS.names
    assert [schema.field(name).type for name in ("id", "stars", "note")] == [
        arrow.int64(), arrow.int8(), arrow.string()
    ]  # fmt: skip
    odd = Prediction("bad \ud800", None, None, "x", id="i", kept=(["\ud800", 1], None))
    write(tmp_path / "b.parquet", [[odd]])
    (row,) = rows_of(tmp_path / "b.parquet", "parquet")
    assert (row["text"], row["stars"], row["note"], row["id"]) == ("bad ?", '["?", 1]', None, "i")


@pytest.mark.parametrize("suffix", FORMATS)
def test_where_the_work_fails_the_file_is_as_it_was(
    tmp_path: Path, suffix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    needs_pyarrow(suffix)
    path = tmp_path / f"out.{suffix}"
    path.write_text("old")
    with pytest.raises(UsageProblem), open_output(spec(path)) as writer:
        writer.write(predictions(12_000))
        raise UsageProblem("a bad row")
    del writer
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    assert capfd.readouterr() == ("", "")


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 64 kB: what a full disk is to a writer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_disk_that_fills_is_one_error_and_the_file_is_as_it_was(
    tmp_path: Path, suffix: str, small_files: None, capfd: pytest.CaptureFixture[str]
) -> None:
    needs_pyarrow(suffix)
    path = tmp_path / f"out.{suffix}"
    path.write_text("old")
    noise = [Prediction(os.urandom(200).hex(), "positive", 0.5, id=i, kept=(1, "x")) for i in range(1_000)]
    with pytest.raises(OutputFailed, match=rf"out.{suffix}: File too large. Free some space"):
        write(path, [noise] * 40)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("chosen", "settings", "message"),
    [
        (Format.TSV, {"columns": COLUMNS}, "only label, probability and text.*Type: --format csv"),
        (Format.JSONL, {"safe_csv": True}, "--safe-csv is for CSV and TSV, not for jsonl"),
        (Format.PARQUET, {"safe_csv": True}, "--safe-csv is for CSV and TSV, not for parquet"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(chosen: Format, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageProblem, match=message):
        OutputSpec(None, chosen, **settings)


def test_standard_output_takes_every_format(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stream)
    with open_output(OutputSpec(None, Format.JSON)) as writer:
        writer.write(predictions(2))
    assert len(json.loads(stream.buffer.getvalue())) == 2
    assert not stream.buffer.closed


def test_parquet_goes_through_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    stream = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", stream)
    with open_output(OutputSpec(None, Format.PARQUET)) as writer:
        writer.write(predictions(2))
    assert parquet.read_table(io.BytesIO(stream.buffer.getvalue())).num_rows == 2


def test_a_named_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.extend((tmp_path / "pipe.csv").read_text().splitlines()))
    reader.start()
    with open_output(OutputSpec(tmp_path / "pipe.csv", Format.CSV)) as writer:
        writer.write(predictions(2))
    reader.join()
    assert len(read) == 3


@pytest.mark.parametrize(
    ("name", "chosen"),
    [("a.csv", "csv"), ("a.b.JSON.GZ", "json"), ("a.ndjson.zst", "jsonl"), ("a.parquet", "parquet"), ("a.tsv", "tsv")],
)
def test_the_name_says_the_format(name: str, chosen: str) -> None:
    assert format_of_output(Path(name)).value == chosen


@pytest.mark.parametrize("name", ["a", "a.txt", "a.gz", "a.table", "a.xlsx"])
def test_other_names_say_none(name: str) -> None:
    with pytest.raises(UsageProblem, match="does not say its format. Type: -o FILE.csv"):
        format_of_output(Path(name))


@pytest.mark.parametrize(
    ("name", "chosen", "message"),
    [
        ("a.csv", Format.TABLE, "a table is for the terminal"),
        ("a.parquet.gz", Format.PARQUET, r"Parquet has its own compression.*a.parquet'"),
        (".", Format.CSV, "is a folder. Type: -o '.*verdicts.csv'"),
        ("none/a.csv", Format.CSV, "there is no folder '.*none'. Type: mkdir -p"),
    ],
)
def test_what_cannot_be_written_is_told_before_the_work(
    tmp_path: Path, name: str, chosen: Format, message: str
) -> None:
    with pytest.raises(UsageProblem, match=message):
        check_output(tmp_path / name, chosen)


def test_a_folder_that_may_not_be_written_is_told_before_the_work(tmp_path: Path, unprivileged: None) -> None:
    with pytest.raises(UsageProblem, match="cannot be written"):
        check_output(Path("/a.csv"), Format.CSV)
    check_output(Path("/dev/null"), Format.CSV)


@pytest.mark.parametrize("file", ["a.parquet", "a.csv.zst"])
def test_without_pyarrow_the_error_has_the_pip_line(file: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ImdbsentError, match="pip install pyarrow"):
        check_output(Path(file), format_of_output(Path(file)))


def test_a_sink_raises_once_and_then_is_silent() -> None:
    class Full(io.BytesIO):
        def write(self, _content: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    sink = Sink(Full(), "out.csv")
    with pytest.raises(OutputFailed, match=r"out\.csv: No space left on device"):
        sink.write(b"x")
    assert sink.write(b"x") == 1
    sink.flush()

    class Gone(io.BytesIO):
        def write(self, _content: object) -> int:
            raise BrokenPipeError

    with pytest.raises(OutputClosed):
        Sink(Gone()).write(b"x")


def test_compressed_output_has_no_time_in_it(tmp_path: Path) -> None:
    content = write(tmp_path / "a.csv.gz", [predictions(1)])
    assert content[4:8] == bytes(4)
    assert gzip.decompress(content).startswith(b"id,label")
