"""Windows of records to windows of predictions: in this process at first, in several if there are many.

Splitting texts into tokens is work for Python, which threads would have to take turns at. So whole windows go to other
processes, each with its own network and tokenizer. The verdicts on a window depend on the window alone, so it does not
matter which process judges it, and when.

A worker ends when its connection closes. That is also how it learns that this process has died, even by kill -9: no
process is left behind.

multiprocessing takes 20 ms to import, so that happens when the processes start.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import threading
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from imdbsent.classify.classifier import Classifier, prediction
from imdbsent.classify.options import DEFAULTS
from imdbsent.errors import BundleInvalid, WorkerLost

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from types import TracebackType

    from typing_extensions import Self

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.classify.classifier import Verdict
    from imdbsent.classify.options import PredictOptions
    from imdbsent.records import Prediction, Record


logger = logging.getLogger(__name__)

ALONE: Final = 8
"""Windows classified before other processes start: about a second of work, which is what starting them costs."""
_MUCH: Final = 64, 2**16
"""Records and characters of a window that count. A smaller one came from a pipe that had no more."""
_AHEAD: Final = 2
"""Maximum windows per worker: the one it works on, and the next, so that it never waits for us."""
_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)  # Windows has no SIGHUP
)
"""What a terminal or a service manager sends to every process of a program, although only ours knows what to do."""
_READY: Final = "ready"
_FAILED: Final = "failed"
_LACKING: Final = "lacking"


def classify_windows(
    classifier: Classifier,
    windows: Iterable[Sequence[Record]],
    options: PredictOptions = DEFAULTS,
    *,
    workers: int = 1,
    is_waiting: Callable[[], bool] | None = None,
    when_ready: Callable[[], None] | None = None,
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
        when_ready: called when the other processes take over, so that the work is faster.

    Yields:
        The predictions of each window, in order. Closing the generator ends the processes.

    Raises:
        WorkerLost: one of the processes died.
    """
    stream = iter(windows)
    in_a_row = 0
    while workers == 1 or in_a_row < ALONE:
        window = next(stream, None)
        if window is None:
            return
        yield classifier.classify_window(window, options)
        in_a_row = in_a_row + 1 if _is_much(window) else 0
    following = next(stream, None)
    if following is None:
        return
    with Workers(classifier.bundle, workers, options) as processes:
        while not processes.are_ready():
            yield classifier.classify_window(following, options)
            following = next(stream, None)
            if following is None:
                return
        if processes.lack_model:
            logger.info("the model was replaced or removed meanwhile; this process continues alone with the one it has")
            for window in _chained(following, stream):
                yield classifier.classify_window(window, options)
            return
        if when_ready is not None:
            when_ready()
        for records, verdicts in processes.judge(_chained(following, stream), is_waiting):
            yield list(map(prediction, records, verdicts))


def _is_much(window: Sequence[Record]) -> bool:
    records, characters = _MUCH
    return len(window) >= records or sum(len(record.text) for record in window) >= characters


def _chained(first: Sequence[Record], others: Iterator[Sequence[Record]]) -> Iterator[Sequence[Record]]:
    yield first
    yield from others


class Workers:
    """Processes that judge windows: a context manager that ends them.

    Args:
        bundle: the model; each worker reads its files again, and checks that they are those of the bundle's card.
        count: number of processes.
        options: how to label.

    Attributes:
        lack_model: whether a worker did not find the model, or found another one.
    """

    def __init__(self, bundle: Bundle, count: int, options: PredictOptions = DEFAULTS) -> None:
        self.lack_model = False
        self._ready: set[int] = set()
        self._bundle = bundle
        self._count = count
        self._options = options
        self._processes: list[BaseProcess] = []
        self._connections: list[Connection] = []
        self._pending: list[deque[int]] = []

    def __enter__(self) -> Self:
        """Start the workers, without waiting until they are ready.

        Raises:
            WorkerLost: the system does not allow more processes.
        """
        try:
            with _signals_are_ours():
                for _ in range(self._count):
                    self.start_worker()
        except OSError as error:
            self._end()
            raise WorkerLost(error.strerror or str(error)) from error
        except BaseException:
            self._end()  # for example a Ctrl-C during the start
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End every worker, whatever it is doing."""
        self._end()

    def start_worker(self) -> None:
        """Start one more process."""
        # spawn: a forked process would share the locks of our threads, and there is no fork on every system.
        import multiprocessing  # noqa: PLC0415 (it is slow)

        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._connections.append(ours)
        self._pending.append(deque())
        process = context.Process(target=_work, args=(theirs, self._bundle, self._options), daemon=True)
        try:
            process.start()
        finally:
            theirs.close()  # only the worker holds its end: if it dies, ours notices
        self._processes.append(process)

    def _end(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()
        for connection in self._connections:
            connection.close()

    def are_ready(self) -> bool:
        """Whether every worker has loaded the model, or one lacks it.

        Raises:
            WorkerLost: one died instead.
        """
        for worker, connection in enumerate(self._connections):
            if worker not in self._ready and connection.poll():
                kind, value = self._message(worker)
                if kind == _FAILED:
                    raise WorkerLost(value)
                self.lack_model |= kind == _LACKING
                self._ready.add(worker)
        return self.lack_model or len(self._ready) == len(self._connections)

    def judge(
        self, windows: Iterable[Sequence[Record]], is_waiting: Callable[[], bool] | None = None
    ) -> Iterator[tuple[Sequence[Record], list[Verdict]]]:
        """Judge several windows at a time.

        Args:
            windows: read only far enough ahead that no worker waits.
            is_waiting: whether the next window can be had without waiting for more input; if not, all windows before it
                are answered first. None if that is always so.

        Yields:
            Each window with its verdicts, in order.

        Raises:
            WorkerLost: a worker died, or failed.
        """
        sent: dict[int, Sequence[Record]] = {}
        done: dict[int, list[Verdict]] = {}
        following = 0  # the window to yield next
        stream = iter(windows)
        number = 0
        is_ended = False
        while sent or not is_ended:
            must_receive = is_ended or len(sent) > self._most_sent
            if must_receive or (sent and is_waiting is not None and not is_waiting()):
                done.update(self._receive())
                while following in done:
                    yield sent.pop(following), done.pop(following)
                    following += 1
                continue
            window = next(stream, None)
            if window is None:
                is_ended = True
                continue
            sent[number] = window
            self._send(number, window)
            number += 1

    @property
    def _most_sent(self) -> int:
        return _AHEAD * len(self._connections)

    def _send(self, number: int, window: Sequence[Record]) -> None:
        """Give a window to the worker that has the least to do."""
        worker = min(range(len(self._pending)), key=lambda i: len(self._pending[i]))
        self._pending[worker].append(number)
        try:
            self._connections[worker].send([(record.text, record.problem) for record in window])
        except OSError as error:
            raise self._lost(worker) from error

    def _receive(self) -> Iterator[tuple[int, list[Verdict]]]:
        """Wait for workers, and receive what is ready."""
        from multiprocessing.connection import wait  # noqa: PLC0415 (it is slow)

        for connection in wait(self._connections):
            worker = self._connections.index(connection)  # type: ignore[arg-type]
            kind, value = self._message(worker)
            if kind in (_FAILED, _LACKING):
                raise WorkerLost(value)
            if kind == _READY:
                self._ready.add(worker)
            else:
                yield self._pending[worker].popleft(), value

    def _message(self, worker: int) -> tuple[str, Any]:
        """The next message of a worker: its kind, and what it holds."""
        try:
            kind, value = self._connections[worker].recv()
        except (EOFError, OSError) as error:
            raise self._lost(worker) from error
        return kind, value

    def _lost(self, worker: int) -> WorkerLost:
        process = self._processes[worker]
        process.join()
        code = process.exitcode or 0
        return WorkerLost(f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}")


@contextlib.contextmanager
def _signals_are_ours() -> Iterator[None]:
    """Hide Ctrl-C, SIGTERM and SIGHUP from the processes started in this block."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker  # noqa: PLC0415 (Windows has none)

    # The first spawn starts a process of multiprocessing's own, and lets signals through again after it.
    resource_tracker.ensure_running()
    pending: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    # The processes inherit the mask. In this process another thread may still take the signal, and Python would stop us
    # halfway through a start, which leaves a process that ends in a traceback.
    is_main = threading.current_thread() is threading.main_thread()
    handlers = {number: signal.getsignal(number) for number in _SIGNALS} if is_main else {}
    handlers = {number: handler for number, handler in handlers.items() if handler is not None}  # None: not Python's
    for number in handlers:
        signal.signal(number, lambda number, _: pending.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # a signal during the block arrives now
        if pending:
            signal.raise_signal(pending[0])


def _work(connection: Connection, bundle: Bundle, options: PredictOptions) -> None:
    """Run a worker: load the model, then judge what arrives."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    # A thread receives, so that we never wait to send to a parent that waits to send to us.
    threading.Thread(target=_receive_all, args=(connection, inbox), daemon=True).start()
    try:
        try:
            classifier = Classifier(bundle, threads=1)
        except BundleInvalid as error:
            connection.send((_LACKING, f"{type(error).__name__}: {error}"))
            return
        connection.send((_READY, None))
        while True:
            verdicts = classifier.judge(inbox.get(), options)
            connection.send(("verdicts", verdicts))
    except OSError:  # the parent is gone
        os._exit(0)
    except Exception as error:  # noqa: BLE001 (the parent reports it, whatever it is)
        with contextlib.suppress(OSError):
            connection.send((_FAILED, f"{type(error).__name__}: {error}"))


def _receive_all(connection: Connection, inbox: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            inbox.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)  # the parent is gone: nobody waits for what the other thread is doing
