"""Windows of records to windows of predictions: in this process at first, in several if there are many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from imdbsent.classify.classifier import prediction
from imdbsent.classify.options import DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from imdbsent.classify.classifier import Classifier
    from imdbsent.classify.options import PredictOptions
    from imdbsent.records import Prediction, Record


_ALONE: Final = 8
"""Windows classified before other processes start: about a second of work, which is what starting them costs."""
_MUCH: Final = 64, 2**16
"""Records and characters of a window that count. A smaller one came from a pipe that had no more."""


def classify_windows(
    classifier: Classifier,
    windows: Iterable[Sequence[Record]],
    options: PredictOptions = DEFAULTS,
    *,
    workers: int = 1,
    is_waiting: Callable[[], bool] | None = None,
) -> Generator[list[Prediction], None, None]:
    """Classify windows of records. The predictions are the same for any number of workers.

    Other processes start if there is much to do. Like all processes that Python spawns, they import the main module of
    the program: a script that calls this needs `if __name__ == "__main__":`.

    Args:
        classifier: the model.
        windows: as `imdbsent.classify.classifier.windows` cuts them; the stream may be endless.
        options: how to label.
        workers: processes that classify; 1 for this one only.
        is_waiting: whether the next window can be had without waiting for more input; if not, all windows before it are
            answered first. None if that is always so.

    Yields:
        The predictions of each window, in order. Closing the generator ends the processes.

    Raises:
        WorkerLost: one of the processes died.
    """
    stream = iter(windows)
    in_a_row = 0
    while workers == 1 or in_a_row < _ALONE:
        window = next(stream, None)
        if window is None:
            return
        yield classifier.classify_window(window, options)
        in_a_row = in_a_row + 1 if _is_much(window) else 0
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
        for records, verdicts in processes.judge(_chained(following, stream), is_waiting):
            yield list(map(prediction, records, verdicts))


def _is_much(window: Sequence[Record]) -> bool:
    records, characters = _MUCH
    return len(window) >= records or sum(len(record.text) for record in window) >= characters


def _chained(first: Sequence[Record], others: Iterator[Sequence[Record]]) -> Iterator[Sequence[Record]]:
    yield first
    yield from others
