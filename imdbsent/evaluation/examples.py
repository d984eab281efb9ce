"""The labelled texts that models are evaluated on: reviews of IMDB, or a user's own file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imdbsent.errors import LabelInvalid, UsageProblem
from imdbsent.records.labelled import LABEL_COLUMN, TEXT_COLUMN, read_labelled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imdbsent.dataset.aclimdb import Review
    from imdbsent.records.labels import LabelRule


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what it is.

    Attributes:
        text: the text.
        label: 1 positive, 0 negative.
        where: where it comes from, as "test/pos/7_10.txt" or "line 12".
        stars: its rating; None where it has none.
    """

    text: str
    label: int
    where: str
    stars: float | None


@dataclass(frozen=True)
class Examples:
    """Examples of one source.

    Attributes:
        items: the examples, of both classes.
        source: what they are, as "IMDB reviews, test" or a file's name.
        split: "train" or "test" of the IMDB reviews; None for a user's file.
    """

    items: tuple[Example, ...]
    source: str
    split: str | None = None


def from_reviews(reviews: Iterable[Review]) -> tuple[Example, ...]:
    """Examples of labelled reviews of IMDB, in order."""
    return tuple(
        Example(review.text, review.label, f"{review.folder}/{review.file_name}", review.stars)
        for review in reviews
        if review.label is not None
    )


def from_file(
    file: str, rule: LabelRule, text_column: str = TEXT_COLUMN, label_column: str = LABEL_COLUMN
) -> Examples:
    """Examples of a user's file.

    Args:
        file: path of a .csv, .tsv, .jsonl, .ndjson or .parquet, compressed or not.
        rule: which labels are positive.
        text_column: name of the column that holds the text.
        label_column: name of the column that holds the label.

    Raises:
        InputUnreadable: the file cannot be read, or breaks its format.
        UsageProblem: it has no such column, no text, or texts of one class alone.
        LabelInvalid: a label is none.
    """
    items = []
    for record in read_labelled(file, text_column, label_column, command="evaluate"):
        try:
            label = rule.label(record.label)
        except ValueError as error:
            raise LabelInvalid(file, record.where, str(error)) from error
        items.append(Example(record.text, label, record.where, rule.stars(record.label)))
    if not items:
        raise UsageProblem(f"{file!r} holds no texts. Type the path of a file with the columns text and label")
    positive = sum(item.label for item in items)
    if positive in (0, len(items)):
        only = "positive" if positive else "negative"
        raise UsageProblem(
            f"all {len(items):,} labels of {file!r} are {only}: a model is evaluated on both classes. "
            "Type: --positive RULE, if they are not"
        )
    return Examples(tuple(items), Path(file).name)
