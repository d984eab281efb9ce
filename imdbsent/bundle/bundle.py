"""A bundle: one trained model on disk, and the card that says everything about it.

A bundle is a folder: `model.onnx` answers, `vocabulary.txt` holds the words, `card.json` holds whatever decides an
answer and what is needed to make the model again, `network.keras` (where it is) is what training goes on from, and
`history.json` (where it is) has the epochs of training as columns.
Nothing in it is executed or unpickled, and every file is checked against its hash in the card before it is read.

Dataclasses from JSON, every field of its type: what a file says is checked before anything relies on it.

What the values of a card may be: its types are right already, and its numbers are to be within bounds.

A card comes from wherever a model comes from. Bounds are wide: whatever training writes is far inside, and whatever is
inside can be shown on a line and computed with.
"""

from __future__ import annotations

import json
import math
import re
import stat
import types
import typing
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final

from imdbsent.errors import BundleInvalid
from imdbsent.files import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


_UNIONS: Final = (typing.Union, types.UnionType)


def from_json(value: Any, kind: Any, where: str) -> Any:
    """A JSON value as an object of a type.

    Args:
        value: what `json.loads` gave.
        kind: a dataclass, or a dataclass or None; `tuple[X, ...]`; `dict[str, X]`; a plain type, or a union of them.
        where: name of the value in the message of an error.

    Returns:
        The object.

    Raises:
        ValueError: the value is of another type, or lacks a field.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if is_dataclass(kind):
        return _typed_dataclass(value, kind, where)
    if origin in _UNIONS and (inner := _dataclass_or_none(arguments)):
        return None if value is None else _typed_dataclass(value, inner, where)
    if origin is tuple and isinstance(value, list):
        return tuple(from_json(item, arguments[0], f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {key: from_json(item, arguments[1], f"{where}.{key}") for key, item in value.items()}
    if _is_one_of(value, arguments if origin in _UNIONS else (origin or kind,)):
        return _as_float(value, where) if kind is float else value
    raise ValueError(f"{where} is {type(value).__name__}, not {getattr(kind, '__name__', kind)}")


def _as_float(value: float, where: str) -> float:
    try:
        return float(value)
    except OverflowError as error:  # a whole number of hundreds of digits
        raise ValueError(f"{where} is too large a number") from error


def _typed_dataclass(value: Any, kind: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise ValueError(f"{where} is {type(value).__name__}, not an object")
    hints = typing.get_type_hints(kind)
    missing = [field.name for field in fields(kind) if field.name not in value]
    if missing:
        raise ValueError(f"{where} lacks {', '.join(missing)}")
    return kind(**{f.name: from_json(value[f.name], hints[f.name], f"{where}.{f.name}") for f in fields(kind)})


def _dataclass_or_none(kinds: tuple[Any, ...]) -> Any:
    """The dataclass of a union of one and None; None for any other union."""
    inner = [kind for kind in kinds if is_dataclass(kind)]
    return inner[0] if inner and {*kinds} == {inner[0], types.NoneType} else None


def _is_one_of(value: Any, kinds: Iterable[Any]) -> bool:
    if isinstance(value, bool):  # JSON's true is no number, though Python's is
        return bool in kinds
    return any(isinstance(value, (int, float) if kind is float else kind) for kind in kinds)

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

CARD_FORMAT: Final = 1
"""The format of `card.json` that this version writes; it reads none that is newer."""
CARD: Final = "card.json"
MODEL: Final = "model.onnx"
VOCABULARY: Final = "vocabulary.txt"
NETWORK: Final = "network.keras"
HISTORY: Final = "history.json"
SCHEMES: Final = ("keras", "words")
"""How text may become ids; `imdbsent.text.registry` has their tokenizers."""
LARGEST_FILE: Final = 2**30
"""Bytes that one of the files may have."""
_LARGEST_CARD = 2**20  # bytes


@dataclass(frozen=True)
class Layer:
    """One layer of the network as a summary shows it.

    Attributes:
        name: its name in the network.
        kind: its Keras class, as "LSTM".
        output_shape: the shape it gives, None where it depends on the input.
        parameters: how many numbers it learned.
    """

    name: str
    kind: str
    output_shape: tuple[int | None, ...]
    parameters: int


@dataclass(frozen=True)
class Metrics:
    """How good the model was on one split.

    Attributes:
        split: "train" or "test"; "validation" where a user's own texts were held out.
        n: reviews measured.
        accuracy: share of right labels, 0 to 1.
        loss: mean binary cross-entropy, in nats.
    """

    split: str
    n: int
    accuracy: float
    loss: float


@dataclass(frozen=True)
class Epoch:
    """One epoch of training: means over its batches, then the test split after it.

    Attributes:
        number: the epoch, from 1.
        seconds: wall time, the test split included.
        loss: mean binary cross-entropy of the training batches, in nats.
        accuracy: share of right labels in the training batches, 0 to 1.
        test_loss: mean binary cross-entropy on the test split, or on held-out texts of a user's own.
        test_accuracy: share of right labels there.
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
        version: 1 for the first model of that name; a higher one takes the place of a lower one.
        scheme: how text becomes ids; see `imdbsent.text.tokenizer`.
        num_words: ids from this one on are out of the vocabulary.
        maximum_length: ids read of a text: the last ones.
        temperature: divides the logit before the sigmoid; 1 leaves it as trained.
        threshold: probability of positive from which the label is "positive".
        layers: the network.
        metrics: how good it is.
        chosen_by: how the weights that ship were chosen among the epochs.
        history: each epoch of training.
        recipe: every field of the recipe.
        seed: seed of the weights and of the order of the batches.
        data_sha256: hash of the labelled reviews; see `imdbsent.dataset.aclimdb.content_sha256`.
        versions: the Python and the libraries that trained it.
        files: SHA-256 of each other file of the bundle.
        format: format of this card.
    """

    name: str
    version: int
    scheme: str
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
    def shown_split(self) -> str:
        """What the network was shown to do after each epoch: "test" of IMDB, "validation" of a user's own texts."""
        return self.metrics[0].split if self.metrics else "test"

    def to_json(self) -> str:
        """The text of `card.json`."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Bundle:
    """A bundle whose card has been read.

    Attributes:
        directory: the folder.
        card: what its card says.
    """

    directory: Path
    card: ModelCard

    def checked(self, file: str) -> Path:
        """Path of one file of the bundle, after its hash was compared with the card's.

        Raises:
            BundleInvalid: the file is missing, cannot be read, is no plain file, or is not the one that the card was
                written for.
        """
        expected = self.card.files.get(file)
        path = self.directory / file
        try:
            _check_plain(path)
            actual = file_sha256(path)
        except OSError as error:
            raise BundleInvalid(self.directory, f"{file}: {error.strerror}") from error
        except ValueError as error:
            raise BundleInvalid(self.directory, f"{file}: {error}") from error
        if actual != expected:
            raise BundleInvalid(self.directory, f"{file} is damaged: its SHA-256 is not the one in {CARD}")
        return path

    def verify(self) -> Bundle:
        """Check every file and return the bundle.

        Raises:
            BundleInvalid: as `checked`.
        """
        for file in {MODEL, VOCABULARY, *self.card.files}:
            self.checked(file)
        return self


def read_bundle(directory: Path) -> Bundle:
    """Read the card of a bundle; the other files are checked when they are read.

    Raises:
        BundleInvalid: no card, or one that this version cannot make sense of.
    """
    path = directory / CARD
    try:
        _check_plain(path)
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_CARD + 1)
    except ValueError as error:
        raise BundleInvalid(directory, f"{CARD}: {error}") from error
    except OSError as error:
        raise BundleInvalid(directory, f"{CARD}: {error.strerror}") from error
    try:
        if len(content) > _LARGEST_CARD:
            raise ValueError(f"larger than {_LARGEST_CARD:,} bytes")
        return Bundle(directory, _parse_card(json.loads(content, object_pairs_hook=unique_keys)))
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise BundleInvalid(directory, f"{CARD}: {error}") from error


def write_card(directory: Path, card: ModelCard) -> Bundle:
    """Write the card as the last file of a bundle, and read the bundle back.

    Raises:
        OSError: the card cannot be written.
        BundleInvalid: the card breaks its own rules.
    """
    (directory / CARD).write_text(card.to_json(), encoding="utf-8", newline="\n")
    return read_bundle(directory)


def _parse_card(value: Any) -> ModelCard:
    if isinstance(value, dict) and isinstance(value.get("format"), int) and value["format"] > CARD_FORMAT:
        found = str(value["format"])[:LONGEST_EXCERPT]
        raise ValueError(f"made by a newer imdbsent (format {found}). Type: pip install -U imdbsent")
    card = typing.cast("ModelCard", from_json(value, ModelCard, "card"))
    rules = {
        "scheme": card.scheme in SCHEMES,
        "num_words": 4 < card.num_words <= 10_000_000,  # noqa: PLR2004
        "maximum_length": 0 < card.maximum_length <= 1_000_000,  # noqa: PLR2004
        "temperature": 0 < card.temperature < float("inf"),
        "threshold": 0 <= card.threshold <= 1,
        "name": card.name.isprintable() and card.name != "",
        "files": {MODEL, VOCABULARY} <= card.files.keys() and all(map(_is_plain_name, card.files)),
    }
    for field, holds in rules.items():
        if not holds:
            raise no_sense(field, getattr(card, field))
    check_ranges(card)
    return card


def _check_plain(path: Path) -> None:
    """Check that a path is that of a plain file: a named pipe would be waited for, and a device has no end.

    Raises:
        OSError: it is not there.
        ValueError: it is something else, or too large.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no plain file")
    if status.st_size > LARGEST_FILE:
        raise ValueError(f"it is larger than {LARGEST_FILE:,} bytes")


def _is_plain_name(name: str) -> bool:
    return name not in ("", ".", "..") and not set(name) & set("/\\:\0")
