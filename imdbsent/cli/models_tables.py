"""The list of models as a table, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from imdbsent.models.inventory import Status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from imdbsent.models.inventory import Entry

_COLUMNS = ("name", "status", "shipped", "default", "version", "bytes", "accuracy", "reviews", "path", "problem")
_STYLES = {Status.WHEEL: "", Status.INSTALLED: "green", Status.DAMAGED: "red"}


def list_table(entries: Sequence[Entry]) -> Table:
    """A row a model; a star marks the default."""
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold")
    table.add_column("", no_wrap=True)
    table.add_column("model", overflow="fold")
    table.add_column("from", no_wrap=True)
    for heading in ("version", "size", "test accuracy"):
        table.add_column(heading, justify="right", no_wrap=True)
    for entry in entries:
        where = entry.status.value + (", wheel" if entry.shipped and entry.status is not Status.WHEEL else "")
        table.add_row(
            "*" if entry.is_default else "",
            entry.name,
            Text(where, style=_STYLES[entry.status]),
            "" if entry.version is None else str(entry.version),
            megabytes(entry.size),
            "" if entry.accuracy is None else f"{entry.accuracy:.2%}",
        )
    return table


def list_json(entries: Sequence[Entry]) -> Iterator[str]:
    """One array, an object a model."""
    yield json.dumps([_fields(entry) for entry in entries], ensure_ascii=False, indent=2) + "\n"


def list_csv(entries: Sequence[Entry]) -> Iterator[str]:
    """CSV (RFC 4180, but lines end in LF) with a header; accuracy has 6 decimals, what is not known is empty."""
    page = io.StringIO()
    writer = csv.DictWriter(page, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        fields = _fields(entry)
        flags = {name: str(fields[name]).lower() for name in ("shipped", "default")}
        writer.writerow({**fields, **flags})
    yield page.getvalue()


def megabytes(size: int) -> str:
    """A size for people: `4.2 MB`."""
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"  # noqa: PLR2004 (0.1 MB)


def _fields(entry: Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "status": entry.status.value,
        "shipped": entry.shipped,
        "default": entry.is_default,
        "version": entry.version,
        "bytes": entry.size,
        "accuracy": None if entry.accuracy is None else round(entry.accuracy, 6),
        "reviews": entry.reviews,
        "path": str(entry.directory),
        "problem": entry.problem,
    }
