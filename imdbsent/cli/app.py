"""The command line: the table of commands, and the one place where an error becomes a line and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent import __version__, settings
from imdbsent.cli._commands import HELP_OPTIONS, LazyCommand, LazyGroup
from imdbsent.cli._signals import Terminated
from imdbsent.cli._streams import hide_messages, print_error, tolerate_any_character
from imdbsent.errors import ExitCode, ImdbsentError, MemoryShort, OutputClosed, is_out_of_memory

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASK = "Ask"
_UNDERSTAND = "Understand"
_OWN = "Train and manage"
COMMANDS = (
    LazyCommand("predict", "imdbsent.cli.predict", "predict", "Tell whether texts are positive or negative.", _ASK),
    LazyCommand(
        "inspect",
        "imdbsent.cli.inspect",
        "inspect_app",
        "Look at a review, a word, the ids of a text, the network, and its state while it reads a text.",
        _UNDERSTAND,
    ),
    LazyCommand(
        "stats",
        "imdbsent.cli.stats",
        "stats",
        "Show figures about the reviews: classes, words, lengths, stars, titles, and the words typical of each class.",
        _UNDERSTAND,
    ),
    LazyCommand(
        "evaluate",
        "imdbsent.cli.evaluate",
        "evaluate",
        "Measure models on labelled texts: accuracy, F1, ROC AUC, log loss, calibration, mistakes.",
        _UNDERSTAND,
    ),
    LazyCommand(
        "train",
        "imdbsent.cli.train",
        "train",
        "Train a network on the IMDB reviews, or on your own labeled texts.",
        _OWN,
    ),
    LazyCommand("models", "imdbsent.cli.models", "app", "List, show, choose, install, export and remove models.", _OWN),
    LazyCommand(
        "dataset", "imdbsent.cli.dataset", "app", "Find, download, verify, remove and export the IMDB reviews.", _OWN
    ),
)
"""Every command; a test checks that each summary is the first line of the help of its command."""

_USAGE_ERROR = typer.BadParameter.__mro__[1]  # Typer exports BadParameter, but not its base class, UsageError


class _Program(LazyGroup):
    table = COMMANDS


app = typer.Typer(name="imdbsent", cls=_Program, pretty_exceptions_enable=False, context_settings=HELP_OPTIONS)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """Is a text positive or negative? An LSTM trained on the IMDB reviews answers in your terminal, offline.

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
    tolerate_any_character()
    try:
        code = app(list(arguments), prog_name="imdbsent", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):  # Abort: Ctrl-D or Ctrl-C at a question
        return ExitCode.INTERRUPTED
    except Terminated:
        return ExitCode.TERMINATED
    except OutputClosed:
        _drop_output()
        return ExitCode.DONE
    except SystemExit as error:
        if not isinstance(error.__context__, BrokenPipeError):  # Rich exits if the reader of the help is gone
            raise
        return ExitCode.DONE
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
    if is_out_of_memory(error):
        print_error(str(MemoryShort()))
        return MemoryShort.exit_code
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
    """A message on one line, with a mark at its end."""
    line = " ".join(message.split())
    return line if line.endswith(("?", "!", ".")) else f"{line}."


def _drop_output() -> None:
    """Discard what Python flushes at exit: the reader is gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
