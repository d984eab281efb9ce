"""Which of a user's texts are held out for validation: whole units of them, so that nothing is on both sides.

A unit is what belongs together: the texts of one group, or the copies of one text. A network that has seen one film's
reviews knows its actors by name, and its verdicts on the same film's other reviews are better than on any new film's.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_OF_CLASS: Final = 2
"""Texts of each class that either part must have: with fewer, no figure of the class means anything."""


def text_key(text: str) -> str:
    """What two texts have in common that are the same but for case and blanks."""
    return _digest(" ".join(text.split()).casefold())


def hold_out(units: Sequence[str], labels: Sequence[int | None], fraction: float, seed: int) -> frozenset[int]:
    """Choose the texts to validate on.

    Units are gone through in an order that only the seed and their names decide, and each that brings the held-out
    numbers of the two classes nearer to their shares is held out whole. So the same units are chosen on every machine
    and in any order of the texts; and where each text is a unit of its own, the shares of the classes are exact.

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
    wanted = [max(FEWEST_OF_CLASS, round(fraction * labels.count(label))) for label in (0, 1)]
    missing = wanted
    held_out: set[int] = set()
    for unit in sorted(members, key=lambda unit: _digest(f"{seed} {unit}")):
        inside = [labels[place] for place in members[unit]]
        after = [missing[label] - inside.count(label) for label in (0, 1)]
        if _distance(after, wanted) < _distance(missing, wanted):
            missing = after
            held_out.update(members[unit])
    return frozenset(held_out)


def _distance(missing: Sequence[int], wanted: Sequence[int]) -> float:
    """How far both classes are from their shares, each by its own, so that the rarer one counts as much."""
    return sum(abs(number) / share for number, share in zip(missing, wanted))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
