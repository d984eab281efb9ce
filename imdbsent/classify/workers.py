"""Processes that judge windows of records, each with the network and the tokenizer of its own.

Making tokens is Python's work, and threads would take turns at it; so whole windows go to other processes, which make
tokens and run the network. A window's verdicts depend on the window alone, so who judges it, and when, changes nothing.

A worker ends when its connection does, which is how it learns of our death, too, a kill -9 among the ways to die: no
process is left behind.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
from collections import deque
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Final

from imdbsent.classify.classifier import Classifier
from imdbsent.errors import WorkerLost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess
    from types import TracebackType

    from typing_extensions import Self

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.classify.classifier import Verdict
    from imdbsent.records import Record


_AHEAD: Final = 2
"""Windows that a worker has at most: one at work, and the next, so that it never waits for us."""
_READY: Final = "ready"
_FAILED: Final = "failed"


class Workers:
    """Processes that judge windows; a context, at whose end they are gone.

    Args:
        bundle: the model; each worker reads its files anew, and checks that they are those of the bundle's card.
        count: how many.
        threshold: as `Classifier.predict`.
        batch_size: as `Classifier.classify`.
        neutral: as `Classifier.predict`.
    """

    def __init__(
        self,
        bundle: Bundle,
        count: int,
        threshold: float | None,
        batch_size: int | None,
        neutral: tuple[float, float] | None = None,
    ) -> None:
        self._bundle = bundle
        self._count = count
        self._options = {"threshold": threshold, "neutral": neutral, "batch_size": batch_size}
        self._processes: list[BaseProcess] = []
        self._connections: list[Connection] = []
        self._pending: list[deque[int]] = []

    def __enter__(self) -> Self:
        """Start the workers, without waiting until they are ready.

        Raises:
            WorkerLost: the system lets no more processes start.
        """
        try:
            with _ctrl_c_is_ours():
                for _ in range(self._count):
                    self._start()
        except OSError as error:
            self._end()
            raise WorkerLost(error.strerror or str(error)) from error
        except BaseException:
            self._end()  # a Ctrl-C that came meanwhile
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End every worker, whatever it is at."""
        self._end()

    def _start(self) -> None:
        # spawn: a forked process would share the locks of our threads, and there is no fork on every system.
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        self._connections.append(ours)
        self._pending.append(deque())
        process = context.Process(target=_work, args=(theirs, self._bundle, self._options), daemon=True)
        try:
            process.start()
        finally:
            theirs.close()  # the worker's end is its own: where the worker dies, ours tells
        self._processes.append(process)

    def _end(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()
        for connection in self._connections:
            connection.close()

    def are_ready(self) -> bool:
        """Whether a worker has loaded the model.

        Raises:
            WorkerLost: one has died instead.
        """
        return any(connection.poll() for connection in self._connections)

    def judge(self, windows: Iterable[Sequence[Record]]) -> Iterator[tuple[Sequence[Record], list[Verdict]]]:
        """Judge windows, several at a time.

        Args:
            windows: read only so far ahead that no worker waits.

        Yields:
            Each window with its verdicts, in order.

        Raises:
            WorkerLost: a worker has died, or failed.
        """
        sent: dict[int, Sequence[Record]] = {}
        done: dict[int, list[Verdict]] = {}
        following = 0  # the window to yield next
        for number, window in enumerate(windows):
            sent[number] = window
            while len(sent) > self._room:
                done.update(self._receive())
                while following in done:
                    yield sent.pop(following), done.pop(following)
                    following += 1
            self._send(number, window)
        while sent:
            done.update(self._receive())
            while following in done:
                yield sent.pop(following), done.pop(following)
                following += 1

    @property
    def _room(self) -> int:
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
        """Wait for workers, and take what those that have something to say say."""
        for connection in wait(self._connections):
            worker = self._connections.index(connection)  # type: ignore[arg-type]
            try:
                kind, value = self._connections[worker].recv()
            except (EOFError, OSError) as error:
                raise self._lost(worker) from error
            if kind == _FAILED:
                raise WorkerLost(value)
            if kind != _READY:
                yield self._pending[worker].popleft(), value

    def _lost(self, worker: int) -> WorkerLost:
        process = self._processes[worker]
        process.join()
        code = process.exitcode or 0
        return WorkerLost(f"killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}")


@contextlib.contextmanager
def _ctrl_c_is_ours() -> Iterator[None]:
    """Processes started in this block do not see Ctrl-C, which a terminal sends to all of a program's processes."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker  # noqa: PLC0415 (there is none on Windows)

    # The first spawn starts a process of multiprocessing's own, and lets Ctrl-C through again when that is done.
    resource_tracker.ensure_running()
    came: list[int] = []
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    # The mask is what the processes inherit. Here, any other thread takes the signal in our place, and Python would
    # stop us half way through a start, whose process then ends in a traceback.
    is_main = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is not None
    handler = signal.signal(signal.SIGINT, lambda number, _: came.append(number)) if is_main else None
    try:
        yield
    finally:
        if is_main:
            signal.signal(signal.SIGINT, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)  # a Ctrl-C that came meanwhile comes now
        if came:
            signal.raise_signal(signal.SIGINT)


def _work(connection: Connection, bundle: Bundle, options: dict[str, Any]) -> None:
    """The life of a worker: load the model, then judge what comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    # A thread receives, so that we are never stuck sending to a parent that is stuck sending to us.
    threading.Thread(target=_receive_all, args=(connection, inbox), daemon=True).start()
    try:
        classifier = Classifier(bundle, threads=1)
        connection.send((_READY, None))
        while True:
            verdicts = classifier.judge(inbox.get(), **options)
            connection.send(("verdicts", verdicts))
    except OSError:  # the parent has gone
        os._exit(0)
    except Exception as error:  # noqa: BLE001 (told to the parent, whatever it is)
        with contextlib.suppress(OSError):
            connection.send((_FAILED, f"{type(error).__name__}: {error}"))


def _receive_all(connection: Connection, inbox: queue.SimpleQueue[Any]) -> None:
    try:
        while True:
            inbox.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)  # the parent has gone: nobody waits for what the other thread is at
