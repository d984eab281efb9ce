"""Predictions as plain text, written as they come: TSV, CSV, JSONL, JSON.

Probabilities and shares have 6 decimals. A prediction without a verdict has an empty label (null in JSON) and its
reason.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from imdbsent.errors import OutputClosed, OutputFailed, UsageProblem
from imdbsent.records import as_field, as_jsonable, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from imdbsent.records import Prediction


class Format(str, Enum):
    """The formats of results."""

    TABLE = "table"
    TSV = "tsv"
    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    PARQUET = "parquet"


DECIMALS: Final = 6
_TO_LABEL: Final = ("label", "text", "verdict", "probability")
_OWN_COLUMNS: Final = ("id", "label", "probability", "tokens", "truncated", "unknown", "problem", "text")
_TSV_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class ResultColumns(NamedTuple):
    """The columns of results, apart from those that are always there.

    Attributes:
        id: whether there is an id.
        kept: names in the results of the columns that are carried through, then of those that are added.
        added: the values of the added columns, the same for each row.
        to_label: whether a person is to label the rows: the verdict is in a column of that name, and `label`, which
            `imdbsent train` reads, is empty, or has the values of the carried column of that name.
    """

    id: bool = False
    kept: tuple[str, ...] = ()
    added: tuple[Any, ...] = ()
    to_label: bool = False

    @property
    def names(self) -> list[str]:
        """All columns of CSV and Parquet, in order."""
        if self.to_label:
            return list(dict.fromkeys([*["id"] * self.id, *_TO_LABEL, *self.kept]))
        own = list(_OWN_COLUMNS if self.id else _OWN_COLUMNS[1:])
        return [*own[:-1], *self.kept, own[-1]]

    @property
    def label_at(self) -> int | None:
        """Which of the carried values fills the column that a person is to fill; None if none does."""
        return self.kept.index("label") if self.to_label and "label" in self.kept else None


NO_COLUMNS: Final = ResultColumns()
"""Only the columns that are always there."""


def result_columns(
    kept: Sequence[str], *, has_id: bool, taken: Sequence[str] = (), to_label: bool = False
) -> ResultColumns:
    """Name the columns of results.

    A carried column whose name is already used becomes `input_NAME`, or `input_input_NAME` if there is that, too, as in
    results of results.

    Args:
        kept: the columns that are carried through.
        has_id: whether there is an id.
        taken: names of other columns of the results.
        to_label: whether a person is to label the rows; a carried column `label` then has the labels that exist.

    Raises:
        UsageProblem: two columns would have the same name.
    """
    own = [*ResultColumns(has_id, to_label=to_label).names, *taken]
    if to_label:
        own.remove("label")
    for name in kept:
        if kept.count(name) > 1:
            raise UsageProblem(f"two columns of the results would be called {name!r}. Type each --keep once")
    used = {*own, *kept}
    names: list[str] = []
    for name in kept:
        free = name
        while free in own or (free != name and free in used):
            free = f"input_{free}"
        used.add(free)
        names.append(free)
    return ResultColumns(has_id, tuple(names), to_label=to_label)


def kept_values(prediction: Prediction, columns: ResultColumns) -> tuple[Any, ...]:
    """The carried values of a prediction, all None if its record was not a row of a table; then the added ones."""
    return (prediction.kept or (None,) * (len(columns.kept) - len(columns.added))) + columns.added


class TextLayout(NamedTuple):
    """How items, for example predictions, become a text.

    Attributes:
        row: the text of one item.
        header: text before the first.
        between: text before each of the others.
        end: text after the last.
        empty: the whole text if there are no items.
    """

    row: Callable[[Any], str]
    header: str = ""
    between: str = ""
    end: str = ""
    empty: str = ""


def text_layout(chosen: Format, columns: ResultColumns = NO_COLUMNS, *, safe_csv: bool = False) -> TextLayout:
    r"""The layout of predictions in one of the plain formats.

    TSV: label, probability of positive, text. It has no header and one line per record, for `cut` and `paste`. A tab,
    line feed, carriage return or backslash in a text is written `\t`, `\n`, `\r`, `\\` (the convention of "linear
    TSV"), and a text with quotation marks is quoted as in CSV, which readers of TSV expect. If there is no verdict, the
    reason is in brackets before the text. It has no other columns. Rows to label are CSV with tabs.

    CSV (RFC 4180, but lines end in LF): a header, then the columns of `ResultColumns.names`.

    JSONL: one object per line with those keys, and `problem` only if there is no verdict. JSON: one array of them.

    Args:
        chosen: TSV, CSV, JSONL or JSON.
        columns: those other than the usual ones.
        safe_csv: whether CSV and TSV have an apostrophe before what a spreadsheet would compute; see `escape_formula`.
    """
    guard = escape_formula if safe_csv else str
    if columns.to_label and chosen in (Format.CSV, Format.TSV):
        delimiter = "\t" if chosen is Format.TSV else ","
        header = _row(map(guard, columns.names), delimiter)
        row = partial(_row_to_label, columns=columns, guard=guard, delimiter=delimiter)
        return TextLayout(row, header, empty=header)
    if chosen is Format.TSV:
        return TextLayout(partial(_tsv_row, guard=guard))
    if chosen is Format.CSV:
        header = _row(map(guard, columns.names), ",")
        return TextLayout(partial(_csv_row, columns=columns, guard=guard), header, empty=header)
    if chosen is Format.JSONL:
        return jsonl_layout(partial(fields_of, columns=columns))
    return json_layout(partial(fields_of, columns=columns))


def jsonl_layout(fields: Callable[[Any], dict[str, Any]]) -> TextLayout:
    """One JSON object per line.

    Args:
        fields: the keys and values of one object.
    """
    return TextLayout(lambda item: to_json(fields(item)) + "\n")


def json_layout(fields: Callable[[Any], dict[str, Any]]) -> TextLayout:
    """One array of the objects of `jsonl_layout`."""
    return TextLayout(lambda item: to_json(fields(item)), "[\n  ", ",\n  ", "\n]\n", "[]\n")


def fields_of(prediction: Prediction, columns: ResultColumns = NO_COLUMNS) -> dict[str, Any]:
    """The keys and values of a prediction in JSON."""
    fields: dict[str, Any] = {"id": prediction.id} if columns.id else {}
    if columns.to_label:
        fields |= {
            "label": None,
            "text": prediction.text,
            "verdict": prediction.label,
            "probability": rounded(prediction.probability),
        }
        return fields | dict(zip(columns.kept, map(as_jsonable, kept_values(prediction, columns))))
    fields |= {
        "label": prediction.label,
        "probability": rounded(prediction.probability),
        "tokens": prediction.tokens,
        "truncated": prediction.truncated,
        "unknown": rounded(prediction.unknown),
    }
    if prediction.problem is not None:
        fields["problem"] = prediction.problem
    if columns.kept:
        fields.update(zip(columns.kept, map(as_jsonable, kept_values(prediction, columns))))
    fields["text"] = prediction.text
    return fields


def rounded(number: float | None) -> float | None:
    """A probability or a share as it is written."""
    return None if number is None else round(number, DECIMALS)


def _tsv_row(prediction: Prediction, guard: Callable[[str], str]) -> str:
    reason = "" if prediction.problem is None else f"[{prediction.problem}] "
    text = (reason + prediction.text).translate(_TSV_ESCAPES)
    return _row([prediction.label, _decimal(prediction.probability), guard(text.strip())], "\t")


def _csv_row(prediction: Prediction, columns: ResultColumns, guard: Callable[[str], str]) -> str:
    fields = [
        prediction.label,
        _decimal(prediction.probability),
        str(prediction.tokens),
        "true" if prediction.truncated else "false",
        _decimal(prediction.unknown),
        prediction.problem,
        *[guard(as_field(value)) for value in kept_values(prediction, columns)],
        guard(prediction.text),
    ]
    return _row([guard(as_field(prediction.id)), *fields] if columns.id else fields, ",")


def _row_to_label(
    prediction: Prediction, columns: ResultColumns, guard: Callable[[str], str], delimiter: str
) -> str:
    fields = fields_of(prediction, columns) | {"probability": _decimal(prediction.probability)}
    return _row([guard(as_field(value)) for value in fields.values()], delimiter)


def _row(fields: Iterable[str | None], delimiter: str) -> str:
    """A line of CSV. The csv module would do, but in Python 3.10 it cannot write a NUL."""
    return delimiter.join([_quoted(field or "", delimiter) for field in fields]) + "\n"


def _quoted(field: str, delimiter: str) -> str:
    must_quote = '"' in field or "\n" in field or "\r" in field or delimiter in field
    return '"' + field.replace('"', '""') + '"' if must_quote else field


def _decimal(number: float | None) -> str:
    return "" if number is None else f"{number:.{DECIMALS}f}"


FORMULA_STARTS: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""First characters of a formula: OWASP's list, and the full-width forms that East Asian spreadsheets also accept."""
_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def escape_formula(field: str) -> str:
    """Escape a field that a spreadsheet would compute with a leading apostrophe, which spreadsheets read as "text".

    CSV (RFC 4180) has no types: Excel, LibreOffice and Google Sheets compute whatever starts with one of a few
    characters, quoted or not, and a formula can fetch an address or, if the user allows it, start a program. The escape
    is the one that OWASP recommends ("CSV Injection").

    Args:
        field: any text. A number, for example -5 or +1e3, is not changed: there is nothing in it to compute.
    """
    is_formula = field[:1] in FORMULA_STARTS or field.lstrip()[:1] in FORMULA_STARTS
    return f"'{field}" if field and is_formula and not _NUMBER.fullmatch(field) else field


class TextWriter:
    """Writes items as they come, one or many at a time.

    Args:
        stream: takes the bytes; its own errors are raised.
        layout: how items become a text.
        written: items that are already in the stream; the text continues after them.
    """

    def __init__(self, stream: BinaryIO, layout: TextLayout, written: int = 0) -> None:
        self.written = written
        self._stream = stream
        self._layout = layout

    def write(self, predictions: Iterable[Any]) -> None:
        """Append predictions, or other items that the layout is for."""
        layout = self._layout
        for prediction in predictions:
            before = layout.between if self.written else layout.header
            self._stream.write(_encoded(before + layout.row(prediction)))
            self.written += 1

    def flush(self) -> None:
        """Let what was appended be seen: the next may take a while."""
        self._stream.flush()

    def close(self) -> None:
        """Write the text after the last item; the stream stays open."""
        self._stream.write(_encoded(self._layout.end if self.written else self._layout.empty))
        self._stream.flush()


def write(chunks: Iterable[str], stream: BinaryIO) -> None:
    """Write chunks of text as UTF-8.

    Raises:
        OutputClosed: the reader is gone, for example `head -1`.
        OutputFailed: the system refuses, for example because the disk is full.
    """
    for chunk in chunks:
        with output_errors():
            stream.write(_encoded(chunk))
    with output_errors():
        stream.flush()


class output_errors:  # noqa: N801 (used like a function)
    """Context that raises errors of the operating system as errors of the output."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Translate the error, if there is one."""
        if isinstance(error, BrokenPipeError):
            raise OutputClosed from error
        if isinstance(error, OSError):
            raise OutputFailed(error.strerror or str(error)) from error


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # a lone surrogate has no UTF-8; the result has its reason
