"""A bundle: one trained model on disk, and the card that says everything about it.

A bundle is a folder: `model.onnx` answers, `vocabulary.txt` holds the words, `card.json` holds whatever decides an
answer and what is needed to make the model again, `network.keras` (where it is) is what training goes on from, and
`history.json` (where it is) has the epochs of training as columns.
Nothing in it is executed or unpickled, and every file is checked against its hash in the card before it is read.
"""

from __future__ import annotations

import hashlib
import json
import stat
import typing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from imdbsent.card_rules import LONGEST_EXCERPT, check_ranges, no_sense, unique_keys
from imdbsent.errors import BundleInvalid
from imdbsent.typed_json import from_json

if TYPE_CHECKING:
    from pathlib import Path

CARD_FORMAT: Final = 1
"""The format of `card.json` that this version writes; it reads none that is newer."""
CARD: Final = "card.json"
MODEL: Final = "model.onnx"
VOCABULARY: Final = "vocabulary.txt"
NETWORK: Final = "network.keras"
HISTORY: Final = "history.json"
SCHEMES: Final = ("keras", "words")
"""How text may become ids; `imdbsent.schemes` has their tokenizers."""
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
        scheme: how text becomes ids; see `imdbsent.tokenizer`.
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


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as 64 hexadecimal digits.

    Raises:
        OSError: the file cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
    return digest.hexdigest()


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
