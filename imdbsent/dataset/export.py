"""Export the reviews as a table: CSV, JSONL or Parquet.

Columns: text, label ("negative", "positive" or nothing), stars (1 to 10 or nothing), split, title (IMDB's id of the
film) and file ("train/pos/7_10.txt", for example). Rows are in the order of `read_reviews`.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final, Literal

from imdbsent.dataset.corpus import CLASS_NAMES
from imdbsent.errors import OutputFailed
from imdbsent.files import new_file
from imdbsent.reading.streams import pyarrow
from imdbsent.writing.text import write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from imdbsent.dataset.aclimdb import Review


TableFormat = Literal["csv", "jsonl", "parquet"]

COLUMNS: Final = ("text", "label", "stars", "split", "title", "file")
FOLDERS_OF_SPLIT: Final = {
    "train": ("train/neg", "train/pos"),
    "test": ("test/neg", "test/pos"),
    "unsup": ("train/unsup",),
    "all": ("train/neg", "train/pos", "train/unsup", "test/neg", "test/pos"),
}
_ROW_GROUP: Final = 10_000  # rows


def export_text(reviews: Iterable[Review], table_format: TableFormat) -> Iterator[str]:
    """Yield the table in chunks, as CSV with a header, or as JSONL with one object per line and null for nothing."""
    if table_format == "jsonl":
        for review in reviews:
            yield json.dumps(_row(review), ensure_ascii=False) + "\n"
        return
    yield ",".join(COLUMNS) + "\n"
    for review in reviews:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(_row(review).values())
        yield line.getvalue()


def export_file(reviews: Sequence[Review], table_format: TableFormat, path: Path) -> None:
    """Write the table to a file, which appears only when complete and replaces an old one.

    A path that is not a regular file, a named pipe for example, is written to directly.

    Raises:
        ExtraMissing: the format is Parquet, and pyarrow is not installed.
        OutputFailed: the file cannot be written.
    """
    try:
        with new_file(path) as target:
            if table_format == "parquet":
                _write_parquet(reviews, target)
            else:
                with target.open("wb") as stream:
                    write(export_text(reviews, table_format), stream)
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


def check_format(table_format: TableFormat) -> None:
    """Check that a format can be written, before the reviews are read.

    Raises:
        ExtraMissing: the format is Parquet, and pyarrow is not installed.
    """
    if table_format == "parquet":
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
    arrow = pyarrow("Parquet")
    from pyarrow import parquet  # noqa: PLC0415 (few files need it)

    return arrow, parquet
