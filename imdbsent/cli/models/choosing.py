"""`imdbsent models use`: choose the model that answers where none is named."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from imdbsent.cli.console import NoColor, Notes, Quiet, stderr_console
from imdbsent.errors import UsageProblem
from imdbsent.records.writing import write


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
    from imdbsent.models import choosing, default

    notes = Notes(stderr_console(no_color=no_color), quiet=quiet)
    if name is not None and reset:
        raise UsageProblem("a name and --reset ask for two things. Type: imdbsent models use --reset")
    if reset:
        choosing.reset()
    elif name is not None:
        choosing.use(name)
    choice = default.choice(notes)
    if name is None and not reset:
        write([f"{choice.name}\n"], sys.stdout.buffer)
        notes(f"says {choice.source}")
        return
    chosen = name or store.DEFAULT_MODEL
    notes(f"the default model is '{chosen}'")
    if choice.source == settings.MODEL:
        notes(f"but {settings.MODEL} is set, and '{choice.name}' answers as long as it is")
