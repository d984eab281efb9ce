"""Settings from the environment: IMDBSENT_* variables and the folders of the user's files.

An option wins over a variable, and a variable over the default. The command line handles options; the rest is here.
"""

from __future__ import annotations

import os
from pathlib import Path

MODEL = "IMDBSENT_MODEL"
"""Name or folder of the model that answers without `--model`."""
DATA = "IMDBSENT_ACLIMDB"
"""The IMDB reviews: the archive or the unpacked folder."""
_NO_HOME = str(Path(os.devnull, "imdbsent"))
"""The folders of a user without a home, as in a container that runs under a user id without a name. Nothing is there,
and nothing can be written: models of the package answer from the package."""


def models_directory() -> Path:
    """The user's models: `IMDBSENT_HOME/models`, else `models` in the system's user data directory."""
    return _in_home("models") or Path(_system("user_data_dir")) / "models"


def training_directory() -> Path:
    """Checkpoints of unfinished training runs: `training` next to `models_directory()`."""
    return models_directory().with_name("training")


def cache_directory() -> Path:
    """Downloads: `IMDBSENT_HOME/cache`, else the system's user cache directory."""
    return _in_home("cache") or Path(_system("user_cache_dir"))


def config_directory() -> Path:
    """The user's choices: `IMDBSENT_HOME/config`, else the system's user configuration directory."""
    return _in_home("config") or Path(_system("user_config_dir"))


def is_offline() -> bool:
    """Whether IMDBSENT_OFFLINE forbids the network: any value except empty and 0."""
    return os.environ.get("IMDBSENT_OFFLINE", "0") not in ("", "0")


def is_debug() -> bool:
    """Whether IMDBSENT_DEBUG asks for tracebacks."""
    return os.environ.get("IMDBSENT_DEBUG", "0") not in ("", "0")


def _in_home(folder: str) -> Path | None:
    home = os.environ.get("IMDBSENT_HOME")
    return Path(home).expanduser() / folder if home else None


def _system(kind: str) -> str:
    import platformdirs  # noqa: PLC0415 (not every command has files)

    try:
        folder: str = getattr(platformdirs, kind)("imdbsent", appauthor=False)
    except RuntimeError:  # what newer versions do
        return _NO_HOME
    return folder if Path(folder).is_absolute() else _NO_HOME  # older ones leave "~" as it is
