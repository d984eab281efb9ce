"""Ctrl-C, SIGTERM and SIGHUP during a run: what was read is still answered."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Final, TypeVar

from imdbsent.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

    from typing_extensions import Self

_SIGNALS: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)  # Windows has no SIGHUP
)

T = TypeVar("T")


class Terminated(BaseException):
    """SIGTERM or SIGHUP has come; like KeyboardInterrupt, nothing that handles errors handles it.

    Args:
        number: of the signal.

    Attributes:
        exit_code: of the command.
    """

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_code = ExitCode.TERMINATED if number == signal.SIGTERM else ExitCode.HUNG_UP


class _ReadingStopped(BaseException):
    """Ends a read that waits."""


class StopSignals:
    """Context in which the first signal ends `until_stopped`, and any other ends the program.

    The signal is raised when the block has ended. Signals that the program ignores stay ignored, and in another thread
    than the main one nothing changes.
    """

    def __init__(self) -> None:
        self._before: dict[int, Callable[[int, FrameType | None], Any] | int] = {}
        self._came: int | None = None
        self._raised: int | None = None
        self._has_records = False
        self._is_reading = False

    def __enter__(self) -> Self:
        """Handle the signals."""
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                before = signal.getsignal(number)
                if before is not None and before != signal.SIG_IGN:
                    self._before[number] = before
                    signal.signal(number, self._handle)
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: object, _traceback: object) -> None:
        """Let others handle the signals.

        Raises:
            KeyboardInterrupt: Ctrl-C has come.
            Terminated: SIGTERM or SIGHUP has come.
        """
        for number, before in self._before.items():
            signal.signal(number, before)
        if kind is None and self._came is not None:
            raise _error_of(self._came)
        if self._raised is not None and kind is not None and not issubclass(kind, (KeyboardInterrupt, Terminated)):
            raise _error_of(self._raised)  # a library that was being loaded has made an ImportError of it

    def until_stopped(self, records: Iterable[T]) -> Iterator[T]:
        """The records until a signal comes, also while one is waited for."""
        self._has_records = True
        stream = iter(records)
        while self._came is None:
            try:
                self._is_reading = True
                if self._came is not None:  # just before
                    return
                record = next(stream)
                self._is_reading = False
            except (StopIteration, _ReadingStopped):
                return
            finally:
                self._is_reading = False
            yield record

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._came is not None or not self._has_records:
            self._raised = number
            raise _error_of(number)
        self._came = number
        if self._is_reading:
            self._is_reading = False
            raise _ReadingStopped


def _error_of(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else Terminated(number)
