"""`imdbsent dataset`: find, download, verify, remove and export the IMDB reviews.

From top to bottom: the commands, the work, the table.
"""

from __future__ import annotations

import logging
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from imdbsent.cli._console import (
    NARROW,
    Data,
    NoColor,
    Quiet,
    messages,
    new_table,
    show,
    show_messages,
    stdout_console,
    write_lines,
    write_text,
)
from imdbsent.errors import DatasetAbsent, DatasetIncomplete, UsageProblem, counted

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from imdbsent.dataset.aclimdb import Review
    from imdbsent.dataset.download import Verification
    from imdbsent.dataset.export import TableFormat
    from imdbsent.fetch import DownloadProgress

logger = logging.getLogger(__name__)

_INPUT: Final = "Input"
_OUTPUT: Final = "Output"


class ExportSplit(str, Enum):
    """The reviews to export."""

    TRAIN = "train"
    TEST = "test"
    UNSUP = "unsup"
    ALL = "all"


class ReviewFormat(str, Enum):
    """The formats of a table of reviews, those of `imdbsent.dataset.export.TableFormat`."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def dataset() -> None:
    """Find, download, verify, remove and export the IMDB reviews.

    imdbsent dataset download && imdbsent dataset verify

    imdbsent dataset export --split train --format jsonl | head -3
    """


@app.command()
def path(data: Data = None, quiet: Quiet = False, no_color: NoColor = False) -> None:
    """Print the path of the reviews; their size and origin go to standard error.

    tar tzf "$(imdbsent dataset path)" | head
    """
    show_messages(no_color=no_color, quiet=quiet)
    source = find_reviews(data)
    logger.info(_description(source, data))
    write_lines([str(source)])


@app.command()
def download(quiet: Quiet = False, no_color: NoColor = False) -> None:
    """Download the archive (84 MB) from Stanford into the cache, unless it is already there, and print its path.

    imdbsent dataset download | xargs ls -l
    """
    from imdbsent.cli._progress import DownloadBar
    from imdbsent.dataset.download import fetch

    target = fetch(DownloadBar(messages(no_color=no_color, quiet=quiet)))
    write_lines([str(target)])


@app.command()
def verify(data: Data = None, no_color: NoColor = False) -> None:
    """Count the reviews in every folder. Exits with 4 if any are missing.

    imdbsent dataset verify --data aclImdb && imdbsent train --data aclImdb
    """
    from imdbsent.dataset import download as copies

    found = copies.verify(find_reviews(data))
    console = stdout_console(no_color=no_color)
    show(console, *verification_tables(found, console.width))
    if found.shortfalls:
        raise DatasetIncomplete(found.source, found.shortfalls)


@app.command()
def remove(
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for confirmation.")] = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Remove the archive and its word counts from the cache. Files outside the cache stay.

    imdbsent dataset remove --yes && imdbsent dataset download
    """
    from imdbsent.dataset import download as copies

    show_messages(no_color=no_color, quiet=quiet)
    cached = copies.find_cached()
    if not cached.files:
        logger.info("the cache has no files of the data set")
        return
    size = f"{counted(len(cached.files), 'file')} ({_bytes(cached.size)})"
    if not yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise UsageProblem("not a terminal: pass --yes to confirm. Type: imdbsent dataset remove --yes")
        for file in cached.files:
            logger.info(str(file))
        if not typer.confirm(f"Remove {size}?", err=True):
            return
    copies.remove(cached)
    logger.info(f"removed {size}")


@app.command()
def export(
    split: Annotated[
        ExportSplit, typer.Option("--split", help="Reviews to export; unsup has no labels.", rich_help_panel=_INPUT)
    ],
    export_format: Annotated[
        ReviewFormat | None,
        typer.Option(
            "--format", help="Output format. Default: the suffix of the file, else csv.", rich_help_panel=_OUTPUT
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="Output file. Default: standard output.", rich_help_panel=_OUTPUT
        ),
    ] = None,
    data: Data = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Write reviews as a table with the columns text, label, stars, split, title and file.

    imdbsent dataset export --split train -o train.csv

    imdbsent dataset export --split test --format jsonl | jq -r .text | imdbsent predict -

    imdbsent dataset export --split all -o imdb.parquet
    """
    from imdbsent.cli._progress import DownloadBar
    from imdbsent.dataset.export import check_format, export_file, export_text

    table_format = _table_format(export_format, output)
    _check_output(table_format, output)
    check_format(table_format)
    console = show_messages(no_color=no_color, quiet=quiet)
    reviews = read_split(split.value, data, DownloadBar(lambda: console))
    if output is None:
        write_text(export_text(reviews, table_format))
    else:
        export_file(reviews, table_format, output)
        logger.info(f"wrote {counted(len(reviews), 'review')} to {output}")


def _table_format(chosen: ReviewFormat | None, output: Path | None) -> TableFormat:
    if chosen is None:
        suffix = output.suffix.lower().removeprefix(".") if output else ""
        chosen = next((each for each in ReviewFormat if each.value == suffix), ReviewFormat.CSV)
    formats: dict[ReviewFormat, TableFormat] = {
        ReviewFormat.CSV: "csv",
        ReviewFormat.JSONL: "jsonl",
        ReviewFormat.PARQUET: "parquet",
    }
    return formats[chosen]


def _check_output(table_format: TableFormat, output: Path | None) -> None:
    if table_format == "parquet" and output is None:
        raise UsageProblem("Parquet needs a file. Type: -o FILE.parquet")
    if output is not None and output.is_dir():
        raise UsageProblem(f"'{output}' is a folder. Type: -o {output}/reviews.{table_format}")
    if output is not None and not output.parent.is_dir():
        raise UsageProblem(f"there is no folder '{output.parent}'. Type: mkdir -p '{output.parent}'")


def find_reviews(data: Path | None) -> Path:
    """Find the reviews without downloading them.

    Args:
        data: archive or folder given by the user; None for the usual places.

    Raises:
        DatasetAbsent: they are not on this machine.
        DatasetInvalid: the given path does not exist.
    """
    from imdbsent.dataset.aclimdb import find

    source = find(data)
    if source is None:
        raise DatasetAbsent
    return source


def read_split(split: str, data: Path | None = None, progress: DownloadProgress | None = None) -> list[Review]:
    """Read the reviews to export, after downloading them if necessary.

    Args:
        split: a key of `imdbsent.dataset.export.FOLDERS_OF_SPLIT`.
        data: archive or folder given by the user; None for the usual places.
        progress: follows a download.

    Raises:
        ImdbsentError: the reviews are missing or damaged.
    """
    from imdbsent.dataset.aclimdb import read_reviews
    from imdbsent.dataset.download import find_or_fetch
    from imdbsent.dataset.export import FOLDERS_OF_SPLIT

    return read_reviews(find_or_fetch(data, progress), FOLDERS_OF_SPLIT[split])


def verification_tables(found: Verification, width: int) -> list[RenderableType]:
    """The reviews of each folder, then the hashes.

    Args:
        found: a verified copy of the data set.
        width: columns of the console.
    """
    return [_folder_table(found, width), *_hashes(found)]


def _folder_table(found: Verification, width: int) -> Table:
    from rich.text import Text

    folders = found.folders
    columns = {
        "reviews": [f"{f.reviews:,}" for f in folders] + [f"{sum(f.reviews for f in folders):,}"],
        "expected": [f"{f.expected:,}" for f in folders] + [f"{sum(f.expected for f in folders):,}"],
    }
    if width >= NARROW:  # the rest does not decide whether the folder is complete
        columns["text"] = [_bytes(f.size) for f in folders] + [_bytes(sum(f.size for f in folders))]
        columns["titles known"] = [f"{f.titled:,}" for f in folders] + [f"{sum(f.titled for f in folders):,}"]
    table = new_table(width, str(found.source), has_footer=True)
    table.add_column("folder", "total", overflow="fold")
    for name, (*_, total) in columns.items():
        table.add_column(name, total, justify="right", overflow="fold")
    table.add_column("", overflow="fold")
    for folder, *cells in zip(folders, *columns.values()):
        verdict = Text("complete", style="green") if folder.is_complete else Text("incomplete", style="red")
        table.add_row(folder.folder, *cells, verdict)
    return table


def _hashes(found: Verification) -> list[RenderableType]:
    from rich.text import Text

    hashes = []
    if found.archive_sha256 is not None:
        kind = "the official archive" if found.is_official else "not the official file; only its content is checked"
        hashes.append((f"SHA-256 of the archive: {kind}", found.archive_sha256))
    hashes.append(("SHA-256 of the labeled reviews, as in the card of a model", found.labeled_sha256))
    return [Text(line, style="dim italic", overflow="fold") for pair in hashes for line in pair]


def _description(source: Path, data: Path | None) -> str:
    from imdbsent import settings

    origin = "--data" if data else settings.DATA if source.parent != settings.cache_directory() else "the cache"
    if source.is_dir():
        return f"a folder, from {origin}"
    return f"an archive of {_bytes(source.stat().st_size)}, from {origin}"


def _bytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e6 else f"{size / 1e3:,.1f} kB"  # noqa: PLR2004 (a megabyte)
