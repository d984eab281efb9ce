"""What commands share on a terminal: common options, consoles, messages, formats, tables, and the HTML page."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from contextlib import contextmanager
from enum import Enum
from functools import cache
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from imdbsent.cli._streams import LOGGER, JsonHandler, LogFormat, MessageHandler, hide_messages, visible
from imdbsent.errors import OutputFailed, UsageProblem
from imdbsent.files import new_file
from imdbsent.writing.text import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text


_SPECIAL: Final = re.compile(r"[^\w@%+=:,./-]")
"""A character that means something to a shell."""
LABEL_STYLES: Final = {"positive": "green", "negative": "red", "neutral": "yellow"}
"""The color of each label on a terminal."""

NoColor = Annotated[bool, typer.Option("--no-color", help="Disable colors; so does NO_COLOR=1.")]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="PATH",
        rich_help_panel="Input",
        help="IMDB reviews: aclImdb_v1.tar.gz or the folder aclImdb. Default: IMDBSENT_ACLIMDB, else the cache, else "
        "a download.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show only errors on standard error.")]

Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show debug messages.")]


def complete_models() -> list[str]:
    """What a shell offers at Tab for a model: all names."""
    from imdbsent.models import store

    return as_typed(store.names())


def complete_installed() -> list[str]:
    """What a shell offers at Tab for a model that can be removed."""
    from imdbsent.models import store

    return as_typed(store.installed())


def complete_recipes() -> list[str]:
    """What a shell offers at Tab for a recipe: the names, and the files of this folder."""
    from imdbsent.models import store

    return as_typed([*store.TRAINABLE, *sorted(path.name for path in Path().glob("*.toml"))])


def as_typed(names: Iterable[str]) -> list[str]:
    """Names as they are typed. Bash puts them into the line as they are; the other shells quote them."""
    if os.environ.get("_IMDBSENT_COMPLETE") != "complete_bash":
        return list(names)
    return [_SPECIAL.sub(r"\\\g<0>", name) for name in names]


def stdout_console(*, no_color: bool = False) -> Console:
    """A console on standard output: for people, never for data."""
    from rich.console import Console

    return Console(no_color=no_color or None, highlight=False)


def show_messages(
    *, no_color: bool = False, quiet: bool = False, verbose: bool = False, log_format: LogFormat = LogFormat.TEXT
) -> Console:
    """Show messages; see `messages`.

    Returns:
        The console that they go to. Draw progress bars on it, so that messages appear above them; it draws nothing if
        `quiet`.
    """
    return messages(no_color=no_color, quiet=quiet, verbose=verbose, log_format=log_format)()


def messages(
    *, no_color: bool = False, quiet: bool = False, verbose: bool = False, log_format: LogFormat = LogFormat.TEXT
) -> Callable[[], Console]:
    """Show what the package logs on standard error until `hide_messages`: dim plain text, one line per message.

    On a terminal, lines wrap between words.

    Args:
        no_color: whether the console has no colors.
        quiet: whether nothing is shown; wins over `verbose`.
        verbose: whether debug messages are shown, too.
        log_format: whether each message is an object of JSON instead; then nothing else is drawn.

    Returns:
        A function that returns the console of `show_messages`. It is made when there is something to show, because
        Rich takes 40 ms to import.
    """
    is_json = log_format is LogFormat.JSON
    hide_messages()

    @cache
    def console() -> Console:
        from rich.console import Console

        return Console(stderr=True, no_color=no_color or None, highlight=False, quiet=quiet or is_json)

    def show(message: str) -> None:
        from rich.text import Text

        if console().is_terminal:
            message = fill(message, console().width, break_long_words=False, break_on_hyphens=False)
        console().print(Text(message, style="dim"), soft_wrap=True)

    LOGGER.addHandler(JsonHandler() if is_json else MessageHandler(show))
    LOGGER.setLevel(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)
    LOGGER.propagate = False  # TensorFlow's handler on the root logger would show each message again
    return console


def check_place(path: Path, option: str = "--html", example: str = "report.html") -> None:
    """Check before the work that a page, or another file beside the results, can be written.

    Args:
        path: the file.
        option: the option that names it.
        example: a name that it might have.

    Raises:
        UsageProblem: it cannot be written.
    """
    if path.is_dir():
        raise UsageProblem(f"'{path}' is a folder. Type: {option} '{path / example}'")
    if not path.parent.is_dir():
        raise UsageProblem(f"there is no folder '{path.parent}'. Type: mkdir -p '{path.parent}'")
    if not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise UsageProblem(f"the folder '{path.parent}' cannot be written. Type: {option} with another PATH")


def check_distinct(paths: Mapping[str, Path | None]) -> None:
    """Check that no two files of a command are the same: one would replace the other.

    Args:
        paths: what is written, by the option that names it; the first is the output, which has files of its own beside
            it until it is complete.

    Raises:
        UsageProblem: two are the same, or one is an open file of the shell.
    """
    taken: dict[str, str] = {}
    for number, (option, path) in enumerate(paths.items()):
        if path is None:
            continue
        if number and str(path).startswith(("/dev/", "/proc/")) and path.is_file():
            raise UsageProblem(f"'{path}' is a file that the shell has opened. Type: {option} with a name")
        for ending in ("", *((".part", ".part.checkpoints", ".part.lock") if not number else ())):
            place = os.path.realpath(f"{path}{ending}")
            if number and place in taken:
                raise UsageProblem(f"'{path}' {taken[place]}, too. Type: {option} with another name")
            taken[place] = f"is what {option} writes"


@contextmanager
def new_page(path: Path) -> Iterator[BinaryIO]:
    """Open a new page for writing; the file appears only when complete.

    Raises:
        OutputFailed: the page cannot be written.
    """
    try:
        with new_file(path) as place, place.open("wb") as stream:
            yield stream
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


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
