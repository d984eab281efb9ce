"""Standard output and error as a terminal has them: no character ends a command or steers the terminal."""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
from contextlib import suppress
from enum import Enum
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NoReturn, cast

from imdbsent.errors import OutputFailed

if TYPE_CHECKING:
    from collections.abc import Callable

_HANDLER: Final = "imdbsent.cells"
_SUBSTITUTES: Final = {"\u2026": "."}  # what Rich puts at the end of a text that it cuts
_UNKNOWN: Final = "?"
_KEPT: Final = "\u200d"  # joins emoji into one


def tolerate_any_character() -> None:
    """Let the standard streams write `?` for a character that their encoding lacks, such as é in ASCII.

    Rich lays out a table before it is encoded, so the substitute is as wide as the character: two cells for a Chinese
    one, none for an accent above another character. Data formats are bytes in UTF-8 and unaffected.
    """
    codecs.register_error(_HANDLER, _as_wide)
    if sys.stdout is None:
        sys.stdout = ClosedOutput()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # neither None nor a caller's own
            stream.reconfigure(errors=_HANDLER)


class _BestEffort(io.FileIO):
    """Standard error whose failures stop no work: its reader may be gone, or the disk of a log full.

    It has no buffer, whose lock a signal that says something would find held.
    """

    def write(self, content: Any) -> int:
        """Write bytes, or lose them."""
        rest = memoryview(content)
        with suppress(OSError):
            while rest and (written := super().write(rest)):  # None: a pipe that does not block is full
                rest = rest[written:]
        return len(content)


def lose_what_nobody_reads() -> None:
    """Let messages get lost if standard error cannot be written. The program must own its standard error."""
    stream = sys.stderr
    if isinstance(stream, io.TextIOWrapper) and os.name != "nt":  # whose console is no file
        stream.flush()
        raw = _BestEffort(stream.fileno(), "wb", closefd=False)
        sys.stderr = io.TextIOWrapper(
            cast("BinaryIO", raw), stream.encoding, stream.errors, line_buffering=True, write_through=True
        )


class ClosedOutput(io.StringIO):
    """In place of a standard output that is closed: what is written to it fails, and is not lost in silence."""

    def write(self, _text: str) -> int:
        """Refuse a text.

        Raises:
            OutputFailed: always.
        """
        raise OutputFailed("standard output is closed")

    @property
    def buffer(self) -> NoReturn:
        """Refuse bytes.

        Raises:
            OutputFailed: always.
        """
        raise OutputFailed("standard output is closed")


def _as_wide(error: UnicodeError) -> tuple[str, int]:
    from rich.cells import cell_len

    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_SUBSTITUTES.get(c, _UNKNOWN * cell_len(c)) for c in characters), error.end


def visible(text: str) -> str:
    r"""A text that cannot steer a terminal: whitespace as spaces, control and direction characters as `\x1b`."""
    if text.isprintable():
        return text
    return "".join(
        c if c.isprintable() or c == _KEPT else " " if c.isspace() else c.encode("unicode_escape").decode()
        for c in text
    )


LOGGER: Final = logging.getLogger("imdbsent")
"""The logger of the package; its messages are for users."""


class LogFormat(str, Enum):
    """How messages, progress and errors look on standard error."""

    TEXT = "text"
    JSON = "json"


class MessageHandler(logging.Handler):
    """Hands each message to a function, as text that cannot steer a terminal.

    Args:
        show: the function.
    """

    def __init__(self, show: Callable[[str], None]) -> None:
        super().__init__()
        self._show = show

    def emit(self, record: logging.LogRecord) -> None:
        """Show one message."""
        self._show(visible(record.getMessage()))


class JsonHandler(MessageHandler):
    """Writes each message as one JSON object per line: time, level, event, message, and the fields of the event.

    A message names its event and its fields with `extra={"event": "progress", "fields": {"rows": 12}}`.
    """

    def __init__(self) -> None:
        super().__init__(lambda _: None)

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message."""
        if sys.stderr is None:
            return
        import json  # few commands write JSON
        from datetime import datetime, timezone

        from imdbsent.job_report import timestamp

        line = {
            "time": timestamp(datetime.fromtimestamp(record.created, timezone.utc)),
            "level": record.levelname.lower(),
            "event": getattr(record, "event", "message"),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        sys.stderr.write(json.dumps(line) + "\n")
        sys.stderr.flush()


def log_as_json() -> None:
    """Write messages and errors as JSON from now on, until `hide_messages`."""
    hide_messages()
    LOGGER.addHandler(JsonHandler())


def hide_messages() -> None:
    """Remove the handlers of messages, so that nothing is shown."""
    for handler in list(LOGGER.handlers):
        if isinstance(handler, MessageHandler):
            LOGGER.removeHandler(handler)
            LOGGER.setLevel(logging.NOTSET)
            LOGGER.propagate = True


def is_json() -> bool:
    """Whether messages are written as JSON."""
    return any(isinstance(handler, JsonHandler) for handler in LOGGER.handlers)


def print_error(message: str, code: int) -> None:
    """Print an error as one line on standard error, however wide the terminal is: plain text, or JSON if messages are.

    Args:
        message: what failed, and what to type.
        code: the exit code that follows.
    """
    if is_json():
        LOGGER.error("%s", message, extra={"event": "error", "fields": {"exit_code": code}})
    elif sys.stderr is not None:
        sys.stderr.write(f"imdbsent: {visible(message)}\n")
