"""The same text twice: in both parts, or under both labels. Case and blanks make no difference."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imdbsent.training.splitting import text_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imdbsent.records.examples import Example


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
