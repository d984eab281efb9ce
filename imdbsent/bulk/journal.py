"""The journal beside an unfinished output: what the run was, and how far it has come, window by window.

The first line is the `Plan`, each line after it a `Checkpoint`, all of them JSON. A line is written after the bytes
that it speaks of. What a killed process or a machine without power leaves behind is not believed but checked: a
checkpoint counts if the bytes before it have its checksum, and the records before it are those that come again.
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

JOURNAL_FORMAT: Final = 1
_BLOCK: Final = 2**20  # bytes


@dataclass(frozen=True)
class Plan:
    """What decides the bytes of an output, beside its records: it must be the same for a run to go on.

    Attributes:
        model: SHA-256 of the model's card, which holds those of its files.
        options: what was asked for, by the options of the command line; "" for what was left out.
        versions: of what computes and writes.
        format: of the journal.
    """

    model: str
    options: dict[str, str]
    versions: dict[str, str]
    format: int = JOURNAL_FORMAT

    def difference(self, now: Plan) -> str | None:
        """How a run with this plan began, where that differs from another plan, in words; None where nothing does."""
        if self.format != now.format:
            return "was begun by another version of imdbsent"
        if self.model != now.model:
            return "was begun with another model"
        for option in sorted({*self.options, *now.options}):
            then = self.options.get(option, "")
            if then != now.options.get(option, ""):
                return f"was begun {f'with {option} {then}' if then else f'without {option}'}"
        for name in sorted({*self.versions, *now.versions}):
            then, here = self.versions.get(name, ""), now.versions.get(name, "")
            if then != here:
                return f"was begun with {name} {then or 'absent'}, and here is {here or 'none'}"
        return None


@dataclass(frozen=True)
class Checkpoint:
    """How far a run has come: after a window.

    Attributes:
        windows: windows written.
        records: records in them.
        written: predictions written for them.
        size: bytes of the part.
        crc32: checksum of those bytes.
        digest: of those records; see `RecordsDigest`.
        counts: what is counted for the summary, by name.
    """

    windows: int
    records: int
    written: int
    size: int
    crc32: int
    digest: str
    counts: dict[str, int]


class RecordsDigest:
    """Tells records from others: their texts, ids and kept values, in order.

    Neither the time nor the size of a file is looked at. A copy or a download has another time and the same records; a
    file that has grown has the same records as far as they were answered; and standard input has neither. Going on
    reads the answered records again in any case, so that it can compare all of them.
    """

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, records: Sequence[Record | Prediction]) -> None:
        """Add the records of a window, or the predictions on them: other windows give another digest."""
        others = repr([(len(record.text), record.id, record.kept) for record in records])
        self._hash.update(f"{len(others)} {others}".encode("utf-8", "surrogatepass"))
        for record in records:  # not joined: a copy of a whole window takes longer than its hash
            self._hash.update(record.text.encode("utf-8", "surrogatepass"))

    def value(self) -> str:
        """The digest of what was added, in hexadecimal."""
        return self._hash.copy().hexdigest()


def line(entry: Plan | Checkpoint) -> bytes:
    """A line of a journal."""
    return json.dumps(asdict(entry), ensure_ascii=False).encode() + b"\n"


def read_journal(path: Path) -> tuple[Plan, list[Checkpoint]]:
    """Read a journal as far as it can be read: a last line that was not written to its end is none.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no journal.
    """
    first, *others = path.read_bytes().split(b"\n")[:-1] or [b""]
    plan = json.loads(first)
    if isinstance(plan, dict) and plan.get("format") != JOURNAL_FORMAT:
        return Plan("", {}, {}, format=0), []
    return cast("Plan", from_json(plan, Plan, "plan")), list(_checkpoints(others))


def _checkpoints(lines: Iterable[bytes]) -> Iterator[Checkpoint]:
    with contextlib.suppress(ValueError):
        for content in lines:
            yield cast("Checkpoint", from_json(json.loads(content), Checkpoint, "checkpoint"))


def last_good(part: Path, checkpoints: Sequence[Checkpoint]) -> Checkpoint | None:
    """The last checkpoint up to which the part is as it was written; None where there is none.

    Raises:
        OSError: the part cannot be read.
    """
    good, crc32, position = None, 0, 0
    with part.open("rb") as stream:
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
