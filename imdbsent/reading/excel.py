"""Rows of spreadsheets: .xlsx, .xlsm, .xlsb, .xls and .ods, by python-calamine."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from imdbsent.errors import UsageProblem
from imdbsent.reading.columns import TEXT_NAMES, CountedRows, Row, normalized
from imdbsent.reading.delimited import unique_keys
from imdbsent.reading.streams import Damaged, name_of, reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imdbsent.reading.options import FileFormat

_log = logging.getLogger(__name__)

_SAVE_AGAIN: Final = "Open it in a spreadsheet program, save it as .xlsx or .csv without a password, and name that file"
_TITLE: Final = 10  # rows that may be above a header


def read_excel(stream: BinaryIO, file: str, file_format: FileFormat) -> tuple[tuple[str, ...] | None, Iterator[Row]]:
    """Open a sheet.

    Args:
        stream: the bytes of the file; it can go to its end.
        file: what it is called.
        file_format: which sheet is meant, and whether it has a header.

    Returns:
        The names of its columns, None if it is empty; and its rows, with numbers as the spreadsheet has them. Values
        are texts, as in CSV; a row without any value is no row.

    Raises:
        UsageProblem: python-calamine is not installed, or there is no such sheet.
        Damaged: it is not a spreadsheet, or is damaged or encrypted.
    """
    try:
        import python_calamine as calamine  # noqa: PLC0415 (few files need it)
    except ImportError as error:
        raise UsageProblem(
            f"reading {name_of(file)}, a spreadsheet, needs an optional library. Type: pip install python-calamine"
        ) from error
    try:
        book = calamine.CalamineWorkbook.from_filelike(stream)
        sheet = _sheet(book, file, file_format.sheet)
        cells = sheet.to_python(skip_empty_area=True)
    except UsageProblem:
        raise
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise Damaged(f"not a readable spreadsheet ({reason(error)})", _SAVE_AGAIN) from error
    first = (sheet.start or (0, 0))[0] + 1
    rows = [(number, list(map(_as_text, row))) for number, row in enumerate(cells, start=first)]
    rows = [(number, row) for number, row in rows if any(row)]
    if not rows:
        return None, iter(())
    if file_format.header:
        above = _rows_above_header(rows)
        if above:
            _log.info(
                "the header of %s is taken from row %d, below a title. --no-header reads all rows",
                name_of(file), rows[above][0],
            )  # fmt: skip
        names = tuple(rows[above][1])
        del rows[: above + 1]
    else:
        names = tuple(f"column {number}" for number in range(1, len(rows[0][1]) + 1))
    keys = unique_keys(names)
    found = (Row(number, dict(zip(keys, row))) for number, row in rows)
    return names, CountedRows(found, len(rows))


def _rows_above_header(rows: Sequence[tuple[int, list[str]]]) -> int:
    """How many rows are above a row that names a column for texts, if the first has one cell, like a title."""
    for above, (_, row) in enumerate(rows[:_TITLE]):
        filled = [cell for cell in row if cell.strip()]
        is_named = any(normalized(cell) in TEXT_NAMES for cell in filled)
        if is_named and len(filled) > 1:
            return above
        if above == 0 and (is_named or len(filled) > 1):
            return 0
    return 0


def _sheet(book: Any, file: str, wanted: str | None) -> Any:
    names: list[str] = book.sheet_names
    if wanted is not None:
        return book.get_sheet_by_name(_name_of_sheet(names, file, wanted))
    if not names:
        raise ValueError("it has no sheet")
    sheets = {name: book.get_sheet_by_name(name) for name in names}
    filled = [name for name in names if sheets[name].height]
    if len(filled) < 2:  # noqa: PLR2004 (no choice)
        return sheets[(filled or names)[0]]
    with_texts = [name for name in filled if _names_texts(sheets[name])]
    chosen = with_texts[0] if len(with_texts) == 1 else filled[0]
    _log.info("%s has %d sheets: %r is read. --sheet NAME overrides this", name_of(file), len(filled), chosen)
    return sheets[chosen]


def _names_texts(sheet: Any) -> bool:
    """Whether one of its first rows names a column for texts."""
    rows = sheet.to_python(skip_empty_area=True, nrows=_TITLE)
    return any(isinstance(cell, str) and normalized(cell) in TEXT_NAMES for row in rows for cell in row)


def _name_of_sheet(names: Sequence[str], file: str, wanted: str) -> str:
    for same in (str, _without_case):
        for name in names:
            if same(name) == same(wanted):
                return name
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise UsageProblem(
        f"{name_of(file)} has no sheet {wanted!r} (there are: {', '.join(names)}). Type: --sheet {names[0]!r}"
    )


def _without_case(name: str) -> str:
    return name.strip().casefold()


def _as_text(value: Any) -> str:
    """A cell as CSV has it: whole numbers without a fraction, times in ISO 8601."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return str(value)
