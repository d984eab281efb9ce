"""The labelled texts of a training run: what it learns from, and what it looks at after each epoch.

Which of a user's texts are held out for validation: whole units of them, so that nothing is on both sides.

A unit is what belongs together: the texts of one group, or the copies of one text. A network that has seen one film's
reviews knows its actors by name, and its verdicts on the same film's other reviews are better than on any new film's.

The same text twice: in both parts, or under both labels. Case and blanks make no difference.

Whether two parts of a user's texts can be trained and validated on: enough of each class, nothing in both.

What a user should know of the texts that a network is about to be trained on, in lines.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imdbsent.dataset.aclimdb import LABELLED, content_sha256, from_reviews, incomplete_folders, read_reviews
from imdbsent.dataset.keras_ids import in_keras_order
from imdbsent.errors import TextsShared, TooFewTexts, and_more
from imdbsent.evaluation.metrics import wilson_interval

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from imdbsent.reading.labelled import Example
    from imdbsent.training.flagship.texts import Reviews


FEWEST_OF_CLASS: Final = 2
"""Texts of each class that either part must have: with fewer, no figure of the class means anything."""

MOST_OVERSHOT: Final = 3
"""How many times larger than asked for the held-out part of a class may be."""

Sizes = tuple[int, int]
"""How many texts are negative, and how many are positive."""


def text_key(text: str) -> str:
    """What two texts have in common that are the same but for case and blanks."""
    return _digest(" ".join(text.split()).casefold())


def hold_out(units: Sequence[str], labels: Sequence[int | None], fraction: float, seed: int) -> frozenset[int]:
    """Choose the texts to validate on.

    Units are gone through in an order that only the seed and their names decide, and each that brings the held-out
    numbers of the two classes nearer to their shares is held out whole. So the same units are chosen on every machine
    and in any order of the texts; and where each text is a unit of its own, the shares of the classes are exact.

    Where all units are so large that this leaves a class out, those that overshoot least are held out, up to
    `MOST_OVERSHOT` times the share: of five films a fifth, though a tenth was asked for.

    Args:
        units: name of the unit of each text.
        labels: label of each text, 1 positive and 0 negative; None for one that goes with its unit, but does not count.
        fraction: share of each class to hold out, between 0 and 1; at least `FEWEST_OF_CLASS` texts.
        seed: another seed, other units.

    Returns:
        The places of the held-out texts. There may be fewer than asked for, or none, where the units are large.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for place, unit in enumerate(units):
        members[unit].append(place)
    order = sorted(members, key=lambda unit: _digest(f"{seed} {unit}"))
    sizes = {unit: _sizes([labels[place] for place in members[unit]]) for unit in order}
    negative, positive = (max(FEWEST_OF_CLASS, round(fraction * number)) for number in _sizes(labels))
    return frozenset(place for unit in _choose(sizes, (negative, positive)) for place in members[unit])


def _choose(sizes: Mapping[str, Sizes], wanted: Sizes) -> set[str]:
    """The units to hold out, of those in the order in which they are gone through."""
    held: Sizes = (0, 0)
    chosen = set()
    for unit, size in sizes.items():
        if _distance(_sum(held, size), wanted) < _distance(held, wanted):
            held = _sum(held, size)
            chosen.add(unit)
    while (least := _least_overshooting(sizes, chosen, held, wanted)) is not None:
        held = _sum(held, sizes[least])
        chosen.add(least)
    return chosen


def _least_overshooting(sizes: Mapping[str, Sizes], chosen: set[str], held: Sizes, wanted: Sizes) -> str | None:
    """The unit that brings a class of which too few are held out, and otherwise least; None where there is none."""
    candidates = [
        unit
        for unit, size in sizes.items()
        if unit not in chosen
        and any(have < FEWEST_OF_CLASS and more for have, more in zip(held, size))
        and all(have <= MOST_OVERSHOT * want for have, want in zip(_sum(held, size), wanted))
    ]
    return min(candidates, key=lambda unit: _distance(_sum(held, sizes[unit]), wanted), default=None)


def _sizes(labels: Sequence[int | None]) -> Sizes:
    return labels.count(0), labels.count(1)


def _sum(one: Sizes, other: Sizes) -> Sizes:
    return one[0] + other[0], one[1] + other[1]


def _distance(held: Sizes, wanted: Sizes) -> float:
    """How far both classes are from what is wanted, each by its own share, so that the rarer one counts as much."""
    return sum(abs(have - want) / want for have, want in zip(held, wanted))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Repeats:
    """How often texts are repeated among examples.

    Attributes:
        copies: examples whose text stands in an earlier one.
        contradictions: for each text under both labels, its first positive and its first negative example.
    """

    copies: int
    contradictions: tuple[tuple[Example, Example], ...]


def find_repeats(examples: Iterable[Example]) -> Repeats:
    """Find texts that are there more than once, and those among them under both labels."""
    by_text: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_text[text_key(example.text)].append(example)
    contradictions = []
    for same in by_text.values():
        first = {example.label: example for example in reversed(same)}
        if len(first) > 1:
            contradictions.append((first[1], first[0]))
    return Repeats(sum(len(same) - 1 for same in by_text.values()), tuple(contradictions))


def find_shared(
    train: Iterable[Example], validation: Iterable[Example], key: Callable[[Example], str]
) -> list[tuple[Example, Example]]:
    """Find the examples to validate on that have something in common with one to learn from.

    Args:
        train: what is learned from.
        validation: what is validated on.
        key: what they may have in common, as their text or their group.

    Returns:
        Each such example of `validation`, with the first of `train` that it shares the key with.
    """
    first: dict[str, Example] = {}
    for example in train:
        first.setdefault(key(example), example)
    return [(example, first[key(example)]) for example in validation if key(example) in first]


def same_text(example: Example) -> str:
    """The key of `find_shared` for texts."""
    return text_key(example.text)


def same_group(example: Example) -> str:
    """The key of `find_shared` for groups."""
    return example.group

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


@dataclass(frozen=True)
class TrainingData:
    """Labelled texts in two parts.

    Attributes:
        train: texts to learn from, the vocabulary included.
        validation: texts to look at. By a user's own the temperature is chosen, by the test split of IMDB nothing.
        split: what `validation` is: "test" for the reviews of IMDB, "validation" for held-out texts of a user's own.
        sha256: hash of the texts and labels of both.
        notes: what a user should know of them, a line each.
        test: the test split of IMDB, where `validation` is another: measured at the very end, and by nothing else.
        reviews: the training reviews as the flagship's ladder reads them; None for the recipes that need labels alone.
    """

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    split: str
    sha256: str
    notes: tuple[str, ...] = ()
    test: tuple[Example, ...] = ()
    reviews: Reviews | None = None


def imdb_data(source: Path) -> TrainingData:
    """The reviews of IMDB, the training split and the test split.

    Args:
        source: archive or folder of the reviews.

    Raises:
        DatasetInvalid: the data are damaged.
    """
    reviews = read_reviews(source, LABELLED)
    return TrainingData(
        # in this order the words that are learned from them have the ranks of Keras's index
        train=from_reviews(in_keras_order(review for review in reviews if review.split == "train")),
        validation=from_reviews(review for review in reviews if review.split == "test"),
        split="test",
        sha256=content_sha256(reviews),
        notes=tuple(
            f"{source}: {shortfall} reviews; figures will not be comparable"
            for shortfall in incomplete_folders(reviews)
        ),
    )
