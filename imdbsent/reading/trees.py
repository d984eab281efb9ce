"""A user's labeled texts in folders: one file per text in `pos/` and `neg/`, perhaps below `train/` and `test/`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent.errors import InputUnreadable, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator


CLASSES: Final = {"neg": 0, "pos": 1}
TRAIN: Final = "train"
VALIDATION: Final = ("validation", "test")
"""The folders to validate a training run on; the first that exists is used."""
EVALUATION: Final = ("test", "validation")
"""The folders to evaluate a model on; the first that exists is used."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text from a folder.

    Attributes:
        text: the text; None if the file is not UTF-8.
        label: 1 for a file in `pos/`, 0 for one in `neg/`.
        where: its path below the folder, for example "pos/12.txt".
    """

    text: str | None
    label: int
    where: str


def is_folder(path: str | Path) -> bool:
    """Whether a path is a folder; False if that cannot be known, for example without access to its parent."""
    return os.path.isdir(path)  # noqa: PTH112 (Path.is_dir raises PermissionError)


def find_training_folders(root: Path, command: str) -> tuple[Path, Path | None]:
    """Find the folder to learn from and the one to validate on, each with `pos/` and `neg/`.

    Args:
        root: has `pos/` and `neg/`; or has `train/`, and perhaps `validation/` or `test/`, with these in it.
        command: the command that an error names.

    Returns:
        The two folders; None for the second if there is no held-out part.

    Raises:
        UsageProblem: it has no such folders, or holds the IMDB reviews.
    """
    _refuse_reviews(root, command)
    if _has_classes(root):
        return root, None
    if not _has_classes(root / TRAIN):
        raise _no_tree(root, command)
    return root / TRAIN, _first(root, VALIDATION)


def find_held_out_folder(root: Path, names: tuple[str, ...], command: str) -> Path:
    """Find the folder to measure a model on: the root if it has `pos/` and `neg/`, else one of its parts.

    Args:
        root: the folder to search.
        names: the parts to look for, `VALIDATION` or `EVALUATION`.
        command: the command that an error names.

    Raises:
        UsageProblem: it has no such folders, has only `train/`, or holds the IMDB reviews.
    """
    _refuse_reviews(root, command)
    if _has_classes(root):
        return root
    found = _first(root, names)
    if found is None and _has_classes(root / TRAIN):
        raise UsageProblem(
            f"'{root}' has the folder {TRAIN}, but neither {' nor '.join(names)}. "
            f"Name the folder that is meant, as '{root / TRAIN}'"
        )
    if found is None:
        raise _no_tree(root, command)
    return found


def read_text_files(folder: Path, command: str) -> Iterator[TextFile]:
    """Read the texts in `neg/` and `pos/`, and in the folders below them, in the order of their paths.

    Args:
        folder: holds `pos/` and `neg/`.
        command: the command that an error names.

    Raises:
        InputUnreadable: a file or a folder cannot be read.
    """
    try:
        for name, label in CLASSES.items():
            for path in sorted(_text_paths(folder / name)):
                yield TextFile(_decoded(path.read_bytes()), label, path.relative_to(folder).as_posix())
    except OSError as error:
        raise InputUnreadable(error.filename, error.strerror or str(error), command) from error


def _text_paths(folder: Path) -> Iterator[Path]:
    """The `.txt` files below a folder, without the hidden ones that other systems leave next to a file.

    Raises:
        OSError: a folder cannot be read; `Path.rglob` would skip it.
    """

    def refuse(error: OSError) -> None:
        raise error

    for directory, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            if name.lower().endswith(".txt") and not name.startswith("."):
                yield Path(directory, name)


def _decoded(content: bytes) -> str | None:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _has_classes(folder: Path) -> bool:
    return all(is_folder(folder / name) for name in CLASSES)


def _first(root: Path, names: tuple[str, ...]) -> Path | None:
    return next((root / name for name in names if _has_classes(root / name)), None)


def _refuse_reviews(root: Path, command: str) -> None:
    """Refuse the IMDB reviews: they have stars and films, which these folders lack."""
    if (root / TRAIN / "urls_pos.txt").is_file():
        raise UsageProblem(f"'{root}' holds the IMDB reviews. Type: imdbsent {command} --data '{root}'")


def _no_tree(root: Path, command: str) -> UsageProblem:
    return UsageProblem(
        f"the folder '{root}' has neither pos and neg, nor {TRAIN} with these in it. "
        f"Put a .txt a text into '{root / 'pos'}' and '{root / 'neg'}', then type: imdbsent {command} '{root}'"
    )
