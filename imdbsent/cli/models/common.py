"""What the subcommands of `imdbsent models` share."""

from __future__ import annotations

from typing import Annotated

import typer

NameOrPath = Annotated[
    str, typer.Argument(metavar="NAME|PATH", help="The model, by name or by its folder.", show_default=False)
]
Replace = Annotated[bool, typer.Option("--replace", help="Replace what has that name.")]


def size_of(size: int) -> str:
    """A number of bytes for people: `4.2 MB`."""
    if size < 1e3:  # noqa: PLR2004 (a kilobyte)
        return f"{size} B"
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"  # noqa: PLR2004 (0.1 MB)
