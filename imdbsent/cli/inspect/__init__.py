"""`imdbsent inspect`: look at the data, the words and the network. One file for one or two subcommands."""

from __future__ import annotations

import typer

from imdbsent.cli.inspect.ids import decode, encode
from imdbsent.cli.inspect.model import model
from imdbsent.cli.inspect.review import review
from imdbsent.cli.inspect.trace import trace
from imdbsent.cli.inspect.words import word, words
from imdbsent.cli.stats import stats

_STATS_HELP = """Show statistics of the reviews, like `imdbsent stats`.

imdbsent inspect stats --format json | jq .lengths.mean
"""

inspect_app = typer.Typer(name="inspect", pretty_exceptions_enable=False)
inspect_app.command()(review)
inspect_app.command()(decode)
inspect_app.command()(encode)
inspect_app.command()(word)
inspect_app.command()(words)
inspect_app.command()(model)
inspect_app.command()(trace)
inspect_app.command(help=_STATS_HELP)(stats)


@inspect_app.callback(invoke_without_command=True)
def inspect(context: typer.Context) -> None:
    """Inspect reviews, words, ids, the network, and its state as it reads a text.

    imdbsent inspect trace "not a great movie"

    imdbsent inspect review 0 --split train --ids | imdbsent inspect decode -
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
