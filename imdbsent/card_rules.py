"""What the values of a card may be: its types are right already, and its numbers are to be within bounds.

A card comes from wherever a model comes from. Bounds are wide: whatever training writes is far inside, and whatever is
inside can be shown on a line and computed with.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imdbsent.bundle import Epoch, Layer, Metrics, ModelCard

LONGEST_EXCERPT: Final = 60
"""Characters of a value that an error shows."""

_LONGEST_NAME: Final = 256
_LARGEST_COUNT: Final = 10**12  # of parameters, texts, versions
_MOST_ROWS: Final = 10_000  # layers, splits, epochs
_LARGEST_LOSS: Final = 1e9  # nats; a loss that is no number is that of a training that diverged
_TEMPERATURES: Final = (1e-6, 1e6)
_SHA256: Final = re.compile("[0-9a-f]{64}")


def check_ranges(card: ModelCard) -> None:
    """Check that each value of a card is one that it can have.

    Raises:
        ValueError: one is not; the message names it and shows the beginning of it.
    """
    for field, holds in _rules(card):
        if not holds:
            raise no_sense(field, getattr(card, field))


def no_sense(field: str, value: Any) -> ValueError:
    """The error of a field with a value that it cannot have."""
    shown = repr(value)
    if len(shown) > LONGEST_EXCERPT:
        shown = shown[:LONGEST_EXCERPT] + "..."
    return ValueError(f"{field} has a value that makes no sense here: {shown}")


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON, for `json.loads(object_pairs_hook=...)`.

    Two readers of a key that stands twice may take different ones: what one of them checked the other would not read.

    Raises:
        ValueError: a key stands twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"{twice[:LONGEST_EXCERPT]!r} stands twice in one object")
    return found


def _rules(card: ModelCard) -> Iterator[tuple[str, bool]]:
    yield "format", card.format >= 1
    yield "name", len(card.name) <= _LONGEST_NAME
    yield "version", 0 <= card.version <= _LARGEST_COUNT
    yield "seed", abs(card.seed) <= 2**64
    yield "temperature", _TEMPERATURES[0] <= card.temperature <= _TEMPERATURES[1]
    yield "data_sha256", card.data_sha256 == "" or _SHA256.fullmatch(card.data_sha256) is not None
    yield "files", all(map(_SHA256.fullmatch, card.files.values()))
    yield "layers", len(card.layers) <= _MOST_ROWS and all(map(_is_layer, card.layers))
    yield "metrics", len(card.metrics) <= _MOST_ROWS and all(map(_is_measured, card.metrics))
    yield "history", len(card.history) <= _MOST_ROWS and all(map(_is_epoch, card.history))
    yield "recipe", all(_is_plain(value) for value in card.recipe.values())


def _is_layer(layer: Layer) -> bool:
    return all(0 <= size <= _LARGEST_COUNT for size in (layer.parameters, *filter(None, layer.output_shape)))


def _is_measured(metrics: Metrics) -> bool:
    return 0 <= metrics.n <= _LARGEST_COUNT and 0 <= metrics.accuracy <= 1 and _is_loss(metrics.loss)


def _is_epoch(epoch: Epoch) -> bool:
    return (
        0 <= epoch.number <= _LARGEST_COUNT
        and 0 <= epoch.seconds <= _LARGEST_COUNT
        and all(map(_is_loss, (epoch.loss, epoch.test_loss)))
        and all(0 <= share <= 1 for share in (epoch.accuracy, epoch.test_accuracy))
    )


def _is_loss(loss: float) -> bool:
    return not math.isfinite(loss) or abs(loss) <= _LARGEST_LOSS


def _is_plain(value: str | float) -> bool:
    """Whether a value of a recipe is a text, or a number that float64 has."""
    return isinstance(value, str) or abs(value) <= 2**64
