"""The model that answers where none is named: from a variable, else from the file that `imdbsent models use` writes."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imdbsent import settings
from imdbsent.files import new_file

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

DEFAULT_MODEL: Final = "flagship"
_FILE: Final = "default-model"
_LONGEST: Final = 256  # bytes; a name has 64 at most


@dataclass(frozen=True)
class Choice:
    """The model that answers where none is named.

    Attributes:
        name: its name, or the path of its folder.
        source: who says so: a variable, a command, or "the built-in default".
    """

    name: str
    source: str


BUILT_IN: Final = Choice(DEFAULT_MODEL, "the built-in default")
TUTORIAL: Final = Choice("classic", "the model of the tutorials")
"""What the commands that follow a tutorial look at where nothing was chosen: its ids and states are the tutorials'."""
USE: Final = "imdbsent models use"
"""The source of a `Choice` that the user stored."""


def choice(built_in: Choice = BUILT_IN) -> Choice:
    """The model that answers where none is named: IMDBSENT_MODEL, else the user's choice, else a built-in one.

    Args:
        built_in: the model where nothing was chosen.
    """
    if variable := os.environ.get(settings.MODEL):
        return Choice(variable, settings.MODEL)
    try:
        name = stored()
    except OSError as error:
        logger.info(f"cannot read {path()} ({error.strerror}); the model is '{built_in.name}'")
        return built_in
    return Choice(name, USE) if name else built_in


def path() -> Path:
    """The file that holds the name."""
    return settings.config_directory() / _FILE


def stored() -> str | None:
    """The name that was stored; None where there is none.

    Raises:
        OSError: there may be one, but the file cannot be read.
    """
    try:
        with path().open("rb") as stream:
            return stream.read(_LONGEST).decode("utf-8", "replace").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None


def choose(name: str) -> None:
    """Store a name, whole or not at all.

    Raises:
        OSError: the place cannot be written.
    """
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    with new_file(target) as place:
        place.write_text(name + "\n", encoding="utf-8")


def forget() -> None:
    """Forget the name.

    Raises:
        OSError: the place cannot be written.
    """
    path().unlink(missing_ok=True)
