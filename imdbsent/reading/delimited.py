r"""Rows of CSV and TSV.

Files that people have differ in what a quotation mark means. Standard quoting is tried first, as RFC 4180 has it. A row
that makes no sense so is read in another way if that makes sense: with `\"` for a quotation mark, as MySQL and Spark
write it; or, if tabs or pipes separate the fields, with quotation marks as text. A message says so.

A quotation mark that opens a field never swallows rows. If the field does not end, or ends far away over lines that
look like rows, the row is bad, and reading continues in the next line.
"""

from __future__ import annotations

import csv
import logging
import re
import shlex
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from imdbsent.reading.columns import KNOWN_LABELS, TEXT_NAMES, Row, normalized, with_replacements
from imdbsent.reading.detect import separator_line
from imdbsent.reading.options import FileFormat, Quoting
from imdbsent.reading.streams import STDIN, UTF_8, bounded_lines, name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_log = logging.getLogger(__name__)

LARGEST_FIELD: Final = 2**24  # characters; the default of Python's csv is 131,072
_OPEN: Final = ("unexpected end of data", "field larger than field limit")  # csv.Error: a field that does not end
_HINT: Final = "--quoting none reads quotation marks as text"
_DISTINCT: Final = "\t|"  # delimiters that texts rarely hold
_SHAPES_OF: Final = 100  # rows that show what a column holds
_SOME: Final = 3  # lines that can hardly be one field, if each of them has the fields of a row
_MANY: Final = 10  # the same, if texts often hold the delimiter
_LONGEST: Final = 1000  # lines of one field
_MATCHING: Final = 0.8
_CLASSES: Final = 12
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_SHORT: Final = 24
_TIMES: Final = 4


def read_delimited(
    stream: BinaryIO, file: str, file_format: FileFormat
) -> tuple[tuple[str, ...] | None, Iterator[Row]]:
    """Read the header of a table.

    Args:
        stream: its bytes, in UTF-8.
        file: what it is called.
        file_format: its delimiter and quoting, and whether it has a header.

    Returns:
        The names of its columns, None if the file is empty; and its rows, whose values have the keys of `unique_keys`.

    Raises:
        ValueError: its header is broken.
    """
    csv.field_size_limit(LARGEST_FIELD)
    reader = _Reader(stream, file, file_format)
    header = reader.header()
    return header, (iter(()) if header is None else reader.rows(header))


def unique_keys(names: Sequence[str]) -> list[str]:
    """A key for each column: its name, with its number if others have the same name."""
    return [f"{name} (column {i})" if names.count(name) > 1 else name for i, name in enumerate(names, 1)]


class _Reader:
    def __init__(self, stream: BinaryIO, file: str, file_format: FileFormat) -> None:
        self._file = file
        self._has_header = file_format.header
        self._names = file_format.names
        self._delimiter = file_format.separator
        self._is_fixed = file_format.quoting is not None
        self._is_quoted = file_format.quoting is not Quoting.NONE
        self._escape = file_format.escape or False
        self._may_escape = file_format.escape is None and self._is_quoted
        self._may_skip_blanks = self._is_quoted and not self._is_fixed
        self._skips_blanks = False
        self._null = re.compile(rf"(^|{re.escape(self._delimiter)})\\N(?=[\r\n]|$|{re.escape(self._delimiter)})")
        self._lines = _decoded(stream)
        self._pending: deque[str] = deque()  # lines to be read again
        self._taken: list[str] = []  # lines of the row that is being read
        self._number = 0  # of the last line taken
        self._rows = self._parser()
        self._shapes: list[list[str]] = []  # the first rows
        self._said: set[str] = set()

    def header(self) -> tuple[str, ...] | None:
        """The names of the columns, or numbers if there is no header; None if the file is empty."""
        fields: list[str] = []
        while not fields:
            self._taken.clear()
            try:
                fields = next(self._rows)
            except StopIteration:
                return None
            except csv.Error as error:
                raise ValueError(f"line {self._number}: {error}") from error
            if self._number == 1 and separator_line(self._taken[0]):
                fields = []
        if self._has_header:
            return tuple(map(with_replacements, fields))
        self._put_back(self._taken)
        if len(self._names) == len(fields):
            return self._names
        return tuple(f"column {number}" for number in range(1, len(fields) + 1))

    def rows(self, header: tuple[str, ...]) -> Iterator[Row]:
        """The rows below the header."""
        keys, width, taken = unique_keys(header), len(header), self._taken
        is_shaped = False
        while True:
            taken.clear()
            problem = None
            fields: list[str] = []
            try:
                fields = next(self._rows)
            except StopIteration:
                return
            except csv.Error as error:
                problem = str(error)
            if problem is not None or len(fields) != width or (len(taken) > 1 and self._swallows_rows(width)):
                if problem is None and not fields:
                    continue
                other = self._otherwise(width)
                if other is None:
                    problem = self._problem(fields, width, problem)
                    yield Row(self._number, {}, problem)
                    continue
                fields = other
            if not is_shaped:
                self._shapes.append(fields)
                is_shaped = len(self._shapes) >= _SHAPES_OF
            if fields[-1] == header[-1] and self._is_header(fields, header):
                yield Row(self._number, dict.fromkeys(keys, ""), f"line {self._number} repeats the header")
                continue
            row = Row(self._number, dict(zip(keys, fields)))
            yield row if all(map(str.isascii, fields)) else _checked(row)

    def _is_header(self, fields: Sequence[str], header: Sequence[str]) -> bool:
        """Whether a row is the header again, as in files that were put together."""
        are_same = [fields[0].removeprefix("\ufeff"), *fields[1:]] == list(header)
        return are_same and self._has_header and (len(header) > 1 or normalized(header[0]) in TEXT_NAMES)

    def _parser(self) -> Iterator[list[str]]:
        options: dict[str, Any] = {"escapechar": "\\" if self._escape else None, "skipinitialspace": self._skips_blanks}
        if not self._is_quoted:
            options["quoting"] = csv.QUOTE_NONE
        return csv.reader(self._feed(), delimiter=self._delimiter, strict=True, **options)

    def _feed(self) -> Iterator[str]:
        """Lines for the parser; they are recorded in `_taken`."""
        pending, note, lines, escape = self._pending, self._taken.append, self._lines, self._escape
        while True:
            line = pending.popleft() if pending else next(lines, "")
            if not line:
                return
            note(line)
            self._number += 1
            yield self._null.sub(r"\1", line) if escape and "\\N" in line else line

    def _put_back(self, lines: Sequence[str]) -> None:
        """Read lines again, with a new parser: the old one may be within a field."""
        self._number -= len(lines)
        self._pending.extendleft(reversed(lines))
        self._rows = self._parser()

    def _otherwise(self, width: int) -> list[str] | None:
        """The fields of the row in another way of quoting; None if none gives as many as the header has."""
        first = self._taken[0]
        if self._may_escape and not self._escape and any('\\"' in line for line in self._taken):
            self._escape = True
            fields = self._read_otherwise(width)
            if fields is not None:
                self._say('from line %d on, %s is read with \\" as a quotation mark. --escape none overrides this')
                return fields
            self._escape = False
            self._read_as_before()
        if self._may_skip_blanks and not self._skips_blanks and f'{self._delimiter} "' in first:
            self._skips_blanks = True
            fields = self._read_otherwise(width)
            if fields is not None:
                self._say(
                    "from line %d on, %s is read without the blanks before quotation marks. "
                    "--quoting standard overrides this"
                )
                return fields
            self._skips_blanks = False
            self._read_as_before()
        if not self._is_fixed and self._delimiter in _DISTINCT and '"' in first:
            fields = first.rstrip("\r\n").split(self._delimiter)
            if len(fields) == width:
                self._put_back(self._taken[1:])
                self._say(
                    "line %d of %s has quotation marks that do not enclose a field: such rows are read with quotation "
                    "marks as text. --quoting standard or none overrides this"
                )
                return fields
        return None

    def _read_otherwise(self, width: int) -> list[str] | None:
        """The fields of the row by a new parser; None if they are not as many as the header has."""
        self._read_again(list(self._taken))
        try:
            fields = next(self._rows)
        except (StopIteration, csv.Error):
            return None
        return fields if len(fields) == width and not self._swallows_rows(width) else None

    def _read_as_before(self) -> None:
        """The row as it was, with the lines that it takes."""
        self._read_again(list(self._taken))
        with suppress(csv.Error):
            next(self._rows)

    def _read_again(self, lines: list[str]) -> None:
        self._put_back(lines)
        self._taken.clear()

    def _problem(self, fields: list[str], width: int, error: str | None) -> str:
        """What is wrong with the row that was read; lines that belong to other rows are read again."""
        lines = list(self._taken)
        first, last = self._number - len(lines) + 1, self._number
        is_open = error is not None and error.startswith(_OPEN)
        if len(lines[0]) > LARGEST_FIELD:
            self._put_back(lines[1:])
            return f"line {first} has a field of more than {LARGEST_FIELD:,} characters"
        if len(lines) > 1 and (is_open or len(fields) == width or any(self._has_fields(x, width) for x in lines[1:])):
            self._put_back(lines[1:])
        if is_open:
            return f"line {first}: a quotation mark opens a field that does not end ({_HINT})"
        if error is not None:
            return (
                f"line {last}: {error} ({_HINT})"
                if len(lines) == 1
                else f"line {first}: a quotation mark opens a field that ends within line {last} ({error}; {_HINT})"
            )
        if len(fields) == width:
            return (
                f"line {first}: a quotation mark opens a field that ends in line {last}, over lines that look like "
                f"rows ({_HINT}, --quoting standard reads them as one field)"
            )
        number = f"{len(fields)} field" + ("s" if len(fields) != 1 else "")
        return f"line {last} has {number}, the header has {width}{self._hint(fields, width, last)}"

    def _hint(self, fields: Sequence[str], width: int, line: int) -> str:
        """What to do about a row that has more fields than the header, in brackets; "" if it has fewer."""
        if len(fields) < width:
            return ""
        if width > 1:
            return " (a field that holds the delimiter needs quotation marks)"
        if self._file != STDIN and not self._shapes and any(normalized(field) in TEXT_NAMES for field in fields):
            file = shlex.quote(self._file)
            return f" (if this is the header, type: tail -n +{line} {file} > table.csv, and name table.csv)"
        return " (--delimiter tab reads each line as one field)"

    def _swallows_rows(self, width: int) -> bool:
        """Whether a row of several lines has a field that runs over lines that look like rows."""
        lines = self._taken
        if self._is_fixed or len(lines) < 2:  # noqa: PLR2004 (one line swallows none)
            return False
        if width == 1 or len(lines) > _LONGEST:
            return len(lines) > _LONGEST
        matching = [self._has_fields(line, width) for line in lines]
        if not matching[-1] or sum(matching) < _MATCHING * len(lines):
            return False
        rows = [line.rstrip("\r\n").split(self._delimiter) for line, fits in zip(lines, matching) if fits]
        columns = [[row[index] for row in self._shapes] for index in range(width)]
        known: dict[int, Callable[[str], bool]]
        known = {index: _is_number for index, values in enumerate(columns) if values and all(map(_is_number, values))}
        known = known or {index: _in(values) for index, values in enumerate(columns) if _are_classes(values)}
        if known:
            return all(fits(row[index]) for row in rows for index, fits in known.items())
        if not self._shapes:
            is_distinct = self._delimiter in _DISTINCT
            fields = [[row[index].strip() for row in rows] for index in range(width)]
            return any(all(map(_is_number, values)) or (is_distinct and _may_be_labels(values)) for values in fields)
        are_filled = all(field.strip('" ') for row in rows for field in row)
        return are_filled and len(lines) >= (_SOME if self._delimiter in _DISTINCT else _MANY)

    def _has_fields(self, line: str, width: int) -> bool:
        return line.count(self._delimiter) == width - 1

    def _say(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            _log.info(message, self._number, name_of(self._file))


def _decoded(stream: BinaryIO) -> Iterator[str]:
    """Lines, which a lone CR ends too; bytes that are not UTF-8 pass as lone surrogates (PEP 383)."""
    encoding = "utf-8-sig"
    for line in bounded_lines(stream.readline):
        text = line.decode(encoding, "surrogateescape")
        encoding = UTF_8
        if "\r" in text and "\r" in text.rstrip("\r\n"):
            yield from _LINE.findall(text)
        else:
            yield text


def _are_classes(values: Sequence[str]) -> bool:
    """Whether a column holds a few labels, each of them several times."""
    known = set(values)
    is_short = all(value and len(value) <= _SHORT for value in known)
    return is_short and 0 < len(known) <= _CLASSES and len(values) >= _TIMES * len(known)


def _may_be_labels(values: Sequence[str]) -> bool:
    """Whether a few fields are single words, and known labels or repeated."""
    words = {value.strip('"').casefold() for value in values}
    are_words = all(word and len(word) <= _SHORT and len(word.split()) == 1 for word in words)
    return are_words and (len(words) < len(values) or words <= set(KNOWN_LABELS))


def _in(values: Sequence[str]) -> Callable[[str], bool]:
    known = {value.strip().casefold() for value in values}
    return lambda value: value.strip().strip('"').casefold() in known


def _is_number(value: str) -> bool:
    try:
        float(value.strip().strip('"'))
    except ValueError:
        return False
    return True


def _checked(row: Row) -> Row:
    """The row, with U+FFFD for bytes that are not UTF-8."""
    values = {column: with_replacements(value) for column, value in row.values.items()}
    return row if values == row.values else Row(row.number, values, f"line {row.number} is not valid UTF-8")
