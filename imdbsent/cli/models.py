"""`imdbsent models`: list, show, choose, install, export and remove models."""

from __future__ import annotations

import csv
import io
import json
import logging
import sys
from contextlib import contextmanager, nullcontext
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imdbsent.cli._console import (
    FigureFormat,
    NoColor,
    PageFormat,
    Quiet,
    complete_installed,
    complete_models,
    show_messages,
    stdout_console,
)
from imdbsent.cli._streams import visible
from imdbsent.errors import UsageProblem
from imdbsent.writing.text import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.models.inventory import Entry, Removal

logger = logging.getLogger(__name__)


app = typer.Typer(name="models", pretty_exceptions_enable=False)

STDOUT = "-"
_DEFAULT = "default"
_COLUMNS = ("name", "status", "shipped", "default", "version", "bytes", "accuracy", "reviews", "path", "problem")
_CONTENTS = {
    "tar": "the model",
    "onnx": "the network of",
    "keras": "the network of",
    "history": "the training history of",
}
_STYLES = {"wheel": "", "installed": "green", "damaged": "red"}  # of `imdbsent.models.inventory.Status`


class ExportChoice(str, Enum):
    """The formats of `imdbsent.models.export.ExportFormat`; a test checks that they are equal."""

    TAR = "tar"
    ONNX = "onnx"
    KERAS = "keras"
    HISTORY = "history"


NameOrPath = Annotated[
    str,
    typer.Argument(
        metavar="NAME|PATH", autocompletion=complete_models, help="Name or folder of the model.", show_default=False
    ),
]


@app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """List, show, choose, install, export and remove models.

    imdbsent models list

    imdbsent models export mine -o - | ssh host imdbsent models install -
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("list")
def list_models(
    output_format: Annotated[FigureFormat, typer.Option("--format", help="Output format.")] = FigureFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """List the models with their source, version, size and test accuracy; a star marks the default.

    imdbsent models list

    imdbsent models list --format csv | cut -d, -f1
    """
    from imdbsent.models import inventory, store

    show_messages(no_color=no_color, quiet=quiet)
    choice = store.default_model()
    entries = inventory.entries(choice)
    if output_format is FigureFormat.TABLE:
        with output_errors():
            stdout_console(no_color=no_color).print(list_table(entries))
    else:
        formatter = {FigureFormat.JSON: list_json, FigureFormat.CSV: list_csv}[output_format]
        write(formatter(entries), sys.stdout.buffer)
    for entry in entries:
        if entry.problem is not None:
            logger.info(f"the model '{entry.name}' is damaged: {entry.problem}. Type: {_remedy(entry)}")
    if not any(entry.is_default for entry in entries):
        logger.info(f"the default model is not in the list: '{choice.name}', set by {choice.source}")


@app.command()
def show(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|PATH]",
            autocompletion=complete_models,
            help="Name or folder of the model. Default: the default model.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[
        PageFormat, typer.Option("--format", help="Output format; json prints the card as it is.")
    ] = PageFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Show the card of a model, and check its files against their hashes; exit with 4 if one is damaged.

    imdbsent models show classic

    imdbsent models show classic --format json | python -m json.tool --no-ensure-ascii
    """
    from imdbsent.bundle.card import CARD
    from imdbsent.cli.inspect.model import model_tables
    from imdbsent.errors import BundleInvalid
    from imdbsent.models import store

    show_messages(no_color=no_color, quiet=quiet)
    bundle = store.locate(name)
    try:
        if output_format is PageFormat.JSON:
            write([bundle.read(CARD).decode("utf-8", "replace")], sys.stdout.buffer)
        else:
            console = stdout_console(no_color=no_color)
            with output_errors():
                for table in (*model_tables(bundle, console), files_table(bundle)):
                    console.print(table)
        bundle.verify()
    except BundleInvalid as error:
        raise store.diagnosed(error) from error


@app.command()
def verify(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|PATH]",
            autocompletion=complete_models,
            help="Name or folder of a model. Default: every model.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[PageFormat, typer.Option("--format", help="Output format.")] = PageFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Check the files, the network and the answers of models; exit with 4 if one is damaged.

    Prints each model as NAME@sha256:HEX, which pins its content. --model and IMDBSENT_MODEL accept this form.

    imdbsent models verify

    imdbsent models verify classic | cut -f2
    """
    from imdbsent.errors import BundleInvalid
    from imdbsent.models import inventory, store

    show_messages(no_color=no_color, quiet=quiet)
    problems: list[BundleInvalid] = []

    def check(model: str) -> dict[str, Any]:
        try:
            bundle = inventory.check(model).bundle
        except BundleInvalid as error:
            problems.append(error)
            return {"model": model, "version": None, "intact": False, "problem": error.reason}
        return {"model": store.pinned(bundle), "version": bundle.card.version, "intact": True, "problem": None}

    rows = [check(one) for one in (store.names() if name is None else [name])]
    if output_format is PageFormat.JSON:
        write([json.dumps(rows, ensure_ascii=False, indent=2) + "\n"], sys.stdout.buffer)
    else:
        lines = (("intact" if row["intact"] else "damaged") + f"\t{visible(row['model'])}\n" for row in rows)
        write(lines, sys.stdout.buffer)
    if problems:
        raise store.damaged(problems[0]) from problems[0]


@app.command()
def path(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            autocompletion=complete_models,
            help="Name of the model. Default: the folder of all models.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Print the folder of a model, or the folder of all models.

    imdbsent models path classic | xargs ls -l

    imdbsent models path
    """
    from imdbsent import settings
    from imdbsent.models import store

    folder = settings.models_directory() if name is None else store.locate(name).directory
    write([f"{folder}\n"], sys.stdout.buffer)


@app.command()
def use(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME]",
            autocompletion=complete_models,
            help="Name of the model. Default: print the current one.",
            show_default=False,
        ),
    ] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Restore the built-in default.")] = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Choose the default model, used if neither --model nor IMDBSENT_MODEL is given.

    imdbsent models use mine && echo "great movie" | imdbsent predict -

    imdbsent models use --reset
    """
    from imdbsent import settings
    from imdbsent.models import inventory, store

    show_messages(no_color=no_color, quiet=quiet)
    if name is not None and reset:
        raise UsageProblem("NAME cannot be combined with --reset. Type: imdbsent models use --reset")
    if reset:
        inventory.reset()
    elif name is not None:
        inventory.use(name)
    choice = store.default_model()
    if name is None and not reset:
        write([f"{choice.name}\n"], sys.stdout.buffer)
        logger.info(f"set by {choice.source}")
        return
    chosen = name or store.DEFAULT_MODEL
    logger.info(f"the default model is '{chosen}'")
    if choice.source == settings.MODEL:
        logger.info(f"but {settings.MODEL} is set, so '{choice.name}' is used until it is unset")


def _parse_threshold(text: str) -> float | None:
    try:
        threshold = None if text == _DEFAULT else float(text)
    except ValueError:
        threshold = -1.0
    if threshold is not None and not 0 <= threshold <= 1:
        raise typer.BadParameter(f"{text!r} is neither a probability from 0 to 1 nor {_DEFAULT!r}.")
    return threshold


@app.command("set")
def set_model(
    name: NameOrPath,
    threshold: Annotated[
        str,
        typer.Option(
            "--threshold", metavar="P|default", help="Lowest probability of 'positive'; default: the model's own."
        ),
    ],
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Set the threshold of a model on this machine; its card and its SHA-256 stay as they are.

    It is used by `predict` without --threshold, `evaluate`, Python and Ray. It is not exported.

    imdbsent models set flagship --threshold 0.62 && imdbsent predict reviews.csv -o verdicts.csv

    imdbsent models set flagship --threshold default
    """
    from imdbsent.models import inventory

    wanted = _parse_threshold(threshold)
    show_messages(no_color=no_color, quiet=quiet)
    bundle = inventory.set_threshold(name, wanted)
    source = "its own threshold" if wanted is None else f"its own threshold is {bundle.card.threshold:g}"
    logger.info(f"the model '{name}' is positive from {bundle.threshold:g} on ({source})")


@app.command()
def install(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|FOLDER|URL",
            help="A tar file, a folder, or the URL of a tar file; '-' reads standard input.",
            show_default=False,
        ),
    ],
    sha256: Annotated[
        str | None,
        typer.Option(
            "--sha256",
            metavar="HEX",
            help="Expected SHA-256 of the tar file; a URL needs it, or #sha256=HEX at its end.",
        ),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="New name of the model. Default: the name in its card.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace a model of that name.")] = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Install a model from a tar file, a folder or a URL; check its files and print its new folder.

    imdbsent models install mine.tar.gz

    imdbsent models install https://example.org/mine.tar --sha256 HEX --name theirs

    cat mine.tar | imdbsent models install -
    """
    from imdbsent.cli._progress import DownloadBar
    from imdbsent.models import install as installing

    if source == installing.STDIN and sys.stdin is not None and sys.stdin.isatty():
        raise UsageProblem("standard input is a terminal. Type: imdbsent models install FILE")
    console = show_messages(no_color=no_color, quiet=quiet)
    bundle = installing.install(
        source,
        name=name,
        sha256=sha256,
        replace=replace,
        stdin=sys.stdin.buffer if sys.stdin is not None else None,
        progress=None if quiet else DownloadBar(lambda: console),
    )
    write([f"{bundle.directory}\n"], sys.stdout.buffer)


@app.command()
def export(
    name: NameOrPath,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="File to write; '-' is standard output.")
    ],
    export_format: Annotated[
        ExportChoice | None,
        typer.Option("--format", help="What to export. Default: by the suffix of FILE, else tar."),
    ] = None,
    re_export: Annotated[
        bool,
        typer.Option("--re-export", help="Re-export the network from the same weights with this version."),
    ] = False,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an existing file.")] = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Write a model to a file: all of it as a tar, its network as ONNX or Keras, or its training history as JSON.

    The tar of a model has the same bytes each time; .tar.gz compresses it.

    imdbsent models export mine -o mine.tar.gz

    imdbsent models export classic -o classic.onnx

    imdbsent models export mine -o - --format history | jq .val_accuracy

    imdbsent models export classic -o - | tar tv

    imdbsent models export mine --re-export -o - | imdbsent models install - --name mine --replace
    """
    from imdbsent.errors import BundleInvalid
    from imdbsent.models import export as exporting
    from imdbsent.models import store

    chosen = exporting.ExportFormat(export_format.value) if export_format else exporting.format_of(output)
    show_messages(no_color=no_color, quiet=quiet)
    bundle = store.locate(name)
    try:
        with _re_exported(bundle) if re_export else nullcontext(bundle) as exported:
            if output != STDOUT:
                exporting.export_file(exported, chosen, Path(output), replace=replace)
                logger.info(f"wrote {_CONTENTS[chosen.value]} '{bundle.card.name}' to {output}")
                return
            if sys.stdout.isatty():
                raise UsageProblem("standard output is a terminal. Type: -o FILE, or pipe the output")
            with output_errors():
                exporting.export_stream(exported.verify(), chosen, sys.stdout.buffer)
                sys.stdout.buffer.flush()
    except BundleInvalid as error:
        raise store.diagnosed(error) from error


@app.command()
def remove(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", autocompletion=complete_installed, help="Name of the model.", show_default=False
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Remove an installed model; a copy in the package stays.

    imdbsent models remove mine

    imdbsent models list --format csv | cut -d, -f1 | grep try | xargs -I NAME imdbsent models remove NAME --yes
    """
    from imdbsent.models import inventory, store

    show_messages(no_color=no_color, quiet=quiet)
    planned = inventory.plan(name)
    if not yes and not _is_wanted(planned):
        return
    was_default = inventory.remove(planned)
    logger.info(f"removed the model '{name}' from {planned.directory.parent}")
    if planned.shipped:
        logger.info("the copy in the package stays; it is installed again on the next use")
    if was_default:
        logger.info(f"it was the default model; the default is now '{store.DEFAULT_MODEL}'")


def list_table(entries: Sequence[Entry]) -> Table:
    """One row per model; a star marks the default."""
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
    """One array with an object per model."""
    yield json.dumps([_fields(entry) for entry in entries], ensure_ascii=False, indent=2) + "\n"


def list_csv(entries: Sequence[Entry]) -> Iterator[str]:
    """CSV (RFC 4180, but lines end in LF) with a header; accuracy has 6 decimals, unknown values are empty."""
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
    from imdbsent.models import store

    if entry.directory == store.directory_of(entry.name):
        return f"imdbsent models remove {entry.name}"
    return "pip install --force-reinstall imdbsent"


def files_table(bundle: Bundle) -> Table:
    """The files of a bundle: size, SHA-256 in the card, and whether the file has it."""
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
            size, verdict = size_of(len(bundle.read(file))), Text("intact", style="green")
        except BundleInvalid:
            size, verdict = "", Text("damaged", style="red")
        table.add_row(Text(visible(file)), size, Text(visible(sha256)), verdict)
    return table


@contextmanager
def _re_exported(bundle: Bundle) -> Iterator[Bundle]:
    """The model with its network written again, in a folder that is removed afterwards."""
    from imdbsent.training.export import re_export

    with output_errors(), TemporaryDirectory() as folder:
        yield re_export(bundle, Path(folder))


def _is_wanted(planned: Removal) -> bool:
    """Ask for confirmation.

    Raises:
        UsageProblem: this is not a terminal.
    """
    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageProblem(
            f"not a terminal: pass --yes to confirm. Type: imdbsent models remove {planned.name} --yes"
        )
    return typer.confirm(f"Remove '{planned.directory}' ({size_of(planned.size)})?", err=True)


def size_of(size: int) -> str:
    """A number of bytes for people, for example `4.2 MB`."""
    if size < 1e3:  # noqa: PLR2004 (a kilobyte)
        return f"{size} B"
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"  # noqa: PLR2004 (0.1 MB)
