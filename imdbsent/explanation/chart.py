"""The sum of an explanation as it grows from word to word, as inline SVG; the page's style sheet colours it."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from imdbsent.explanation.explain import Breakdown

_WIDTH: Final = 720
_HEIGHT: Final = 120
_MARGIN: Final = 4  # units that the line keeps from the edges


def running_chart(parts: Breakdown) -> str:
    """A line that starts at bias + before and moves by each word that is read, to the logit; 0 is dashed.

    Args:
        parts: of a text.
    """
    read = [token.contribution for token in parts.tokens if token.status in ("known", "rare")]
    sums = list(accumulate(read, initial=parts.bias + parts.before))
    highest, lowest = max(sums), min(sums)
    top, bottom = max(0.0, highest), min(0.0, lowest)
    scale = (_HEIGHT - 2 * _MARGIN) / (top - bottom or 1.0)

    def y(value: float) -> float:
        return _MARGIN + (top - value) * scale

    step = (_WIDTH - 2 * _MARGIN) / max(1, len(read))
    line = "L".join(f"{_MARGIN + i * step:.1f} {y(value):.1f}" for i, value in enumerate(sums))
    name = (
        f"The sum from word to word: it starts at {sums[0]:+.3f}, is {highest:+.3f} at most and {lowest:+.3f} at "
        f"least, and ends at {sums[-1]:+.3f}"
    )
    return (
        f'<svg class="run" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{name}">'
        f'<path class="zero" d="M0 {y(0):.1f}H{_WIDTH}"/><path class="line" d="M{line}"/></svg>'
    )
