"""The command line: the table of commands, and the one place where an error becomes a line and an exit code.

A command is imported only when it runs. Its help is plain text: Typer reads help as Rich markup, which drops `[ray]`
from `pip install 'imdbsent[ray]'`, and prints the choices of an option where they may break within a word. Here
brackets stay, and the help text lists the choices.
"""

from __future__ import annotations

import copy
import errno
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from importlib import import_module
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, NamedTuple, TypeVar, cast

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from imdbsent import __version__, settings
from imdbsent.cli._signals import Terminated
from imdbsent.cli._streams import hide_messages, is_json, log_as_json, print_error, tolerate_any_character
from imdbsent.errors import (
    ExitCode,
    ImdbsentError,
    MemoryShort,
    OutputClosed,
    OutputFailed,
    UsageProblem,
    is_out_of_memory,
)

if TYPE_CHECKING:
    from collections.abc import Sequence


HELP_OPTIONS: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
"""Context settings of every command."""

_TEXT: Final = "--text"
"""The option of a command that takes texts."""
_EXAMPLE: Final = re.compile(r"^(?!#).*(^|\| |\$\()imdbsent ", re.MULTILINE)
"""A paragraph of a help text that is to be typed; a line before it may begin with `#` and say what for."""
_Command = TypeVar("_Command", TyperCommand, TyperGroup)


class PlainCommand(TyperCommand):
    """A command whose help is plain text, and which knows texts that begin with a dash."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments. What comes after `--` is a text, whatever it looks like.

        Raises:
            UsageProblem: one of them may be a text.
        """
        if not self._takes_texts:
            return super().parse_args(ctx, args)
        end = self._end_of_options(args)
        given = args[:end]
        try:
            return super().parse_args(ctx, [*given, *(f"{_TEXT}={text}" for text in args[end + 1 :])])
        except Exception as error:
            name: str = getattr(error, "option_name", "")  # of Typer's NoSuchOption, which it does not export
            if type(error).__name__ != "NoSuchOption" or getattr(error, "possibilities", None):
                raise
            text = next((one for one in given if one.startswith(name)), name)
            raise UsageProblem(f"there is no option {name}. {_as_text(self.name, text)}") from error

    @property
    def _takes_texts(self) -> bool:
        return any(_TEXT in one.opts for one in self.params)

    def _end_of_options(self, args: Sequence[str]) -> int:
        """Where `--` is among arguments, or their number.

        Raises:
            UsageProblem: one before it begins with a dash like an option, and has blanks like a text.
        """
        options = [one for one in self.params if one.param_type_name == "option"]
        valued = {name for one in options if not getattr(one, "is_flag", False) for name in one.opts}
        is_value = False
        for number, argument in enumerate(args):
            if is_value:
                is_value = False
            elif argument == "--":
                return number
            elif argument in valued:
                is_value = True
            elif argument.startswith("-") and any(map(str.isspace, argument)):
                name, equals, _ = argument.partition("=")
                if (equals and name in valued) or (argument[:2] in valued and os.path.lexists(argument[2:])):
                    continue
                raise UsageProblem(f"{argument!r} begins with a dash. {_as_text(self.name, argument)}")
        return len(args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help, and the examples at its end."""
        TyperCommand.format_help(_escaped(self), ctx, formatter)
        formatter.write(_examples(self.help))


class PlainGroup(TyperGroup):
    """A group of commands whose help is plain text."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help, and the examples at its end."""
        group = _escaped(self)
        group.commands = {name: _escaped(cast("Any", command)) for name, command in self.listed().items()}
        TyperGroup.format_help(group, ctx, formatter)
        formatter.write(_examples(self.help))

    def listed(self) -> Mapping[str, Any]:
        """The commands that the help lists."""
        return self.commands


class LazyCommand(NamedTuple):
    """A command that is not imported yet.

    Attributes:
        name: what the user types.
        module: the module that defines it.
        attribute: its function, or the `typer.Typer` of a group, in that module.
        summary: the first line of its help.
        panel: the panel that lists it in the help of the program.
    """

    name: str
    module: str
    attribute: str
    summary: str
    panel: str

    def load(self) -> Any:
        """Import the module and build the command."""
        found = getattr(import_module(self.module), self.attribute)
        if isinstance(found, typer.Typer):
            for command_info in found.registered_commands:
                command_info.cls = PlainCommand
            found.info.cls = PlainGroup
            command: Any = get_group(found)
        else:
            app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            app.command(cls=PlainCommand)(found)
            command = get_command(app)
        command.name = self.name
        return command


class _LazyCommands(Mapping[str, Any]):
    """Commands by their names; each is imported when it is first looked up."""

    def __init__(self, commands: Sequence[LazyCommand]) -> None:
        self._commands = {command.name: command for command in commands}
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._loaded:
            self._loaded[name] = self._commands[name].load()
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._commands)

    def __len__(self) -> int:
        return len(self._commands)


class LazyGroup(PlainGroup):
    """The program: a group that imports only the command that is run, and takes a text for a text.

    Attributes:
        table: its commands; a subclass sets them.
    """

    table: ClassVar[Sequence[LazyCommand]] = ()

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = cast("Any", _LazyCommands(self.table))

    def listed(self) -> Mapping[str, Any]:
        """The commands that the help lists; none of them is imported."""
        return {
            entry.name: TyperCommand(entry.name, help=entry.summary, rich_help_panel=entry.panel)
            for entry in self.table
        }

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete the name of a command, without importing all of them."""
        program = copy.copy(self)
        program.commands = dict(self.listed())
        ctx.command = program
        return TyperGroup.shell_complete(program, ctx, incomplete)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that is run.

        Raises:
            UsageProblem: there is no such command; it may be a typing error, or a text to classify.
        """
        name = args[0]
        if name in self.commands or name.startswith("-") or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        from difflib import get_close_matches

        text = " ".join(args)
        if similar := get_close_matches(name, self.commands, n=1):
            raise UsageProblem(f"there is no command '{name}'. Did you mean '{similar[0]}'? Type: imdbsent --help")
        raise UsageProblem(f"there is no command '{name}'. To classify a text, type: imdbsent predict {_quoted(text)}")


def _as_text(command: str | None, text: str) -> str:
    again = f"imdbsent {command}"
    return f"If it is a text, type: {again} -- {shlex.quote(text)}. For the options: {again} --help"


def _quoted(text: str) -> str:
    """A text as an argument in a shell, in double quotes if possible."""
    return shlex.quote(text) if any(c in text for c in '"$`\\!\n') else f'"{text}"'


def _paragraphs(help_text: str | None) -> list[str]:
    return (help_text or "").split("\n\n")


def _examples(help_text: str | None) -> str:
    """The examples of a command, each on one line however long it is: it can be copied from a terminal as it is."""
    typed = [f"   {line}" for text in _paragraphs(help_text) if _EXAMPLE.search(text) for line in text.splitlines()]
    return "\n".join([" Examples:", *typed, ""]) if typed else ""


def _escaped(command: _Command) -> _Command:
    """A copy of a command for its help page: text that Rich would take as markup is escaped, choices are listed."""
    from rich.markup import escape

    if command.rich_markup_mode != "rich":
        return command
    page = copy.copy(command)
    page.help = escape("\n\n".join(text for text in _paragraphs(command.help) if not _EXAMPLE.search(text)))
    page.params = [copy.copy(parameter) for parameter in command.params]
    for parameter in cast("list[Any]", page.params):
        text = getattr(parameter, "help", None) or ""
        choices = getattr(parameter.type, "choices", None)
        if choices and parameter.metavar is None and parameter.param_type_name == "option":
            parameter.metavar = parameter.opts[0].lstrip("-").upper()
            names = [str(choice.value) if isinstance(choice, Enum) else str(choice) for choice in choices]
            text = f"{text} Choices: {', '.join(names)}.".strip()
        parameter.help = escape(text)
    return page


_ASK = "Ask"
_UNDERSTAND = "Understand"
_OWN = "Train and manage"
COMMANDS = (
    LazyCommand("predict", "imdbsent.cli.predict", "predict", "Tell whether texts are positive or negative.", _ASK),
    LazyCommand(
        "inspect",
        "imdbsent.cli.inspect",
        "inspect_app",
        "Inspect reviews, words, ids, the network, and its state as it reads a text.",
        _UNDERSTAND,
    ),
    LazyCommand(
        "stats",
        "imdbsent.cli.stats",
        "stats",
        "Show statistics of the reviews: classes, words, lengths, stars, titles, and the words typical of each class.",
        _UNDERSTAND,
    ),
    LazyCommand(
        "evaluate",
        "imdbsent.cli.evaluate",
        "evaluate",
        "Measure models on labeled texts: accuracy, F1, ROC AUC, log loss, calibration, mistakes.",
        _UNDERSTAND,
    ),
    LazyCommand(
        "train",
        "imdbsent.cli.train",
        "train",
        "Fine-tune the default model on your own labeled texts, or train a new network on them or on the IMDB reviews.",
        _OWN,
    ),
    LazyCommand(
        "check",
        "imdbsent.cli.check",
        "check",
        "Check the installation: model, known answers, folders, versions, cores. Exits with 0 if it works.",
        _OWN,
    ),
    LazyCommand("models", "imdbsent.cli.models", "app", "List, show, choose, install, export and remove models.", _OWN),
    LazyCommand(
        "dataset", "imdbsent.cli.dataset", "app", "Find, download, verify, remove and export the IMDB reviews.", _OWN
    ),
    LazyCommand("help", "imdbsent.cli.app", "show_help", "Show the help of a command.", _OWN),
)
"""Every command; a test checks that each summary is the first line of the help of its command."""

_USAGE_ERROR = typer.BadParameter.__mro__[1]  # Typer exports BadParameter, but not its base class, UsageError


class _Program(LazyGroup):
    table = COMMANDS


app = typer.Typer(name="imdbsent", cls=_Program, pretty_exceptions_enable=False, context_settings=HELP_OPTIONS)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Print the version and exit.", is_eager=True)
    ] = False,
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


def _complete_commands(ctx: typer.Context) -> list[str]:
    """What the shell offers after the names that are there."""
    try:
        found = find_command(ctx.find_root(), ctx.params.get("names") or ())
    except UsageProblem:
        return []
    return list(getattr(found.command, "commands", ()))


def show_help(
    context: typer.Context,
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="COMMAND...",
            help="Command, and command of a group. Default: the program.",
            show_default=False,
            autocompletion=_complete_commands,
        ),
    ] = None,
) -> None:
    """Show the help of a command.

    imdbsent help predict

    imdbsent help models show

    imdbsent help evaluate | less
    """
    typer.echo(find_command(context.find_root(), names or ()).get_help())


def find_command(program: Any, names: Sequence[str]) -> Any:
    """The context of a command.

    Args:
        program: the context of the program.
        names: of the command and the groups around it, from the outside in; none for the program itself.

    Raises:
        UsageProblem: there is no such command.
    """
    found = program
    for name in names:
        commands = getattr(found.command, "commands", {})
        if name not in commands:
            raise UsageProblem(_problem(found.command_path, name, list(commands)))
        found = commands[name].make_context(name, [], parent=found, resilient_parsing=True)
    return found


def _problem(group: str, name: str, commands: list[str]) -> str:
    if not commands:
        return f"{group} has no commands of its own. Type: {group} --help"
    from difflib import get_close_matches

    similar = get_close_matches(name, commands, n=1)
    guess = f" Did you mean '{similar[0]}'?" if similar else ""
    return f"{group} has no command '{name}'.{guess} Type: {group} --help"


def run(arguments: Sequence[str]) -> int:
    """Run the command line.

    Args:
        arguments: without the name of the program.

    Returns:
        The exit code; see `imdbsent.errors.ExitCode`.
    """
    tolerate_any_character()
    if _asks_for_json(arguments):  # an error in the command line is an object, too
        log_as_json()
    try:
        code = app(list(arguments), prog_name="imdbsent", standalone_mode=False)
    except (KeyboardInterrupt, typer.Abort):  # Abort: Ctrl-D or Ctrl-C at a question
        return _stopped("interrupted by Ctrl-C", ExitCode.INTERRUPTED)
    except Terminated as error:
        return _stopped(str(error), error.exit_code)
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


def _stopped(message: str, code: ExitCode) -> ExitCode:
    """The exit code of a command that was stopped; a log of objects ends with the reason, a terminal needs none."""
    if is_json():
        print_error(message, code)
    return code


def _report(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:  # of a help page, for example
        error = OutputFailed(str(error.strerror))
    if isinstance(error, ImdbsentError):
        print_error(str(error), error.exit_code)
        return error.exit_code
    if is_out_of_memory(error):
        print_error(str(MemoryShort()), MemoryShort.exit_code)
        return MemoryShort.exit_code
    if isinstance(error, _USAGE_ERROR):
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "imdbsent"
        message = _sentence(error.format_message())  # type: ignore[attr-defined]
        print_error(f"{message} Type: {command} --help", ExitCode.USAGE)
        return ExitCode.USAGE
    print_error(
        f"unexpected {type(error).__name__}: {error}. "
        "Please report it, with the output of the same command under IMDBSENT_DEBUG=1",
        ExitCode.FAILED,
    )
    return ExitCode.FAILED


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether `--log-format json` is among the options."""
    options = list(arguments[: arguments.index("--")] if "--" in arguments else arguments)
    return "--log-format=json" in options or ("--log-format", "json") in pairwise(options)


def _sentence(message: str) -> str:
    """A message on one line, with a mark at its end."""
    line = " ".join(message.split())
    return line if line.endswith(("?", "!", ".")) else f"{line}."


def _drop_output() -> None:
    """Discard what Python flushes at exit: the reader is gone."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stdout.fileno())
