"""Windows of records to windows of predictions: in this process at first, by several where there are many."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from imdbsent.classifier import prediction

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from imdbsent.classifier import Classifier
    from imdbsent.records import Prediction, Record

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
        windows: as `imdbsent.classifier.windows` cuts them, without end if need be.
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
    from imdbsent.bulk.workers import Workers  # noqa: PLC0415 (multiprocessing takes 20 ms to import)

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
