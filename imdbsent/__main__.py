"""`python -m imdbsent`, and the console script."""

from __future__ import annotations

import gc
import sys

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
    finally:
        gc.freeze()  # or Python would look through all modules for cycles before it ends, which takes 25 ms


if __name__ == "__main__":
    sys.exit(main())
