"""Where results go: a stream whose errors are those of the output, told once."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

from imdbsent.errors import OutputClosed, OutputFailed

if TYPE_CHECKING:
    from collections.abc import Callable


class Sink(io.RawIOBase):
    """Writes to a stream that it does not close.

    Only the first error is raised. Whatever compresses, pyarrow above all, writes what it still holds when it goes
    away, and would report on standard error that this failed, too: what is written after an error, or after `drop`,
    goes nowhere.

    Args:
        stream: takes the bytes.
        name: what it is called in an error; "" for standard output.
    """

    def __init__(self, stream: BinaryIO, name: str = "") -> None:
        super().__init__()
        self._stream = stream
        self._name = name
        self._dropped = False

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, content: Any) -> int:
        """Write all of some bytes.

        Raises:
            OutputClosed: the reader has gone, as `head -1` does.
            OutputFailed: the system refuses: a full disk, say.
        """
        self._attempt(lambda: self._stream.write(content))
        return len(content)

    def flush(self) -> None:
        """Flush the stream; raises what `write` raises."""
        if not self.closed and not self._stream.closed:  # Python 3.13 flushes once more when it lets go of us
            self._attempt(self._stream.flush)

    def drop(self) -> None:
        """Let what is still written go nowhere."""
        self._dropped = True

    def _attempt(self, work: Callable[[], object]) -> None:
        if self._dropped:
            return
        self._dropped = True
        try:
            work()
        except BrokenPipeError as error:
            raise OutputClosed from error
        except OSError as error:
            raise OutputFailed((self._name and f"{self._name}: ") + (error.strerror or str(error))) from error
        self._dropped = False
