"""`imdbsent models show` and `path`: one model as its card tells it, and where it is."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli.console import NoColor, Notes, Quiet, stderr_console, stdout_console, visible
from imdbsent.cli.inspect.common import PageFormat
from imdbsent.cli.models.common import size_of
from imdbsent.records.writing import output_errors, write

if TYPE_CHECKING:
    from rich.table import Table

    from imdbsent.bundle import Bundle


def show(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME|PATH]", help="The model. Left out: the default.", show_default=False),
    ] = None,
    output_format: Annotated[
        PageFormat, typer.Option("--format", help="'json' gives the card as it is.")
    ] = PageFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Show the card of a model: layers, epochs, metrics, recipe, versions, and each file compared with its hash.

    imdbsent models show classic

    imdbsent models show classic --format json | python -m json.tool --no-ensure-ascii
    """
    from imdbsent import store
    from imdbsent.bundle import CARD
    from imdbsent.cli.inspect.model import model_tables

    bundle = store.locate(name, Notes(stderr_console(no_color=no_color), quiet=quiet))
    if output_format is PageFormat.JSON:
        write([(bundle.directory / CARD).read_text("utf-8", "replace")], sys.stdout.buffer)
        return
    console = stdout_console(no_color=no_color)
    with output_errors():
        for table in (*model_tables(bundle, console), files_table(bundle)):
            console.print(table)


def path(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME]", help="Left out: the folder that holds your models.", show_default=False),
    ] = None,
) -> None:
    """Print the folder of a model, or the one that holds them all.

    imdbsent models path classic | xargs ls -l

    imdbsent models path
    """
    from imdbsent import settings, store

    folder = settings.models_directory() if name is None else store.locate(name).directory
    write([f"{folder}\n"], sys.stdout.buffer)


def files_table(bundle: Bundle) -> Table:
    """The files of a bundle: size, SHA-256 in the card, and whether that is the file's own."""
    from rich.table import Table
    from rich.text import Text

    from imdbsent.errors import BundleInvalid

    table = Table(title="files", title_style="italic", header_style="bold")
    table.add_column("file", overflow="fold")
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("SHA-256", overflow="fold")
    table.add_column("", no_wrap=True)
    for file, sha256 in bundle.card.files.items():
        try:
            size, verdict = size_of(bundle.checked(file).stat().st_size), Text("whole", style="green")
        except BundleInvalid:
            size, verdict = "", Text("damaged", style="red")
        table.add_row(Text(visible(file)), size, Text(visible(sha256)), verdict)
    return table
