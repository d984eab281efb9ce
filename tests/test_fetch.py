from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from imdbsent.errors import DownloadFailed, ExitCode
from imdbsent.fetch import download
from tests.faults.site import Site
from tests.server import bytes_of, in_turn, serving, status

CONTENT = b"reviews " * 50_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Recorder:
    total = 0

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.closed = False

    def update(self, size: int) -> None:
        self.sizes.append(size)

    def reset(self) -> None:
        self.sizes = []

    def close(self) -> None:
        self.closed = True


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)


def fetch(address: str, target: Path, progress: Recorder | None = None) -> Path:
    url = address + "/file"
    return download(url, target, SHA256, largest=len(CONTENT), progress=progress, next_step="Try again")


def test_the_file_comes_whole_and_the_bar_is_told(tmp_path: Path) -> None:
    progress = Recorder()
    with serving(bytes_of(CONTENT)) as address:
        target = fetch(address, tmp_path / "new" / "file.bin", progress)
    assert target.read_bytes() == CONTENT
    assert progress.total == len(CONTENT)
    assert sum(progress.sizes) == len(CONTENT)
    assert progress.closed


def test_the_bar_of_a_file_that_was_begun_before_begins_where_that_ended(tmp_path: Path) -> None:
    progress = Recorder()
    (tmp_path / "file.bin.part").write_bytes(CONTENT[:100_000])
    site = Site(CONTENT)
    with serving(site.whole) as address:
        fetch(address, tmp_path / "file.bin", progress)
    assert progress.total == len(CONTENT)
    assert progress.sizes[0] == 100_000
    assert sum(progress.sizes) == len(CONTENT)


def test_a_file_that_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    target = tmp_path / "file.bin"
    target.write_bytes(CONTENT)
    assert fetch("http://127.0.0.1:9", target) == target


def test_a_server_that_fails_twice_is_asked_again(tmp_path: Path) -> None:
    with serving(in_turn(status(503), bytes_of(CONTENT[:100], claimed=len(CONTENT)), bytes_of(CONTENT))) as address:
        assert fetch(address, tmp_path / "file.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (status(404), "the server responded with 404"),
        (bytes_of(b"something else"), "SHA-256"),
        (bytes_of(CONTENT[:5000], claimed=len(CONTENT)), "the connection was lost"),
    ],
)
def test_a_download_that_fails_leaves_nothing_under_its_name(answer, reason: str, tmp_path: Path) -> None:
    target = tmp_path / "file.bin"
    with serving(answer) as address, pytest.raises(DownloadFailed, match=reason) as caught:
        fetch(address, target)
    assert not target.exists()
    assert caught.value.exit_code is ExitCode.NETWORK_OR_INTEGRITY
    assert "Try again" in str(caught.value)
    assert set(os.listdir(tmp_path)) <= {"file.bin.part", "file.bin.part.validator"}


def test_no_server_at_all_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DownloadFailed, match="no connection") as caught:
        fetch("http://127.0.0.1:9", tmp_path / "file.bin")
    assert not caught.value.connected


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DownloadFailed, match="Not a directory|File exists"):
        fetch("http://127.0.0.1:9", tmp_path / "file" / "file.bin")
