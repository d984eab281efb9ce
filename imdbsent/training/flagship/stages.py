"""Where a run of the ladder keeps what its stages gave, so that a stage that is done is never done again."""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.records.arrays import write_arrays
from imdbsent.training.checkpoint import DAMAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    Array = npt.NDArray[Any]

_KEY = "key"
_SECONDS = "seconds"
_VALUE = "value"


@dataclass(frozen=True)
class Workspace:
    """A folder with a file for each stage that is done.

    Attributes:
        directory: the folder.
        common: what every stage depends on: data, seed, and how the reviews are encoded and divided.
        note: is told a line of each stage.
    """

    directory: Path
    common: tuple[object, ...]
    note: Callable[[str], None]

    def stage(
        self, name: str, settings: tuple[object, ...], work: Callable[[], Array], figure: Callable[[Array], str]
    ) -> Array:
        """What a stage gives: read where it was done before with the same settings, else worked out and kept.

        Args:
            name: of the stage, and of its file.
            settings: what it depends on besides.
            work: does it.
            figure: says in a clause how good what it gives is.

        Raises:
            OSError: the folder cannot be written.
        """
        path = self.directory / f"{name}.npz"
        key = self._key(settings)
        found = self._read(path, key)
        if found is not None:
            value, seconds = found
            self.note(f"{name}: done before in {seconds:.0f} s, {figure(value)}")
            return value
        started = time.perf_counter()
        value = work()
        seconds = time.perf_counter() - started
        self.directory.mkdir(parents=True, exist_ok=True)
        write_arrays(path, {_VALUE: value, _SECONDS: seconds, _KEY: key})
        self.note(f"{name}: {seconds:.0f} s, {figure(value)}")
        return value

    def checkpoint(self, name: str, settings: tuple[object, ...]) -> Path:
        """Where a network that is being trained with some settings keeps its checkpoint."""
        self.directory.mkdir(parents=True, exist_ok=True)
        return self.directory / f"{name} {self._key(settings)[:16]}.npz"

    def remove(self) -> None:
        """Remove the folder and all that is in it."""
        shutil.rmtree(self.directory, ignore_errors=True)

    def _key(self, settings: tuple[object, ...]) -> str:
        return hashlib.sha256(repr((self.common, settings)).encode()).hexdigest()

    def _read(self, path: Path, key: str) -> tuple[Array, float] | None:
        """The value and the seconds of a file; None where it is not there, of other settings, or damaged."""
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                if str(file[_KEY]) == key:
                    return file[_VALUE], float(file[_SECONDS])
        except DAMAGE:
            pass
        return None
