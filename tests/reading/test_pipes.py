from __future__ import annotations

import io
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imdbsent.reading.inputs import Inputs, Source
from imdbsent.reading.options import ReadOptions
from imdbsent.reading.streams import PipeStream


@pytest.fixture
def pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A pipe that is standard input; what is written to it goes in at once."""
    reading, writing = os.pipe()
    with open(reading, "rb", buffering=0) as raw, open(writing, "wb", buffering=0) as writer:  # noqa: PTH123
        buffered = io.BufferedReader(raw)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(buffered))
        yield writer
        sys.stdin.detach()  # type: ignore[union-attr]
        buffered.detach()


def test_a_batch_is_what_is_there(pipe: Any) -> None:
    batches = Inputs([Source(file="-")]).batches(100)
    for lines in (["one"], ["two", "three"], ["four"]):
        pipe.write("".join(line + "\n" for line in lines).encode())
        assert [record.text for record in next(batches)] == lines
    pipe.write(b"five\nhalf ")
    assert [record.text for record in next(batches)] == ["five"]
    pipe.write(b"a line\nsix")
    assert [record.text for record in next(batches)] == ["half a line"]
    pipe.close()
    assert [record.text for record in next(batches)] == ["six"]
    assert next(batches, None) is None


@pytest.mark.parametrize(
    ("first", "more", "options"),
    [
        ("id,text\n1,one\n", "2,two\n", {}),
        ("id,text\n", "1,one\n2,two\n", {}),
        ('{"text": "one"}\n', '{"text": "two"}\n', {}),
        ("id\treview\n1\tone\n", "2\ttwo\n", {"input_format": "tsv"}),
    ],
)
def test_rows_of_tables_are_handed_on_at_once_too(pipe: Any, first: str, more: str, options: dict[str, Any]) -> None:
    pipe.write(first.encode())
    batches = Inputs([Source(file="-")], ReadOptions(**options)).batches(100)
    if "one" in first:
        assert [record.text for record in next(batches)] == ["one"]
    pipe.write(more.encode())
    assert [record.text for record in next(batches)] == (["two"] if "one" in first else ["one", "two"])
    pipe.close()
    assert next(batches, None) is None


def test_full_batches_come_from_a_pipe_with_much_in_it(pipe: Any) -> None:
    content = b"".join(b"text %d\n" % number for number in range(20_000))
    writer = threading.Thread(target=lambda: (pipe.write(content), pipe.close()))
    writer.start()
    time.sleep(0.05)
    batches = list(Inputs([Source(file="-")]).batches(128))
    writer.join()
    assert sum(map(len, batches)) == 20_000
    assert len(batches[0]) == 128
    assert [record.text for batch in batches for record in batch] == [f"text {number}" for number in range(20_000)]


def test_nothing_is_awaited_before_the_records_are_wanted(pipe: Any) -> None:
    inputs = Inputs([Source(text="typed"), Source(file="-")])
    batches = inputs.batches(10)
    assert [record.text for record in next(batches)] == ["typed"]
    pipe.write(b"x\n")
    pipe.close()
    assert [record.text for batch in batches for record in batch] == ["x"]


def test_batches_of_files_are_full_and_bounded_in_characters(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("four\n" * 100)
    sources = [Source(file=str(tmp_path / "a.txt"))]
    assert [len(batch) for batch in Inputs(sources).batches(30)] == [30, 30, 30, 10]
    assert [len(batch) for batch in Inputs(sources).batches(30, 39)] == [10] * 10


@pytest.mark.parametrize("size", [1, 7, 2**15, 2**15 + 1, 2**17])
@pytest.mark.parametrize("step", [1, 5, 2**16])
def test_a_pipe_stream_loses_no_byte(size: int, step: int) -> None:
    content = (b"x" * (size - 1) + b"\n") * 3 + b"end"

    class Slow(io.BytesIO):
        def read(self, amount: int | None = -1) -> bytes:
            return super().read(min(amount or 0, max(step, size // 50)))

    stream = PipeStream(Slow(content))
    assert content.startswith(stream.head())
    assert list(iter(stream.readline, b"")) == content.splitlines(keepends=True)
    stream = PipeStream(Slow(content))
    assert stream.readline(3) == content.splitlines(keepends=True)[0][:3]
    assert stream.head(10) == content[min(3, size) :][:10]
    assert stream.read() == content[min(3, size) :]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("id,text\r\n1,great\r\n2,awful\r1".encode("utf-16"), None),
        ('{"\u00ee": 2, "a"b": "great"}, {"\u00ee": 1}]}'.encode("cp1252"), "cp1252"),
        ("\ufeffone text\ntwo texts".encode("utf-32-le"), None),
    ],
)
def test_a_pipe_that_has_ended_is_read_as_the_same_file_is(
    pipe: Any, tmp_path: Path, content: bytes, encoding: str | None
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    pipe.write(content)
    pipe.close()
    of_file, of_pipe = (
        list(Inputs([Source(file=file)], ReadOptions(encoding=encoding, skip_bad=True)).records())
        for file in (str(path), "-")
    )
    assert of_pipe == of_file
