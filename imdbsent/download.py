"""Downloads: pooch fetches to a temporary name, checks the hash, and renames; a lock keeps two of them apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from filelock import FileLock

from imdbsent.errors import DownloadFailed

if TYPE_CHECKING:
    from pathlib import Path

_RETRIES: Final = 3
_CONNECTION_TIMEOUT: Final = 30  # seconds without a byte
_CHUNK: Final = 2**16  # bytes


class DownloadProgress(Protocol):
    """What a download tells while it works: the interface that pooch calls, which is that of tqdm."""

    total: int

    def update(self, size: int) -> None:
        """So many more bytes have come."""

    def reset(self) -> None:
        """The count starts again from 0, with `total` known."""

    def close(self) -> None:
        """The download is over."""


def download(url: str, target: Path, sha256: str, progress: DownloadProgress | None, next_step: str) -> Path:
    """Download a file, unless it is there already with the right hash.

    Args:
        url: http or https address.
        target: where the file goes; nothing is ever there under this name but the whole, checked file.
        sha256: its hash, 64 hexadecimal digits.
        progress: is told of the bytes that come.
        next_step: what a person can do where the download fails.

    Returns:
        The target.

    Raises:
        DownloadFailed: no connection, an error of the server, the wrong bytes (each tried 4 times), or a full disk.
    """
    import pooch  # noqa: PLC0415 (it imports requests, and answering needs neither)
    import requests  # noqa: PLC0415

    pooch.get_logger().setLevel("WARNING")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        source = pooch.create(
            target.parent,
            base_url="",
            registry={target.name: f"sha256:{sha256}"},
            urls={target.name: url},
            retry_if_failed=_RETRIES,
        )
        downloader = pooch.HTTPDownloader(
            progressbar=progress or False, chunk_size=_CHUNK, timeout=_CONNECTION_TIMEOUT
        )
        with FileLock(target.with_name(target.name + ".lock")):
            source.fetch(target.name, downloader=downloader)
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else "an error"
        raise DownloadFailed(url, f"the server answers {status}", next_step) from error
    except requests.RequestException as error:
        raise DownloadFailed(
            url, f"no connection ({type(error).__name__})", next_step, connected=False
        ) from error
    except ValueError as error:  # pooch's word for a hash that differs
        reason = "what came does not have the SHA-256 it must have" if "hash" in str(error) else str(error)
        raise DownloadFailed(url, reason, next_step) from error
    except OSError as error:
        raise DownloadFailed(url, f"{target.parent}: {error.strerror or error}", next_step) from error
    return target
