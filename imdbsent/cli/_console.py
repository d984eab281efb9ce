"""What commands share on a terminal: common options, consoles, messages, and the HTML page beside the results."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from imdbsent.cli._streams import LOGGER, MessageHandler, hide_messages
from imdbsent.errors import OutputFailed, UsageProblem
from imdbsent.files import new_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

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


def stdout_console(*, no_color: bool = False) -> Console:
    """A console on standard output: for people, never for data."""
    return Console(no_color=no_color or None, highlight=False)


def show_messages(*, no_color: bool = False, quiet: bool = False, verbose: bool = False) -> Console:
    """Show what the package logs on standard error until `hide_messages`: dim plain text, one line per message.

    On a terminal, lines wrap between words.

    Args:
        no_color: whether the console has no colors.
        quiet: whether nothing is shown; wins over `verbose`.
        verbose: whether debug messages are shown, too.

    Returns:
        The console that the messages go to. Draw progress bars on it, so that messages appear above them; it draws
        nothing if `quiet`.
    """
    hide_messages()
    console = Console(stderr=True, no_color=no_color or None, highlight=False, quiet=quiet)

    def show(message: str) -> None:
        if console.is_terminal:
            message = fill(message, console.width, break_long_words=False, break_on_hyphens=False)
        console.print(Text(message, style="dim"), soft_wrap=True)

    LOGGER.addHandler(MessageHandler(show))
    LOGGER.setLevel(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)
    LOGGER.propagate = False  # TensorFlow's handler on the root logger would show each message again
    return console


def check_place(path: Path) -> None:
    """Check before the work that a page can be written.

    Raises:
        UsageProblem: it cannot be written.
    """
    if path.is_dir():
        raise UsageProblem(f"'{path}' is a folder. Type: --html '{path / 'report.html'}'")
    if not path.parent.is_dir():
        raise UsageProblem(f"there is no folder '{path.parent}'. Type: mkdir -p '{path.parent}'")
    if not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise UsageProblem(f"the folder '{path.parent}' cannot be written. Type: --html with another PATH")


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
