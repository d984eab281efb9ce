"""Texts to predictions, in order and in bounded memory: the main class of the package."""

from __future__ import annotations

import math
from array import array
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from imdbsent.classify.engine import BATCH_SIZE, Engine
from imdbsent.classify.options import DEFAULTS, options_or, select, whole_number
from imdbsent.reading.lines import from_bytes
from imdbsent.records import Prediction, Record
from imdbsent.text.tokenizer import Encoding, load_tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.classify.options import NeutralBand, PredictOptions
    from imdbsent.records import Label


_WINDOW_RECORDS: Final = 1024
_WINDOW_CHARACTERS: Final = 2**22
_FIRST_WINDOW: Final = 64
_NULLS: Final = ("nan", "<NA>", "NaT")
"""What numpy and pandas have in place of a missing value, as text."""
_NOTHING: Final = Encoding(ids=array("i"), tokens=0, truncated=False, unknown=None)


class Verdict(NamedTuple):
    """What the network makes of one text: the fields of a `Prediction` of the same names."""

    label: Label | None
    probability: float | None
    problem: str | None
    tokens: int
    truncated: bool
    unknown: float | None


class Classifier:
    """Tells whether texts are positive or negative.

    Args:
        bundle: the model; its files are checked against their hashes.
        threads: batches that run at the same time; None for one per core that this process may use.
        graph: gives the content of `model.onnx` if that is being read already; None to read it.

    Raises:
        BundleInvalid: a file of the bundle is missing or damaged.
        InvalidOptions: `threads` is not a whole number, 1 or more; it is a ValueError.
    """

    def __init__(
        self, bundle: Bundle, threads: int | None = None, graph: Callable[[], bytes] | None = None
    ) -> None:
        threads = None if threads is None else whole_number("number of threads", threads)
        self.bundle = bundle
        self.tokenizer = load_tokenizer(bundle)
        self.engine = Engine.of_bundle(bundle, threads, graph)

    def predict(
        self,
        texts: Iterable[object],
        options: PredictOptions | None = None,
        *,
        threshold: float | None = None,
        neutral: NeutralBand | None = None,
        batch_size: int | None = None,
    ) -> list[Prediction]:
        """Classify texts.

        Args:
            texts: any texts, for example a list or a column of a data frame. What is blank or missing or is not a text
                gets a prediction without a label, and the reason.
            options: how to label and select; the keywords below are a short form of them.
            threshold: see `PredictOptions`.
            neutral: see `PredictOptions`.
            batch_size: see `PredictOptions`.

        Returns:
            A prediction for each text, in order; with a selection, those that it selects.

        Raises:
            InvalidOptions: an option is out of its range or of another type; it is a ValueError.
            TypeError: there are both options and keywords, the options are not `PredictOptions`, or `texts` is one text
                or a table.
        """
        options = options_or(options, threshold=threshold, neutral=neutral, batch_size=batch_size)
        return list(self.predict_iter(texts, options))

    def predict_iter(self, texts: Iterable[object], options: PredictOptions | None = None) -> Iterator[Prediction]:
        """Classify a stream of texts, in bounded memory.

        Up to 64 texts are read before the first prediction, later up to 1,024 at a time. To classify each text as soon
        as it comes, give `predict` a list with that text.

        Args:
            texts: any texts; the stream may be endless.
            options: how to label and select.

        Yields:
            A prediction for each text, in order; with a selection, those that it selects.

        Raises:
            TypeError: `texts` is one text or a table, or the options are not `PredictOptions`.
        """
        options = options_or(options)
        return select(self.classify(records_of(texts, "predict"), options), options, self.bundle.threshold)

    def classify(
        self,
        records: Iterable[Record],
        options: PredictOptions = DEFAULTS,
        *,
        window: int | None = None,
        is_waiting: Callable[[], bool] | None = None,
    ) -> Iterator[Prediction]:
        """Classify a stream of records. A record that already has a problem keeps it.

        Args:
            records: what was read; the stream may be endless.
            options: how to label; every record gets its prediction, whatever they select.
            window: maximum number of records to wait for before the first is answered; 1 answers each as it comes,
                None waits for enough to make batches of similar length.
            is_waiting: see `windows`.

        Yields:
            A prediction for each record, in order.
        """
        for some in windows(records, window, is_waiting):
            yield from self.classify_window(some, options)

    def classify_window(self, records: Sequence[Record], options: PredictOptions = DEFAULTS) -> list[Prediction]:
        """Classify the records of one window. The result depends on them alone, not on other windows.

        Args:
            records: what was read.
            options: how to label.

        Returns:
            A prediction for each record, in order.
        """
        verdicts = self.judge([(record.text, record.problem) for record in records], options)
        return list(map(prediction, records, verdicts))

    def judge(self, texts: Iterable[tuple[str, str | None]], options: PredictOptions = DEFAULTS) -> list[Verdict]:
        """Judge texts together.

        Args:
            texts: the text and the problem of each record.
            options: how to label.

        Returns:
            A verdict for each, in order.
        """
        threshold, temperature = self.bundle.threshold, self.bundle.card.temperature
        encoded = [self._encode(text, problem) for text, problem in texts]
        ids = [encoding.ids for problem, encoding in encoded if problem is None]
        logits = iter(self.engine.logits(ids, options.batch_size or BATCH_SIZE).tolist())
        verdicts = []
        for problem, encoding in encoded:
            label: Label | None = None
            probability = None
            if problem is None:
                probability = _sigmoid(next(logits) / temperature)
                label = options.label(probability, threshold)
            verdicts.append(
                Verdict(label, probability, problem, encoding.tokens, encoding.truncated, encoding.unknown)
            )
        return verdicts

    def _encode(self, text: str, problem: str | None) -> tuple[str | None, Encoding]:
        """Why a text gets no verdict, or None, and what the network reads of it: nothing if there is no verdict."""
        problem = problem or _problem_of(text)
        if problem:
            return problem, _NOTHING
        encoding = self.tokenizer.encoding(text)
        if self.tokenizer.knows_any(encoding.ids):
            return None, encoding
        return "no known words", _NOTHING._replace(unknown=encoding.unknown)


def records_of(texts: Iterable[object], method: str) -> Iterator[Record]:
    """The records of texts from Python, one for each, in order.

    Args:
        texts: any texts; the stream may be endless.
        method: the method that takes them, for the message.

    Raises:
        TypeError: they are one text or a table, of which an iteration would give letters or names of columns.
    """
    if isinstance(texts, (str, bytes, bytearray, Record)):
        raise TypeError(f"{method} takes several texts: {method}([text])")
    if hasattr(texts, "columns") or isinstance(texts, Mapping):
        raise TypeError(f'{method} takes one column of a table: {method}(table["text"])')
    return map(record_of, texts)


def record_of(value: object) -> Record:
    """The record of a value from Python: a text, a record, or whatever else is in a column of texts."""
    if hasattr(value, "as_py"):  # a scalar of pyarrow
        value = _of_arrow(value)
    if isinstance(value, Record):
        return value
    if isinstance(value, str):
        return Record(value)
    if isinstance(value, bytes):
        return from_bytes(value)
    if value is None or str(value) in _NULLS:
        return Record("")
    return Record("", f"{type(value).__name__}, not a text")


def _of_arrow(scalar: Any) -> object:
    try:
        return scalar.as_py()
    except UnicodeDecodeError:  # a text that is not UTF-8, which pyarrow does not check
        return scalar.as_buffer().to_pybytes()


def prediction(record: Record, verdict: Verdict) -> Prediction:
    """A record with its verdict."""
    return Prediction(record.text, *verdict, record.id, record.number, record.kept)


def windows(
    records: Iterable[Record], most: int | None = None, is_waiting: Callable[[], bool] | None = None
) -> Iterator[list[Record]]:
    """Cut a stream of records into windows. The first ones are small, so that the first answers come soon.

    Without `is_waiting`, the cuts depend on the records alone, never on time: the same records make the same batches.

    Args:
        records: what was read.
        most: maximum number of records in a window; None for enough to make batches of similar length.
        is_waiting: whether another record can be read without waiting for it; a window ends when none can. None if that
            is always so.

    Yields:
        Some records, in order; fewer if they are long, so that memory is bounded.
    """
    most = most or _WINDOW_RECORDS
    stream = iter(records)
    size = min(_FIRST_WINDOW, most)
    while window := _take(stream, size, is_waiting):
        yield window
        size = min(2 * size, most)


def _take(stream: Iterator[Record], most: int, is_waiting: Callable[[], bool] | None) -> list[Record]:
    """Up to `most` records, fewer if they are long: a window is bounded in characters, too."""
    taken = []
    characters = 0
    for record in islice(stream, most):
        taken.append(record)
        characters += len(record.text) + sum(len(value) for value in record.kept if isinstance(value, str))
        if characters > _WINDOW_CHARACTERS or (is_waiting is not None and not is_waiting()):
            break
    return taken


def _problem_of(text: str) -> str | None:
    if not text or text.isspace():
        return "blank"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"not valid Unicode: lone surrogate at character {error.start}"
    return None


def _sigmoid(logit: float) -> float:
    """1 / (1 + exp(-logit)), without overflow on either side."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    grown = math.exp(logit)
    return grown / (1 + grown)
