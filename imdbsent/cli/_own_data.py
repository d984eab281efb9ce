"""The options of a user's own labelled texts, which `train` and `evaluate` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from imdbsent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imdbsent.reading.labelled import Columns, LabelRule
    from imdbsent.training.request import OwnData


VALIDATION_FRACTION: Final = 0.1
_FORMATS: Final = ".csv, .tsv, .jsonl or .parquet, also with .gz or .zst, or a folder with .txt files in pos/ and neg/"

TrainingFile = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        help=f"Your own labelled texts: {_FORMATS}. Left out: the 25,000 training reviews of IMDB.",
        show_default=False,
    ),
]
EvaluationFile = Annotated[
    str | None,
    typer.Argument(
        metavar="FILE",
        help=f"Your own labelled texts: {_FORMATS}. Left out: the 25,000 test reviews of IMDB.",
        show_default=False,
    ),
]
TextColumn = Annotated[
    str | None, typer.Option("--text-column", metavar="NAME", help="Column of FILE with the text. Left out: text.")
]
LabelColumn = Annotated[
    str | None, typer.Option("--label-column", metavar="NAME", help="Column of FILE with the label. Left out: label.")
]
Positive = Annotated[
    str | None,
    typer.Option(
        "--positive",
        metavar="RULE",
        help="Which labels are positive: '>=7', '<3', or the label itself; all others are negative. "
        "Left out: positive, pos, 1, true against negative, neg, 0, false.",
    ),
]
GroupColumn = Annotated[
    str | None,
    typer.Option(
        "--group-column",
        metavar="NAME",
        help="Column of FILE with what rows have in common, as a film: its rows are all learned from, or all validated "
        "on, so that validation shows how good the model is on others.",
    ),
]
Validation = Annotated[
    str | None,
    typer.Option(
        "--validation",
        metavar="FILE",
        help="File or folder to validate on. Left out: validation/ or test/ beside the train/ of a folder, "
        "else a part of FILE.",
        show_default=False,
    ),
]
ValidationFraction = Annotated[
    float | None,
    typer.Option(
        "--validation-fraction",
        min=0.01,
        max=0.5,
        help=f"Share of FILE to validate on. Left out: {VALIDATION_FRACTION}.",
        show_default=False,
    ),
]


def check_subject(
    command: str, file: str | None, of_reviews: Mapping[str, object], of_file: Mapping[str, object]
) -> None:
    """Check that no option is given that is about the other source of texts.

    Args:
        command: the command that the message of an error names.
        file: the user's own texts; None for the IMDB reviews.
        of_reviews: the options about the IMDB reviews, and their values, None where one is left out.
        of_file: the same of those about a user's own.

    Raises:
        UsageProblem: one is.
    """
    given = [option for option, value in (of_reviews if file else of_file).items() if value is not None]
    if given:
        subject, other = ("the IMDB reviews", "FILE") if file else ("FILE", "the IMDB reviews")
        raise UsageProblem(f"{given[0]} is about {subject}, not about {other}. Type: imdbsent {command} --help")


def columns_and_rule(
    sources: Sequence[str], text: str | None, label: str | None, positive: str | None, group: str | None = None
) -> tuple[Columns, LabelRule]:
    """Where a file has what, and which of its labels are positive.

    Args:
        sources: the user's own texts, files and folders.
        text: value of `--text-column`.
        label: value of `--label-column`.
        positive: value of `--positive`.
        group: value of `--group-column`.

    Raises:
        UsageProblem: the rule is none, or one of them is given for folders, which have no columns.
    """
    from imdbsent.reading.labelled import Columns, parse_rule
    from imdbsent.reading.trees import is_folder

    options = {"--text-column": text, "--label-column": label, "--positive": positive, "--group-column": group}
    given = [option for option, value in options.items() if value is not None]
    if given and all(map(is_folder, sources)):
        raise UsageProblem(
            f"{given[0]} is about the columns of a file, and '{sources[0]}' is a folder, whose pos/ and neg/ say what "
            f"its texts are. Type the same command without {given[0]}"
        )
    default = Columns()
    return Columns(text or default.text, label or default.label, group), parse_rule(positive)


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
    """What the command line of `train` says of a user's own texts.

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
        UsageProblem: options contradict each other or the texts, or `--positive` is no rule.
    """
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
            "--validation names the texts to validate on, --validation-fraction a share of FILE. Type one of them"
        )
    sources = [file] if validation is None else [file, validation]
    columns, _ = columns_and_rule(sources, text_column, label_column, positive, group_column)
    return OwnData(
        source=str(Path(file).absolute()),
        text_column=columns.text,
        label_column=columns.label,
        positive=positive,
        group_column=group_column,
        validation=None if validation is None else str(Path(validation).absolute()),
        validation_fraction=VALIDATION_FRACTION if validation_fraction is None else validation_fraction,
    )
