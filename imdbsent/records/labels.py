"""What a label of a user's file means: which are positive, which negative, which are no labels."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imdbsent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable

POSITIVE: Final = ("positive", "pos", "1", "true")
NEGATIVE: Final = ("negative", "neg", "0", "false")
"""Labels that need no rule, in any case; 1.0 and 0.0 are 1 and 0."""

_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_RULE: Final = re.compile(r"\s*(>=|<=|==|=|>|<)?\s*(.*?)\s*", re.DOTALL)


@dataclass(frozen=True)
class LabelRule:
    """Which labels are positive.

    Attributes:
        comparison: ">=", "<=", ">" or "<" with a number; "=" with a text; "" for the names `POSITIVE` and `NEGATIVE`.
        value: the number or the text, as it was written.
    """

    comparison: str
    value: str

    def label(self, value: str | None) -> int:
        """1 where a label is positive, 0 where it is negative.

        Args:
            value: the label as it stands in the file; None where the text has none.

        Raises:
            ValueError: it is no label; the message says why.
        """
        if value is None or not value.strip():
            raise ValueError("it has no label")
        if self.comparison == "=":
            return int(_same(value, self.value))
        if not self.comparison:
            return _named(value)
        number = self.stars(value)
        if number is None:
            raise ValueError(f"the label {value!r} is not a number, so '{self.comparison}{self.value}' cannot judge it")
        return int(_COMPARISONS[self.comparison](number, float(self.value)))

    def stars(self, value: str | None) -> float | None:
        """A label as a rating, where the rule is about numbers and it is one; None else."""
        return _number(value) if self.comparison in _COMPARISONS and value is not None else None


def parse_rule(text: str | None) -> LabelRule:
    """The rule of a command line.

    Args:
        text: as ">=7", "<3", or a label that is the positive one, as "good" or "=5"; None for the usual names.

    Raises:
        UsageProblem: it compares with what is no number, or is empty.
    """
    if text is None:
        return LabelRule("", "")
    match = _RULE.fullmatch(text)
    assert match is not None  # the pattern takes any text
    comparison, value = (match[1] or "=").replace("==", "="), match[2]
    if not value or (comparison in _COMPARISONS and _number(value) is None):
        raise UsageProblem(
            f"{text!r} does not say which labels are positive. Type: --positive '>=7', or --positive good"
        )
    return LabelRule(comparison, value)


def _named(value: str) -> int:
    name = value.strip().lower()
    number = _number(name)
    name = f"{number:g}" if number is not None else name
    if name not in POSITIVE + NEGATIVE:
        raise ValueError(f"the label {value!r} is neither {', '.join(POSITIVE)} nor {', '.join(NEGATIVE)}")
    return int(name in POSITIVE)


def _same(value: str, other: str) -> bool:
    numbers = _number(value), _number(other)
    return value.strip().lower() == other.lower() or (None not in numbers and numbers[0] == numbers[1])


def _number(value: str) -> float | None:
    """A number, as a person writes it; None for anything else, NaN and infinity among it."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None
