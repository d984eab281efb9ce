"""Whether two parts of a user's texts can be trained and validated on: enough of each class, nothing in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from imdbsent.errors import TextsShared, TooFewTexts
from imdbsent.training.duplicates import find_shared, same_group, same_text
from imdbsent.training.splitting import FEWEST_OF_CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.records.examples import Example

FEWEST_TEXTS: Final = 20
"""Texts in all. So few are too few to learn from, too; but fewer are not a small data set: they are the wrong file."""


def check_number(source: str, number: int) -> None:
    """Check that a source has `FEWEST_TEXTS`.

    Raises:
        TooFewTexts: it has fewer.
    """
    if number < FEWEST_TEXTS:
        raise TooFewTexts(source, f"{number:,} texts", FEWEST_TEXTS, "Type the path of a larger file")


def check_shared(
    train: Sequence[Example],
    validation: Sequence[Example],
    sources: tuple[str, str],
    group_column: str | None,
    *,
    is_named: bool,
) -> None:
    """Check that two given parts have no text and no group in common.

    Args:
        train: what is learned from.
        validation: what is validated on.
        sources: path of either.
        group_column: the column of the groups; None where there are none.
        is_named: whether `--validation` named the second; else both are of one tree.

    Raises:
        TextsShared: they have.
    """
    keys = [("the text", same_text)]
    if group_column is not None:
        keys.append((f"the {group_column!r}", same_group))
    for what, key in keys:
        shared = find_shared(train, validation, key)
        if shared:
            (one, other), more = shared[0], len(shared) - 1
            next_step = "leave --validation out" if is_named else f"type: imdbsent train '{sources[0]}'"
            places = f"{one.where} of {sources[1]!r}", f"{other.where} of {sources[0]!r}"
            raise TextsShared(what, *places, more, next_step)


def check_classes(
    source: str, train: Sequence[Example], validation: Sequence[Example], group_column: str | None
) -> None:
    """Check that either part has `FEWEST_OF_CLASS` texts of each class.

    Raises:
        TooFewTexts: one has fewer.
    """
    for purpose, examples in (("learn from", train), ("validate on", validation)):
        positive = sum(example.label for example in examples)
        for kind, count in (("positive", positive), ("negative", len(examples) - positive)):
            if count < FEWEST_OF_CLASS:
                groups = len({example.group for example in (*train, *validation)})
                why = f", its {groups:,} groups of {group_column!r} kept whole" if group_column is not None else ""
                there = f"{count} {kind} texts to {purpose}{why}"
                next_step = "Type: --validation FILE, or --validation-fraction with another share"
                raise TooFewTexts(source, there, FEWEST_OF_CLASS, next_step)
