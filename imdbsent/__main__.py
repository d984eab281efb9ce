"""`python -m imdbsent`, and the console script."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn

_NEW_OBJECTS = 100_000
"""New objects before Python looks for cycles. An answer makes 54,000, of which none needs it: with Python's own 700, a
tenth of the start would go by in looking."""


def main() -> int:
    """Run the command line of this process.

    Returns:
        The exit code; see `imdbsent.errors.ExitCode`.
    """
    gc.set_threshold(_NEW_OBJECTS)
    try:
        # Ctrl-C while importing is quiet, too.
        from imdbsent.cli._streams import lose_what_nobody_reads  # noqa: PLC0415
        from imdbsent.cli.app import run  # noqa: PLC0415

        lose_what_nobody_reads()
        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


def program() -> NoReturn:
    """Run the command line, and end the process.

    Where nothing else is running, it ends at once: to look through all modules for cycles, and to unload all libraries,
    would take Python another 35 ms, a fifth of an answer.
    """
    code = main()
    gc.freeze()  # for the other way to end: the search for cycles alone takes 25 ms
    if threading.active_count() == 1:
        atexit._run_exitfuncs()  # noqa: SLF001 (what libraries have asked for)
        with suppress(OSError):  # Python itself says what cannot be written, below
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    program()
