"""Statistics as plain text for machines: JSON, or CSV with a figure a line."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imdbsent.dataset.statistics import SplitStatistics


def as_json(statistics: SplitStatistics) -> Iterator[str]:
    """One object, with the fields of `SplitStatistics`."""
    yield json.dumps(asdict(statistics), ensure_ascii=False, indent=2) + "\n"


def as_csv(statistics: SplitStatistics) -> Iterator[str]:
    """CSV (RFC 4180, but lines end in LF) with a header: figure, item, value.

    The item says which of several figures of one name it is: a split and class, a percentile, a rating, a word.
    """
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    writer.writerow(["figure", "item", "value"])
    for row in _rows(statistics):
        writer.writerow(row)
    yield line.getvalue()


def _rows(statistics: SplitStatistics) -> Iterator[tuple[str, Any, Any]]:
    yield "split", "", statistics.split
    yield "num_words", "", statistics.num_words
    yield "maximum_length", "", statistics.maximum_length
    yield "reviews", "", statistics.reviews
    yield from (("reviews", f"{size.split}/{size.label or ''}", size.reviews) for size in statistics.sizes)
    yield from (("class", i, label) for i, label in enumerate(statistics.classes))
    yield from (("vocabulary", name, value) for name, value in asdict(statistics.vocabulary).items())
    lengths = statistics.lengths
    yield from (("length", name, getattr(lengths, name)) for name in ("mean", "std", "cut"))
    yield from (("length", name, extreme.length) for name, extreme in _extremes(statistics))
    yield from (("review", name, extreme.review) for name, extreme in _extremes(statistics))
    yield from (("length_percentile", percentile.percent, percentile.length) for percentile in lengths.percentiles)
    for column in lengths.histogram:
        yield "reviews_of_length", f"{column.first}-{'' if column.last is None else column.last}", column.reviews
    yield from (("reviews_of_stars", count.stars, count.reviews) for count in statistics.stars)
    yield from (("titles", name, value) for name, value in asdict(statistics.titles).items())
    yield from (("frequent_word", word.word, word.count) for word in statistics.frequent)
    yield from ((f"telling_word_{word.label}", word.word, word.z) for word in statistics.telling)


def _extremes(statistics: SplitStatistics) -> Iterator[tuple[str, Any]]:
    for name in ("shortest", "longest"):
        yield name, getattr(statistics.lengths, name)
