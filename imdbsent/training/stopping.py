"""Ctrl-C once ends a run cleanly, twice at once."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_requested(note: Callable[[str], None]) -> Iterator[Callable[[], bool]]:
    """Catch the first Ctrl-C, or the first SIGTERM of a job scheduler; the second does what it does elsewhere.

    Args:
        note: is told, when the first comes.

    Yields:
        Whether one has come. Outside the main thread, where Python gives no signal, none ever does.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    received: list[int] = []

    def first(number: int, _frame: FrameType | None) -> None:
        received.append(number)
        restore()
        note("stopping after this batch; Ctrl-C again stops at once, and loses what came after the last epoch")

    before = {number: signal.getsignal(number) for number in _SIGNALS}

    def restore() -> None:
        for number, handler in before.items():
            # None: set outside Python. A shell's background job ignores Ctrl-C; so does this run, then.
            if handler is not None:
                signal.signal(number, handler)

    for number in _SIGNALS:
        if before[number] is not signal.SIG_IGN:
            signal.signal(number, first)
    try:
        yield lambda: bool(received)
    finally:
        restore()
