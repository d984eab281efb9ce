from __future__ import annotations

import io
from pathlib import Path

import pytest

from imdbsent.errors import ExitCode, InputUnreadable
from imdbsent.reading.inputs import Inputs, Source
from imdbsent.reading.lines import from_argument, read_lines, read_records
from imdbsent.records import Record


def lines(content: bytes) -> list[Record]:
    return list(read_lines(io.BytesIO(content)))


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"", []),
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\ntwo", ["one", "two"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"one\n\ntwo\n\n", ["one", "", "two", ""]),
        (b"\xef\xbb\xbfone\n\xef\xbb\xbftwo", ["one", "\ufefftwo"]),
        (b"a\x0bb\x0cc\x1cd\xc2\x85e\xe2\x80\xa8f\rg\n", ["a\x0bb\x0cc\x1cd\x85e\u2028f\rg"]),
        ("😀 é\n".encode(), ["😀 é"]),
        (b"\n", [""]),
        (b"x" * 2**20 + b"\ny", ["x" * 2**20, "y"]),
    ],
)
def test_each_line_is_a_record(content: bytes, texts: list[str]) -> None:
    assert lines(content) == [Record(text, number=number) for number, text in enumerate(texts, 1)]


def test_bytes_that_are_not_utf_8_cost_one_record_its_verdict() -> None:
    good, bad, last = lines(b"good\ncaf\xe9 noir\ngood\n")
    assert (good, last) == (Record("good", number=1), Record("good", number=3))
    assert bad == Record("caf\ufffd noir", "not valid UTF-8 at byte 3", number=2)


def test_a_nul_in_a_line_costs_it_its_verdict() -> None:
    failed, fine = lines(b"nul\0byte\ngood\n")
    assert failed == Record("nul\0byte", "holds a NUL character", number=1)
    assert fine == Record("good", number=2)


@pytest.mark.parametrize("argument", ["caf\udce9", "lone \ud800"])
def test_an_argument_that_is_not_utf_8_is_a_record_with_a_problem(argument: str) -> None:
    record = from_argument(argument)
    assert record.problem is not None
    assert "not valid UTF-8" in record.problem
    assert record.text.encode()


def test_arguments_come_before_files_and_files_in_their_order(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a1\na2\n")
    (tmp_path / "b").write_text("b1")
    records = read_records(["text"], [str(tmp_path / "b"), str(tmp_path / "a")], whole=False)
    assert [record.text for record in records] == ["text", "b1", "a1", "a2"]


def test_whole_a_file_is_one_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbfline one\r\nline two\n")
    assert list(read_records([], [str(tmp_path / "a")], whole=True)) == [Record("line one\r\nline two\n")]


@pytest.mark.parametrize(("name", "reason"), [("missing", "no such file"), (".", "Is a directory"), ("a\0b", "null")])
def test_a_file_that_cannot_be_read_is_found_before_the_work(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(InputUnreadable, match=reason) as caught:
        Inputs([Source(file=str(tmp_path / name))])
    assert caught.value.exit_code is ExitCode.USAGE
