"""What holds of every run, whatever was put in: a documented exit code, one line for an error, nothing that steers."""

from __future__ import annotations

import unicodedata

from imdbsent.errors import ExitCode
from tests.conftest import Result

_HARMLESS = ("\n", "\u200d")  # line feeds, and what joins emoji


def steering(shown: str) -> set[str]:
    """The characters of an output that a terminal would obey, or that turn the direction of text."""
    return {c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co") and c not in _HARMLESS}


def check_errors(result: Result) -> None:
    """What is on standard error is a line or none, in words; the exit code is one of those documented."""
    assert result.code in {int(code) for code in ExitCode}, result
    assert "Traceback" not in result.err
    assert "Please report it" not in result.err, result.err
    assert not steering(result.err), result.err
    if result.code not in (ExitCode.DONE, ExitCode.RECORDS_FAILED):
        lines = [line for line in result.err.splitlines() if line.startswith("imdbsent: ")]
        assert len(lines) == 1, result.err


def check_shown(result: Result, *, tabs: bool = False) -> None:
    """The same, and nothing on standard output steers a terminal; `tabs` says whether it may have tabs."""
    check_errors(result)
    assert not steering(result.out.replace("\t", "") if tabs else result.out), ascii(result.out)[:2_000]
