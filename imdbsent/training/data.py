"""The labeled texts of a training run: how they are split and checked, and the reviews of IMDB.

Texts are held out for validation in whole units, so that nothing is on both sides. A unit is what belongs together: the
texts of one group, or the copies of one text. A network that has seen reviews of a film knows its actors by name, and
judges the film's other reviews better than those of any new film.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imdbsent.dataset.aclimdb import LABELED, content_sha256, from_reviews, incomplete_folders, read_reviews
from imdbsent.dataset.keras_ids import in_keras_order
from imdbsent.errors import TextsShared, TooFewTexts, and_more, counted
from imdbsent.evaluation.metrics import wilson_interval
from imdbsent.reading.streams import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from imdbsent.reading.labeled import Example
    from imdbsent.training.distill.data import DistillationData

FEWEST_TEXTS: Final = 20
"""Texts in total. With fewer, it is not a small data set but the wrong file."""

FEWEST_OF_CLASS: Final = 2
"""Texts of each class that either part must have: with fewer, no figure about the class means anything."""

MOST_OVERSHOT: Final = 3
"""How many times larger than requested the held-out part of a class may be."""

_CERTAIN: Final = 0.05  # an accuracy that is known to within this needs no note

HELD_OUT: Final = "held out"
"""The split, in a card, of a user's own texts that decided nothing."""

Sizes = tuple[int, int]
"""Numbers of negative and of positive texts."""


@dataclass(frozen=True)
class TrainingData:
    """Labeled texts in two parts.

    Attributes:
        train: texts to learn from, including the vocabulary.
        validation: texts to validate on. On held-out texts the temperature is fitted; the test split of IMDB decides
            nothing.
        split: what `validation` is: "test" for the test split of IMDB, "validation" for held-out texts.
        sha256: SHA-256 of the texts and labels of both parts.
        notes: what a user should know about them, one line each.
        test: texts that decide nothing, and are measured once, at the very end: the test split of IMDB if `validation`
            is something else, or some of a user's own texts.
        test_split: what `test` is: "test" for the test split of IMDB, `HELD_OUT` for a user's own texts.
        distillation: reviews and short texts of a distilled recipe; None for recipes that need labels only.
    """

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    split: str
    sha256: str
    notes: tuple[str, ...] = ()
    test: tuple[Example, ...] = ()
    test_split: str = "test"
    distillation: DistillationData | None = None


def imdb_data(source: Path) -> TrainingData:
    """The training split and the test split of IMDB.

    Args:
        source: archive or folder of the reviews.

    Raises:
        DatasetInvalid: the data are damaged.
    """
    reviews = read_reviews(source, LABELED)
    return TrainingData(
        # in this order, the words learned from them have the ranks of Keras's index
        train=from_reviews(in_keras_order(review for review in reviews if review.split == "train")),
        validation=from_reviews(review for review in reviews if review.split == "test"),
        split="test",
        sha256=content_sha256(reviews),
        notes=tuple(
            f"{source}: {shortfall} reviews; figures will not be comparable"
            for shortfall in incomplete_folders(reviews)
        ),
    )


def hold_out(units: Sequence[str], labels: Sequence[int | None], fraction: float, seed: int) -> frozenset[int]:
    """Choose the texts to validate on.

    The units are visited in an order that depends only on the seed and their names, and each unit that brings the
    held-out numbers of both classes closer to their shares is held out as a whole. So every machine chooses the same
    units, in whatever order the texts come; and if each text is its own unit, the shares of the classes are exact.

    If all units are so large that this leaves out a class, those that overshoot least are held out, up to
    `MOST_OVERSHOT` times the share: of five films a fifth, though a tenth was requested.

    Args:
        units: name of the unit of each text.
        labels: label of each text, 1 positive and 0 negative; None for one that goes with its unit but does not count.
        fraction: share of each class to hold out, between 0 and 1; at least `FEWEST_OF_CLASS` texts.
        seed: another seed gives other units.

    Returns:
        The indices of the held-out texts. There may be fewer than requested, or none, if the units are large.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for index, unit in enumerate(units):
        members[unit].append(index)
    order = sorted(members, key=lambda unit: _digest(f"{seed} {unit}"))
    sizes = {unit: _sizes([labels[index] for index in members[unit]]) for unit in order}
    negative, positive = (max(FEWEST_OF_CLASS, round(fraction * number)) for number in _sizes(labels))
    return frozenset(index for unit in _choose(sizes, (negative, positive)) for index in members[unit])


def deal_out(units: Sequence[str], labels: Sequence[int | None], parts: int, seed: int) -> tuple[int, ...]:
    """Deal texts out to parts, in whole units, so that each part has its share of both classes.

    Args:
        units: name of the unit of each text.
        labels: label of each text, 1 positive and 0 negative; None for one that goes with its unit but does not count.
        parts: number of parts.
        seed: another seed gives other parts.

    Returns:
        The part of each text, from 0.
    """
    members: dict[str, list[int]] = defaultdict(list)
    for index, unit in enumerate(units):
        members[unit].append(index)
    part_of = [0] * len(units)
    held: list[Sizes] = [(0, 0)] * parts
    for unit in sorted(members, key=lambda unit: _digest(f"{seed} {unit}")):
        size = _sizes([labels[index] for index in members[unit]])
        # where the unit's own classes are rarest; of equal parts, the smallest
        costs = [(sum(more * have for more, have in zip(size, of_part)), sum(of_part)) for of_part in held]
        part = costs.index(min(costs))
        held[part] = _sum(held[part], size)
        for index in members[unit]:
            part_of[index] = part
    return tuple(part_of)


def _choose(sizes: Mapping[str, Sizes], wanted: Sizes) -> set[str]:
    """The units to hold out; `sizes` is in the order of the visit."""
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
    """The unit that adds a class of which too few are held out, and least of the rest; None if there is none."""
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
    """How far both classes are from what is wanted, relative to their shares, so that the rarer one counts equally."""
    return sum(abs(have - want) / want for have, want in zip(held, wanted))


def text_key(text: str) -> str:
    """A key that is equal for texts that differ only in case and whitespace."""
    return _digest(" ".join(text.split()).casefold())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class Repeats:
    """Texts that occur more than once.

    Attributes:
        copies: number of examples whose text occurs in an earlier one.
        contradictions: for each text with both labels, its first positive and its first negative example.
    """

    copies: int
    contradictions: tuple[tuple[Example, Example], ...]


def find_repeats(examples: Iterable[Example]) -> Repeats:
    """Find texts that occur more than once, and those among them that have both labels."""
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
    """Find the validation examples that share something with a training example.

    Args:
        train: what is learned from.
        validation: what is validated on.
        key: what they may share, such as their text or group.

    Returns:
        Each such example of `validation`, with the first one of `train` that has the same key.
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


def check_number(source: str, number: int) -> None:
    """Check that a source has `FEWEST_TEXTS`.

    Raises:
        TooFewTexts: it has fewer.
    """
    if number < FEWEST_TEXTS:
        raise TooFewTexts(source, counted(number, "text"), FEWEST_TEXTS, "Type the path of a larger file")


def check_shared(
    train: Sequence[Example],
    validation: Sequence[Example],
    sources: tuple[str, str],
    group_column: str | None,
    *,
    is_named: bool,
) -> None:
    """Check that two given parts share no text and no group.

    Args:
        train: what is learned from.
        validation: what is validated on.
        sources: path of each.
        group_column: the column of the groups; None if there is none.
        is_named: whether `--validation` named the second; if not, both are in one folder.

    Raises:
        TextsShared: they do.
    """
    keys = [("the text", same_text)]
    if group_column is not None:
        keys.append((f"the {group_column!r}", same_group))
    for what, key in keys:
        shared = find_shared(train, validation, key)
        if shared:
            (one, other), more = shared[0], len(shared) - 1
            next_step = "leave --validation out" if is_named else f"type: imdbsent train '{sources[0]}'"
            places = f"{one.where} of {name_of(sources[1])}", f"{other.where} of {name_of(sources[0])}"
            raise TextsShared(what, *places, more, next_step)


def check_classes(
    source: str,
    train: Sequence[Example],
    validation: Sequence[Example],
    group_column: str | None,
    next_step: str = "Type: --validation FILE, or --validation-fraction with another share",
) -> None:
    """Check that each part has `FEWEST_OF_CLASS` texts of each class.

    Args:
        source: path of the texts.
        train: what is learned from.
        validation: what is validated on.
        group_column: the column of the groups; None if there is none.
        next_step: what to do if the source has enough texts of a class, but a part has not.

    Raises:
        TooFewTexts: one has fewer.
    """
    for purpose, examples in (("learn from", train), ("validate on", validation)):
        positive = sum(example.label for example in examples)
        for kind, count in (("positive", positive), ("negative", len(examples) - positive)):
            if count < FEWEST_OF_CLASS:
                groups = len({example.group for example in (*train, *validation)})
                kept = f" when its {counted(groups, 'group')} of {group_column!r} are kept whole"
                why = "" if group_column is None else kept
                found = f"{counted(count, f'{kind} text')} to {purpose}{why}"
                total = sum(example.label == (kind == "positive") for example in (*train, *validation))
                is_rare = total < 2 * FEWEST_OF_CLASS
                raise TooFewTexts(source, found, FEWEST_OF_CLASS, f"Label more {kind} texts" if is_rare else next_step)


def summary(
    train: Sequence[Example], validation: Sequence[Example], held_out: str | None, group_column: str | None
) -> str:
    """How many texts there are: "1,800 texts to learn from (50% positive), 200 to validate on (50%), held out".

    Args:
        train: what is learned from.
        validation: what is validated on.
        held_out: path of the second; None if it is part of the same source.
        group_column: the column whose values are never in both parts; None if there is none.
    """
    shares = [100 * sum(example.label for example in part) / len(part) for part in (train, validation)]
    how = f"from '{held_out}'" if held_out else "held out"
    apart = f", no {group_column!r} in both" if group_column is not None else ""
    return (
        f"{counted(len(train), 'text')} to learn from ({shares[0]:.0f} % positive), "
        f"{len(validation):,} to validate on ({shares[1]:.0f} %), {how}{apart}"
    )


def summary_of_tuning(data: TrainingData, held_out: str | None, group_column: str | None) -> str:
    """How many texts there are, and for what: "544 texts to learn from (50% positive), 96 to choose the epoch, …".

    Args:
        data: the texts.
        held_out: path of `data.test`; None if it is part of the same source.
        group_column: the column whose values are never in two parts; None if there is none.
    """
    positive = sum(example.label for example in data.train) / len(data.train)
    where = f" (from '{held_out}')" if held_out else ""
    compared = f", {len(data.test):,} to compare models{where}" if data.test else ""
    apart = f"; no {group_column!r} in two parts" if group_column is not None else ""
    return (
        f"{counted(len(data.train), 'text')} to learn from ({positive:.0%} positive), "
        f"{len(data.validation):,} to choose the epoch{compared}{apart}"
    )


def notes_of_repeats(examples: Sequence[Example]) -> tuple[str, ...]:
    """Notes about texts that occur more than once, and about those with both labels."""
    repeats = find_repeats(examples)
    notes = []
    if repeats.copies:
        copies = "is a copy of an earlier one" if repeats.copies == 1 else "are copies of earlier ones"
        notes.append(f"{counted(repeats.copies, 'text')} {copies}; all copies of a text are in the same part")
    if repeats.contradictions:
        positive, negative = repeats.contradictions[0]
        more = and_more(len(repeats.contradictions) - 1)
        notes.append(f"the same text has both labels: positive in {positive.where}, negative in {negative.where}{more}")
    return tuple(notes)


def notes_of_certainty(number: int) -> tuple[str, ...]:
    """A note if so few texts measure an accuracy only roughly: half of its 95% interval, at an accuracy of 50%."""
    interval = wilson_interval(number // 2, number)
    if interval is None or interval.high - interval.low <= 2 * _CERTAIN:
        return ()
    points = 50 * (interval.high - interval.low)
    return (f"only {counted(number, 'text')} to validate on: the accuracy is known to within {points:.0f} points",)
