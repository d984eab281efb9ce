"""Standard output and error as a terminal has them: whatever their encoding, a character never ends a command."""

from __future__ import annotations

import codecs
import io
import sys
from typing import Final

from rich.cells import cell_len

_HANDLER: Final = "imdbsent.cells"
_STANDS_FOR: Final = {"\u2026": "."}  # what Rich puts at the end of what is cut
_UNKNOWN: Final = "?"


def show_what_can_be_shown() -> None:
    """Let the standard streams write `?` for a character that their encoding has not, as ASCII has no é.

    Rich lays a table out before it is encoded, so what stands for a character is as wide as it: two for a Chinese one,
    none for an accent that stands above another. Data formats are bytes in UTF-8, and know nothing of this.
    """
    codecs.register_error(_HANDLER, _as_wide)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # not None, and nobody's own
            stream.reconfigure(errors=_HANDLER)


def _as_wide(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    characters = error.object[error.start : error.end]
    return "".join(_STANDS_FOR.get(c, _UNKNOWN * cell_len(c)) for c in characters), error.end
