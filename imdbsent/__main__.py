"""`python -m imdbsent`, and the console script."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line of this process.

    Returns:
        The exit code; see `imdbsent.errors.ExitCode`.
    """
    try:
        from imdbsent.cli.app import run  # noqa: PLC0415 (Ctrl-C while importing is quiet, too)

        return run(sys.argv[1:])
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
