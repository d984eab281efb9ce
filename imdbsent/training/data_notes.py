"""What a user should know of the texts that a network is about to be trained on, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from imdbsent.errors import and_more
from imdbsent.evaluation.metrics import wilson_interval
from imdbsent.training.duplicates import find_repeats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.records.examples import Example

_CERTAIN: Final = 0.05  # an accuracy that is known to within this needs no note


def summary(
    train: Sequence[Example], validation: Sequence[Example], held_out: str | None, group_column: str | None
) -> str:
    """How many texts there are, as "1,800 texts to learn from (50 % positive), 200 to validate on (50 %), held out".

    Args:
        train: what is learned from.
        validation: what is validated on.
        held_out: path of the second; None where it is a part of the same source.
        group_column: the column of which no value is in both; None where there is none.
    """
    shares = [100 * sum(example.label for example in part) / len(part) for part in (train, validation)]
    how = f"those of '{held_out}'" if held_out else "held out"
    apart = f", no {group_column!r} in both" if group_column is not None else ""
    return (
        f"{len(train):,} texts to learn from ({shares[0]:.0f} % positive), "
        f"{len(validation):,} to validate on ({shares[1]:.0f} %), {how}{apart}"
    )


def notes_of_repeats(examples: Sequence[Example]) -> tuple[str, ...]:
    """Notes of the texts that stand there more than once, and of those under both labels."""
    repeats = find_repeats(examples)
    notes = []
    if repeats.copies:
        notes.append(f"{repeats.copies:,} texts are copies of earlier ones; all copies of a text are in one part")
    if repeats.contradictions:
        positive, negative = repeats.contradictions[0]
        more = and_more(len(repeats.contradictions) - 1)
        notes.append(f"the same text has both labels: positive in {positive.where}, negative in {negative.where}{more}")
    return tuple(notes)


def notes_of_certainty(number: int) -> tuple[str, ...]:
    """A note of how little so many texts tell of an accuracy, where it is little: half its 95 % interval at 50 %."""
    interval = wilson_interval(number // 2, number)
    if interval is None or interval.high - interval.low <= 2 * _CERTAIN:
        return ()
    points = 50 * (interval.high - interval.low)
    return (f"{number:,} texts to validate on: an accuracy on them is known to within {points:.0f} points only",)
