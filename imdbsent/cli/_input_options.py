"""The options of the commands that read files: what a file is, and which of its columns are meant.

`train`, `evaluate` and `stats` share all of them: `with_input_options` gives a command the options, and the command
receives them as one `InputOptions`.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from imdbsent.cli._console import as_typed
from imdbsent.errors import UsageProblem
from imdbsent.reading.options import Escape, Kind, Quoting, ReadOptions
from imdbsent.reading.streams import STDIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from imdbsent.reading.labeled import LabelRules
    from imdbsent.training.request import OwnData


INPUT: Final = "Input"
"""The panel of these options in the help."""
_READING: Final = ("input_format", "delimiter", "encoding", "quoting", "escape", "sheet")
"""The parameters that say how a file is read before its columns are known."""


def complete_columns(ctx: typer.Context) -> list[str]:
    """What a shell offers at Tab for a column: those of the first file on the command line.

    If the file cannot be read, that is nothing: a message would end up in the command line.
    """
    from imdbsent.errors import ImdbsentError

    with contextlib.suppress(ImdbsentError, OSError, ValueError):
        for file in _files(ctx):
            if Path(file).is_file():  # not a pipe, which can be read once only
                return as_typed(_columns_of(file, {name: ctx.params.get(name) for name in _READING}))
    return []


def _files(ctx: typer.Context) -> Iterator[str]:
    for name in ("file", "texts"):
        value = ctx.params.get(name) or ()
        yield from [value] if isinstance(value, str) else value
    yield from ctx.args  # where arguments are while the option that is completed lacks its value


def _columns_of(file: str, given: dict[str, Any]) -> list[str]:
    from imdbsent.reading.tables import Table, open_any

    opened = open_any(file, ReadOptions(**given), is_table=True)
    if not isinstance(opened, Table):
        return []
    with contextlib.closing(opened):
        return list(opened.columns or next((row.values for row in opened.rows()), ()))


_KINDS: Final = " or ".join(", ".join(Kind).rsplit(", ", 1))
InputFormatOption = Annotated[
    str | None,
    typer.Option(
        "--input-format",
        metavar="FORMAT",
        help=f"{_KINDS}. Add .gz, .zst, .bz2, .xz or .zip if compressed. "
        "Default: detected from the content.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
DelimiterOption = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        metavar="CHARACTER",
        help="Character between fields of CSV, or tab, comma, semicolon, pipe. Default: detected.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        "--encoding",
        metavar="NAME",
        help="Encoding of the text, for example cp1252, latin-1 or utf-16; auto guesses it. Default: UTF-8, or the "
        "byte order mark of the file.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
QuotingOption = Annotated[
    Quoting | None,
    typer.Option(
        "--quoting",
        help="Whether quotation marks enclose fields of CSV or are text. Default: detected.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
EscapeOption = Annotated[
    Escape | None,
    typer.Option(
        "--escape",
        help="Whether a backslash escapes a quotation mark in CSV. Default: detected.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
NoHeaderOption = Annotated[
    bool,
    typer.Option(
        "--no-header", help="Treat the first row as data; columns are numbered from 1.", rich_help_panel=INPUT
    ),
]
TextColumnOption = Annotated[
    str | None,
    typer.Option(
        "--text-column",
        metavar="COLUMN",
        autocompletion=complete_columns,
        help="Column with the text: its name, its number from 1, or a path such as user.text in JSON. Default: text, "
        "or the only column that can hold texts.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
LabelColumnOption = Annotated[
    str | None,
    typer.Option(
        "--label-column",
        metavar="COLUMN",
        autocompletion=complete_columns,
        help="Column with the label. Default: label, else the only column with a similar name.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
IdColumnOption = Annotated[
    str | None,
    typer.Option(
        "--id-column",
        metavar="COLUMN",
        autocompletion=complete_columns,
        help="Column that identifies a record. Its values must be unique.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
KeepOption = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="COLUMN",
        autocompletion=complete_columns,
        help="Copy a column to the results; all copies every column. May be repeated.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
SheetOption = Annotated[
    str | None,
    typer.Option(
        "--sheet",
        metavar="NAME",
        help="Sheet of a spreadsheet, by name or number. Default: the first that is not empty.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
SkipBadOption = Annotated[
    bool,
    typer.Option(
        "--skip-bad", help="Report rows that cannot be read, and continue after them.", rich_help_panel=INPUT
    ),
]
WholeOption = Annotated[
    bool, typer.Option("--whole", help="Read each file as one text.", rich_help_panel=INPUT)
]
TextOption = Annotated[
    list[str] | None,
    typer.Option(
        "--text",
        metavar="TEXT",
        help="A text, even if it looks like the name of a file. May be repeated.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
PositiveOption = Annotated[
    list[str] | None,
    typer.Option(
        "--positive",
        metavar="RULE",
        help="Positive labels: one, several such as good,great, a range such as 4-5, or a comparison such as '>=4'. "
        "May be repeated. Default: positive, pos, 1, true.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
NegativeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--negative",
        metavar="RULE",
        help="Negative labels, written like --positive. With both, rows with other labels are skipped. Default: with "
        "--positive, all other labels; else negative, neg, 0, false.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]


def read_options(
    *,
    command: str,
    input_format: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    quoting: Quoting | None = None,
    escape: Escape | None = None,
    no_header: bool = False,
    text_column: str | None = None,
    label_column: str | None = None,
    id_column: str | None = None,
    keep: list[str] | None = None,
    sheet: str | None = None,
    skip_bad: bool = False,
    whole: bool = False,
) -> ReadOptions:
    """The object that the options of a command line make.

    Args:
        command: the command, for error messages.
        input_format: value of `--input-format`.
        delimiter: value of `--delimiter`.
        encoding: value of `--encoding`.
        quoting: value of `--quoting`.
        escape: value of `--escape`.
        no_header: whether `--no-header` is given.
        text_column: value of `--text-column`.
        label_column: value of `--label-column`.
        id_column: value of `--id-column`.
        keep: values of `--keep`.
        sheet: value of `--sheet`.
        skip_bad: whether `--skip-bad` is given.
        whole: whether `--whole` is given.

    Raises:
        UsageProblem: an option has no such value, or excludes another one.
    """
    return ReadOptions(
        input_format=input_format,
        delimiter=delimiter,
        encoding=encoding,
        quoting=quoting,
        escape=escape,
        header=not no_header,
        text_column=text_column,
        label_column=label_column,
        id_column=id_column,
        kept=tuple(keep or ()),
        sheet=sheet,
        skip_bad=skip_bad,
        whole=whole,
        command=command,
    )


_FORMATS: Final = (
    "CSV, TSV, JSON, JSON Lines, Parquet, a spreadsheet or fastText, compressed or not; '-' for standard input; or a "
    "folder with .txt files in pos/ and neg/"
)

TrainingFile = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        help=f"Your own labeled texts: {_FORMATS}. Default: the 25,000 IMDB training reviews.",
        show_default=False,
    ),
]
EvaluationFile = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        help=f"Your own labeled texts: {_FORMATS}. Default: the 25,000 IMDB test reviews.",
        show_default=False,
    ),
]
GroupColumn = Annotated[
    str | None,
    typer.Option(
        "--group-column",
        metavar="COLUMN",
        autocompletion=complete_columns,
        help="Column of FILE with a group, for example the film. No group is in both training and validation.",
        rich_help_panel=INPUT,
    ),
]
Validation = Annotated[
    str | None,
    typer.Option(
        "--validation",
        metavar="FILE",
        help="File or folder to validate on; when fine-tuning, to compare the models on. Default: validation/ or test/ "
        "next to train/ in a folder, else part of FILE.",
        show_default=False,
        rich_help_panel=INPUT,
    ),
]

_READ: Final[dict[str, Any]] = {
    "text_column": TextColumnOption,
    "label_column": LabelColumnOption,
    "input_format": InputFormatOption,
    "delimiter": DelimiterOption,
    "encoding": EncodingOption,
    "quoting": QuotingOption,
    "escape": EscapeOption,
    "no_header": NoHeaderOption,
    "sheet": SheetOption,
    "skip_bad": SkipBadOption,
}
_RULES: Final[dict[str, Any]] = {"positive": PositiveOption, "negative": NegativeOption}
_CLASS: Final = Annotated[
    str | None,
    typer.Option(
        "--label-column",
        metavar="COLUMN",
        autocompletion=complete_columns,
        help="Column with the class, or 'none'. Default: label, else the only column with a similar name.",
        rich_help_panel=INPUT,
        show_default=False,
    ),
]
_FLAGS: Final = ("no_header", "skip_bad")


_Command = TypeVar("_Command", bound=Callable[..., None])


@dataclass(frozen=True)
class InputOptions:
    """What a command line says about the user's own texts.

    Attributes:
        values: the values of the options by parameter, for example "text_column"; those that are not given may be
            missing.
    """

    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def given(self) -> dict[str, object]:
        """The options that are given, and their values."""
        return {
            f"--{name.replace('_', '-')}": value
            for name, value in self.values.items()
            if value is not None and value is not False and value != []
        }

    def read(self, command: str) -> ReadOptions:
        """How to read the file.

        Args:
            command: the command, for error messages.

        Raises:
            UsageProblem: an option has no such value, or excludes another one.
        """
        return read_options(command=command, **{key: self.values[key] for key in _READ if key in self.values})

    @property
    def positive(self) -> tuple[str, ...]:
        """The values of `--positive`."""
        return tuple(self.values.get("positive") or ())

    @property
    def negative(self) -> tuple[str, ...]:
        """The values of `--negative`."""
        return tuple(self.values.get("negative") or ())

    def rules(self) -> LabelRules:
        """Which labels are positive, and which negative.

        Raises:
            UsageProblem: a rule is invalid.
        """
        from imdbsent.reading.labeled import parse_rules

        return parse_rules(self.positive, self.negative)


NONE_GIVEN: Final = InputOptions()


def with_input_options(*, rules: bool) -> Callable[[_Command], _Command]:
    """Give a Typer command the options that say how to read a file.

    Args:
        rules: whether it also has the options that say which labels are positive and negative. A command without them
            needs no labels.

    Returns:
        A decorator. The command takes the options as its parameter `given`, an `InputOptions`; in the help, they are
        where that parameter is.
    """
    found = {**_READ, **_RULES} if rules else {**_READ, "label_column": _CLASS}

    def decorated(command: _Command) -> _Command:
        @functools.wraps(command)
        def called(*arguments: Any, **named: Any) -> None:
            values = {name: named.pop(name) for name in found if name in named}
            command(*arguments, given=InputOptions(values), **named)

        parameters: list[inspect.Parameter] = []
        signature = inspect.signature(command, eval_str=True)
        for parameter in signature.parameters.values():
            if parameter.name == "given":
                parameters += [_parameter(name, kind, parameter.kind) for name, kind in found.items()]
            else:
                parameters.append(parameter)
        called.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        return called  # type: ignore[return-value]

    return decorated


def _parameter(name: str, annotation: Any, kind: Any) -> inspect.Parameter:
    default = False if name in _FLAGS else None
    return inspect.Parameter(name, kind, default=default, annotation=annotation)


def check_subject(
    command: str, file: str | None, of_reviews: Mapping[str, object], of_file: Mapping[str, object]
) -> None:
    """Check that no option is given that needs the other source of texts.

    Args:
        command: named in the error.
        file: the user's own texts; None for the IMDB reviews.
        of_reviews: the options for the IMDB reviews, and their values; None for an option that is not given.
        of_file: the options for the user's own texts, likewise.

    Raises:
        UsageProblem: there is one.
    """
    given = [option for option, value in (of_reviews if file else of_file).items() if value is not None]
    if given:
        problem = "cannot be combined with FILE" if file else "requires FILE"
        raise UsageProblem(f"{given[0]} {problem}. Type: imdbsent {command} --help")


def check_sources(sources: Sequence[str], given: Mapping[str, object]) -> None:
    """Check that options for files are not given for folders only, which have no columns and no format.

    Args:
        sources: the user's own texts, files and folders.
        given: the options that are given, and their values.

    Raises:
        UsageProblem: they are.
    """
    from imdbsent.reading.labeled import is_folder

    of_files = [option for option in given if option not in ("--skip-bad", "--encoding")]
    if of_files and all(map(is_folder, sources)):
        raise UsageProblem(
            f"{of_files[0]} requires a file with columns, and '{sources[0]}' is a folder, whose pos/ and neg/ are the "
            f"labels. Type the same command without {of_files[0]}"
        )


def own_data(
    file: str | None,
    data: Path | None,
    given: InputOptions,
    *,
    group_column: str | None = None,
    validation: str | None = None,
    validation_fraction: float | None = None,
    default_fraction: float | None = None,
) -> OwnData | None:
    """The user's own texts, from the options of `train`.

    Args:
        file: the texts; None for the IMDB reviews.
        data: value of `--data`.
        given: how to read the texts, and which labels are positive and negative.
        group_column: value of `--group-column`.
        validation: value of `--validation`.
        validation_fraction: value of `--validation-fraction`.
        default_fraction: its default; None for `VALIDATION_FRACTION`.

    Returns:
        The texts; None for the IMDB reviews.

    Raises:
        UsageProblem: options contradict each other or the texts, or a rule for labels is invalid.
    """
    from imdbsent.training.request import COMMAND, VALIDATION_FRACTION, OwnData

    of_columns = {**given.given, **({} if group_column is None else {"--group-column": group_column})}
    split = {"--validation": validation, "--validation-fraction": validation_fraction}
    check_subject(COMMAND, file, {"--data": data}, {**of_columns, **split})
    if file is None:
        return None
    if validation is not None and validation_fraction is not None:
        raise UsageProblem("--validation cannot be combined with --validation-fraction. Type one of them")
    if file == validation == STDIN:
        raise UsageProblem("only one of FILE and --validation can be standard input. Type the path of the other")
    given.rules()
    check_sources([file] if validation is None else [file, validation], of_columns)
    return OwnData(
        source=_from_anywhere(file),
        read=given.read(COMMAND),
        positive=given.positive,
        negative=given.negative,
        group_column=group_column,
        validation=None if validation is None else _from_anywhere(validation),
        validation_fraction=next(
            share for share in (validation_fraction, default_fraction, VALIDATION_FRACTION) if share is not None
        ),
    )


def _from_anywhere(path: str) -> str:
    """A path that means the same in any folder; standard input is always the same."""
    return path if path == STDIN else str(Path(path).absolute())
