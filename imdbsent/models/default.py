"""The default model: from IMDBSENT_MODEL, else from the file that `imdbsent models use` writes, else built in."""

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
    """The default model.

    Attributes:
        name: its name, or the path of its folder.
        source: what set it: a variable, a command, or "the built-in default".
    """

    name: str
    source: str


BUILT_IN: Final = Choice(DEFAULT_MODEL, "the built-in default")
TUTORIAL: Final = Choice("classic", "the model of the tutorials")
"""What the commands that follow a tutorial show if nothing was chosen: it has the ids and states of the tutorials."""
USE: Final = "imdbsent models use"
"""The source of a `Choice` that the user made."""


def choice(built_in: Choice = BUILT_IN) -> Choice:
    """The default model: IMDBSENT_MODEL, else the user's choice, else a built-in one.

    Args:
        built_in: the model if nothing was chosen.
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
    """The file with the name."""
    return settings.config_directory() / _FILE


def stored() -> str | None:
    """The stored name; None if there is none.

    Raises:
        OSError: the file cannot be read.
    """
    try:
        with path().open("rb") as stream:
            return stream.read(_LONGEST).decode("utf-8", "replace").strip() or None
    except (FileNotFoundError, NotADirectoryError):
        return None


def choose(name: str) -> None:
    """Store a name.

    Raises:
        OSError: the file cannot be written.
    """
    target = path()
    target.parent.mkdir(parents=True, exist_ok=True)
    with new_file(target) as place:
        place.write_text(name + "\n", encoding="utf-8")


def forget() -> None:
    """Remove the stored name.

    Raises:
        OSError: the file cannot be removed.
    """
    path().unlink(missing_ok=True)
