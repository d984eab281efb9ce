"""A row of a table, whatever its format."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

TEXT: Final = "text"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        number: the line on which it ends; or the number of the row or item, from 1.
        values: its columns by name: texts in CSV, TSV and spreadsheets, whatever the file holds in JSON and Parquet.
        problem: what is wrong with it, a sentence that names the line or row; None if nothing is. Without values, the
            row breaks the format. With values, some of its bytes cannot be decoded, and U+FFFD replaces them.
    """

    number: int
    values: dict[str, Any]
    problem: str | None = None


def with_replacements(text: str) -> str:
    """A text with U+FFFD for each byte that could not be decoded and came as a lone surrogate (PEP 383)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text
