"""`imdbsent models install`: bring a model in."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from imdbsent.cli.console import NoColor, Notes, Quiet, stderr_console
from imdbsent.cli.models.common import Replace  # noqa: TC001 (Typer reads annotations)
from imdbsent.errors import UsageProblem
from imdbsent.records.writing import write


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
