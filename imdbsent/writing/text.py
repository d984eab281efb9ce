"""Predictions as plain text: TSV, CSV, JSONL, JSON, written as they come.

Probabilities and shares have 6 decimals. A prediction without a verdict has an empty label (null in JSON) and its
reason.

Texts that a spreadsheet would take for formulas when it opens a CSV file, made texts again.

CSV (RFC 4180) has no types: Excel, LibreOffice and Google Sheets compute whatever begins with one of a few characters,
quoted or not, and a formula can fetch an address or, where a user lets it, start a program. The remedy is that of OWASP
("CSV Injection"): an apostrophe before it, which spreadsheets take for "this is text".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from imdbsent.errors import OutputClosed, OutputFailed, UsageProblem
from imdbsent.records import as_field, as_jsonable, to_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imdbsent.records import Prediction


FORMULA_STARTS: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What begins a formula: OWASP's list, and the full-width forms that East Asian spreadsheets take for the same."""

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def escape_formula(field: str) -> str:
    """A field that a spreadsheet shows as it is: with an apostrophe before what it would compute.

    Args:
        field: any text. A number, as -5 or +1e3, stays one: there is nothing in it to compute.
    """
    begins = field[:1] in FORMULA_STARTS or field.lstrip()[:1] in FORMULA_STARTS
    return f"'{field}" if field and begins and not _NUMBER.fullmatch(field) else field


class Format(str, Enum):
    """The formats of results."""

    TABLE = "table"
    TSV = "tsv"
    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"
    PARQUET = "parquet"


DECIMALS: Final = 6
_OWN_COLUMNS: Final = ("id", "label", "probability", "tokens", "truncated", "unknown", "problem", "text")
_TSV_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@dataclass(frozen=True)
class ResultColumns:
    """The columns of results beside those that are always there.

    Attributes:
        id: whether there is an id.
        kept: the names of the columns that are carried through, as results call them.
        safe_csv: whether CSV and TSV have an apostrophe before what a spreadsheet would compute; it is no column, but
            goes where they go.
    """

    id: bool = False
    kept: tuple[str, ...] = ()
    safe_csv: bool = False

    @property
    def names(self) -> list[str]:
        """All columns of CSV and Parquet, in order."""
        own = list(_OWN_COLUMNS if self.id else _OWN_COLUMNS[1:])
        return [*own[:-1], *self.kept, own[-1]]


NO_COLUMNS: Final = ResultColumns()
"""No columns beside the usual ones."""


def kept_values(prediction: Prediction, columns: ResultColumns) -> tuple[Any, ...]:
    """What a prediction has in the kept columns: nothing, where its record was no row of a table."""
    return prediction.kept or (None,) * len(columns.kept)


def result_columns(kept: Sequence[str], *, has_id: bool, taken: Sequence[str] = ()) -> ResultColumns:
    """The columns of results; a column that has the name of one of theirs is called `input_NAME`.

    Args:
        kept: the columns that are carried through.
        has_id: whether there is an id.
        taken: names of other columns of the results.

    Raises:
        UsageProblem: two columns would have one name.
    """
    own = [*ResultColumns(id=has_id).names, *taken]
    names = tuple(f"input_{name}" if name in own else name for name in kept)
    for name in names:
        if names.count(name) > 1:
            raise UsageProblem(f"two columns of the results would be called {name!r}. Type each --keep once")
    return ResultColumns(has_id, names)


@dataclass(frozen=True)
class TextLayout:
    """How predictions, or explanations, stand in a text.

    Attributes:
        row: one of them.
        header: what stands before the first.
        between: what stands before each other.
        end: what stands after the last.
        empty: the whole of a text without any.
    """

    row: Callable[[Any], str]
    header: str = ""
    between: str = ""
    end: str = ""
    empty: str = ""


def text_layout(chosen: Format, columns: ResultColumns = ResultColumns()) -> TextLayout:
    r"""How predictions stand in one of the plain formats.

    TSV: label, probability of positive, text; no header, one line a record, made for `cut` and `paste`. A tab, line
    feed, carriage return or backslash in a text is written `\t`, `\n`, `\r`, `\\` (the convention of "linear TSV"), and
    a text with quotation marks is quoted as in CSV, which is what readers of TSV expect. Where there is no verdict the
    reason stands before the text, in brackets. It has no other columns.

    CSV (RFC 4180, but lines end in LF): a header, then the columns of `ResultColumns.names`.

    With `ResultColumns.safe_csv` both have an apostrophe before what a spreadsheet would take for a formula.

    JSONL: an object a line with those keys; `problem` is there where there is no verdict. JSON: one array of them.

    Args:
        chosen: TSV, CSV, JSONL or JSON.
        columns: those beside the usual ones.
    """
    if chosen is Format.TSV:
        return TextLayout(partial(_tsv_row, columns=columns))
    if chosen is Format.CSV:
        header = _row(map(_guard(columns), columns.names), ",")
        return TextLayout(partial(_csv_row, columns=columns), header, empty=header)
    if chosen is Format.JSONL:
        return jsonl_layout(partial(fields_of, columns=columns))
    return json_layout(partial(fields_of, columns=columns))


def jsonl_layout(fields: Callable[[Any], dict[str, Any]]) -> TextLayout:
    """An object a line.

    Args:
        fields: makes the keys and values of one.
    """
    return TextLayout(lambda item: to_json(fields(item)) + "\n")


def json_layout(fields: Callable[[Any], dict[str, Any]]) -> TextLayout:
    """One array of the objects of `jsonl_layout`."""
    return TextLayout(lambda item: to_json(fields(item)), "[\n  ", ",\n  ", "\n]\n", "[]\n")


def as_text(predictions: Iterable[Any], layout: TextLayout) -> Iterator[str]:
    """The text of predictions, piece by piece."""
    before = layout.header
    is_empty = True
    for prediction in predictions:
        yield before + layout.row(prediction)
        before, is_empty = layout.between, False
    yield layout.empty if is_empty else layout.end


class TextWriter:
    """Writes predictions as they come, a few or many at a time.

    Args:
        stream: takes the bytes; errors of its own are raised.
        layout: how predictions stand in it.
        written: predictions that stand in it already: what is written goes on behind them.
    """

    def __init__(self, stream: BinaryIO, layout: TextLayout, written: int = 0) -> None:
        self.written = written
        self._stream = stream
        self._layout = layout

    def write(self, predictions: Iterable[Any]) -> None:
        """Write predictions, or whatever the layout is of, behind those that were written before."""
        layout = self._layout
        for prediction in predictions:
            before = layout.between if self.written else layout.header
            self._stream.write(_encoded(before + layout.row(prediction)))
            self.written += 1

    def close(self) -> None:
        """Write what stands behind the last prediction; the stream stays open."""
        self._stream.write(_encoded(self._layout.end if self.written else self._layout.empty))
        self._stream.flush()


def write(pieces: Iterable[str], stream: BinaryIO) -> None:
    """Write pieces of text as UTF-8.

    Raises:
        OutputClosed: the reader has gone, as `head -1` does.
        OutputFailed: the system refuses: a full disk, say.
    """
    for piece in pieces:
        with output_errors():
            stream.write(_encoded(piece))
    with output_errors():
        stream.flush()


class output_errors:  # noqa: N801 (used as a function is)
    """Context in which errors of the operating system are errors of the output."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        """Translate the error, if there is one."""
        if isinstance(error, BrokenPipeError):
            raise OutputClosed from error
        if isinstance(error, OSError):
            raise OutputFailed(error.strerror or str(error)) from error


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # a lone surrogate has no UTF-8; its record has said so


def _guard(columns: ResultColumns) -> Callable[[str], str]:
    """What a user's text goes through before it is a field."""
    return escape_formula if columns.safe_csv else str


def _tsv_row(prediction: Prediction, columns: ResultColumns) -> str:
    reason = "" if prediction.problem is None else f"[{prediction.problem}] "
    text = (reason + prediction.text).translate(_TSV_ESCAPES)
    return _row([prediction.label, _decimal(prediction.probability), _guard(columns)(text.strip())], "\t")


def _csv_row(prediction: Prediction, columns: ResultColumns) -> str:
    guard = _guard(columns)
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


def _row(fields: Iterable[str | None], delimiter: str) -> str:
    """A line of CSV. The csv module would do, but that of Python 3.10 cannot write a NUL."""
    return delimiter.join([_quoted(field or "", delimiter) for field in fields]) + "\n"


def _quoted(field: str, delimiter: str) -> str:
    needs_it = '"' in field or "\n" in field or "\r" in field or delimiter in field
    return '"' + field.replace('"', '""') + '"' if needs_it else field


def fields_of(prediction: Prediction, columns: ResultColumns = NO_COLUMNS) -> dict[str, Any]:
    """The keys and values of the object that JSONL has for a prediction."""
    fields: dict[str, Any] = {"id": prediction.id} if columns.id else {}
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


def _decimal(number: float | None) -> str:
    return "" if number is None else f"{number:.{DECIMALS}f}"
