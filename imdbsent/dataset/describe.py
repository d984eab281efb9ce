"""Statistics of the IMDB reviews or of a user's file: which source answers, and what it is checked against.

`imdbsent stats --export-figures imdbsent/dataset/figures.json` makes the figures that ship with the package from the
full archive; `imdbsent stats --recompute` computes them again and compares every one.
"""

from __future__ import annotations

import csv
import io
import json
import logging
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from imdbsent.dataset.aclimdb import FOLDERS, LABELED, find, read_reviews
from imdbsent.dataset.corpus import (
    CLASS_NAMES,
    Corpus,
    Text,
    cache_key,
    cache_path,
    count_reviews,
    count_texts,
    load_cached,
    store_cached,
)
from imdbsent.dataset.download import find_or_fetch
from imdbsent.dataset.statistics import NUM_WORDS, SPLITS, SplitStatistics, compute
from imdbsent.errors import DatasetIncomplete, FiguresDiffer, UsageProblem
from imdbsent.reading.labeled import read_labeled
from imdbsent.reading.options import ReadOptions
from imdbsent.reading.streams import name_of
from imdbsent.typed_json import from_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imdbsent.fetch import DownloadProgress


logger = logging.getLogger(__name__)

SHIPPED: Final = Path(__file__).parent / "figures.json"
TOP: Final = 50
"""Words per list of the shipped figures."""
MOST_CLASSES: Final = 100
"""Classes of a user's file; a column with more distinct values hardly holds labels."""


@dataclass(frozen=True)
class Figures:
    """The content of `figures.json`.

    Attributes:
        all: statistics of both splits.
        train: statistics of the training split.
        test: statistics of the test split.
    """

    all: SplitStatistics
    train: SplitStatistics
    test: SplitStatistics


@dataclass(frozen=True)
class StatisticsQuery:
    """Which statistics to compute.

    Attributes:
        split: "train", "test" or "all".
        num_words: ids from this one on are out of the vocabulary.
        top: words per list.
    """

    split: str
    num_words: int
    top: int


def describe_reviews(
    query: StatisticsQuery, named: Path | None, progress: DownloadProgress | None = None
) -> SplitStatistics:
    """Describe the IMDB reviews: with the figures that ship with the package, if the reviews are not on this machine.

    Args:
        query: which statistics.
        named: archive or folder given by the user.
        progress: follows a download; only a query beyond the shipped figures needs one.

    Raises:
        DatasetInvalid: the given path does not hold the reviews.
        DatasetMissing: the query goes beyond the shipped figures, and the reviews cannot be downloaded.
        DownloadFailed: see `find_or_fetch`.
    """
    source = find(named)
    if source is None:
        answer = shipped_answer(query.split, query.num_words, query.top)
        if answer is not None:
            logger.info("these figures come with imdbsent; to recompute them: imdbsent stats --recompute")
            return answer
        source = find_or_fetch(None, progress)
    return _compute(_counted(source), query)


def recompute(
    query: StatisticsQuery, named: Path | None, progress: DownloadProgress | None = None
) -> SplitStatistics:
    """Count the reviews again, compare every shipped figure, and describe them.

    Raises:
        FiguresDiffer: a figure differs from the shipped one.
        ImdbsentError: see `find_or_fetch` and `read_reviews`.
    """
    source = find_or_fetch(named, progress)
    corpus = _count(source, cache_key(source))
    figures, shipped = compute_figures(corpus), read_shipped()
    wrong = differences(figures, shipped)
    if wrong:
        raise FiguresDiffer(source, wrong)
    count = count_figures(figures)
    logger.info(f"recomputed from {source}: all {count:,} figures agree with those that come with imdbsent")
    return _compute(corpus, query)


def figures_to_ship(named: Path | None, progress: DownloadProgress | None = None) -> Figures:
    """The figures that the package ships, from the whole data set.

    Raises:
        DatasetIncomplete: a folder lacks reviews.
        ImdbsentError: see `find_or_fetch` and `read_reviews`.
    """
    source = find_or_fetch(named, progress)
    corpus = _count(source, cache_key(source))
    if shortfalls := _shortfalls(corpus):
        raise DatasetIncomplete(source, shortfalls)
    return compute_figures(corpus)


def describe_file(file: str, query: StatisticsQuery, read: ReadOptions | None = None) -> SplitStatistics:
    """Describe a user's own file, which has a vocabulary of its own.

    Args:
        file: its path; `-` is standard input.
        query: which statistics.
        read: how to read it; None to detect everything.

    Raises:
        InputUnreadable: the file cannot be read.
        UsageProblem: it has no text, lacks a column, or has more than `MOST_CLASSES` classes.
    """
    corpus = count_texts(_texts(file, read or ReadOptions(command="stats")))
    if not corpus.groups:
        raise UsageProblem(f"{name_of(file)} has no text. See: imdbsent stats --help")
    return compute(corpus, "file", query.num_words, query.top)


def _compute(corpus: Corpus, query: StatisticsQuery) -> SplitStatistics:
    return compute(corpus, query.split, query.num_words, query.top)


def _counted(source: Path) -> Corpus:
    """The counts of the reviews, from the cache if it has them."""
    key = cache_key(source)
    corpus = load_cached(key) or _count(source, key)
    for shortfall in _shortfalls(corpus):
        logger.info(f"{source}: {shortfall} reviews; the figures are not comparable with others")
    return corpus


def _count(source: Path, key: str) -> Corpus:
    logger.info(f"counting the words of {source}; the counts are cached")
    corpus = count_reviews(read_reviews(source, LABELED))
    try:
        store_cached(key, corpus)
    except OSError as error:
        logger.info(f"cannot cache the counts in {cache_path(key).parent} ({error.strerror or error})")
    return corpus


def _shortfalls(corpus: Corpus) -> list[str]:
    kinds = {CLASS_NAMES[1]: "pos", CLASS_NAMES[0]: "neg"}
    sizes = {f"{group.split}/{kinds[group.label]}": len(group.lengths) for group in corpus.groups}
    return [f"{folder} has {n:,} of {FOLDERS[folder]:,}" for folder, n in sizes.items() if n != FOLDERS[folder]]


def _texts(file: str, read: ReadOptions) -> Iterator[Text]:
    classes: set[str] = set()
    for number, record in enumerate(read_labeled(file, read), start=1):
        if record.label is not None:
            classes.add(record.label)
        if len(classes) > MOST_CLASSES:
            raise UsageProblem(
                f"{name_of(file)} has more than {MOST_CLASSES} different labels by record {number}. "
                "Type: --label-column NAME, with the column of the classes, or --label-column none"
            )
        yield Text("file", record.label, record.text, number)


def as_json(statistics: SplitStatistics) -> Iterator[str]:
    """One object, with the fields of `SplitStatistics`."""
    yield json.dumps(asdict(statistics), ensure_ascii=False, indent=2) + "\n"


def as_csv(statistics: SplitStatistics) -> Iterator[str]:
    """CSV (RFC 4180, but lines end in LF) with a header: figure, item, value.

    The item tells figures of the same name apart: a split and class, a percentile, a rating, a word.
    """
    line = io.StringIO()
    writer = csv.writer(line, lineterminator="\n")
    writer.writerow(["figure", "item", "value"])
    writer.writerows(_csv_rows(statistics))
    yield line.getvalue()


def _csv_rows(statistics: SplitStatistics) -> Iterator[tuple[str, Any, Any]]:
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


def compute_figures(corpus: Corpus) -> Figures:
    """Compute the figures that the package ships."""
    return Figures(**{split: compute(corpus, split, NUM_WORDS, TOP) for split in SPLITS})


def read_shipped() -> Figures:
    """Read the figures that come with the package.

    Raises:
        OSError: the file is missing.
        ValueError: the file is damaged.
    """
    figures: Figures = from_json(json.loads(SHIPPED.read_text(encoding="utf-8")), Figures, "figures")
    return figures


def shipped_answer(split: str, num_words: int, top: int) -> SplitStatistics | None:
    """The shipped figures of a split, or None if the query goes beyond them."""
    if num_words != NUM_WORDS or top > TOP:
        return None
    return shortened(getattr(read_shipped(), split), top)


def shortened(statistics: SplitStatistics, top: int) -> SplitStatistics:
    """The same figures with lists of `top` words."""
    telling = (
        word for label in statistics.classes for word in [w for w in statistics.telling if w.label == label][:top]
    )
    return replace(statistics, frequent=statistics.frequent[:top], telling=tuple(telling))


def to_json(figures: Figures) -> str:
    """The text of `figures.json`: one list or object of plain values per line, so that a change can be read."""
    return _lines(asdict(figures), 0) + "\n"


def differences(computed: Figures, shipped: Figures) -> list[str]:
    """The figures that differ, each in the form "test.lengths.mean is 1.0, not 2.0"."""
    found, expected = dict(_flat(asdict(computed), "")), dict(_flat(asdict(shipped), ""))
    return [
        f"{name} is {_as_text(found, name)}, not {_as_text(expected, name)}"
        for name in {**expected, **found}
        if name not in found or name not in expected or found[name] != expected[name]
    ]


def count_figures(figures: Figures) -> int:
    """Number of figures to compare."""
    return sum(1 for _ in _flat(asdict(figures), ""))


def _flat(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, (list, tuple)) else None
    if items is None:
        yield name, value
        return
    for key, item in items:
        yield from _flat(item, f"{name}.{key}" if name else str(key))


def _as_text(figures: dict[str, Any], name: str) -> str:
    return json.dumps(figures[name], ensure_ascii=False) if name in figures else "missing"


def _lines(value: Any, depth: int) -> str:
    """JSON, indented by one space per level, with one line for each list or object of plain values."""
    items = list(value.values()) if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    if not any(isinstance(item, (dict, list, tuple)) for item in items):
        return json.dumps(value, ensure_ascii=False)
    indent = " " * (depth + 1)
    if isinstance(value, dict):
        lines = [f"{json.dumps(key)}: {_lines(item, depth + 1)}" for key, item in value.items()]
        start, end = "{", "}"
    else:
        lines = [_lines(item, depth + 1) for item in items]
        start, end = "[", "]"
    return start + "\n" + ",\n".join(indent + line for line in lines) + "\n" + " " * depth + end
