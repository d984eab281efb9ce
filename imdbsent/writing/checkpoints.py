"""The checkpoint log of an unfinished output: what the run was, and how far it got, window by window.

The first line is the `Plan`, each line after it an `OutputCheckpoint`, all of them JSON. A line is written after the
bytes that it describes. What a killed process or a power failure leaves behind is checked: a checkpoint counts if the
bytes before it have its checksum, and if the records before it are the ones that are read again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import zlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, cast

from imdbsent.typed_json import from_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from imdbsent.records import Prediction, Record


LOG_FORMAT: Final = 2
_BLOCK: Final = 2**20  # bytes


@dataclass(frozen=True)
class Plan:
    """What decides the bytes of an output, besides its records. A run can only be resumed with the same plan.

    Attributes:
        model: SHA-256 of the model's card, which has the hashes of its files.
        options: values of the command-line options; "" for one that was not given.
        versions: of the libraries that compute and write.
        format: of the log.
    """

    model: str
    options: dict[str, str]
    versions: dict[str, str]
    format: int = LOG_FORMAT

    def difference(self, now: Plan) -> str | None:
        """How a run with this plan started, if another plan differs, in words; None if they are equal."""
        if self.format != now.format:
            return "was started by another version of imdbsent"
        if self.model != now.model:
            return "was started with another model"
        for option in sorted({*self.options, *now.options}):
            then = self.options.get(option, "")
            if then != now.options.get(option, ""):
                return f"was started with {option} {then}" if then else f"was started without {option}"
        for name in sorted({*self.versions, *now.versions}):
            then, here = self.versions.get(name, ""), now.versions.get(name, "")
            if then != here:
                return f"was started with {name} {then or 'absent'}; here it is {here or 'absent'}"
        return None


@dataclass(frozen=True)
class OutputCheckpoint:
    """How far a run got, after a window.

    Attributes:
        windows: number of windows written.
        records: number of records in them.
        written: number of results written for them.
        size: bytes of the partial output.
        crc32: checksum of those bytes.
        digest: of those records; see `RecordsDigest`.
        counts: counts for the summary, by name.
    """

    windows: int
    records: int
    written: int
    size: int
    crc32: int
    digest: str
    counts: dict[str, int]


class RecordsDigest:
    """Tells records from others by their texts, ids and carried values, in order.

    The time and size of a file do not matter. A copy or a download has another time and the same records. A file that
    has grown has the same records up to the ones already answered. Standard input has neither. A resumed run reads the
    answered records again anyway, so all of them can be compared.
    """

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, records: Sequence[Record | Prediction]) -> None:
        """Add the records of a window, or the predictions on them. Other windows give another digest."""
        others = repr([(len(record.text), record.id, record.kept) for record in records])
        self._hash.update(f"{len(others)} {others}".encode("utf-8", "surrogatepass"))
        for record in records:  # not joined: copying a whole window takes longer than hashing it
            self._hash.update(record.text.encode("utf-8", "surrogatepass"))

    def value(self) -> str:
        """The digest of what was added, in hexadecimal."""
        return self._hash.copy().hexdigest()


START: Final = OutputCheckpoint(
    windows=0, records=0, written=0, size=0, crc32=0, digest=RecordsDigest().value(), counts={}
)
"""How far a run is that has just started."""


def log_line(entry: Plan | OutputCheckpoint) -> bytes:
    """A line of a checkpoint log."""
    return json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"


def read_log(path: Path) -> tuple[Plan, list[OutputCheckpoint]]:
    """Read a checkpoint log as far as it is readable. An incomplete last line is ignored.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a checkpoint log.
    """
    first, *others = path.read_bytes().split(b"\n")[:-1] or [b""]
    plan = json.loads(first)
    if isinstance(plan, dict) and plan.get("format") != LOG_FORMAT:
        return Plan("", {}, {}, format=0), []
    return cast("Plan", from_json(plan, Plan, "plan")), list(_checkpoints(others))


def _checkpoints(lines: Iterable[bytes]) -> Iterator[OutputCheckpoint]:
    with contextlib.suppress(ValueError):
        for content in lines:
            yield cast("OutputCheckpoint", from_json(json.loads(content), OutputCheckpoint, "checkpoint"))


def last_good(partial: Path, checkpoints: Sequence[OutputCheckpoint]) -> OutputCheckpoint | None:
    """The last checkpoint up to which a partial output has the bytes that were written; None if there is none.

    Raises:
        OSError: the partial output cannot be read.
    """
    good, crc32, position = None, 0, 0
    with partial.open("rb") as stream:
        for checkpoint in checkpoints:
            while position < checkpoint.size:
                block = stream.read(min(_BLOCK, checkpoint.size - position))
                if not block:
                    return good
                crc32 = zlib.crc32(block, crc32)
                position += len(block)
            if crc32 != checkpoint.crc32:
                return good
            good = checkpoint
    return good
