"""The card of a model, `card.json`: what decides an answer, and what is needed to train the model again.

A card comes from wherever a model comes from, so it is checked before anything relies on it: first the type of each
field (`imdbsent.typed_json`), then its range. The ranges are wide: whatever training writes is far inside, and
whatever is inside can be shown on one line and computed with.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast

from imdbsent.typed_json import LONGEST_EXCERPT, from_json, unique_keys

if TYPE_CHECKING:
    from collections.abc import Iterator

CARD_FORMAT: Final = 2
"""The format of `card.json` that this version writes. It reads older formats, and no newer one."""
CARD: Final = "card.json"
MODEL: Final = "model.onnx"
VOCABULARY: Final = "vocabulary.txt"
TOKENIZERS: Final = ("keras", "words", "everyday", "corrected")
"""Names of the tokenizers that a card may have; `imdbsent.text.tokenizer` has the tokenizers."""

_ARCHITECTURES_OF_SCHEMES: Final = {"keras": "classic", "words": "flagship"}
"""Format 1 had a `scheme`: the tokenizer, of which there was one for each architecture."""
_LONGEST_NAME: Final = 256
_LARGEST_COUNT: Final = 10**12  # of parameters, texts, versions
_MOST_ROWS: Final = 10_000  # layers, splits, epochs
_LARGEST_LOSS: Final = 1e9  # nats; training that diverged has a loss that is not a number
_NUM_WORDS: Final = (5, 10_000_000)
_MAXIMUM_LENGTHS: Final = (1, 1_000_000)
_TEMPERATURES: Final = (1e-6, 1e6)
_SHA256: Final = re.compile("[0-9a-f]{64}")
_ARCHITECTURE: Final = re.compile("[a-z][a-z0-9_]{0,31}")


@dataclass(frozen=True)
class Layer:
    """One layer of the network, as a summary shows it.

    Attributes:
        name: its name in the network.
        kind: its Keras class, for example "LSTM".
        output_shape: the shape of its output; None for a size that depends on the input.
        parameters: how many numbers it has learned.
    """

    name: str
    kind: str
    output_shape: tuple[int | None, ...]
    parameters: int


@dataclass(frozen=True)
class Metrics:
    """How good the model is on one split.

    Attributes:
        split: "train" or "test" of the IMDB reviews; of a user's own texts, "validation" (which
            chose the epoch or the temperature) or "held out" (which chose nothing).
        n: number of reviews.
        accuracy: share of correct labels, 0 to 1.
        loss: mean binary cross-entropy, in nats.
    """

    split: str
    n: int
    accuracy: float
    loss: float


@dataclass(frozen=True)
class Epoch:
    """One epoch of training: means over its batches, and the validation after it.

    Attributes:
        number: the epoch, from 1; 0 for the model before fine-tuning.
        seconds: wall time, validation included.
        loss: mean binary cross-entropy of the training batches, in nats.
        accuracy: share of correct labels in the training batches, 0 to 1.
        test_loss: mean binary cross-entropy on the test split, or on the user's own texts that were held out.
        test_accuracy: share of correct labels there.
    """

    number: int
    seconds: float
    loss: float
    accuracy: float
    test_loss: float
    test_accuracy: float


@dataclass(frozen=True)
class ModelCard:
    """What decides an answer, and what is needed to train the model again.

    Attributes:
        name: the model's name.
        version: 1 for the first model of that name; a higher version replaces a lower one.
        tokenizer: how text becomes ids; see `imdbsent.text.tokenizer`.
        architecture: the kind of network; see `imdbsent.training.architectures`.
        num_words: ids from this one on are out of the vocabulary.
        maximum_length: how many ids of a text are read: the last ones.
        temperature: divides the logit before the sigmoid; 1 leaves it as trained.
        threshold: probability of positive from which the label is "positive".
        layers: the network.
        metrics: how good it is.
        chosen_by: how the weights were chosen among the epochs.
        history: the epochs of training.
        recipe: every field of the recipe.
        seed: seed of the weights and of the order of the batches.
        data_sha256: hash of the labeled reviews; see `imdbsent.dataset.aclimdb.content_sha256`.
        versions: Python and the libraries that trained the model.
        files: SHA-256 of each other file of the bundle.
        format: format of the card.
    """

    name: str
    version: int
    tokenizer: str
    architecture: str
    num_words: int
    maximum_length: int
    temperature: float
    threshold: float
    layers: tuple[Layer, ...]
    metrics: tuple[Metrics, ...]
    chosen_by: str
    history: tuple[Epoch, ...]
    recipe: dict[str, str | int | float | bool]
    seed: int
    data_sha256: str
    versions: dict[str, str]
    files: dict[str, str]
    format: int = CARD_FORMAT

    @property
    def validation_split(self) -> str:
        """The split that was measured after each epoch: "test" of IMDB, "validation" of the user's own texts."""
        return self.metrics[0].split if self.metrics else "test"

    def to_json(self) -> str:
        """The text of `card.json`."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


@lru_cache(maxsize=4)  # the first answer of a process reads the card in the package, and its copy
def parse_card(content: bytes) -> ModelCard:
    """Parse a card of this format or an older one.

    Args:
        content: the bytes of `card.json`.

    Returns:
        The card, in the format of this version.

    Raises:
        ValueError: it is not JSON, lacks a field, or has a value that makes no sense; the message says which.
        RecursionError: it is nested too deeply.
    """
    value = json.loads(content, object_pairs_hook=unique_keys)
    if isinstance(value, dict) and isinstance(value.get("format"), int) and value["format"] > CARD_FORMAT:
        found = str(value["format"])[:LONGEST_EXCERPT]
        raise ValueError(f"made by a newer imdbsent (format {found}). Type: pip install -U imdbsent")
    card = cast("ModelCard", from_json(_upgraded(value), ModelCard, "card"))
    for field, is_valid in _rules(card):
        if not is_valid:
            raise _no_sense(field, getattr(card, field))
    return card


def _upgraded(value: Any) -> Any:
    """A card of format 1 as one of this format; anything else as it is."""
    if not isinstance(value, dict) or not _is_format_1(value.get("format")) or "scheme" not in value:
        return value
    card = dict(value)
    scheme = card.pop("scheme")
    if not isinstance(scheme, str) or scheme not in _ARCHITECTURES_OF_SCHEMES:
        raise _no_sense("scheme", scheme)
    return {**card, "tokenizer": scheme, "architecture": _ARCHITECTURES_OF_SCHEMES[scheme], "format": CARD_FORMAT}


def _is_format_1(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == 1


def _no_sense(field: str, value: Any) -> ValueError:
    """The error for a field with a value that it cannot have."""
    excerpt = repr(value)
    if len(excerpt) > LONGEST_EXCERPT:
        excerpt = excerpt[:LONGEST_EXCERPT] + "..."
    return ValueError(f"{field} has an invalid value: {excerpt}")


def _rules(card: ModelCard) -> Iterator[tuple[str, bool]]:
    """Each field that has a rule, and whether its value keeps it."""
    yield "format", card.format == CARD_FORMAT
    yield "name", card.name.isprintable() and 0 < len(card.name) <= _LONGEST_NAME
    yield "version", 0 <= card.version <= _LARGEST_COUNT
    yield "tokenizer", card.tokenizer in TOKENIZERS
    yield "architecture", _ARCHITECTURE.fullmatch(card.architecture) is not None
    yield "num_words", _NUM_WORDS[0] <= card.num_words <= _NUM_WORDS[1]
    yield "maximum_length", _MAXIMUM_LENGTHS[0] <= card.maximum_length <= _MAXIMUM_LENGTHS[1]
    yield "temperature", _TEMPERATURES[0] <= card.temperature <= _TEMPERATURES[1]
    yield "threshold", 0 <= card.threshold <= 1
    yield "layers", len(card.layers) <= _MOST_ROWS and all(map(_is_layer, card.layers))
    yield "metrics", len(card.metrics) <= _MOST_ROWS and all(map(_is_metrics, card.metrics))
    yield "history", len(card.history) <= _MOST_ROWS and all(map(_is_epoch, card.history))
    yield "recipe", all(map(_is_setting, card.recipe.values()))
    yield "seed", abs(card.seed) <= 2**64
    yield "data_sha256", card.data_sha256 == "" or _SHA256.fullmatch(card.data_sha256) is not None
    yield "files", {MODEL, VOCABULARY} <= card.files.keys() and all(map(_is_file_name, card.files))
    yield "files", all(map(_SHA256.fullmatch, card.files.values()))


def _is_layer(layer: Layer) -> bool:
    return all(0 <= size <= _LARGEST_COUNT for size in (layer.parameters, *filter(None, layer.output_shape)))


def _is_metrics(metrics: Metrics) -> bool:
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


def _is_setting(value: str | float) -> bool:
    """Whether a value of a recipe is a text, or a number that fits a float64."""
    return isinstance(value, str) or abs(value) <= 2**64


def _is_file_name(name: str) -> bool:
    """Whether a name leads nowhere else."""
    return name not in ("", ".", "..") and not set(name) & set("/\\:\0")
