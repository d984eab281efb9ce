"""Files and standard input as streams of bytes."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any, BinaryIO, Final

from imdbsent.errors import InputUnreadable, UsageProblem

STDIN: Final = "-"
"""What standard input is called where a file is."""


def open_bytes(file: str, command: str = "predict") -> BinaryIO:
    """Open a file, or standard input, to read bytes.

    Args:
        file: its path; `-` is standard input, which stays open when the stream is closed.
        command: the command whose help the message of an error names.

    Raises:
        InputUnreadable: it cannot be opened.
        UsageProblem: standard input is closed.
    """
    if file == STDIN:
        if sys.stdin is None:
            raise UsageProblem(f"standard input is closed. See: imdbsent {command} --help")
        buffer: Any = sys.stdin.buffer
        return _StandardInput(getattr(buffer, "raw", buffer))  # a buffer on a buffer would wait until both are full
    try:
        return Path(file).open("rb")
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise InputUnreadable(file, getattr(error, "strerror", None) or str(error), command) from error


class _StandardInput(io.BufferedReader):
    """Standard input, which stays open when what reads it is closed."""

    def close(self) -> None:
        """Nothing: whoever comes later may ask whether it is a terminal."""
