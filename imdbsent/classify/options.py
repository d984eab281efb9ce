"""`PredictOptions`: everything that decides a prediction and which of them are results, apart from model and text.

The object is made once, where a person's wishes come in, and is then handed on unchanged to the classifier, its worker
processes, the explainer, a cluster and the log of a file that can be resumed.

`select` obeys the ones about results. Without them all predictions are results, in the order of their records. A sort
of more than memory holds uses a temporary file. Sorted by `uncertain`, the results are the texts to label next: each
text comes once, and one without a verdict not at all.
"""

from __future__ import annotations

import heapq
from bisect import insort
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from imdbsent.errors import InvalidOptions, OutputFailed
from imdbsent.option_fields import EngineName, option
from imdbsent.records import as_field

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Iterator

    from imdbsent.records import Label, Prediction

    NeutralBand = tuple[float, float]


MOSTLY_UNKNOWN: Final = 0.5
"""Share of unknown words above which a prediction deserves a warning.

None of the 25,000 IMDB test reviews is above it (the highest is 0.23 with the flagship, 0.37 with classic), and of
their sentences 1 in 700 and 1 in 200. All of 16 sentences about films in 12 other languages are, at 0.53 and 0.59 or
more: many words, such as "die" and "film", are also English. See `benchmarks/verdicts.py`.
"""
UNCERTAIN_WITHIN: Final = 0.1
"""Distance from the threshold within which a prediction is uncertain.

From 0.4 to 0.6 a calibrated model is wrong four to five times in ten. The classic model, which is overconfident, puts
4.9% of 2,000 test reviews there, and is wrong on 48% of them. See `benchmarks/verdicts.py`.
"""
RECORD: Final = "record"
"""The column with the number of a record among all that were read, from 1."""
IN_MEMORY: Final = 10_000
"""Items that are sorted in memory; more are sorted in a temporary file."""

_AFTER_ALL: Final = 10.0
"""More than the ranks of two predictions differ."""

T = TypeVar("T")
E = TypeVar("E", bound=Enum)


class Only(str, Enum):
    """Which predictions are results."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    UNCERTAIN = "uncertain"


class SortKey(str, Enum):
    """What results are sorted by."""

    PROBABILITY = "probability"
    CONFIDENCE = "confidence"
    UNCERTAIN = "uncertain"
    """The nearest to the threshold first: what a person should label next."""


def whole_number(name: str, value: object, least: int = 1) -> int:
    """A number that a caller in Python gives, as an int.

    Args:
        name: what it is, for the message.
        value: the number; of any type of whole numbers, such as numpy's.
        least: the smallest that makes sense.

    Raises:
        InvalidOptions: it is not a whole number, or is too small.
    """
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise InvalidOptions(f"the {name} must be a whole number, {least} or more, not {value!r}")
    return int(value)


def member(choices: type[E], value: object) -> E:
    """The member of an enumeration that a caller in Python gives, as itself or by its value.

    Raises:
        InvalidOptions: it has no such member.
    """
    try:
        return choices(value)
    except ValueError as error:
        raise _not_one_of([one.value for one in choices], value) from error


def check_choice(choices: Collection[str], value: object) -> None:
    """Check a name that a caller in Python gives.

    Raises:
        InvalidOptions: it is none of the choices.
    """
    if value not in choices:
        raise _not_one_of(choices, value)


def check_flag(name: str, value: object) -> None:
    """Check that a caller in Python gives True or False, not a text such as "no", which would count as True.

    Raises:
        InvalidOptions: it is neither.
    """
    if not isinstance(value, bool):
        raise InvalidOptions(f"{name} must be True or False, not {value!r}")


def _not_one_of(choices: Iterable[str], value: object) -> InvalidOptions:
    return InvalidOptions(f"{value!r} is not one of {', '.join(map(repr, choices))}")


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _band(neutral: Any) -> NeutralBand:
    match neutral:
        case (low, high) if _is_number(low) and _is_number(high) and 0 <= low <= high <= 1:
            return float(low), float(high)
    raise InvalidOptions(f"neutral must be (low, high) with 0 <= low <= high <= 1, not {neutral!r}")


@dataclass(frozen=True, kw_only=True)
class PredictOptions:
    """How texts are labeled, and which of the predictions are results.

    Attributes:
        threshold: probability of positive from which the label is "positive", 0 to 1; None for the model's own.
        neutral: lowest and highest probability of the label "neutral", instead of a threshold: below it is "negative",
            above it "positive". None for no such label.
        batch_size: texts per run of the network; None for the fastest. It affects speed, and the last digits.
        only: which predictions are results; None for all.
        sort: what results are sorted by, largest first; None for the order of their records. "uncertain" also leaves
            out repeated texts, and texts without a verdict.
        reverse: whether the smallest come first instead.
        top: maximum number of results; None for all.

    Raises:
        InvalidOptions: a value is out of its range or of another type, or two values exclude each other; it is a
            ValueError, too.
    """

    threshold: float | None = field(default=None, metadata=option("--threshold", decides_bytes=True))
    neutral: NeutralBand | None = field(default=None, metadata=option("--neutral", decides_bytes=True, separator=":"))
    batch_size: int | None = field(default=None, metadata=option("--batch-size", decides_bytes=True))
    only: Only | None = field(default=None, metadata=option("--only", decides_bytes=True, engine=EngineName.LOCAL))
    sort: SortKey | None = field(default=None, metadata=option("--sort", decides_bytes=True, engine=EngineName.LOCAL))
    reverse: bool = field(default=False, metadata=option("--reverse", decides_bytes=True, engine=EngineName.LOCAL))
    top: int | None = field(default=None, metadata=option("--top", decides_bytes=True, engine=EngineName.LOCAL))

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        if self.neutral is not None:
            set_field(self, "neutral", _band(self.neutral))
            if self.threshold is not None:
                raise InvalidOptions(
                    "--threshold cannot be combined with --neutral. Type one of them"
                )
        if self.threshold is not None:
            if not _is_number(self.threshold) or not 0 <= self.threshold <= 1:
                raise InvalidOptions(f"the threshold must be a probability from 0 to 1, not {self.threshold!r}")
            set_field(self, "threshold", float(self.threshold))
        for name, called in (("batch_size", "batch size"), ("top", "number of results")):
            number = getattr(self, name)
            if number is not None:
                set_field(self, name, whole_number(called, number))
        for name, choices in (("only", Only), ("sort", SortKey)):
            value = getattr(self, name)
            if value is not None:
                set_field(self, name, member(choices, value))
        check_flag("reverse", self.reverse)
        if self.sort is None and (self.top is not None or self.reverse):
            given = "--reverse" if self.top is None else f"--top {self.top}"
            name = given.partition(" ")[0]
            raise InvalidOptions(
                f"{name} requires --sort. Type: {given} --sort confidence, or {given} --sort probability"
            )

    @property
    def is_for_labeling(self) -> bool:
        """Whether the results are the texts that a person should label next."""
        return self.sort is SortKey.UNCERTAIN

    @property
    def is_selective(self) -> bool:
        """Whether results may be fewer than the records, or in another order."""
        return self.only is not None or self.sort is not None

    def label(self, probability: float, threshold: float) -> Label:
        """The label of a probability.

        Args:
            probability: of positive, as the network gives it, not as it is rounded in the output.
            threshold: the model's own, which applies if the options have none.
        """
        if self.neutral is None:
            cut = threshold if self.threshold is None else self.threshold
            return "positive" if probability >= cut else "negative"
        low, high = self.neutral
        return "negative" if probability < low else "positive" if probability > high else "neutral"

    def uncertain_range(self, threshold: float) -> NeutralBand:
        """Lowest and highest probability of an uncertain prediction: the neutral band, or near the threshold.

        Args:
            threshold: the model's own, which applies if the options have none.
        """
        if self.neutral is not None:
            return self.neutral
        cut = threshold if self.threshold is None else self.threshold
        return cut - UNCERTAIN_WITHIN, cut + UNCERTAIN_WITHIN

    def certainty(self, probability: float, threshold: float) -> float:
        """How far a probability is from the threshold, or from the middle of the neutral band.

        Args:
            probability: of positive.
            threshold: the model's own, which applies if the options have none.
        """
        low, high = self.uncertain_range(threshold)
        return abs(probability - (low + high) / 2)


DEFAULTS: Final = PredictOptions()
"""No wishes: every prediction, in order, by the model's own threshold."""


def options_or(options: PredictOptions | None, **short: Any) -> PredictOptions:
    """The options that a caller in Python gives, as an object or as keywords.

    Args:
        options: the object, if there is one.
        short: fields of one, instead of it; None for one that is not given.

    Raises:
        TypeError: there are both, or the object is not `PredictOptions`.
        InvalidOptions: a value is out of its range or of another type, or two values exclude each other.
    """
    given = {name: value for name, value in short.items() if value is not None}
    if options is None:
        return PredictOptions(**given) if given else DEFAULTS
    if not isinstance(options, PredictOptions):
        raise TypeError(
            f"options must be PredictOptions, not {type(options).__name__}; for example PredictOptions(threshold=0.5)"
        )
    if given:
        raise TypeError(f"give either options or {', '.join(given)}")
    return options


def parse_neutral(text: str) -> NeutralBand:
    """The band that a person writes as LOW:HIGH.

    Raises:
        InvalidOptions: it is not one.
    """
    low, _, high = text.partition(":")
    try:
        return _band((float(low), float(high)))
    except ValueError as error:
        raise InvalidOptions(f"{text!r} is not LOW:HIGH with 0 <= LOW <= HIGH <= 1. Type: --neutral 0.4:0.6") from error


def is_mostly_unknown(prediction: Prediction) -> bool:
    """Whether the vocabulary lacks more than half of a text's words, as in a text in another language."""
    return prediction.unknown is not None and prediction.unknown > MOSTLY_UNKNOWN


def select(
    predictions: Iterable[Prediction],
    options: PredictOptions,
    threshold: float,
    *,
    number_from: int | None = None,
    kept: int = 0,
    label_at: int | None = None,
) -> Iterator[Prediction]:
    """Select and sort predictions.

    Args:
        predictions: in the order of their records.
        options: what to select, and how to sort.
        threshold: the model's own, for what is uncertain.
        number_from: number of the first record, if results are to have one before the values they carry through.
        kept: how many values are carried through.
        label_at: which of the carried values of a result is a label: of the texts to label, those that have one come
            last. None if none is.

    Yields:
        The results in order. Memory is bounded.

    Raises:
        OutputFailed: they are sorted, and there is no space for the temporary file.
    """
    numbered = enumerate(predictions, 0 if number_from is None else number_from)
    selected = (
        prediction if number_from is None else _with_number(prediction, number, kept)
        for number, prediction in numbered
        if is_selected(prediction, options, threshold)
    )
    if options.sort is None:
        yield from selected
        return
    identity = _normalized_text if options.is_for_labeling else None

    def key(prediction: Prediction) -> float:
        is_labeled = label_at is not None and as_field(prediction.kept[label_at]).strip() != ""
        return rank(prediction, options, threshold) + is_labeled * _AFTER_ALL

    yield from in_order(selected, key, options.top, identity)


def is_selected(prediction: Prediction, options: PredictOptions, threshold: float) -> bool:
    """Whether a prediction is a result; one without a label is selected only if all are.

    Args:
        prediction: on any record.
        options: what to select.
        threshold: the model's own.
    """
    if options.is_for_labeling and prediction.probability is None:
        return False
    if options.only is None:
        return True
    if options.only is Only.UNCERTAIN:
        low, high = options.uncertain_range(threshold)
        return prediction.probability is not None and low <= prediction.probability <= high
    return prediction.label == str(options.only.value)


def rank(prediction: Prediction, options: PredictOptions, threshold: float) -> float:
    """The number to sort a prediction by, smallest first; one without a label comes last.

    Args:
        prediction: on any record.
        options: what to sort by.
        threshold: the model's own.
    """
    if prediction.probability is None:
        return 2.0  # above every probability
    value = prediction.probability
    if options.sort is SortKey.CONFIDENCE:
        value = abs(value - 0.5)
    elif options.sort is SortKey.UNCERTAIN:
        value = -options.certainty(value, threshold)
    return value if options.reverse else -value


def _with_number(prediction: Prediction, number: int, kept: int) -> Prediction:
    return prediction._replace(kept=(number, *(prediction.kept or (None,) * kept)))


def _normalized_text(prediction: Prediction) -> str:
    return " ".join(prediction.text.split())


def in_order(
    items: Iterable[T],
    key: Callable[[T], float],
    top: int | None = None,
    identity: Callable[[T], str] | None = None,
) -> Iterator[T]:
    """Sort items in bounded memory, however many there are.

    Up to `IN_MEMORY` items are held, or the first `top` if that is fewer. More are in a temporary SQLite table (in
    `TMPDIR`), which takes about twice the space of the items.

    Args:
        items: read to the end before the first is given.
        key: the number to sort by, smallest first; of equal ones, the one that came first.
        top: maximum number of items to give; None for all.
        identity: what two items have in common if only the one that came first is to be given; None gives all.

    Yields:
        The items in order.

    Raises:
        OutputFailed: there is no space for the temporary file.
    """
    if top is not None and top <= IN_MEMORY:
        yield from heapq.nsmallest(top, items, key) if identity is None else _first_distinct(items, key, top, identity)
        return
    stream = iter(items)
    few = list(islice(stream, IN_MEMORY))
    if len(few) < IN_MEMORY:
        if identity is not None:
            few = _first_distinct(few, key, IN_MEMORY, identity)
        yield from sorted(few, key=key)[:top]
        return
    with closing(_SortedTable(identity)) as table:
        table.extend(few, key)
        few.clear()
        table.extend(stream, key)
        yield from table.in_order(top)


def _first_distinct(
    items: Iterable[T], key: Callable[[T], float], top: int, identity: Callable[[T], Hashable]
) -> list[T]:
    """The first items by their key, without those whose identity came before. Only so many are held."""
    first: list[tuple[float, int, Hashable, T]] = []
    held: set[Hashable] = set()
    for number, item in enumerate(items):
        entry = (key(item), number, identity(item), item)
        if entry[2] in held or (len(first) == top and entry[:2] > first[-1][:2]):
            continue
        insort(first, entry)  # the numbers differ, so no two identities or items are compared
        held.add(entry[2])
        if len(first) > top:
            held.remove(first.pop()[2])
    return [item for *_, item in first]


class _SortedTable(Generic[T]):
    """Items in a temporary file that is deleted when closed, and that no other process can write to.

    Args:
        identity: what two items have in common if only the first is kept; None keeps all.
    """

    def __init__(self, identity: Callable[[T], str] | None = None) -> None:
        import sqlite3  # noqa: PLC0415 (5 ms, and few runs sort so much)

        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._table.execute("PRAGMA journal_mode = OFF")
        self._table.execute("PRAGMA temp_store = FILE")
        self._table.execute("PRAGMA cache_size = -8000")  # kilobytes
        self._table.execute("CREATE TABLE items (number INTEGER PRIMARY KEY, key REAL, item BLOB, identity BLOB)")
        if identity is not None:
            self._table.execute("CREATE UNIQUE INDEX identities ON items (identity)")
        self._identity = identity
        self._table.execute("BEGIN")

    def extend(self, items: Iterable[T], key: Callable[[T], float]) -> None:
        """Add items after those that are there."""
        import pickle  # noqa: PLC0415 (as above)

        for item in items:
            with _table_errors():
                row = (key(item), pickle.dumps(item, pickle.HIGHEST_PROTOCOL), self._digest(item))
                self._table.execute("INSERT OR IGNORE INTO items (key, item, identity) VALUES (?, ?, ?)", row)

    def _digest(self, item: T) -> bytes | None:
        if self._identity is None:
            return None
        import hashlib  # noqa: PLC0415 (as above)

        return hashlib.blake2b(self._identity(item).encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def in_order(self, top: int | None) -> Iterator[T]:
        """The first items, smallest first."""
        import pickle  # noqa: PLC0415 (as above)

        limit = -1 if top is None else top  # SQLite's "no limit"
        with _table_errors():
            rows = self._table.execute("SELECT item FROM items ORDER BY key, number LIMIT ?", (limit,))
        while True:
            with _table_errors():
                row = rows.fetchone()
            if row is None:
                return
            yield pickle.loads(row[0])  # noqa: S301 (we have written it)

    def close(self) -> None:
        """Drop the table."""
        self._table.close()


@contextmanager
def _table_errors() -> Iterator[None]:
    """Raise errors of SQLite as errors of the output."""
    import sqlite3  # noqa: PLC0415 (as above)

    try:
        yield
    except sqlite3.Error as error:
        raise OutputFailed(f"the temporary file for sorting: {error}") from error
