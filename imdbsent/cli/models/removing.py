"""`imdbsent models remove`: take an installed model away."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli.console import NoColor, Notes, Quiet, stderr_console
from imdbsent.cli.models.common import size_of
from imdbsent.errors import UsageProblem

if TYPE_CHECKING:
    from imdbsent.models.removal import Removal


def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The model's name.", show_default=False)],
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


def _is_wanted(planned: Removal) -> bool:
    """Ask on a terminal.

    Raises:
        UsageProblem: there is none.
    """
    if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageProblem(
            f"removing a model off a terminal needs a yes. Type: imdbsent models remove {planned.name} --yes"
        )
    return typer.confirm(f"Remove '{planned.directory}' ({size_of(planned.size)})?", err=True)
