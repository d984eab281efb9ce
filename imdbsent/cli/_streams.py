"""Standard output and error as a terminal has them: no character ends a command or steers the terminal."""

from __future__ import annotations

import codecs
import io
import logging
import sys
from typing import TYPE_CHECKING, Final

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


class ClosedOutput(io.StringIO):
    """In place of a standard output that is closed: what is written to it fails, and is not lost in silence."""

    def write(self, _text: str) -> int:
        """Refuse a text.

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


def hide_messages() -> None:
    """Remove the handlers of messages, so that nothing is shown."""
    for handler in list(LOGGER.handlers):
        if isinstance(handler, MessageHandler):
            LOGGER.removeHandler(handler)
            LOGGER.setLevel(logging.NOTSET)
            LOGGER.propagate = True


def print_error(message: str) -> None:
    """Print an error as one line of plain text on standard error, however wide the terminal is."""
    if sys.stderr is not None:
        sys.stderr.write(f"imdbsent: {visible(message)}\n")
