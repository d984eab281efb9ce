from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from imdbsent.dataset import download
from imdbsent.errors import DatasetMissing, DownloadFailed, ExitCode
from tests.server import bytes_of, serving, status

CONTENT = b"an archive"


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    monkeypatch.setattr(download, "SHA256", hashlib.sha256(CONTENT).hexdigest())


def test_what_is_here_is_not_fetched(tiny_tree: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert download.find_or_fetch(tiny_tree) == tiny_tree
    assert not caplog.messages


def test_the_archive_goes_to_the_cache_and_is_found_there_again(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(bytes_of(CONTENT)) as address:
        monkeypatch.setattr(download, "URL", address + "/aclImdb_v1.tar.gz")
        path = download.find_or_fetch(None)
    assert path == home / "cache" / "aclImdb_v1.tar.gz"
    assert path.read_bytes() == CONTENT
    assert download.find_or_fetch(None) == path
    assert len(caplog.messages) == 1
    assert str(path) in caplog.messages[0]


def test_what_a_download_left_that_was_killed_when_it_was_whole_goes(home: Path) -> None:
    """Between the rename and the last step: the archive is here, and so is what told its versions apart."""
    cache = home / "cache"
    cache.mkdir(parents=True)
    (cache / "aclImdb_v1.tar.gz").write_bytes(CONTENT)
    (cache / "aclImdb_v1.tar.gz.part.validator").write_text('"one"')
    download.fetch()
    assert [path.name for path in cache.iterdir()] == ["aclImdb_v1.tar.gz"]


def test_offline_the_error_names_address_size_and_both_ways(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("IMDBSENT_OFFLINE", "1")
    with pytest.raises(DatasetMissing) as caught:
        download.find_or_fetch(None)
    assert not caplog.messages
    message = str(caught.value)
    assert "\n" not in message
    for part in (download.URL, "84 MB", "--data PATH", "IMDBSENT_ACLIMDB=PATH"):
        assert part in message
    assert caught.value.exit_code is ExitCode.MISSING


def test_a_room_without_network_gets_the_same_help(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "URL", "http://127.0.0.1:9/aclImdb_v1.tar.gz")
    with pytest.raises(DatasetMissing, match="cannot be reached.*--data PATH"):
        download.find_or_fetch(None)


def test_a_server_that_has_no_archive_is_a_failed_download(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(status(404)) as address:
        monkeypatch.setattr(download, "URL", address + "/aclImdb_v1.tar.gz")
        with pytest.raises(DownloadFailed, match="404"):
            download.find_or_fetch(None)
