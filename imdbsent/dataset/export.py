"""The reviews as a table in a file: CSV, JSONL or Parquet, so that nobody writes that loop again.

Columns: text, label ("negative", "positive", or nothing), stars (1 to 10, or nothing), split, title (IMDB's id of the
film) and file (as "train/pos/7_10.txt"). Rows come in the order of `read_reviews`.
"""

from __future__ import annotations

import csv
import importlib
import io
import json
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from imdbsent.dataset.corpus import CLASS_NAMES
from imdbsent.errors import OutputFailed
from imdbsent.files import new_file
from imdbsent.reading.detect import pyarrow
from imdbsent.writing.text import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from imdbsent.dataset.aclimdb import Review


COLUMNS: Final = ("text", "label", "stars", "split", "title", "file")
FOLDERS_OF_SPLIT: Final = {
    "train": ("train/neg", "train/pos"),
    "test": ("test/neg", "test/pos"),
    "unsup": ("train/unsup",),
    "all": ("train/neg", "train/pos", "train/unsup", "test/neg", "test/pos"),
}
_ROW_GROUP: Final = 10_000  # rows


class ExportFormat(str, Enum):
    """The formats of a table of reviews."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


def export_text(reviews: Iterable[Review], file_format: ExportFormat) -> Iterator[str]:
    """The table as CSV (with a header) or JSONL (an object a line, null for nothing), piece by piece."""
    if file_format is ExportFormat.JSONL:
        for review in reviews:
            yield json.dumps(_row(review), ensure_ascii=False) + "\n"
        return
    yield ",".join(COLUMNS) + "\n"
    for review in reviews:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(_row(review).values())
        yield line.getvalue()


def export_file(reviews: Sequence[Review], file_format: ExportFormat, path: Path) -> None:
    """Write the table to a file, which has its name only once it is whole; a file of that name is replaced.

    What is there and is no plain file, as a named pipe is, is written as it is.

    Raises:
        ExtraMissing: Parquet, and pyarrow is not installed.
        OutputFailed: the place cannot be written.
    """
    try:
        with new_file(path) as place:
            if file_format is ExportFormat.PARQUET:
                _write_parquet(reviews, place)
            else:
                with place.open("wb") as stream:
                    write(export_text(reviews, file_format), stream)
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


def check_format(file_format: ExportFormat) -> None:
    """Check that a format can be written, before the reviews are read.

    Raises:
        ExtraMissing: Parquet, and pyarrow is not installed.
    """
    if file_format is ExportFormat.PARQUET:
        _pyarrow()


def _row(review: Review) -> dict[str, Any]:
    return {
        "text": review.text,
        "label": CLASS_NAMES[review.label],
        "stars": review.stars or None,
        "split": review.split,
        "title": review.title or None,
        "file": f"{review.folder}/{review.file_name}",
    }


def _write_parquet(reviews: Sequence[Review], path: Path) -> None:
    arrow, parquet = _pyarrow()
    types = {"stars": arrow.int8()}
    schema = arrow.schema([(column, types.get(column, arrow.string())) for column in COLUMNS])
    with parquet.ParquetWriter(str(path), schema, compression="zstd") as writer:
        for start in range(0, len(reviews), _ROW_GROUP):
            rows = [_row(review) for review in reviews[start : start + _ROW_GROUP]]
            writer.write_table(arrow.Table.from_pylist(rows, schema))


def _pyarrow() -> tuple[Any, Any]:
    return pyarrow("Parquet"), importlib.import_module("pyarrow.parquet")
