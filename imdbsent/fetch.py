"""Downloads over HTTP: locked, resumed where the connection broke, retried, and checked by their hash.

requests speaks HTTP: redirects, proxies, TLS. Neither pooch nor urllib3's `Retry` can resume: pooch starts every
attempt with an empty temporary file; `Retry` repeats a request but not the rest of a body, and waits as long as a
server asks. So this module decides when to ask again, from which byte, and when to give up.
"""

from __future__ import annotations

import logging
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


logger = logging.getLogger(__name__)

_CHUNK: Final = 2**16  # bytes
_BUSY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Responses of a server that may differ a moment later."""
_OK, _PARTIAL_CONTENT, _RANGE_NOT_SATISFIABLE = 200, 206, 416
_REJECTED: Final = 2
"""Complete files with the wrong bytes, or invalid responses, after which a download fails: the first may be due to what
was downloaded before."""


class DownloadProgress(Protocol):
    """Follows a download; the interface of tqdm."""

    total: int

    def update(self, size: int) -> None:
        """Add bytes to the count."""

    def reset(self) -> None:
        """Restart the count from 0, with `total` known."""

    def close(self) -> None:
        """End the progress."""


@dataclass(frozen=True)
class RetryPolicy:
    """How often a download is retried, and how long it waits.

    Attributes:
        stall: seconds without a byte after which a connection is closed.
        fruitless: consecutive attempts without new bytes after which the download fails.
        attempts: attempts after which the download fails.
        first_pause: longest pause before the second attempt, in seconds; each fruitless attempt doubles it.
        longest_pause: longest pause, in seconds; if a server asks for a longer one, the download fails.
    """

    stall: float = 30
    fruitless: int = 4
    attempts: int = 100
    first_pause: float = 1
    longest_pause: float = 60

    def pause(self, fruitless: int, asked: float | None) -> float:
        """Seconds to wait before the next attempt.

        Args:
            fruitless: consecutive attempts without new bytes.
            asked: seconds that the server asks for; None if it does not ask.
        """
        if asked is not None:
            return min(max(asked, 0), self.longest_pause)
        longest = min(self.first_pause * 2.0 ** max(fruitless - 1, 0), self.longest_pause)
        return longest * random.uniform(0.5, 1)  # noqa: S311 (many clients should not return at once)


class TransferFailed(Exception):
    """A transfer failed for good.

    Attributes:
        reason: why.
        connected: whether a server responded.
    """

    def __init__(self, reason: str, *, connected: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.connected = connected


class _TryAgain(Exception):
    """An attempt failed, and another one may succeed.

    Attributes:
        connected: whether a server responded.
        pause: seconds that the server asks for; None if it does not ask.
        rejected: whether the response was useless.
    """

    def __init__(
        self, reason: str, *, connected: bool = True, pause: float | None = None, rejected: bool = False
    ) -> None:
        super().__init__(reason)
        self.connected = connected
        self.pause = pause
        self.rejected = rejected


def transfer(
    url: str, partial: PartialFile, sha256: str, largest: int, progress: DownloadProgress | None, policy: RetryPolicy
) -> None:
    """Download a file, and resume what was downloaded before.

    Args:
        url: http or https address.
        partial: receives the bytes, and keeps them on failure unless they are useless.
        sha256: hash of the complete file, 64 hexadecimal digits.
        largest: most bytes that it may have.
        progress: receives the progress.
        policy: when to give up.

    Raises:
        TransferFailed: the transfer failed.
        OSError: the file cannot be written.
    """
    import requests  # noqa: PLC0415 (answering needs no HTTP client)

    fruitless = rejected = 0
    connected = False
    with requests.Session() as session:
        for number in range(1, policy.attempts + 1):
            before = partial.size()
            try:
                _attempt(session, url, partial, sha256, largest, progress, policy.stall)
            except _TryAgain as error:
                connected = connected or error.connected
                rejected += error.rejected
                fruitless = 0 if partial.size() > before else fruitless + 1
                is_last = fruitless == policy.fruitless or rejected == _REJECTED or number == policy.attempts
                if is_last or (error.pause or 0) > policy.longest_pause:
                    kept = f"; the {partial.size():,} bytes downloaded so far are kept" if partial.size() else ""
                    raise TransferFailed(f"{error}{kept}", connected=connected) from error
                pause = policy.pause(fruitless, error.pause)
                logger.debug(f"{error}; trying again in {pause:.1f} s")
                time.sleep(pause)
            else:
                return


def _attempt(
    session: Session,
    url: str,
    partial: PartialFile,
    sha256: str,
    largest: int,
    progress: DownloadProgress | None,
    stall: float,
) -> None:
    """Send one request, and compare the file with its hash.

    Raises:
        _TryAgain: the file is incomplete, and another attempt may complete it.
        TransferFailed: another attempt would fail, too.
    """
    import requests  # noqa: PLC0415 (as above)
    import urllib3  # noqa: PLC0415

    try:
        _ask(session, url, partial, largest, progress, stall)
    except (requests.exceptions.SSLError, urllib3.exceptions.SSLError) as error:
        raise TransferFailed(f"no secure connection ({error})", connected=False) from error
    except (requests.Timeout, urllib3.exceptions.TimeoutError) as error:
        is_connected = not isinstance(error, requests.ConnectTimeout)
        raise _TryAgain(f"no connection ({stall:g} s without a byte)", connected=is_connected) from error
    except requests.ConnectionError as error:
        raise _TryAgain(f"no connection ({type(error).__name__})", connected=False) from error
    except (urllib3.exceptions.HTTPError, requests.exceptions.ChunkedEncodingError) as error:
        raise _TryAgain("the connection was lost") from error
    except requests.RequestException as error:  # an invalid address, endless redirects
        raise TransferFailed(" ".join(str(error).split())) from error
    if partial.size() == 0 or partial.sha256() != sha256:
        partial.discard()
        raise _TryAgain("the downloaded file does not have the expected SHA-256", rejected=True)


def _ask(
    session: Session, url: str, partial: PartialFile, largest: int, progress: DownloadProgress | None, stall: float
) -> None:
    # identity: ranges count the bytes as they are sent. If a server declares a .tar.gz as the encoding gzip, the bytes
    # are kept as they are sent, too.
    headers = {"Accept-Encoding": "identity", **partial.request_headers()}
    with session.get(url, headers=headers, stream=True, timeout=stall) as response:
        if response.status_code == _RANGE_NOT_SATISFIABLE and "Range" in headers:
            return  # the file is complete, or another version: the hash tells
        _check_status(response)
        start = _start(response, partial, asked="Range" in headers)
        total = start + int(response.headers["Content-Length"]) if _has_length(response) else None
        if max(total or 0, start) > largest:
            raise _too_large(partial, largest)
        if progress is not None:
            progress.total = total or 0
            progress.reset()
            progress.update(start)
        with partial.writing(start, _validator(response)) as stream:
            size = start
            for block in response.raw.stream(_CHUNK, decode_content=False):
                size += len(block)
                if size > largest:
                    raise _too_large(partial, largest)
                stream.write(block)
                if progress is not None:
                    progress.update(len(block))
    if total is not None and size < total:  # urllib3 1 does not raise
        raise _TryAgain("the connection was lost")


def _check_status(response: Response) -> None:
    status = response.status_code
    if status in _BUSY:
        raise _TryAgain(_busy(status, pause := _retry_after(response)), pause=pause)
    if status not in (_OK, _PARTIAL_CONTENT):
        raise TransferFailed(f"the server responded with {status}")


def _busy(status: int, pause: float | None) -> str:
    wait = f" and asks to retry in {pause:,.0f} s" if pause else ""
    return f"the server responded with {status}{wait}"


def _retry_after(response: Response) -> float | None:
    """Seconds that a server asks to wait; None if it does not ask, or makes no sense."""
    from urllib3.exceptions import InvalidHeader  # noqa: PLC0415 (as above)
    from urllib3.util import Retry  # noqa: PLC0415

    value = response.headers.get("Retry-After")
    try:
        return float(Retry().parse_retry_after(value)) if value else None
    except (InvalidHeader, ValueError, OverflowError):
        return None


def _start(response: Response, partial: PartialFile, *, asked: bool) -> int:
    """The offset of the first byte of a response; a partial response must continue what was downloaded before."""
    if response.status_code == _OK:
        return 0
    match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    if not asked or match is None or int(match[1]) != partial.size():
        partial.discard()
        raise _TryAgain("the server sent a different part of the file than requested", rejected=True)
    return int(match[1])


def _has_length(response: Response) -> bool:
    length = response.headers.get("Content-Length", "")
    return length.isascii() and length.isdigit() and "Transfer-Encoding" not in response.headers


def _validator(response: Response) -> str:
    """What identifies this version of a file: not a weak ETag, which does not promise equal bytes."""
    etag = response.headers.get("ETag", "")
    return etag if etag.startswith('"') else response.headers.get("Last-Modified", "")


def _too_large(partial: PartialFile, largest: int) -> TransferFailed:
    partial.discard()
    return TransferFailed(f"it is larger than the {largest:,} bytes allowed")


RETRY_POLICY: Final = RetryPolicy()


def download(
    url: str, target: Path, sha256: str, *, largest: int, progress: DownloadProgress | None, next_step: str
) -> Path:
    """Download a file, unless it already exists with the right hash.

    An unfinished download is kept next to the file, as `NAME.part`. This download resumes it, and so does the next one
    if this one fails or is killed.

    Args:
        url: http or https address.
        target: the file; it appears only when it is complete and checked.
        sha256: its hash, 64 hexadecimal digits.
        largest: most bytes that it may have.
        progress: receives the progress.
        next_step: what the user can do if the download fails.

    Returns:
        The target.

    Raises:
        DownloadFailed: no connection, IMDBSENT_OFFLINE is set, an error of the server, the wrong bytes, or a full disk.
            An existing file is unchanged.
    """
    with downloaded(url, target, sha256, largest=largest, progress=progress, next_step=next_step):
        return target


@contextmanager
def downloaded(
    url: str, target: Path, sha256: str, *, largest: int, progress: DownloadProgress | None, next_step: str
) -> Iterator[Path]:
    """Download a file like `download`, and lock it until the end of the block.

    Raises:
        DownloadFailed: see `download`.
    """
    with ExitStack() as stack:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            stack.enter_context(temporary_lock(target.with_name(f"{target.name}.lock")))
            _download(url, PartialFile(target), sha256, largest, progress)
        except TransferFailed as error:
            raise DownloadFailed(url, error.reason, next_step, connected=error.connected) from error
        except OSError as error:
            raise DownloadFailed(url, f"{target.parent}: {error.strerror or error}", next_step) from error
        yield target


def _download(url: str, partial: PartialFile, sha256: str, largest: int, progress: DownloadProgress | None) -> None:
    if partial.target.exists() and file_sha256(partial.target) == sha256:
        partial.discard()  # a kill between the rename and the last step leaves the validator
        return
    if settings.is_offline():
        raise TransferFailed("IMDBSENT_OFFLINE is set", connected=False)
    try:
        transfer(url, partial, sha256, largest, progress, RETRY_POLICY)
    finally:
        if progress is not None:
            progress.close()
    partial.publish()
