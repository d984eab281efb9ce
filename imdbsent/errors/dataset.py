"""The IMDB reviews, where they are not what or where they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imdbsent.errors.base import ExitCode, ImdbsentError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class DatasetMissing(ImdbsentError):
    """The IMDB archive is nowhere on this machine, and cannot be fetched here."""

    exit_code = ExitCode.MISSING

    def __init__(self, url: str, size: int, reason: str) -> None:
        super().__init__(
            f"the IMDB reviews are not here and {reason}. Fetch {url} ({size / 1e6:.0f} MB) elsewhere, then type: "
            "the same command with --data PATH, or set IMDBSENT_ACLIMDB=PATH"
        )


class DatasetInvalid(ImdbsentError):
    """A path that was named as the IMDB reviews does not hold them."""

    exit_code = ExitCode.MISSING

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"'{path}' does not hold the IMDB reviews: {reason}. "
            "Name aclImdb_v1.tar.gz or the folder aclImdb: type the same command with --data PATH"
        )


class DatasetAbsent(ImdbsentError):
    """The IMDB archive is nowhere on this machine, and the command does not fetch it of itself."""

    exit_code = ExitCode.MISSING

    def __init__(self) -> None:
        super().__init__("the IMDB reviews are not on this machine. Type: imdbsent dataset download")


class DatasetIncomplete(ImdbsentError):
    """The reviews are there, but not as many as the data set has."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, path: Path, shortfalls: Sequence[str]) -> None:
        super().__init__(
            f"'{path}' is not the whole data set: {', '.join(shortfalls)}. Type: imdbsent dataset download"
        )


class FiguresDiffer(ImdbsentError):
    """Figures computed anew are not those that came with the package."""

    def __init__(self, path: Path, differences: Sequence[str]) -> None:
        more = f" (and {len(differences) - 1:,} more)" if len(differences) > 1 else ""
        super().__init__(
            f"the figures of '{path}' are not those that came with imdbsent: {differences[0]}{more}. "
            f"Type: imdbsent dataset verify --data '{path}'"
        )


class RemovalFailed(ImdbsentError):
    """A file of the cache cannot be removed."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"cannot remove '{path}': {reason}. Type: rm '{path}'")
