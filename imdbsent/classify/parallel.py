"""Windows of records to windows of predictions: in this process at first, in several if there are many."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

from imdbsent.classify.classifier import prediction
from imdbsent.classify.options import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from imdbsent.classify.classifier import Classifier
    from imdbsent.classify.options import PredictOptions
    from imdbsent.records import Prediction, Record


_ALONE: Final = 8
"""Windows classified before other processes start: about a second of work, which is what starting them costs."""


def classify_windows(
    classifier: Classifier,
    windows: Iterable[Sequence[Record]],
    options: PredictOptions = DEFAULTS,
    *,
    workers: int = 1,
) -> Generator[list[Prediction], None, None]:
    """Classify windows of records. The predictions are the same for any number of workers.

    Other processes start if there is much to do. Like all processes that Python spawns, they import the main module of
    the program: a script that calls this needs `if __name__ == "__main__":`.

    Args:
        classifier: the model.
        windows: as `imdbsent.classify.classifier.windows` cuts them; the stream may be endless.
        options: how to label.
        workers: processes that classify; 1 for this one only.

    Yields:
        The predictions of each window, in order. Closing the generator ends the processes.

    Raises:
        WorkerLost: one of the processes died.
    """
    stream = iter(windows)
    for window in stream if workers == 1 else islice(stream, _ALONE):
        yield classifier.classify_window(window, options)
    following = next(stream, None)
    if following is None:
        return
    from imdbsent.classify.workers import Workers  # noqa: PLC0415 (multiprocessing takes 20 ms to import)

    with Workers(classifier.bundle, workers, options) as processes:
        while not processes.are_ready():
            yield classifier.classify_window(following, options)
            following = next(stream, None)
            if following is None:
                return
        for records, verdicts in processes.judge(_chained(following, stream)):
            yield list(map(prediction, records, verdicts))


def _chained(first: Sequence[Record], others: Iterator[Sequence[Record]]) -> Iterator[Sequence[Record]]:
    yield first
    yield from others
