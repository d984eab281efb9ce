"""`imdbsent models`: list, show, choose, install, export and remove models. A file a subcommand or two."""

from __future__ import annotations

import typer

from imdbsent.cli.models.choosing import use
from imdbsent.cli.models.exporting import export
from imdbsent.cli.models.installing import install
from imdbsent.cli.models.listing import list_models
from imdbsent.cli.models.removing import remove
from imdbsent.cli.models.showing import path, show

models_app = typer.Typer(name="models", pretty_exceptions_enable=False)
models_app.command("list")(list_models)
models_app.command()(show)
models_app.command()(use)
models_app.command()(install)
models_app.command()(export)
models_app.command()(remove)
models_app.command()(path)


@models_app.callback(invoke_without_command=True)
def models(context: typer.Context) -> None:
    """See the models on this machine and how good they are, choose the one that answers, bring one in or take one out.

    imdbsent models list

    imdbsent models export mine -o - | ssh host imdbsent models install -
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
