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

    folder: str = getattr(platformdirs, kind)("imdbsent", appauthor=False)
    return folder
