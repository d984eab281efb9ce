"""Predictions as plain text: TSV, CSV, JSONL, JSON. Each format is a generator of pieces of text, so it streams.

Probabilities have 6 decimals. A prediction without a verdict has an empty label (null in JSON) and its reason.
"""

from __future__ import annotations

import json
from enum import Enum
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from imdbsent.errors import OutputClosed, OutputFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from imdbsent.records import Prediction


class Format(str, Enum):
    """The formats of results."""

    TABLE = "table"
    TSV = "tsv"
    CSV = "csv"
    JSONL = "jsonl"
    JSON = "json"


_TSV_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def tsv(predictions: Iterable[Prediction]) -> Iterator[str]:
    r"""Label, probability of positive, text; no header, one line a record, made for `cut` and `paste`.

    A tab, line feed, carriage return or backslash in a text is written `\t`, `\n`, `\r`, `\\` (the convention of
    "linear TSV"), and a text with quotation marks is quoted as in CSV, which is what readers of TSV expect. Where there
    is no verdict the reason stands before the text, in brackets.
    """
    for prediction in predictions:
        reason = "" if prediction.problem is None else f"[{prediction.problem}] "
        text = (reason + prediction.text).translate(_TSV_ESCAPES)
        yield _row([prediction.label, _decimal(prediction.probability), text.strip()], "\t")


def as_csv(predictions: Iterable[Prediction]) -> Iterator[str]:
    """CSV (RFC 4180, but lines end in LF) with a header: label, probability, text, problem."""
    yield "label,probability,text,problem\n"
    for prediction in predictions:
        yield _row([prediction.label, _decimal(prediction.probability), prediction.text, prediction.problem], ",")


def jsonl(predictions: Iterable[Prediction]) -> Iterator[str]:
    """An object a record: `label`, `probability`, `text`, and `problem` where there is no verdict."""
    for prediction in predictions:
        yield json_line(fields_of(prediction))


def as_json(predictions: Iterable[Prediction]) -> Iterator[str]:
    """One array of the objects that `jsonl` writes."""
    return json_array(map(fields_of, predictions))


def json_line(fields: dict[str, Any]) -> str:
    """An object on a line of its own."""
    return json.dumps(fields, ensure_ascii=False) + "\n"


def json_array(objects: Iterable[dict[str, Any]]) -> Iterator[str]:
    """One array of objects, each on a line."""
    before = "[\n  "
    for fields in objects:
        yield before + json.dumps(fields, ensure_ascii=False)
        before = ",\n  "
    yield "[]\n" if before.startswith("[") else "\n]\n"


FORMATTERS: Final[dict[Format, Callable[[Iterable[Prediction]], Iterator[str]]]] = {
    Format.TSV: tsv,
    Format.CSV: as_csv,
    Format.JSONL: jsonl,
    Format.JSON: as_json,
}
"""The plain formats. The table is the command line's business."""


def write(pieces: Iterable[str], stream: BinaryIO) -> None:
    """Write pieces of text as UTF-8.

    Raises:
        OutputClosed: the reader has gone, as `head -1` does.
        OutputFailed: the system refuses: a full disk, say.
    """
    for piece in pieces:
        with output_errors():
            # A lone surrogate has no UTF-8; its record has said so.
            stream.write(piece.encode("utf-8", "replace"))
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


def _row(fields: list[str | None], delimiter: str) -> str:
    """A line of CSV. The csv module would do, but that of Python 3.10 cannot write a NUL."""
    return delimiter.join(_quoted(field or "", delimiter) for field in fields) + "\n"


def _quoted(field: str, delimiter: str) -> str:
    needs_it = any(special in field for special in ('"', "\n", "\r", delimiter))
    return '"' + field.replace('"', '""') + '"' if needs_it else field


def fields_of(prediction: Prediction) -> dict[str, Any]:
    """The fields of the object that `jsonl` writes for a prediction."""
    fields: dict[str, Any] = {
        "label": prediction.label,
        "probability": None if prediction.probability is None else round(prediction.probability, 6),
        "text": prediction.text,
    }
    if prediction.problem is not None:
        fields["problem"] = prediction.problem
    return fields


def _decimal(probability: float | None) -> str:
    return "" if probability is None else f"{probability:.6f}"
