"""What the subcommands of `imdbsent inspect` share: options, loading, rows as plain text."""

from __future__ import annotations

import json
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imdbsent.records.writing import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console, RenderableType

    from imdbsent.cli.console import Notes
    from imdbsent.dataset.aclimdb import Review
    from imdbsent.tokenizer import Tokenizer

Model = Annotated[
    str | None, typer.Option("--model", "-m", metavar="NAME|PATH", help="The model, by name or by its folder.")
]


class RowFormat(str, Enum):
    """The formats of a list of rows."""

    TABLE = "table"
    TSV = "tsv"
    JSONL = "jsonl"


class PageFormat(str, Enum):
    """The formats of one thing looked at."""

    TABLE = "table"
    JSON = "json"


def load_tokenizer(model: str | None, notes: Notes) -> Tokenizer:
    """The tokenizer of a model, without its network.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: the model is damaged.
    """
    from imdbsent import schemes, store
    from imdbsent.errors import BundleInvalid

    bundle = store.resolve(model, notes)
    try:
        return schemes.load_tokenizer(bundle)
    except BundleInvalid as error:
        raise store.damaged(error) from error


def nobody_pipes() -> bool:
    """Whether standard input is a terminal, or closed: a command that was given nothing then shows its help."""
    return sys.stdin is None or sys.stdin.isatty()


def read_folders(source: Path, folders: Iterable[str], notes: Notes) -> list[Review]:
    """Reviews of some folders, with a note where the data set is not whole.

    Raises:
        DatasetInvalid: the data are damaged.
    """
    from imdbsent.dataset.aclimdb import incomplete_folders, read_reviews

    reviews = read_reviews(source, folders)
    for shortfall in incomplete_folders(reviews):
        notes(f"{source}: {shortfall} reviews")
    return reviews


def show(console: Console, *parts: RenderableType) -> None:
    """Print renderables, for people.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    with output_errors():
        console.print(*parts, sep="\n")


def write_lines(lines: Iterable[str]) -> None:
    """Write lines of plain text on standard output, as they come.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    write((line + "\n" for line in lines), sys.stdout.buffer)


def tsv_line(fields: Sequence[str | float | None]) -> str:
    """Fields between tabs; None is empty, a fraction has 6 decimals. No field may hold a tab or a line feed."""
    return "\t".join("" if f is None else f"{f:.6f}" if isinstance(f, float) else str(f) for f in fields)


def json_line(fields: dict[str, Any]) -> str:
    """An object on one line."""
    return json.dumps(fields, ensure_ascii=False)


def json_page(fields: dict[str, Any]) -> Iterator[str]:
    """The lines of one object, indented."""
    yield json.dumps(fields, ensure_ascii=False, indent=2)
