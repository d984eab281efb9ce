from __future__ import annotations

import io
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from imdbsent.errors import ImdbsentError, InputUnreadable, UsageProblem
from imdbsent.reading.inputs import Inputs, Source
from imdbsent.reading.options import ReadOptions
from imdbsent.records import Record
from tests.reading.files import ods, xlsx

ROWS: list[list[object]] = [["id", "text"], [1, "a"], [None, None], [2.5, "b"], ["007", None]]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("python_calamine", reason="spreadsheets need python-calamine")
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO)


def records(content: bytes, **options: Any) -> list[Record]:
    Path("a.xlsx").write_bytes(content)
    return list(Inputs([Source(file="a.xlsx")], ReadOptions(**options)).records())


def test_rows_have_texts_as_in_csv_and_the_numbers_of_the_sheet() -> None:
    found = records(xlsx(("One", ROWS)), kept=("id",))
    assert [(r.text, r.kept, r.number) for r in found] == [("a", ("1",), 2), ("b", ("2.5",), 4), ("", ("007",), 5)]


def test_a_sheet_is_found_by_name_and_number_and_else_the_first_that_is_not_empty(
    caplog: pytest.LogCaptureFixture,
) -> None:
    book = xlsx(("Empty", []), ("One", [["text"], ["a"]]), ("Two", [["text"], ["b"]]))
    assert [record.text for record in records(book)] == ["a"]
    assert caplog.messages == ["'a.xlsx' has 2 sheets: 'One' is read. --sheet NAME overrides this"]
    for sheet in ("Two", "two ", "3"):
        assert [record.text for record in records(book, sheet=sheet)] == ["b"]
    with pytest.raises(UsageProblem, match="has no sheet '4' .there are: Empty, One, Two.. Type: --sheet 'Empty'"):
        records(book, sheet="4")


def test_a_sheet_may_have_no_header_and_opendocument_is_read_too() -> None:
    found = records(ods([["1", "x"], ["0", "y"]]), header=False, text_column="2")
    assert [record.text for record in found] == ["x", "y"]
    assert records(xlsx(("One", []))) == []
    with pytest.raises(UsageProblem, match="looks like data.*--no-header"):
        records(xlsx(("One", [[1, "a fine film"], [0, "a bad film"]])))


def test_standard_input_may_be_a_spreadsheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(xlsx(("One", ROWS)))))
    assert [record.text for record in Inputs([Source(file="-")]).records()] == ["a", "b", ""]


def test_a_damaged_book_is_one_line() -> None:
    whole = xlsx(("One", ROWS))
    for damaged in (whole[: len(whole) // 2], whole.replace(b"sheetData", b"sheetDatx"), whole[:40] + whole[60:]):
        with pytest.raises(InputUnreadable, match=r"a.xlsx") as caught:
            records(damaged)
        assert "\n" not in str(caught.value)


def test_without_the_library_the_error_has_the_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(ImdbsentError, match="Type: pip install python-calamine$"):
        records(xlsx(("One", ROWS)))


def test_a_title_above_the_header_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    book = xlsx(("One", [["Report"], [], ["id", "text"], [1, "a"]]))
    assert [record.text for record in records(book)] == ["a"]
    assert ["row 3, below a title. --no-header reads all rows" in message for message in caplog.messages] == [True]
    assert [record.text for record in records(book, header=False, text_column="1")] == ["Report", "id", "1"]
    assert [record.text for record in records(xlsx(("One", [["text"], ["id", "text"]])))] == ["id"]


def test_the_only_sheet_with_a_column_for_texts_is_read_and_said(caplog: pytest.LogCaptureFixture) -> None:
    book = xlsx(("About", [["made by", "on"], ["us", 2024]]), ("Data", [["id", "Text"], [1, "a"]]))
    assert [record.text for record in records(book)] == ["a"]
    assert caplog.messages == ["'a.xlsx' has 2 sheets: 'Data' is read. --sheet NAME overrides this"]


def test_a_title_of_several_rows_is_not_judged(caplog: pytest.LogCaptureFixture) -> None:
    book = xlsx(("One", [["Report", None], ["from", 2024], ["id", "review"], [1, "a"]]))
    assert [record.text for record in records(book)] == ["a"]
    assert "the header of 'a.xlsx' is taken from row 3, below a title. --no-header reads all rows" in caplog.messages
