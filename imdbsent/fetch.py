"""Downloads: locked, checked by their hash before they have their name, and gone on with where they were cut off.

One file over HTTP: asked for again where the connection ends early or the server has no time, from where it ended.

requests speaks HTTP: redirects, proxies, TLS. pooch, which fetched files here before, begins every try with an empty
temporary file and takes it away when it gives up: it cannot go on, and a hash before a rename is all that is left of
it then. urllib3's `Retry` asks again for an answer, not for the rest of a body, and waits as long as a server likes;
it reads Retry-After for us. What is ours is the rest: when to ask again, from where, and when to give up.
"""

from __future__ import annotations

import random
import re
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from imdbsent import settings
from imdbsent.errors import DownloadFailed
from imdbsent.files import PartialFile, file_sha256, temporary_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from requests import Response, Session


_CHUNK: Final = 2**16  # bytes
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers of a server that may be another a moment later."""
_WHOLE, _PART, _NOTHING_BEHIND = 200, 206, 416
_REFUSALS: Final = 2
"""Whole files with the wrong bytes, or answers that make no sense, after which it fails: the first may be the fault of
what was there before."""


class DownloadProgress(Protocol):
    """What a download tells while it works: the interface of tqdm."""

    total: int

    def update(self, size: int) -> None:
        """So many more bytes are there."""

    def reset(self) -> None:
        """The count starts again from 0, with `total` known."""

    def close(self) -> None:
        """The download is over."""


@dataclass(frozen=True)
class Patience:
    """How long a download waits, and how often it asks.

    Attributes:
        stall: seconds without a byte after which a connection is given up.
        fruitless: tries one after another that bring nothing new, after which it fails.
        tries: tries in all, after which it fails.
        first_pause: seconds before the second try, at most; each fruitless one doubles it.
        longest_pause: seconds of the longest pause; a server that asks for a longer one is not waited for.
    """

    stall: float = 30
    fruitless: int = 4
    tries: int = 100
    first_pause: float = 1
    longest_pause: float = 60

    def pause(self, fruitless: int, asked: float | None) -> float:
        """Seconds to wait before the next try.

        Args:
            fruitless: tries one after another that brought nothing new.
            asked: seconds that the server has asked for; None where it has not.
        """
        if asked is not None:
            return min(max(asked, 0), self.longest_pause)
        longest = min(self.first_pause * 2.0 ** max(fruitless - 1, 0), self.longest_pause)
        return longest * random.uniform(0.5, 1)  # noqa: S311 (so that many clients do not all come back at once)


class TransferFailed(Exception):
    """A file did not come.

    Attributes:
        reason: why, in words.
        connected: whether a server answered.
    """

    def __init__(self, reason: str, *, connected: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.connected = connected


class _TryAgain(Exception):
    """A try that failed in a way which another one may not.

    Attributes:
        connected: whether a server answered.
        pause: seconds that the server asks for; None where it does not.
        refused: whether something came, and was of no use.
    """

    def __init__(
        self, reason: str, *, connected: bool = True, pause: float | None = None, refused: bool = False
    ) -> None:
        super().__init__(reason)
        self.connected = connected
        self.pause = pause
        self.refused = refused


def transfer(
    url: str, part: PartialFile, sha256: str, largest: int, progress: DownloadProgress | None, patience: Patience
) -> None:
    """Bring a file, going on behind what is there of it.

    Args:
        url: http or https address.
        part: takes the bytes; what came stays there where this fails, unless it is of no use.
        sha256: hash of the whole, 64 hexadecimal digits.
        largest: bytes that it may have.
        progress: is told of the bytes.
        patience: when to give up.

    Raises:
        TransferFailed: it did not come.
        OSError: it cannot be written.
    """
    import requests  # noqa: PLC0415 (answering needs none)

    fruitless = refused = 0
    connected = False
    with requests.Session() as session:
        for number in range(1, patience.tries + 1):
            before = part.size()
            try:
                _attempt(session, url, part, sha256, largest, progress, patience.stall)
            except _TryAgain as error:
                connected = connected or error.connected
                refused += error.refused
                fruitless = 0 if part.size() > before else fruitless + 1
                out_of_patience = fruitless == patience.fruitless or refused == _REFUSALS or number == patience.tries
                if out_of_patience or (error.pause or 0) > patience.longest_pause:
                    kept = f"; {part.size():,} bytes of it have come, and are kept" if part.size() else ""
                    raise TransferFailed(f"{error}{kept}", connected=connected) from error
                time.sleep(patience.pause(fruitless, error.pause))
            else:
                return


def _attempt(
    session: Session,
    url: str,
    part: PartialFile,
    sha256: str,
    largest: int,
    progress: DownloadProgress | None,
    stall: float,
) -> None:
    """Ask once, and compare what is there then with the hash.

    Raises:
        _TryAgain: it is not there whole, and may be after another try.
        TransferFailed: it will not be.
    """
    import requests  # noqa: PLC0415 (as above)
    import urllib3  # noqa: PLC0415

    try:
        _ask(session, url, part, largest, progress, stall)
    except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as error:
        raise TransferFailed(f"no secure connection ({error})", connected=False) from error
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        is_connected = not isinstance(error, requests.ConnectTimeout)
        raise _TryAgain(f"no connection ({stall:g} s without a byte)", connected=is_connected) from error
    except requests.ConnectionError as error:
        raise _TryAgain(f"no connection ({type(error).__name__})", connected=False) from error
    except (urllib3.exceptions.HTTPError, requests.exceptions.ChunkedEncodingError) as error:
        raise _TryAgain("the connection was lost") from error
    except requests.RequestException as error:  # an address that is none, redirects without end
        raise TransferFailed(" ".join(str(error).split())) from error
    if part.size() == 0 or part.sha256() != sha256:
        part.discard()
        raise _TryAgain("what came does not have the SHA-256 it must have", refused=True)


def _ask(
    session: Session, url: str, part: PartialFile, largest: int, progress: DownloadProgress | None, stall: float
) -> None:
    # identity: ranges are of the bytes as they travel. A server that says a .tar.gz has the encoding gzip is not
    # taken at its word either: the bytes are kept as they come.
    headers = {"Accept-Encoding": "identity", **part.request_headers()}
    with session.get(url, headers=headers, stream=True, timeout=stall) as response:
        if response.status_code == _NOTHING_BEHIND and "Range" in headers:
            return  # it is whole already, or of another version: the hash tells
        _check_status(response)
        start = _start(response, part, asked="Range" in headers)
        total = start + int(response.headers["Content-Length"]) if _has_length(response) else None
        if max(total or 0, start) > largest:
            raise _too_large(part, largest)
        if progress is not None:
            progress.total = total or 0
            progress.reset()
            progress.update(start)
        with part.writing(start, _validator(response)) as stream:
            size = start
            for block in response.raw.stream(_CHUNK, decode_content=False):
                size += len(block)
                if size > largest:
                    raise _too_large(part, largest)
                stream.write(block)
                if progress is not None:
                    progress.update(len(block))
    if total is not None and size < total:  # urllib3 1 does not tell
        raise _TryAgain("the connection was lost")


def _check_status(response: Response) -> None:
    status = response.status_code
    if status in _BUSY:
        raise _TryAgain(_busy(status, pause := _retry_after(response)), pause=pause)
    if status not in (_WHOLE, _PART):
        raise TransferFailed(f"the server answers {status}")


def _busy(status: int, pause: float | None) -> str:
    wait = f" and asks to come back in {pause:,.0f} s" if pause else ""
    return f"the server answers {status}{wait}"


def _retry_after(response: Response) -> float | None:
    """Seconds that a server asks to wait; None where it does not, or not in a way that makes sense."""
    from urllib3.exceptions import InvalidHeader  # noqa: PLC0415 (as above)
    from urllib3.util import Retry  # noqa: PLC0415

    value = response.headers.get("Retry-After")
    try:
        return float(Retry().parse_retry_after(value)) if value else None
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _start(response: Response, part: PartialFile, *, asked: bool) -> int:
    """The byte that an answer begins with, from 0: one part alone can be of use, that behind what is there."""
    if response.status_code == _WHOLE:
        return 0
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not asked or match is None or int(match[1]) != part.size():
        part.discard()
        raise _TryAgain("the server answers with another part of the file than was asked for", refused=True)
    return int(match[1])


def _has_length(response: Response) -> bool:
    length = response.headers.get("Content-Length", "")
    return length.isascii() and length.isdigit() and "Transfer-Encoding" not in response.headers


def _validator(response: Response) -> str:
    """What tells this version of a file from others: a weak ETag does not, byte for byte."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified", "")


def _too_large(part: PartialFile, largest: int) -> TransferFailed:
    part.discard()
    return TransferFailed(f"more comes than the {largest:,} bytes that it may have")

PATIENCE: Final = Patience()


def download(
    url: str, target: Path, sha256: str, *, largest: int, progress: DownloadProgress | None, next_step: str
) -> Path:
    """Download a file, unless it is there already with the right hash.

    What has come of it when the connection ends lies beside it, as `NAME.part`: this download goes on there, and so
    does the next one where this one fails or is killed.

    Args:
        url: http or https address.
        target: where the file goes; nothing new is ever there under this name but the whole, checked file.
        sha256: its hash, 64 hexadecimal digits.
        largest: bytes that it may have.
        progress: is told of the bytes that come.
        next_step: what a person can do where the download fails.

    Returns:
        The target.

    Raises:
        DownloadFailed: no connection, IMDBSENT_OFFLINE is set, an error of the server, the wrong bytes, or a full disk.
            A file that was there is still there.
    """
    with downloaded(url, target, sha256, largest=largest, progress=progress, next_step=next_step):
        return target


@contextmanager
def downloaded(
    url: str, target: Path, sha256: str, *, largest: int, progress: DownloadProgress | None, next_step: str
) -> Iterator[Path]:
    """Download a file as `download` does, and keep other processes from it until the end of the block.

    Raises:
        DownloadFailed: as `download`.
    """
    with ExitStack() as stack:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(temporary_lock(target.with_name(f"{target.name}.lock")))
            _bring(url, PartialFile(target), sha256, largest, progress)
        except TransferFailed as error:
            raise DownloadFailed(url, error.reason, next_step, connected=error.connected) from error
        except OSError as error:
            raise DownloadFailed(url, f"{target.parent}: {error.strerror or error}", next_step) from error
        yield target


def _bring(url: str, part: PartialFile, sha256: str, largest: int, progress: DownloadProgress | None) -> None:
    if part.target.exists() and file_sha256(part.target) == sha256:
        part.discard()  # a kill between the rename and the last step leaves the validator
        return
    if settings.is_offline():
        raise TransferFailed("IMDBSENT_OFFLINE is set", connected=False)
    try:
        transfer(url, part, sha256, largest, progress, PATIENCE)
    finally:
        if progress is not None:
            progress.close()
    part.publish()
