"""Which of a user's texts are held out for validation: whole units of them, so that nothing is on both sides.

A unit is what belongs together: the texts of one group, or the copies of one text. A network that has seen one film's
reviews knows its actors by name, and its verdicts on the same film's other reviews are better than on any new film's.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
