"""What the environment says: IMDBSENT_* variables, and where files live.

A flag wins over a variable, a variable over the default; flags are the command line's business, the rest is here.
"""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

MODEL = "IMDBSENT_MODEL"
"""Name or folder of the model that answers when `--model` is left out."""
DATA = "IMDBSENT_ACLIMDB"
"""The IMDB reviews: the archive or the unpacked folder."""


def _place(kind: str, default: str) -> Path:
    home = os.environ.get("IMDBSENT_HOME")
    return Path(home).expanduser() / kind if home else Path(default)


def models_directory() -> Path:
    """Where the user's models are: `IMDBSENT_HOME/models`, else `models` in the system's user data directory."""
    return _place("models", str(Path(platformdirs.user_data_dir("imdbsent", appauthor=False)) / "models"))


def training_directory() -> Path:
    """Where unfinished training runs keep their checkpoints: `training` beside `models_directory()`."""
    return models_directory().with_name("training")


def cache_directory() -> Path:
    """Where downloads are kept: `IMDBSENT_HOME/cache`, else the system's user cache directory."""
    return _place("cache", platformdirs.user_cache_dir("imdbsent", appauthor=False))


def config_directory() -> Path:
    """Where the user's choices are kept: `IMDBSENT_HOME/config`, else the system's user configuration directory."""
    return _place("config", platformdirs.user_config_dir("imdbsent", appauthor=False))


def is_offline() -> bool:
    """Whether IMDBSENT_OFFLINE forbids the network (any value but empty and 0)."""
    return os.environ.get("IMDBSENT_OFFLINE", "0") not in ("", "0")


def is_debug() -> bool:
    """Whether IMDBSENT_DEBUG asks for tracebacks."""
    return os.environ.get("IMDBSENT_DEBUG", "0") not in ("", "0")
