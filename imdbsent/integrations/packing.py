"""A model that travels: its files as bytes, under the hash of their content.

Who sends it reads it from where models are kept; who gets it needs no network and no home directory. There it is
unpacked once a machine and user, under its hash in the system's temporary folder, and every file is compared with the
hash in its card before it is read.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from imdbsent import store
from imdbsent.bundle import CARD, HISTORY, NETWORK, Bundle, read_bundle
from imdbsent.errors import BundleInvalid

_NOT_TO_ANSWER: Final = (NETWORK, HISTORY)
"""Files of a bundle that training alone reads: they may be missing from it."""


@dataclass(frozen=True)
class PackedModel:
    """A model as bytes.

    Attributes:
        name: what its card calls it.
        sha256: of its card, which has the hash of every other file: two models with the same one are the same.
        files: the name and the bytes of each file that it answers with, the card among them.
    """

    name: str
    sha256: str
    files: tuple[tuple[str, bytes], ...] = field(compare=False, repr=False)

    def unpack(self) -> Bundle:
        """The bundle on this machine, unpacked where it is not yet.

        Raises:
            BundleInvalid: the bytes are not those of the card.
            OSError: the temporary folder cannot be written.
        """
        final = _own_folder() / self.sha256
        if not _is_whole(final, self.sha256):
            self._write(final)
        return read_bundle(final)

    def _write(self, final: Path) -> None:
        staging = Path(tempfile.mkdtemp(dir=final.parent, prefix=".unpacking-"))
        try:
            for name, content in self.files:
                (staging / name).write_bytes(content)
            self._check(staging)
            if final.exists():  # damaged, or half removed by whoever cleans temporary folders
                final.rename(staging / "before")
            staging.rename(final)
        except OSError:
            if not _is_whole(final, self.sha256):  # else another process of this machine was faster
                raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            shutil.rmtree(final / "before", ignore_errors=True)

    def _check(self, folder: Path) -> None:
        if hashlib.sha256((folder / CARD).read_bytes()).hexdigest() != self.sha256:
            raise BundleInvalid(folder, f"{CARD} is not the one that was packed", "Type: the same command again")
        bundle = read_bundle(folder)
        for name in bundle.card.files:
            if name not in _NOT_TO_ANSWER:
                bundle.checked(name)


def pack(model: str | Bundle | None = None) -> PackedModel:
    """Pack a model, to be sent to where it is to answer.

    Args:
        model: as `imdbsent.load`: a name, a bundle's folder, None for the default; or a bundle.

    Raises:
        imdbsent.errors.ModelMissing: there is no such model.
        imdbsent.errors.DefaultMissing: the model that the user made the default is not there any more.
        imdbsent.errors.BundleInvalid: the model is damaged.
        imdbsent.errors.DownloadFailed: it could not be fetched from IMDBSENT_MODEL_URL.
    """
    bundle = model if isinstance(model, Bundle) else store.resolve(model)
    card = (bundle.directory / CARD).read_bytes()
    names = [name for name in bundle.card.files if name not in _NOT_TO_ANSWER]
    files = [(name, bundle.checked(name).read_bytes()) for name in names]
    return PackedModel(bundle.card.name, hashlib.sha256(card).hexdigest(), ((CARD, card), *files))


def _own_folder() -> Path:
    """Where this user's models are unpacked. Temporary folders are everybody's: one that is another's is not used."""
    user = str(os.getuid()) if hasattr(os, "getuid") else "models"
    folder = Path(tempfile.gettempdir()) / f"imdbsent-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid"):
        there = folder.lstat()
        if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.getuid() or there.st_mode & 0o022:
            return Path(tempfile.mkdtemp(prefix="imdbsent-"))
    return folder


def _is_whole(folder: Path, sha256: str) -> bool:
    """Whether a model is unpacked in a folder; its other files are compared with the card as they are read."""
    try:
        card = (folder / CARD).read_bytes()
        files = read_bundle(folder).card.files
        return hashlib.sha256(card).hexdigest() == sha256 and all(
            (folder / name).is_file() for name in files if name not in _NOT_TO_ANSWER
        )
    except (OSError, BundleInvalid):
        return False
