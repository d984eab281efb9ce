"""`imdbsent models`: list, show, choose, install, export and remove models."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli.console import NoColor, Notes, Quiet, stderr_console, stdout_console
from imdbsent.errors import UsageProblem
from imdbsent.records.writing import output_errors, write

if TYPE_CHECKING:
    from imdbsent.models.default import Choice
    from imdbsent.models.inventory import Entry
    from imdbsent.models.removal import Removal


class ListFormat(str, Enum):
    """The formats of the list of models."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


class ExportChoice(str, Enum):
    """The formats of `imdbsent.models.exporting.ExportFormat`, which a test holds equal to these."""

    TAR = "tar"
    ONNX = "onnx"
    KERAS = "keras"


STDOUT = "-"

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model's name.", show_default=False)]
NameOrPath = Annotated[
    str, typer.Argument(metavar="NAME|PATH", help="The model, by name or by its folder.", show_default=False)
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace what has that name.")]

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def models() -> None:
    """The models on this machine: what there is and how good, which one answers; bring one in, take one out.

    imdbsent models list

    imdbsent models export mine -o - | ssh host imdbsent models install -
    """


@app.command("list")
def list_models(
    output_format: Annotated[ListFormat, typer.Option("--format", help="How to write it.")] = ListFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """List the models: where each is, its size, its accuracy on the test split, and which is the default.

    imdbsent models list

    imdbsent models list --format csv | cut -d, -f1
    """
    from imdbsent.cli import models_tables
    from imdbsent.models import inventory

    notes = Notes(stderr_console(no_color=no_color), quiet=quiet)
    choice = _choice(notes)
    entries = inventory.entries(choice)
    if output_format is ListFormat.TABLE:
        with output_errors():
            stdout_console(no_color=no_color).print(models_tables.list_table(entries))
    else:
        formatter = {ListFormat.JSON: models_tables.list_json, ListFormat.CSV: models_tables.list_csv}[output_format]
        write(formatter(entries), sys.stdout.buffer)
    for entry in entries:
        if entry.problem is not None:
            notes(f"the model '{entry.name}' is damaged: {entry.problem}. Type: {_remedy(entry)}")
    if not any(entry.is_default for entry in entries):
        notes(f"none of these is the default model: that is '{choice.name}', says {choice.source}")


@app.command()
def use(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Left out: print the default's name.", show_default=False)
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the built-in default.")] = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Make a model the default: the one that answers where neither --model nor IMDBSENT_MODEL names another.

    imdbsent models use mine && echo "great movie" | imdbsent predict -

    imdbsent models use --reset
    """
    from imdbsent import settings, store
    from imdbsent.models import choosing

    notes = Notes(stderr_console(no_color=no_color), quiet=quiet)
    if name is not None and reset:
        raise UsageProblem("a name and --reset ask for two things. Type: imdbsent models use --reset")
    if reset:
        choosing.reset()
    elif name is not None:
        choosing.use(name)
    choice = _choice(notes)
    if name is None and not reset:
        write([f"{choice.name}\n"], sys.stdout.buffer)
        notes(f"says {choice.source}")
        return
    chosen = name or store.DEFAULT_MODEL
    notes(f"the default model is '{chosen}'")
    if choice.source == settings.MODEL:
        notes(f"but {settings.MODEL} is set, and '{choice.name}' answers as long as it is")


@app.command()
def install(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|FOLDER|URL",
            help="A tar of a bundle, a bundle's folder, the address of a tar, or '-': a tar on standard input.",
            show_default=False,
        ),
    ],
    sha256: Annotated[
        str | None,
        typer.Option("--sha256", metavar="HEX", help="What the tar must be. An address needs it, or #sha256=HEX."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="The model's name from now on. Left out: the one in its card.")
    ] = None,
    replace: Replace = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Install a model from a tar, a folder or an address, all of its files checked; print its folder.

    imdbsent models install mine.tar.gz

    imdbsent models install https://example.org/mine.tar --sha256 HEX --name theirs

    cat mine.tar | imdbsent models install -
    """
    from imdbsent.cli.progress import DownloadBar
    from imdbsent.models import installing

    if source == installing.STDIN and sys.stdin is not None and sys.stdin.isatty():
        raise UsageProblem("standard input is a terminal, and a tar is no text. Type: imdbsent models install FILE")
    console = stderr_console(no_color=no_color)
    bundle = installing.install(
        source,
        Notes(console, quiet=quiet),
        name=name,
        sha256=sha256,
        replace=replace,
        stdin=sys.stdin.buffer if sys.stdin is not None else None,
        progress=None if quiet else DownloadBar(console),
    )
    write([f"{bundle.directory}\n"], sys.stdout.buffer)


@app.command()
def export(
    name: NameOrPath,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where it goes; '-' is standard output.")
    ],
    export_format: Annotated[
        ExportChoice | None,
        typer.Option("--format", help="Left out: what the name of the output ends in, else tar."),
    ] = None,
    replace: Replace = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Write a model to a file: all of it as a tar, or its network in ONNX or Keras for other programs.

    A tar of one model has the same bytes each time; .tar.gz is packed by gzip.

    imdbsent models export mine -o mine.tar.gz

    imdbsent models export classic -o classic.onnx

    imdbsent models export classic -o - | tar tv
    """
    from imdbsent import store
    from imdbsent.errors import BundleInvalid
    from imdbsent.models import exporting

    chosen = exporting.ExportFormat(export_format.value) if export_format else exporting.format_of(output)
    notes = Notes(stderr_console(no_color=no_color), quiet=quiet)
    bundle = store.locate(name)
    try:
        if output != STDOUT:
            exporting.export_file(bundle, chosen, Path(output), replace=replace)
            notes(f"wrote the model '{bundle.card.name}' to {output}")
            return
        if sys.stdout.isatty():
            raise UsageProblem("standard output is a terminal. Type: -o FILE, or a pipe behind it")
        with output_errors():
            exporting.export_stream(bundle.verify(), chosen, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    except BundleInvalid as error:
        raise store.damaged(error) from error


@app.command()
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Remove an installed model; the package's own copy of a model that comes with it stays.

    imdbsent models remove mine

    imdbsent models list --format csv | cut -d, -f1 | grep try | xargs -I NAME imdbsent models remove NAME --yes
    """
    from imdbsent import store
    from imdbsent.models import removal

    notes = Notes(stderr_console(no_color=no_color), quiet=quiet)
    planned = removal.plan(name)
    if not yes and not _is_wanted(planned):
        return
    was_default = removal.remove(planned)
    notes(f"removed the model '{name}' from {planned.directory.parent}")
    if planned.shipped:
        notes("the copy in the package stays, and is installed again when it is used")
    if was_default:
        notes(f"it was the default model; that is '{store.DEFAULT_MODEL}' again")


@app.command()
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


def _choice(notes: Notes) -> Choice:
    from imdbsent.models import default

    return default.choice(notes)


def _remedy(entry: Entry) -> str:
    from imdbsent import store

    if entry.directory == store.directory_of(entry.name):
        return f"imdbsent models remove {entry.name}"
    return "pip install --force-reinstall imdbsent"


def _is_wanted(planned: Removal) -> bool:
    """Ask on a terminal.

    Raises:
        UsageProblem: there is none.
    """
    from imdbsent.cli.models_tables import megabytes

    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageProblem(
            f"removing a model off a terminal needs a yes. Type: imdbsent models remove {planned.name} --yes"
        )
    return typer.confirm(f"Remove '{planned.directory}' ({megabytes(planned.size)})?", err=True)
