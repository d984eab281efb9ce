"""What a file of records is, told by its name: txt, csv, tsv, jsonl, parquet, and each of them compressed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from imdbsent.errors import UsageProblem


class Kind(str, Enum):
    """How records stand in a file."""

    TXT = "txt"
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class Compression(str, Enum):
    """How the bytes of a file are compressed; the value is the suffix."""

    NONE = ""
    GZIP = "gz"
    ZSTD = "zst"


@dataclass(frozen=True)
class FileFormat:
    """What a file is.

    Attributes:
        kind: how records stand in it.
        compression: how its bytes are compressed as a whole.
    """

    kind: Kind
    compression: Compression = Compression.NONE

    @property
    def is_table(self) -> bool:
        """Whether its records have columns."""
        return self.kind is not Kind.TXT


_KINDS: Final = {kind.value: kind for kind in Kind} | {"ndjson": Kind.JSONL}
_COMPRESSIONS: Final = {"gz": Compression.GZIP, "zst": Compression.ZSTD}
SUFFIXES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".txt")
"""The names that say what a file holds; each may have .gz or .zst behind it."""


def format_of_name(path: str | Path) -> FileFormat | None:
    """What the name of a file says it is; None where it says nothing of its records, as `reviews` or `notes.md`."""
    compression, suffixes = _compression_of(path)
    kind = _KINDS.get(suffixes[-1]) if suffixes else None
    return None if kind is None else FileFormat(kind, compression)


def compression_of_name(path: str | Path) -> Compression:
    """What the name of a file says of its compression."""
    return _compression_of(path)[0]


def parse_format(name: str) -> FileFormat:
    """The format that a person names, as "csv" or "jsonl.gz".

    Raises:
        UsageProblem: it is none.
    """
    found = format_of_name(f"name.{name.lower().removeprefix('.')}")
    if found is None:
        known = ", ".join(_KINDS)
        raise UsageProblem(
            f"{name!r} is no format of records. Type: --input-format with one of {known}, alone or with .gz or .zst "
            "behind it, as csv.gz"
        )
    return found


def _compression_of(path: str | Path) -> tuple[Compression, list[str]]:
    suffixes = [suffix.removeprefix(".").lower() for suffix in Path(path).suffixes]
    compression = _COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    return (Compression.NONE, suffixes) if compression is None else (compression, suffixes[:-1])
