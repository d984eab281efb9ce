"""Labelled texts, which models are trained and evaluated on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what it is.

    Attributes:
        text: the text.
        label: 1 positive, 0 negative.
        where: where it comes from, as "test/pos/7_10.txt" or "line 12".
        stars: its rating; None where it has none.
        group: what it belongs to with others, as a film or a writer; empty where it has none.
    """

    text: str
    label: int
    where: str
    stars: float | None
    group: str = ""


@dataclass(frozen=True)
class Examples:
    """Examples of one source.

    Attributes:
        items: the examples, of both classes.
        source: what they are, as "IMDB reviews, test" or a file's name.
        split: "train" or "test" of the IMDB reviews; None for a user's own.
    """

    items: tuple[Example, ...]
    source: str
    split: str | None = None
