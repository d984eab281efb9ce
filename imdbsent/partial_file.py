"""A file that is being downloaded: what has come of it, and by what its server tells one version from another."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Final

from imdbsent.bundle import file_sha256

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST_VALIDATOR: Final = 1024  # characters


class PartialFile:
    """`NAME.part` beside a file that is to be, and `NAME.part.validator`, an ETag or a date of HTTP.

    Args:
        target: the file that is to be.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(f"{target.name}.part")
        self._validator = target.with_name(f"{target.name}.part.validator")

    def size(self) -> int:
        """Bytes that have come.

        Raises:
            OSError: they cannot be seen.
        """
        return self.path.stat().st_size if self.path.exists() else 0

    def sha256(self) -> str:
        """SHA-256 of what has come.

        Raises:
            OSError: nothing has, or it cannot be read.
        """
        return file_sha256(self.path)

    def request_headers(self) -> dict[str, str]:
        """What asks for the bytes behind those that have come: all of them where the file is another by now.

        Without a validator the bytes are asked for all the same, since the hash at the end tells in any case.

        Raises:
            OSError: the file cannot be seen.
        """
        size = self.size()
        if not size:
            return {}
        validator = ""
        with suppress(OSError, UnicodeDecodeError):
            validator = self._validator.read_text(encoding="ascii")
        has_validator = 0 < len(validator) <= _LONGEST_VALIDATOR and validator.isprintable()
        return {"Range": f"bytes={size}-", **({"If-Range": validator} if has_validator else {})}

    @contextmanager
    def writing(self, start: int, validator: str) -> Iterator[BinaryIO]:
        """Give a stream to write to.

        Args:
            start: bytes that stay; what comes is written behind them.
            validator: of the version that comes; "" where its server names none.

        Raises:
            OSError: the place cannot be written.
        """
        with self.path.open("r+b" if self.path.exists() else "wb") as stream:
            stream.truncate(start)
            stream.seek(start)
            # Behind the truncation: a kill between the two leaves no bytes that the validator is not of.
            is_ascii = validator.isascii() and len(validator) <= _LONGEST_VALIDATOR
            self._validator.write_text(validator if is_ascii else "", encoding="ascii")
            yield stream

    def publish(self) -> None:
        """Give the file its name.

        Raises:
            OSError: the system refuses.
        """
        self.path.replace(self.target)
        self.discard()

    def discard(self) -> None:
        """Take away what has come.

        Raises:
            OSError: the system refuses.
        """
        self.path.unlink(missing_ok=True)
        self._validator.unlink(missing_ok=True)
