"""Results that cannot be written, or not all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imdbsent.errors.base import ExitCode, ImdbsentError

if TYPE_CHECKING:
    from pathlib import Path


class OutputClosed(ImdbsentError):
    """The reader of our output has gone, as `head -1` does: the end of the work, not a failure."""

    exit_code = ExitCode.DONE


class OutputFailed(ImdbsentError):
    """The output cannot be written: a full disk, say."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"cannot write the output: {reason}. Free some space, then run the same command again")


class OutputBusy(ImdbsentError):
    """Another run is making the same file."""

    exit_code = ExitCode.USAGE

    def __init__(self, path: Path) -> None:
        super().__init__(f"another run is writing '{path}'. Wait for its end, or type: -o with another FILE")


class PlanDiffers(ImdbsentError):
    """A run cannot go on with the output of another: it would not have made the same bytes."""

    exit_code = ExitCode.USAGE

    def __init__(self, part: Path, difference: str) -> None:
        super().__init__(
            f"'{part}' {difference}. Type: the same command as then, or leave out --resume to begin anew"
        )


class InputChanged(ImdbsentError):
    """A run cannot go on with the output of another: it was made of other records."""

    exit_code = ExitCode.USAGE

    def __init__(self, part: Path, records: int) -> None:
        super().__init__(
            f"the first {records:,} records are not those that '{part}' was made of. Type: the same command with the "
            "same input, or leave out --resume to begin anew"
        )


class WorkerLost(ImdbsentError):
    """A process that judged texts for this one has died: the system had no memory left for it, say."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a worker process was lost ({reason}). Type: the same command with --workers 1")


class RecordsFailed(ImdbsentError):
    """`--strict`, and some records got no verdict."""

    exit_code = ExitCode.RECORDS_FAILED

    def __init__(self, failed: int, total: int) -> None:
        super().__init__(
            f"{failed:,} of {total:,} texts got no verdict; their rows say why. "
            "Leave out --strict to accept that"
        )
