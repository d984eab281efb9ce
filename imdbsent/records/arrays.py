"""A file of NumPy arrays, written whole or not at all."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.records.new_file import new_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_arrays(path: Path, arrays: Mapping[str, Any], *, compressed: bool = False) -> None:
    """Write arrays as an .npz file that takes the place of the last one of its name.

    They are put together in memory first: where a disk is full, NumPy 1.26 leaves its archive open, which prints an
    exception of its own when it is collected.

    Args:
        path: the file.
        arrays: what it holds, under their names.
        compressed: whether to deflate them.

    Raises:
        OSError: the place cannot be written.
    """
    whole = io.BytesIO()
    save = np.savez_compressed if compressed else np.savez
    save(whole, **arrays)
    with new_file(path) as temporary, temporary.open("wb") as stream:
        stream.write(whole.getbuffer())
