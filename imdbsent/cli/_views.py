"""What the views of several commands share: formats, tables that fit the terminal, rows and objects as plain text."""

from __future__ import annotations

import json
import sys
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from imdbsent.cli._streams import visible
from imdbsent.writing.text import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text


NARROW: Final = 60
"""A console with fewer columns has no room for the lines of a table."""


class FigureFormat(str, Enum):
    """The formats of figures."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class RowFormat(str, Enum):
    """The formats of a list of rows."""

    TABLE = "table"
    TSV = "tsv"
    JSONL = "jsonl"


class PageFormat(str, Enum):
    """The formats of a page about one thing."""

    TABLE = "table"
    JSON = "json"


def new_table(width: int, title: str = "", *, has_footer: bool = False) -> Table:
    """An empty table; a narrow one has no lines around its columns, so that their words fit.

    Args:
        width: columns of the console.
        title: what it shows; none for "".
        has_footer: whether it has a last row of totals.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    is_narrow = width < NARROW
    return Table(
        title=Text(visible(title)) if title else None,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        show_footer=has_footer,
        box=box.SIMPLE_HEAD if is_narrow else box.HEAVY_HEAD,
        show_edge=not is_narrow,
        pad_edge=not is_narrow,
        padding=(0, 0) if is_narrow else (0, 1),
    )


def fact_table() -> Table:
    """An empty table of facts: a name in bold, and what there is to say, which wraps."""
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def probability_text(probability: float) -> Text:
    """A probability of positive, in the color of its side."""
    from rich.text import Text

    return Text(f"{probability:.4f}", style="green" if probability >= 0.5 else "red")  # noqa: PLR2004 (even odds)


def show(console: Console, *parts: RenderableType, soft_wrap: bool = False) -> None:
    """Print renderables, for people.

    Args:
        console: where to.
        parts: what; one below the other.
        soft_wrap: whether the terminal wraps long lines, rather than the console.

    Raises:
        OutputClosed: nobody reads the output anymore.
        OutputFailed: the system refuses.
    """
    with output_errors():
        console.print(*parts, sep="\n", soft_wrap=soft_wrap)


def write_text(chunks: Iterable[str]) -> None:
    """Write plain text on standard output, as it comes.

    Raises:
        OutputClosed: nobody reads the output anymore.
        OutputFailed: the system refuses.
    """
    write(chunks, sys.stdout.buffer)


def write_lines(lines: Iterable[str]) -> None:
    """Write lines of plain text on standard output, as they come.

    Raises:
        OutputClosed: nobody reads the output anymore.
        OutputFailed: the system refuses.
    """
    write_text(line + "\n" for line in lines)


def tsv_line(fields: Sequence[str | float | None]) -> str:
    """Fields between tabs; None is empty, a fraction has 6 decimals. No field may hold a tab or a line feed."""
    return "\t".join("" if f is None else f"{f:.6f}" if isinstance(f, float) else str(f) for f in fields)


def json_line(fields: dict[str, Any]) -> str:
    """An object on one line."""
    return json.dumps(fields, ensure_ascii=False)


def json_page(fields: dict[str, Any]) -> Iterator[str]:
    """The lines of one object, indented."""
    yield json.dumps(fields, ensure_ascii=False, indent=2)
