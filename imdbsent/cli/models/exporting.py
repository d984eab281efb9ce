"""`imdbsent models export`: take a copy of a model out."""

from __future__ import annotations

import sys
from contextlib import contextmanager, nullcontext
from enum import Enum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli.console import NoColor, Notes, Quiet, stderr_console
from imdbsent.cli.models.common import NameOrPath, Replace  # noqa: TC001 (Typer reads annotations)
from imdbsent.errors import UsageProblem
from imdbsent.records.writing import output_errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imdbsent.bundle import Bundle

STDOUT = "-"


class ExportChoice(str, Enum):
    """The formats of `imdbsent.models.exporting.ExportFormat`, which a test holds equal to these."""

    TAR = "tar"
    ONNX = "onnx"
    KERAS = "keras"
    HISTORY = "history"


def export(
    name: NameOrPath,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FILE", help="Where it goes; '-' is standard output.")
    ],
    export_format: Annotated[
        ExportChoice | None,
        typer.Option("--format", help="Left out: what the name of the output ends in, else tar."),
    ] = None,
    renew: Annotated[
        bool,
        typer.Option(
            "--renew", help="Write the network as this version of imdbsent does, from the same weights; it needs onnx."
        ),
    ] = False,
    replace: Replace = False,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Write a model to a file: all of it as a tar, its network in ONNX or Keras, or the figures of its epochs.

    A tar of one model has the same bytes each time; .tar.gz is packed by gzip.

    imdbsent models export mine -o mine.tar.gz

    imdbsent models export classic -o classic.onnx

    imdbsent models export mine -o - --format history | jq .val_accuracy

    imdbsent models export classic -o - | tar tv

    imdbsent models export mine --renew -o - | imdbsent models install - --name mine --replace
    """
    from imdbsent import store
    from imdbsent.errors import BundleInvalid
    from imdbsent.models import exporting

    chosen = exporting.ExportFormat(export_format.value) if export_format else exporting.format_of(output)
    notes = Notes(stderr_console(no_color=no_color), quiet=quiet)
    bundle = store.locate(name)
    try:
        with _renewed(bundle) if renew else nullcontext(bundle) as exported:
            if output != STDOUT:
                exporting.export_file(exported, chosen, Path(output), replace=replace)
                notes(f"wrote the model '{bundle.card.name}' to {output}")
                return
            if sys.stdout.isatty():
                raise UsageProblem("standard output is a terminal. Type: -o FILE, or a pipe behind it")
            with output_errors():
                exporting.export_stream(exported.verify(), chosen, sys.stdout.buffer)
                sys.stdout.buffer.flush()
    except BundleInvalid as error:
        raise store.damaged(error) from error


@contextmanager
def _renewed(bundle: Bundle) -> Iterator[Bundle]:
    """The model with its network written anew, in a folder that goes with the block."""
    from imdbsent.training.renewing import renew

    with output_errors(), TemporaryDirectory() as folder:
        yield renew(bundle, Path(folder))
