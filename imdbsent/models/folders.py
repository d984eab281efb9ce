"""The folders that are models, by their names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imdbsent import settings
from imdbsent.models import publishing

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_name(text: str) -> bool:
    """Whether a text can be the name of a model: letters, digits, `.`, `_` and `-`, 64 at most."""
    return _NAME.fullmatch(text) is not None


def is_folder(path: Path) -> bool:
    """Whether a path is that of a folder that we can see."""
    try:
        return path.is_dir()
    except OSError:  # a folder above it may not be entered
        return False


def models_in(directory: Path) -> list[str]:
    """Names of the models, whole or damaged, in a directory; none where it cannot be read."""
    return _models(directory, _listing(directory))


def installed() -> list[str]:
    """Names of the models in the data directory, that of a model which is just being replaced among them."""
    directory = settings.models_directory()
    names = _listing(directory)
    if publishing.is_unsettled(names):
        publishing.settle(directory)
        names = _listing(directory)
    return _models(directory, names)


def _models(directory: Path, names: list[str]) -> list[str]:
    return [name for name in names if is_name(name) and is_folder(directory / name)]


def _listing(directory: Path) -> list[str]:
    try:
        return sorted(path.name for path in directory.iterdir())
    except OSError:
        return []
