"""Texts to predictions: order kept, memory bounded. A person's door to the package in Python.

Windows of records to windows of predictions: in this process at first, by several where there are many.
"""

from __future__ import annotations

import math
from array import array
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from imdbsent.bundle.bundle import MODEL
from imdbsent.classify.engine import BATCH_SIZE, Engine
from imdbsent.classify.verdicts import check_neutral, label_of
from imdbsent.records import Prediction, Record
from imdbsent.text.registry import load_tokenizer
from imdbsent.text.tokenizer import Encoding

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.explain.explain import Explanation
    from imdbsent.records import Label


_ALONE: Final = 8
"""Windows classified before other processes are started: the work of about a second, which starting them costs."""


def classify_windows(
    classifier: Classifier,
    windows: Iterable[Sequence[Record]],
    *,
    threshold: float | None = None,
    neutral: tuple[float, float] | None = None,
    batch_size: int | None = None,
    workers: int = 1,
) -> Generator[list[Prediction], None, None]:
    """Classify windows of records; the predictions are the same whatever the number of workers.

    Other processes are started where there is much to do. They import the program's main module, as all of Python's
    processes that are spawned do: a script that calls this needs `if __name__ == "__main__":`.

    Args:
        classifier: the model.
        windows: as `imdbsent.classify.classifier.windows` cuts them, without end if need be.
        threshold: as `Classifier.predict`.
        neutral: as `Classifier.predict`.
        batch_size: as `Classifier.classify`.
        workers: processes that judge; 1 for none but this.

    Yields:
        The predictions of each window, in order. Closing the generator ends the processes.

    Raises:
        WorkerLost: one of the processes has died.
    """
    stream = iter(windows)
    few = stream if workers == 1 else islice(stream, _ALONE)
    for window in few:
        yield classifier.classify_window(window, threshold=threshold, neutral=neutral, batch_size=batch_size)
    following = next(stream, None)
    if following is None:
        return
    from imdbsent.classify.workers import Workers  # noqa: PLC0415 (multiprocessing takes 20 ms to import)

    with Workers(classifier.bundle, workers, threshold, batch_size, neutral) as processes:
        while not processes.are_ready():
            yield classifier.classify_window(following, threshold=threshold, neutral=neutral, batch_size=batch_size)
            following = next(stream, None)
            if following is None:
                return
        for records, verdicts in processes.judge(_chained(following, stream)):
            yield list(map(prediction, records, verdicts))


def _chained(first: Sequence[Record], others: Iterator[Sequence[Record]]) -> Iterator[Sequence[Record]]:
    yield first
    yield from others

_WINDOW_RECORDS: Final = 1024
_WINDOW_CHARACTERS: Final = 2**22
_FIRST_WINDOW: Final = 64
_NOTHING: Final = Encoding(ids=array("i"), tokens=0, truncated=False, unknown=None)


class Verdict(NamedTuple):
    """What the network says of one text: the fields of a `Prediction` of those names."""

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
        threads: batches run at the same time; None for the cores that this process may use.

    Raises:
        BundleInvalid: a file of the bundle is missing or damaged.
    """

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        self.bundle = bundle
        self.tokenizer = load_tokenizer(bundle)
        self.engine = Engine(bundle.checked(MODEL), threads)

    def predict(
        self, texts: Iterable[str], *, threshold: float | None = None, neutral: tuple[float, float] | None = None
    ) -> list[Prediction]:
        """Classify texts.

        Args:
            texts: any texts; a blank one gets a prediction without a label, and the reason.
            threshold: probability of positive from which the label is "positive"; None for the model's own.
            neutral: lowest and highest probability of positive of the label "neutral": below them it is "negative",
                above them "positive", whatever the model's threshold. None for no such label.

        Returns:
            A prediction for each text, in order.

        Raises:
            ValueError: `neutral` is not low <= high within 0 to 1, or `threshold` is given, too.
        """
        if isinstance(texts, str):
            raise TypeError("predict takes several texts: predict([text])")
        return list(self.predict_iter(texts, threshold=threshold, neutral=neutral))

    def predict_iter(
        self,
        texts: Iterable[str],
        *,
        threshold: float | None = None,
        neutral: tuple[float, float] | None = None,
        batch_size: int | None = None,
    ) -> Iterator[Prediction]:
        """Classify a stream of texts as it comes, in bounded memory.

        Args:
            texts: any texts, without end if need be.
            threshold: as `predict`.
            neutral: as `predict`.
            batch_size: texts a run of the network; None for the fastest.

        Yields:
            A prediction for each text, in order.
        """
        return self.classify(map(Record, texts), threshold=threshold, neutral=neutral, batch_size=batch_size)

    def explain(
        self, texts: Iterable[str], *, threshold: float | None = None, neutral: tuple[float, float] | None = None
    ) -> list[Explanation]:
        """Classify texts, and say what each of their words added to the verdict.

        Args:
            texts: as `predict`; for a stream of them there is `imdbsent.explain.explain.Explainer`.
            threshold: as `predict`.
            neutral: as `predict`.

        Returns:
            An explanation for each text, in order.

        Raises:
            ModelUnexplainable: the network does not show what its verdicts are made of.
        """
        from imdbsent.explain.explain import Explainer  # noqa: PLC0415 (it imports this module)

        if isinstance(texts, str):
            raise TypeError("explain takes several texts: explain([text])")
        return list(Explainer(self).explain(map(Record, texts), threshold=threshold, neutral=neutral))

    def classify(
        self,
        records: Iterable[Record],
        *,
        threshold: float | None = None,
        neutral: tuple[float, float] | None = None,
        batch_size: int | None = None,
        window: int | None = None,
    ) -> Iterator[Prediction]:
        """Classify a stream of records: a record that has a problem already keeps it.

        Args:
            records: what was read.
            threshold: as `predict`.
            neutral: as `predict`.
            batch_size: texts a run of the network; None for the fastest.
            window: most records to wait for before the first of them is answered; 1 answers each as it comes, None
                for as many as make batches of like length.

        Yields:
            A prediction for each record, in order.
        """
        for part in windows(records, window):
            yield from self.classify_window(part, threshold=threshold, neutral=neutral, batch_size=batch_size)

    def classify_window(
        self,
        records: Sequence[Record],
        *,
        threshold: float | None = None,
        neutral: tuple[float, float] | None = None,
        batch_size: int | None = None,
    ) -> list[Prediction]:
        """Classify the records of one window: what comes out depends on them and on nothing before or after.

        Args:
            records: what was read.
            threshold: as `predict`.
            neutral: as `predict`.
            batch_size: as `classify`.

        Returns:
            A prediction for each record, in order.
        """
        asked = [(record.text, record.problem) for record in records]
        verdicts = self.judge(asked, threshold=threshold, neutral=neutral, batch_size=batch_size)
        return list(map(prediction, records, verdicts))

    def judge(
        self,
        texts: Iterable[tuple[str, str | None]],
        *,
        threshold: float | None = None,
        neutral: tuple[float, float] | None = None,
        batch_size: int | None = None,
    ) -> list[Verdict]:
        """Judge texts together.

        Args:
            texts: the text and the problem of each record.
            threshold: as `predict`.
            neutral: as `predict`.
            batch_size: as `classify`.

        Returns:
            A verdict for each, in order.
        """
        check_neutral(neutral, threshold)
        cut = self.bundle.card.threshold if threshold is None else threshold
        temperature = self.bundle.card.temperature
        read = [self._read(text, problem) for text, problem in texts]
        ids = [encoding.ids for _, encoding in read if encoding.tokens]
        logits = iter(self.engine.logits(ids, batch_size or BATCH_SIZE).tolist())
        verdicts = []
        for problem, encoding in read:
            label: Label | None = None
            probability = None
            if problem is None:
                probability = _sigmoid(next(logits) / temperature)
                label = label_of(probability, cut, neutral)
            verdicts.append(
                Verdict(label, probability, problem, encoding.tokens, encoding.truncated, encoding.unknown)
            )
        return verdicts

    def _read(self, text: str, problem: str | None) -> tuple[str | None, Encoding]:
        """Why a text has no verdict, or None, and what the network reads of it: a token at least, or no verdict."""
        problem = problem or _problem_of(text)
        if problem:
            return problem, _NOTHING
        encoding = self.tokenizer.encoding(text)
        return None if encoding.tokens else "no known words", encoding


def prediction(record: Record, verdict: Verdict) -> Prediction:
    """What travels on from a record that has its verdict."""
    return Prediction(record.text, *verdict, record.id, record.number, record.kept)


def windows(records: Iterable[Record], most: int | None = None) -> Iterator[list[Record]]:
    """Cut a stream of records into windows; the first are small, so that the first answers come soon.

    Where the cuts are depends on the records alone, never on the time: the same records make the same batches.

    Args:
        records: what was read.
        most: most records of a window; None for as many as make batches of like length.

    Yields:
        Some records, in order; fewer where they are long, so that what is held at once is bounded.
    """
    most = most or _WINDOW_RECORDS
    stream = iter(records)
    size = min(_FIRST_WINDOW, most)
    while window := _take(stream, size):
        yield window
        size = min(2 * size, most)


def _take(stream: Iterator[Record], most: int) -> list[Record]:
    """Up to `most` records, fewer where they are long: what is held at once is bounded in characters, too."""
    taken = []
    characters = 0
    for record in islice(stream, most):
        taken.append(record)
        characters += len(record.text) + sum(len(value) for value in record.kept if isinstance(value, str))
        if characters > _WINDOW_CHARACTERS:
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
