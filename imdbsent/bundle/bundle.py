"""A bundle: one trained model in a folder.

`model.onnx` answers, `vocabulary.txt` holds the words, and `card.json` describes the model (`imdbsent.bundle.card`).
Some bundles also have `network.keras`, from which training can continue, and `history.json`, the epochs of training
as columns. Nothing in a bundle is executed or unpickled, and every file is checked against its hash in the card before
it is read.

`settings.json` is not part of the model: it is what the user of this machine has set for it. It has no hash, and does
not change that of the card.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import stat
from dataclasses import dataclass, replace
from threading import Thread
from typing import TYPE_CHECKING, Final

from imdbsent.bundle.card import CARD, MODEL, VOCABULARY, ModelCard, parse_card
from imdbsent.errors import BundleInvalid
from imdbsent.files import new_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NETWORK: Final = "network.keras"
HISTORY: Final = "history.json"
SETTINGS: Final = "settings.json"
LARGEST_FILE: Final = 2**30
"""Bytes that a file of a bundle may have."""
_LARGEST_CARD: Final = 2**20  # bytes


@dataclass(frozen=True)
class Bundle:
    """A bundle whose card has been read.

    Attributes:
        directory: the folder.
        card: the card.
        sha256: of the file of the card, which has the hash of every other file: it identifies the model.
            "" for a bundle that was not read from a folder.
        set_threshold: the threshold of `imdbsent models set`; None if there is none.
    """

    directory: Path
    card: ModelCard
    sha256: str = ""
    set_threshold: float | None = None

    @property
    def threshold(self) -> float:
        """Probability of positive from which the label is "positive": the one that was set, else that of the card."""
        return self.card.threshold if self.set_threshold is None else self.set_threshold

    def read(self, file: str) -> bytes:
        """Content of a file of the bundle, after its hash was compared: with the card, or, for the card, with `sha256`.

        What is used is what was hashed: a path that is opened twice may be another model's file the second time,
        because another process can replace or remove an installed model at any time.

        Raises:
            BundleInvalid: the file is missing, cannot be read, is not a plain file, or has another hash.
        """
        path = self.directory / file
        try:
            _check_plain(path)
            content = path.read_bytes()
        except PermissionError as error:
            raise BundleInvalid(self.directory, f"{file}: {error.strerror}", "Check the permissions") from error
        except OSError as error:
            raise BundleInvalid(self.directory, f"{file}: {error.strerror}") from error
        except ValueError as error:
            raise BundleInvalid(self.directory, f"{file}: {error}") from error
        if hashlib.sha256(content).hexdigest() != (self.sha256 if file == CARD else self.card.files.get(file)):
            known = "that it had" if file == CARD else f"in {CARD}"
            raise BundleInvalid(self.directory, f"{file} is damaged: its SHA-256 is not the one {known}")
        return content

    def reading(self, file: str) -> Callable[[], bytes]:
        """Read a file in a thread, while this one does something else, such as importing a library.

        Returns:
            A function that waits for what `read` returns or raises.
        """
        done: list[bytes | BaseException] = []

        def work() -> None:
            try:
                done.append(self.read(file))
            except BaseException as error:  # noqa: BLE001 (it is raised where it is waited for)
                done.append(error)

        thread = Thread(target=work, daemon=True)
        thread.start()

        def content() -> bytes:
            thread.join()
            if isinstance(done[0], BaseException):
                raise done[0]
            return done[0]

        return content

    def verify(self) -> Bundle:
        """Check every file.

        Returns:
            The bundle itself.

        Raises:
            BundleInvalid: a file fails the check of `read`.
        """
        for file in {MODEL, VOCABULARY, *self.card.files}:
            self.read(file)
        return self


def read_bundle(directory: Path) -> Bundle:
    """Read the card of a bundle; the other files are checked when they are read.

    Raises:
        BundleInvalid: there is no card, or this version cannot read it.
    """
    path = directory / CARD
    try:
        _check_plain(path)
        with path.open("rb") as stream:
            content = stream.read(_LARGEST_CARD + 1)
        if len(content) > _LARGEST_CARD:
            raise ValueError(f"larger than {_LARGEST_CARD:,} bytes")
        bundle = Bundle(directory, parse_card(content), hashlib.sha256(content).hexdigest())
    except OSError as error:
        raise BundleInvalid(directory, f"{CARD}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise BundleInvalid(directory, f"{CARD}: {error}") from error
    threshold = _read_settings(directory)
    return bundle if threshold is None else replace(bundle, set_threshold=threshold)


def write_settings(directory: Path, threshold: float | None) -> None:
    """Set the threshold of a bundle, or, with None, go back to that of its card.

    Raises:
        OSError: the folder cannot be written.
    """
    path = directory / SETTINGS
    if threshold is None:
        path.unlink(missing_ok=True)
        return
    with new_file(path) as temporary:
        temporary.write_text(json.dumps({"threshold": threshold}) + "\n", encoding="utf-8")


def _read_settings(directory: Path) -> float | None:
    """The threshold that was set; None without one.

    Raises:
        BundleInvalid: there are settings that this version cannot read.
    """
    path = directory / SETTINGS
    try:
        _check_plain(path)
        with path.open("rb") as stream:
            value = json.loads(stream.read(_LARGEST_CARD))
        threshold = value.get("threshold") if isinstance(value, dict) else ""
        if threshold is None:
            return None
        if isinstance(threshold, bool) or not isinstance(threshold, (int, float)) or not 0 <= threshold <= 1:
            raise ValueError("the threshold is not a number from 0 to 1")
        return float(threshold)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, RecursionError) as error:
        reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
        raise BundleInvalid(directory, f"{SETTINGS}: {reason}", f"Type: rm {shlex.quote(str(path))}") from error


def write_card(directory: Path, card: ModelCard) -> Bundle:
    """Write the card as the last file of a bundle, and read the bundle again.

    Raises:
        OSError: the card cannot be written.
        BundleInvalid: the card breaks its own rules.
    """
    (directory / CARD).write_text(card.to_json(), encoding="utf-8", newline="\n")
    return read_bundle(directory)


def _check_plain(path: Path) -> None:
    """Check that a path is a plain file: reading a named pipe would wait, and reading a device would never end.

    Raises:
        OSError: it does not exist.
        ValueError: it is something else, or too large.
    """
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not a plain file")
    if status.st_size > LARGEST_FILE:
        raise ValueError(f"it is larger than {LARGEST_FILE:,} bytes")
