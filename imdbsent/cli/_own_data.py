"""The options for a user's own labeled texts, which `train` and `evaluate` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from imdbsent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imdbsent.reading.labelled import LabelRules
    from imdbsent.reading.options import ReadOptions
    from imdbsent.training.request import OwnData


INPUT: Final = "Input"
"""The panel of these options in the help."""
VALIDATION_FRACTION: Final = 0.1
_FORMATS: Final = ".csv, .tsv, .jsonl or .parquet (also .gz or .zst), or a folder with .txt files in pos/ and neg/"

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
TextColumn = Annotated[
    str | None,
    typer.Option(
        "--text-column", metavar="NAME", help="Column of FILE with the text. Default: text.", rich_help_panel=INPUT
    ),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        "--label-column", metavar="NAME", help="Column of FILE with the label. Default: label.", rich_help_panel=INPUT
    ),
]
Positive = Annotated[
    str | None,
    typer.Option(
        "--positive",
        metavar="RULE",
        help="Labels that are positive: '>=7', '<3', or one label; all others are negative. "
        "Default: positive, pos, 1, true against negative, neg, 0, false.",
        rich_help_panel=INPUT,
    ),
]
GroupColumn = Annotated[
    str | None,
    typer.Option(
        "--group-column",
        metavar="NAME",
        help="Column of FILE with a group, for example the film. No group is both learned from and validated on.",
        rich_help_panel=INPUT,
    ),
]
Validation = Annotated[
    str | None,
    typer.Option(
        "--validation",
        metavar="FILE",
        help="File or folder to validate on. Default: validation/ or test/ next to train/ in a folder, else part of "
        "FILE.",
        show_default=False,
        rich_help_panel=INPUT,
    ),
]
ValidationFraction = Annotated[
    float | None,
    typer.Option(
        "--validation-fraction",
        metavar="X",
        min=0.01,
        max=0.5,
        help=f"Share of FILE to validate on. Default: {VALIDATION_FRACTION}.",
        show_default=False,
        rich_help_panel=INPUT,
    ),
]


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


def columns_and_rule(
    sources: Sequence[str], text: str | None, label: str | None, positive: str | None, group: str | None = None
) -> tuple[ReadOptions, LabelRules]:
    """Which columns of a file have what, and which of its labels are positive.

    Args:
        sources: the user's own texts, files and folders.
        text: value of `--text-column`.
        label: value of `--label-column`.
        positive: value of `--positive`.
        group: value of `--group-column`.

    Raises:
        UsageProblem: the rule is invalid, or an option is given for folders only, which have no columns.
    """
    from imdbsent.reading.columns import LABEL, TEXT
    from imdbsent.reading.labelled import parse_rules
    from imdbsent.reading.options import ReadOptions
    from imdbsent.reading.trees import is_folder

    given_options = {"--text-column": text, "--label-column": label, "--positive": positive, "--group-column": group}
    given = [option for option, value in given_options.items() if value is not None]
    if given and all(map(is_folder, sources)):
        raise UsageProblem(
            f"{given[0]} requires a file with columns, and '{sources[0]}' is a folder, whose pos/ and neg/ are the "
            f"labels. Type the same command without {given[0]}"
        )
    options = ReadOptions(text_column=text or TEXT, label_column=label or LABEL, command="evaluate")
    return options, parse_rules(positive)


def own_data(
    file: str | None,
    data: Path | None,
    *,
    text_column: str | None,
    label_column: str | None,
    positive: str | None,
    group_column: str | None,
    validation: str | None,
    validation_fraction: float | None,
) -> OwnData | None:
    """The user's own texts, from the options of `train`.

    Args:
        file: the texts; None for the IMDB reviews.
        data: value of `--data`.
        text_column: value of `--text-column`.
        label_column: value of `--label-column`.
        positive: value of `--positive`.
        group_column: value of `--group-column`.
        validation: value of `--validation`.
        validation_fraction: value of `--validation-fraction`.

    Returns:
        The texts; None for the IMDB reviews.

    Raises:
        UsageProblem: options contradict each other or the texts, or `--positive` is not a rule.
    """
    from imdbsent.reading.columns import LABEL, TEXT
    from imdbsent.training.request import OwnData

    of_file = {
        "--text-column": text_column,
        "--label-column": label_column,
        "--positive": positive,
        "--group-column": group_column,
        "--validation": validation,
        "--validation-fraction": validation_fraction,
    }
    check_subject("train", file, {"--data": data}, of_file)
    if file is None:
        return None
    if validation is not None and validation_fraction is not None:
        raise UsageProblem(
            "--validation cannot be combined with --validation-fraction. Type one of them"
        )
    sources = [file] if validation is None else [file, validation]
    columns_and_rule(sources, text_column, label_column, positive, group_column)
    return OwnData(
        source=str(Path(file).absolute()),
        text_column=text_column or TEXT,
        label_column=label_column or LABEL,
        positive=positive,
        group_column=group_column,
        validation=None if validation is None else str(Path(validation).absolute()),
        validation_fraction=VALIDATION_FRACTION if validation_fraction is None else validation_fraction,
    )
