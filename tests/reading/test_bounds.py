from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from imdbsent.errors import InputUnreadable
from imdbsent.reading import streams
from imdbsent.reading.lines import read_file
from imdbsent.reading.options import FileFormat, Kind
from imdbsent.reading.streams import Compression, bounded_content, bounded_lines
from imdbsent.reading.tables import open_table


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LARGEST_RECORD", 2**12)


def test_lines_are_those_of_the_stream() -> None:
    content = b"a\n\r\n\nb" + b"c" * 100
    assert list(bounded_lines(io.BytesIO(content).readline)) == list(io.BytesIO(content))


def test_the_longest_line_passes_and_one_more_byte_does_not() -> None:
    assert len(next(bounded_lines(io.BytesIO(b"a" * 2**12).readline))) == 2**12
    with pytest.raises(ValueError, match="line 2 is longer than 4,096 bytes"):
        list(bounded_lines(io.BytesIO(b"x\n" + b"a" * (2**12 + 1)).readline))


def test_a_whole_file_is_bounded_too() -> None:
    assert bounded_content(io.BytesIO(b"a" * 2**12).read) == b"a" * 2**12
    with pytest.raises(ValueError, match="too long for one text"):
        bounded_content(io.BytesIO(b"a" * (2**12 + 1)).read)


@pytest.mark.parametrize("whole", [False, True])
def test_a_device_without_end_is_an_error(whole: bool) -> None:
    with pytest.raises(InputUnreadable, match="longer than 4,096 bytes"):
        list(read_file("/dev/zero", whole=whole))


@pytest.mark.parametrize("kind", [Kind.CSV, Kind.TSV, Kind.JSONL])
def test_a_line_of_a_table_without_end_is_an_error(tmp_path: Path, kind: Kind) -> None:
    path = tmp_path / f"bomb.{kind.value}.gz"
    first = b'{"text": "great"}\n' if kind is Kind.JSONL else b"text\ngreat\n"
    path.write_bytes(gzip.compress(first + b"a" * 2**20))
    table = open_table(str(path), FileFormat(kind, Compression.GZIP))
    with pytest.raises(InputUnreadable, match=r"line \d is longer than 4,096 bytes"):
        list(table.rows())


def test_a_header_without_end_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv"
    path.write_bytes(b"a," * 2**13)
    with pytest.raises(InputUnreadable, match="line 1 is longer than 4,096 bytes"):
        open_table(str(path), FileFormat(Kind.CSV))
