"""`imdbsent dataset`: where the reviews are, fetch them, check them, remove them, and write them as a table."""

from __future__ import annotations

import logging
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli._console import Data, NoColor, Quiet, show_messages, stdout_console
from imdbsent.cli._streams import visible
from imdbsent.errors import DatasetAbsent, DatasetIncomplete, UsageProblem
from imdbsent.writing.text import output_errors, write

if TYPE_CHECKING:
    from rich.table import Table

    from imdbsent.dataset.download import Verification
    from imdbsent.dataset.export import ExportFormat

logger = logging.getLogger(__name__)


class ExportSplit(str, Enum):
    """What to export."""

    TRAIN = "train"
    TEST = "test"
    UNSUP = "unsup"
    ALL = "all"


class ExportChoice(str, Enum):
    """The formats of `imdbsent.dataset.export.ExportFormat`, which a test holds equal to these."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def dataset() -> None:
    """The IMDB reviews on this machine: where they are, whether they are whole, and as a table for other tools.

    imdbsent dataset download && imdbsent dataset verify

    imdbsent dataset export --split train --format jsonl | head -3
    """


@app.command()
def path(data: Data = None, quiet: Quiet = False, no_color: NoColor = False) -> None:
    """Print where the reviews are; on standard error, their size and who said so.

    tar tzf "$(imdbsent dataset path)" | head
    """
    show_messages(no_color=no_color, quiet=quiet)
    source = _find(data)
    logger.info(_described(source, data))
    write([f"{source}\n"], sys.stdout.buffer)


@app.command()
def download(quiet: Quiet = False, no_color: NoColor = False) -> None:
    """Fetch the archive (84 MB) from Stanford into the cache, unless it is there; print where it is.

    imdbsent dataset download | xargs ls -l
    """
    from imdbsent.cli._progress import DownloadBar
    from imdbsent.dataset.download import fetch

    console = show_messages(no_color=no_color, quiet=quiet)
    target = fetch(None if quiet else DownloadBar(console))
    write([f"{target}\n"], sys.stdout.buffer)


@app.command()
def verify(data: Data = None, no_color: NoColor = False) -> None:
    """Count every folder and compare with the data set's 25,000, 25,000 and 50,000; exit with 4 where they differ.

    imdbsent dataset verify --data aclImdb && imdbsent train --data aclImdb
    """
    from imdbsent.dataset import download as verification

    found = verification.verify(_find(data))
    with output_errors():
        stdout_console(no_color=no_color).print(verification_table(found))
    if found.shortfalls:
        raise DatasetIncomplete(found.source, found.shortfalls)


@app.command()
def remove(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Remove the archive and what was counted in it from the cache; files that you named yourself stay.

    imdbsent dataset remove --yes && imdbsent dataset download
    """
    from imdbsent.dataset import download as removal

    show_messages(no_color=no_color, quiet=quiet)
    cached = removal.find_cached()
    if not cached.files:
        logger.info("the cache holds nothing of the data set")
        return
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageProblem("removing the data set off a terminal needs a yes. Type: imdbsent dataset remove --yes")
        for file in cached.files:
            logger.info(str(file))
        if not typer.confirm(f"Remove {_count(len(cached.files))} ({_bytes(cached.size)})?", err=True):
            return
    removal.remove(cached)
    logger.info(f"removed {_count(len(cached.files))} ({_bytes(cached.size)})")


@app.command()
def export(
    split: Annotated[ExportSplit, typer.Option("--split", help="Which reviews; unsup has no labels.")],
    export_format: Annotated[
        ExportChoice | None,
        typer.Option("--format", help="Left out: what the name of the output ends in, else csv."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write to a file. Left out: standard output."),
    ] = None,
    data: Data = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Write reviews as a table: text, label (negative or positive), stars, split, title and file.

    imdbsent dataset export --split train -o train.csv

    imdbsent dataset export --split test --format jsonl | jq -r .text | imdbsent predict -

    imdbsent dataset export --split all -o imdb.parquet
    """
    from imdbsent.cli._progress import DownloadBar
    from imdbsent.dataset import export as exporting
    from imdbsent.dataset.aclimdb import read_reviews
    from imdbsent.dataset.download import find_or_fetch

    chosen = exporting.ExportFormat(_format(export_format, output).value)
    _check_output(chosen, output)
    exporting.check_format(chosen)
    console = show_messages(no_color=no_color, quiet=quiet)
    source = find_or_fetch(data, None if quiet else DownloadBar(console))
    reviews = read_reviews(source, exporting.FOLDERS_OF_SPLIT[split.value])
    if output is None:
        write(exporting.export_text(reviews, chosen), sys.stdout.buffer)
    else:
        exporting.export_file(reviews, chosen, output)
        logger.info(f"wrote {len(reviews):,} reviews to {output}")


def verification_table(found: Verification) -> Table:
    """Folder, reviews, reviews expected, size; then the hashes."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(visible(str(found.source))), title_justify="left", expand=False, show_footer=True)
    folders = found.folders
    total = (sum(f.reviews for f in folders), sum(f.expected for f in folders), sum(f.size for f in folders))
    table.add_column("folder", "total")
    for name, footer in zip(("reviews", "expected"), total):
        table.add_column(name, f"{footer:,}", justify="right")
    table.add_column("text", _bytes(total[2]), justify="right")
    table.add_column("titles known", f"{sum(f.titled for f in folders):,}", justify="right")
    table.add_column("")
    for f in folders:
        verdict = Text("whole", style="green") if f.is_whole else Text("not whole", style="red")
        table.add_row(f.folder, f"{f.reviews:,}", f"{f.expected:,}", _bytes(f.size), f"{f.titled:,}", verdict)
    table.caption = _hashes(found)
    table.caption_justify = "left"
    return table


def _hashes(found: Verification) -> str:
    lines = []
    if found.archive_sha256 is not None:
        kind = "the official archive" if found.is_official else "not the official archive, so judged by its content"
        lines = [f"archive, SHA-256: {kind}", found.archive_sha256]
    return "\n".join([*lines, "labelled reviews, SHA-256, as in the card of a model", found.labelled_sha256])


def _find(data: Path | None) -> Path:
    from imdbsent.dataset.aclimdb import find

    source = find(data)
    if source is None:
        raise DatasetAbsent
    return source


def _described(source: Path, data: Path | None) -> str:
    from imdbsent import settings

    named = "--data" if data else settings.DATA if source.parent != settings.cache_directory() else "the cache"
    if source.is_dir():
        return f"a folder, from {named}"
    return f"an archive of {_bytes(source.stat().st_size)}, from {named}"


def _format(chosen: ExportChoice | None, output: Path | None) -> ExportChoice:
    if chosen is not None:
        return chosen
    suffix = output.suffix.lower().removeprefix(".") if output else ""
    return ExportChoice(suffix) if suffix in {choice.value for choice in ExportChoice} else ExportChoice.CSV


def _check_output(chosen: ExportFormat, output: Path | None) -> None:
    if chosen.value == ExportChoice.PARQUET.value and output is None:
        raise UsageProblem("Parquet needs a file. Type: -o FILE.parquet")
    if output is not None and output.is_dir():
        raise UsageProblem(f"'{output}' is a folder. Type: -o {output}/reviews.{chosen.value}")
    if output is not None and not output.parent.is_dir():
        raise UsageProblem(f"there is no folder '{output.parent}'. Type: mkdir -p '{output.parent}'")


def _bytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"  # noqa: PLR2004 (a megabyte)


def _count(files: int) -> str:
    return f"{files:,} file" + "s" * (files != 1)
