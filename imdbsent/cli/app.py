"""The Typer application, and the one place where an error becomes a line and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent import __version__, settings
from imdbsent.cli import dataset
from imdbsent.cli._console import hide_messages, print_error, show_what_can_be_shown
from imdbsent.cli.evaluate import evaluate
from imdbsent.cli.inspect import inspect_app
from imdbsent.cli.models import models_app
from imdbsent.cli.predict import predict
from imdbsent.cli.stats import stats
from imdbsent.cli.train import train
from imdbsent.errors import ExitCode, ImdbsentError, OutputClosed

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(
    name="imdbsent",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(predict)
app.command()(train)
app.command()(evaluate)
app.add_typer(inspect_app)
app.command()(stats)
app.add_typer(dataset.app, name="dataset")
app.add_typer(models_app)

_USAGE_ERROR = typer.BadParameter.__mro__[1]  # Typer exports BadParameter, but not its base, UsageError


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    """Is a text positive or negative? An LSTM trained on the IMDB reviews answers, offline, from your terminal.

    imdbsent predict "great movie"

    cat reviews.txt | imdbsent predict -
    """
    if version:
        typer.echo(f"imdbsent {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def run(arguments: Sequence[str]) -> int:
    """Run the command line.

    Args:
        arguments: without the name of the program.

    Returns:
        The exit code; see `imdbsent.errors.ExitCode`.
    """
    show_what_can_be_shown()
    try:
        code = app(list(arguments), prog_name="imdbsent", standalone_mode=False)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except OutputClosed:
        _drop_output()
        return ExitCode.DONE
    except typer.Abort:  # Ctrl-D or Ctrl-C at a question
        return ExitCode.INTERRUPTED
    except Exception as error:
        if settings.is_debug():
            raise
        return _report(error)
    finally:
        hide_messages()
    return code if isinstance(code, int) else ExitCode.DONE


def _report(error: Exception) -> int:
    if isinstance(error, ImdbsentError):
        print_error(str(error))
        return error.exit_code
    if isinstance(error, _USAGE_ERROR):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "imdbsent"
        print_error(f"{_sentence(error.format_message())} Type: {command} --help")  # type: ignore[attr-defined]
        return ExitCode.USAGE
    print_error(
        f"unexpected {type(error).__name__}: {error}. "
        "Please report it, with what IMDBSENT_DEBUG=1 and the same command print"
    )
    return ExitCode.FAILED


def _sentence(message: str) -> str:
    return " ".join(message.split()).rstrip(".") + "."


def _drop_output() -> None:
    """Let Python's own flush at exit go nowhere: the reader has gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
