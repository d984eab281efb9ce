"""`imdbsent models list`: what there is, where from, how large and how good."""

from __future__ import annotations

import csv
import io
import json
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imdbsent.cli.console import NoColor, Notes, Quiet, stderr_console, stdout_console
from imdbsent.cli.models.common import size_of
from imdbsent.records.writing import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from imdbsent.models.inventory import Entry


class ListFormat(str, Enum):
    """The formats of the list of models."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


_COLUMNS = ("name", "status", "shipped", "default", "version", "bytes", "accuracy", "reviews", "path", "problem")
_STYLES = {"wheel": "", "installed": "green", "damaged": "red"}  # of `imdbsent.models.inventory.Status`



def list_models(
    output_format: Annotated[ListFormat, typer.Option("--format", help="How to write it.")] = ListFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """List the models: where each is, its size, its accuracy on the test split, and which is the default.

    imdbsent models list

    imdbsent models list --format csv | cut -d, -f1
    """
    from imdbsent.models import default, inventory

    notes = Notes(stderr_console(no_color=no_color), quiet=quiet)
    choice = default.choice(notes)
    entries = inventory.entries(choice)
    if output_format is ListFormat.TABLE:
        with output_errors():
            stdout_console(no_color=no_color).print(list_table(entries))
    else:
        formatter = {ListFormat.JSON: list_json, ListFormat.CSV: list_csv}[output_format]
        write(formatter(entries), sys.stdout.buffer)
    for entry in entries:
        if entry.problem is not None:
            notes(f"the model '{entry.name}' is damaged: {entry.problem}. Type: {_remedy(entry)}")
    if not any(entry.is_default for entry in entries):
        notes(f"none of these is the default model: that is '{choice.name}', says {choice.source}")


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
        where = entry.status.value + (", wheel" if entry.shipped and entry.status.value != "wheel" else "")
        table.add_row(
            "*" if entry.is_default else "",
            entry.name,
            Text(where, style=_STYLES[entry.status.value]),
            "" if entry.version is None else str(entry.version),
            size_of(entry.size),
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


def _remedy(entry: Entry) -> str:
    from imdbsent import store

    if entry.directory == store.directory_of(entry.name):
        return f"imdbsent models remove {entry.name}"
    return "pip install --force-reinstall imdbsent"
