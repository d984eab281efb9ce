"""Where a model is right and where it is not: accuracy by length, accuracy by stars, its surest mistakes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.evaluation.metrics import Interval, wilson_interval
from imdbsent.text.tokenizer import split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from imdbsent.evaluation.curves import Array
    from imdbsent.reading.labelled import Example


LAST_WORDS: Final = (10, 25, 50, 100, 200, 400, 800)
"""The largest number of words in each bin of lengths; the last bin has no end."""
MOST_RATINGS: Final = 20
"""More distinct ratings than these are a scale, not stars, and are not listed one by one."""


@dataclass(frozen=True)
class GroupAccuracy:
    """The accuracy on some of the texts.

    Attributes:
        name: which texts: "101-200" words or "7" stars, for example.
        n: number of texts; at least 1.
        accuracy: share of right verdicts.
        interval: its 95 % interval.
    """

    name: str
    n: int
    accuracy: float
    interval: Interval


@dataclass(frozen=True)
class Mistake:
    """A wrong verdict.

    Attributes:
        where: where the text comes from: "test/pos/7_10.txt" or "line 12", for example.
        label: its label: 1 positive, 0 negative.
        probability: of positive, as the model answered.
        text: the text.
    """

    where: str
    label: int
    probability: float
    text: str


def by_length(texts: Iterable[str], right: npt.NDArray[np.bool_]) -> tuple[GroupAccuracy, ...]:
    """Accuracy by the number of words (`imdbsent.text.tokenizer.split_words`), without the empty bins.

    Args:
        texts: n texts.
        right: whether each verdict is right, shape (n,).
    """
    bin_of = np.searchsorted(LAST_WORDS, [len(split_words(text)) for text in texts])
    firsts = (0, *(last + 1 for last in LAST_WORDS))
    names = [f"{first}-{last}" for first, last in zip(firsts, LAST_WORDS)] + [f"{firsts[-1]}+"]
    return tuple(_group(name, right[bin_of == i]) for i, name in enumerate(names) if np.any(bin_of == i))


def by_stars(stars: Sequence[float | None], right: npt.NDArray[np.bool_]) -> tuple[GroupAccuracy, ...]:
    """Accuracy by rating, from low to high.

    Args:
        stars: the rating of each text, n of them; None for a text without one.
        right: whether each verdict is right, shape (n,).

    Returns:
        One group per rating; none if there are more than `MOST_RATINGS`.
    """
    ratings = sorted({rating for rating in stars if rating is not None})
    if len(ratings) > MOST_RATINGS:
        return ()
    column = np.array([np.nan if rating is None else rating for rating in stars])
    return tuple(_group(f"{rating:g}", right[column == rating]) for rating in ratings)


def surest_mistakes(
    examples: Sequence[Example], probabilities: Array, right: npt.NDArray[np.bool_], most: int
) -> tuple[Mistake, ...]:
    """The wrong verdicts that the model was surest of, the surest first.

    Args:
        examples: n texts.
        probabilities: of positive, shape (n,).
        right: whether each verdict is right, shape (n,).
        most: how many to return at most.
    """
    wrong: list[int] = np.flatnonzero(~right).tolist()
    wrong.sort(key=lambda i: -abs(examples[i].label - probabilities[i]))
    return tuple(
        Mistake(examples[i].where, examples[i].label, float(probabilities[i]), examples[i].text) for i in wrong[:most]
    )


def _group(name: str, right: npt.NDArray[np.bool_]) -> GroupAccuracy:
    hits = int(np.sum(right))
    interval = wilson_interval(hits, right.size)
    assert interval is not None  # a group has at least one text
    return GroupAccuracy(name, right.size, hits / right.size, interval)
