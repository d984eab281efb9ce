"""What every error is: one line, and an exit code."""

from __future__ import annotations

from enum import IntEnum
from typing import Any, ClassVar


class ExitCode(IntEnum):
    """The exit codes of every `imdbsent` command."""

    DONE = 0
    """Done."""
    FAILED = 1
    """Failed, in a way none of the codes below names."""
    USAGE = 2
    """The command line cannot be carried out as it was typed: an unknown option, a file that cannot be read."""
    MISSING = 3
    """A model or the data set is not there."""
    NETWORK_OR_INTEGRITY = 4
    """A download failed, a cluster or its storage does not answer, or a file is not what its hash says."""
    RECORDS_FAILED = 5
    """Some records got no verdict, and `--strict` was given."""
    INTERRUPTED = 130
    """Interrupted with Ctrl-C."""


class ImdbsentError(Exception):
    """Base of the errors that end a command with one line instead of a traceback."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __reduce__(self) -> tuple[Any, ...]:
        """How it travels from another process or machine: as it is, not made anew from its sentence."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[ImdbsentError], arguments: tuple[Any, ...], facts: dict[str, Any]) -> ImdbsentError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(facts)
    return error


class UsageProblem(ImdbsentError):
    """The command line asks for something that cannot be done as typed."""

    exit_code = ExitCode.USAGE


class ExtraMissing(ImdbsentError):
    """An optional library is not installed."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional library. Type: pip install 'imdbsent[{extra}]'")


def and_more(count: int) -> str:
    """What follows the first of several, as " (and 3 more)"; empty where there are no more."""
    return f" (and {count:,} more)" if count else ""
