"""The options of the commands that read files: what a file is, and which of its columns are meant."""

from __future__ import annotations

from typing import Annotated

import typer

from imdbsent.reading.detect import Quoting
from imdbsent.reading.options import Escape, ReadOptions

_PANEL = "Input"

InputFormatOption = Annotated[
    str | None,
    typer.Option(
        "--input-format",
        metavar="FORMAT",
        help="txt, csv, tsv, jsonl, json, parquet, xlsx or fasttext. Add .gz, .zst, .bz2, .xz or .zip if compressed. "
        "Default: detected from the content.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
DelimiterOption = Annotated[
    str | None,
    typer.Option(
        "--delimiter",
        metavar="CHARACTER",
        help="Character between fields of CSV, or tab, comma, semicolon, pipe. Default: detected.",
        rich_help_panel=_PANEL,
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
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
QuotingOption = Annotated[
    Quoting | None,
    typer.Option(
        "--quoting",
        help="Whether quotation marks enclose fields of CSV or are text. Default: detected.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
EscapeOption = Annotated[
    Escape | None,
    typer.Option(
        "--escape",
        help="Whether a backslash escapes a quotation mark in CSV. Default: detected.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
NoHeaderOption = Annotated[
    bool,
    typer.Option(
        "--no-header", help="The first row is data. Columns are numbered from 1.", rich_help_panel=_PANEL
    ),
]
TextColumnOption = Annotated[
    str | None,
    typer.Option(
        "--text-column",
        metavar="COLUMN",
        help="Column with the text: its name, its number from 1, or a path such as user.text in JSON. Default: text, "
        "or the only column that can hold texts.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
LabelColumnOption = Annotated[
    str | None,
    typer.Option(
        "--label-column",
        metavar="COLUMN",
        help="Column with the label. Default: label, or the only column whose name says so.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
IdColumnOption = Annotated[
    str | None,
    typer.Option(
        "--id-column",
        metavar="COLUMN",
        help="Column that identifies a record. Its values must be unique.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
KeepOption = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="COLUMN",
        help="Copy a column to the results; all copies every column. May be repeated.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
SheetOption = Annotated[
    str | None,
    typer.Option(
        "--sheet",
        metavar="NAME",
        help="Sheet of a spreadsheet, by name or number. Default: the first that is not empty.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
SkipBadOption = Annotated[
    bool,
    typer.Option(
        "--skip-bad", help="Report rows that cannot be read, and continue after them.", rich_help_panel=_PANEL
    ),
]
WholeOption = Annotated[
    bool, typer.Option("--whole", help="Read each file as one text.", rich_help_panel=_PANEL)
]
TextOption = Annotated[
    list[str] | None,
    typer.Option(
        "--text",
        metavar="TEXT",
        help="A text, even if it looks like the name of a file. May be repeated.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
PositiveOption = Annotated[
    list[str] | None,
    typer.Option(
        "--positive",
        metavar="RULE",
        help="Positive labels: a label, several as good,great, a range as 4-5, or a comparison as '>=7'. May be "
        "repeated. Default: positive, pos, 1, true.",
        rich_help_panel=_PANEL,
        show_default=False,
    ),
]
NegativeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--negative",
        metavar="RULE",
        help="Negative labels, written like --positive. With both, rows of other labels are left out. Default: with "
        "--positive, all other labels; else negative, neg, 0, false.",
        rich_help_panel=_PANEL,
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
