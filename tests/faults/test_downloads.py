"""Downloads from a server with every fault: what comes in the end, what is asked for, and how long it waits."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from imdbsent.errors import DownloadFailed
from imdbsent.fetch import download
from tests.faults.downloading import CONTENT, QUICK, SHA256, fetch_from, refused
from tests.faults.site import LAST_MODIFIED, Site
from tests.server import in_turn, serving


@pytest.mark.parametrize("fault", ["closes", "resets", "stalls"])
def test_five_dropped_connections_in_one_file_cost_no_byte_that_has_come(
    site: Site, target: Path, fault: str, pauses: list[float]
) -> None:
    drops = [getattr(site, fault)(70_000) for _ in range(5)]
    assert fetch_from(in_turn(*drops, site.whole), target) == CONTENT
    assert len(site.requests) == 6
    starts = [int(asked.removeprefix("bytes=").removesuffix("-")) for asked in site.ranges()[1:]]
    assert starts == sorted(starts)
    assert site.sent <= len(CONTENT) + 5 * 2**16  # a block that was on its way when the connection died, at most
    assert {headers["If-Range"] for headers in site.requests[1:]} == {'"one"'}
    assert max(pauses) <= 1  # pauses do not grow while there is progress


def test_more_drops_than_tries_without_progress_are_survived_too(site: Site, target: Path) -> None:
    assert fetch_from(in_turn(*[site.closes(70_000)] * 3, *[site.never_answers] * 3, site.whole), target) == CONTENT


def test_what_came_before_a_run_failed_is_gone_on_with_by_the_next(site: Site, target: Path) -> None:
    error = refused(in_turn(site.closes(100_000), site.status(500)), target, "500; the 100,000 bytes downloaded")
    assert error.connected
    assert not target.exists()
    site.requests.clear()
    assert fetch_from(site.whole, target) == CONTENT
    assert site.ranges() == ["bytes=100000-"]


def test_a_file_that_is_another_by_now_comes_from_its_beginning(site: Site, target: Path) -> None:
    old = Site(CONTENT[:1000] * 300, etag='"old"')
    refused(in_turn(old.closes(100_000), old.status(404)), target, "responded with 404")
    assert fetch_from(site.whole, target) == CONTENT
    assert site.requests[0]["If-Range"] == '"old"'
    assert len(site.requests) == 1


def test_a_server_that_mixes_two_versions_is_found_out_by_the_hash(site: Site, target: Path) -> None:
    old = Site(b"old" * 130_000, etag='"old"')
    site.heeds_if_range = False
    assert fetch_from(in_turn(old.closes(100_000), site.whole), target) == CONTENT
    assert site.ranges() == ["bytes=100000-", ""]


@pytest.mark.parametrize(
    ("etag", "date", "expected"),
    [('W/"w"', LAST_MODIFIED, LAST_MODIFIED), ("", LAST_MODIFIED, LAST_MODIFIED), ("", "", None), ('W/"w"', "", None)],
)
def test_what_tells_versions_apart_is_asked_for_and_without_it_the_hash_does(
    target: Path, etag: str, date: str, expected: str | None
) -> None:
    site = Site(CONTENT, etag=etag, last_modified=date)
    assert fetch_from(in_turn(site.closes(100_000), site.whole), target) == CONTENT
    assert site.requests[1].get("If-Range") == expected
    assert site.ranges()[1] == "bytes=100000-"


def test_a_server_without_ranges_sends_the_whole_again(site: Site, target: Path) -> None:
    site.has_ranges = False
    assert fetch_from(in_turn(site.closes(100_000), site.whole), target) == CONTENT
    assert site.sent == 100_000 + len(CONTENT)


def test_a_server_without_ranges_that_always_ends_early_is_given_up(site: Site, target: Path) -> None:
    site.has_ranges = False
    refused(site.closes(100_000), target, "the connection was lost; the 100,000 bytes")
    assert len(site.requests) == 1 + QUICK.fruitless


@pytest.mark.parametrize("left", [CONTENT, CONTENT + b"more", b"x" * len(CONTENT)])
def test_a_part_that_is_as_long_as_the_file_or_longer(site: Site, target: Path, left: bytes) -> None:
    """A kill after the last byte leaves one: the server has nothing after it, and answers 416."""
    target.parent.mkdir()
    target.with_name("file.bin.part").write_bytes(left)
    assert fetch_from(site.whole, target) == CONTENT
    assert len(site.requests) == (1 if left == CONTENT else 2)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b'"a"\r\nX-Evil: 1', b"a" * 10_000])
def test_a_damaged_validator_does_no_harm(site: Site, target: Path, content: bytes) -> None:
    target.parent.mkdir()
    target.with_name("file.bin.part").write_bytes(CONTENT[:5000])
    target.with_name("file.bin.part.validator").write_bytes(content)
    assert fetch_from(site.whole, target) == CONTENT
    assert site.ranges() == ["bytes=5000-"]
    assert "If-Range" not in site.requests[0]


@pytest.mark.parametrize(
    "content_range", ["bytes 5-9/400000", "bytes 100001-399999/400000", "", "bytes */400000", "lines 1-2/3"]
)
def test_another_part_than_was_asked_for_is_not_taken(site: Site, target: Path, content_range: str) -> None:
    answers = in_turn(site.closes(100_000), site.another_part(content_range), site.whole)
    assert fetch_from(answers, target) == CONTENT
    assert site.ranges() == ["", "bytes=100000-", ""]


@pytest.mark.parametrize("code", [429, 503])
def test_a_server_that_asks_to_wait_is_waited_for(site: Site, target: Path, pauses: list[float], code: int) -> None:
    in_a_while = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=40), usegmt=True)
    answers = (
        site.status(code, Retry_After="7"),
        site.status(code, Retry_After=in_a_while),
        site.status(code, Retry_After="soon"),
    )
    assert fetch_from(in_turn(*answers, site.whole), target) == CONTENT
    assert pauses[0] == 7
    assert 30 < pauses[1] <= 40
    assert pauses[2] <= 4  # our own


def test_a_server_that_asks_to_wait_for_an_hour_is_not_waited_for(
    site: Site, target: Path, pauses: list[float]
) -> None:
    refused(site.status(429, Retry_After="3600"), target, "responded with 429 and asks to retry in 3,600 s")
    assert pauses == []
    assert len(site.requests) == 1


@pytest.mark.parametrize("code", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_four_times_with_longer_and_longer_pauses(
    site: Site, target: Path, pauses: list[float], code: int
) -> None:
    refused(site.status(code), target, f"the server responded with {code}")
    assert len(site.requests) == 4
    for longest, pause in zip((1, 2, 4), pauses, strict=True):
        assert longest / 2 <= pause <= longest


@pytest.mark.parametrize("code", [204, 304, 400, 401, 403, 404, 410, 451])
def test_what_will_not_change_is_asked_for_once(site: Site, target: Path, pauses: list[float], code: int) -> None:
    refused(site.status(code), target, f"the server responded with {code}")
    assert len(site.requests) == 1
    assert pauses == []
    assert os.listdir(target.parent) == []


@pytest.mark.parametrize("before", [b"another version, which is good", None])
def test_wrong_bytes_never_replace_a_good_file(site: Site, target: Path, before: bytes | None) -> None:
    target.parent.mkdir()
    if before is not None:
        target.write_bytes(before)
    site.content = b"wrong" * 80_000
    refused(site.whole, target, "SHA-256")
    assert len(site.requests) == 2
    assert {path.name: path.read_bytes() for path in target.parent.iterdir()} == (
        {target.name: before} if before is not None else {}
    )


def test_a_file_without_a_byte_is_a_wrong_one(site: Site, target: Path) -> None:
    site.content = b""
    refused(site.whole, target, "SHA-256")


def test_a_file_that_has_come_in_chunks_is_taken(site: Site, target: Path) -> None:
    assert fetch_from(site.chunked(), target) == CONTENT


def test_chunks_that_end_early_are_a_lost_connection(site: Site, target: Path) -> None:
    assert fetch_from(in_turn(site.chunked(100_000), site.whole), target) == CONTENT
    assert site.ranges() == ["", "bytes=100000-"]


@pytest.mark.parametrize("answer", ["whole", "chunked"])
def test_a_file_that_is_larger_than_it_may_be_does_not_fill_the_disk(site: Site, target: Path, answer: str) -> None:
    chosen = site.whole if answer == "whole" else site.chunked()
    refused(chosen, target, "larger than the 300,000 bytes", largest=300_000)
    assert os.listdir(target.parent) == []


def test_bytes_are_kept_as_they_come_whatever_encoding_the_server_calls_them(site: Site, target: Path) -> None:
    """Some servers say that a .tar.gz is a tar with the encoding gzip: unpacked, it would have another hash."""
    packed = gzip.compress(b"reviews" * 1000, mtime=0)

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Encoding", "x-gzip")
        request.send_header("Content-Length", str(len(packed)))
        request.end_headers()
        request.wfile.write(packed)

    with serving(answer) as address:
        sha256 = hashlib.sha256(packed).hexdigest()
        download(address, target, sha256, largest=10**6, progress=None, next_step="")
    assert target.read_bytes() == packed
    assert site.requests == []


def test_redirects_are_followed_and_one_without_end_is_told(site: Site, target: Path) -> None:
    with serving(site.whole) as address:
        assert fetch_from(site.status(302, Location=f"{address}/elsewhere"), target) == CONTENT
    target.unlink()
    refused(site.status(301, Location="/again"), target, "redirects")


@pytest.mark.parametrize("fault", ["never_answers", "stalls"])
def test_a_server_that_says_nothing_is_given_up(site: Site, target: Path, fault: str) -> None:
    refused(site.never_answers if fault == "never_answers" else site.stalls(0), target, "0.3 s without a byte")
    assert len(site.requests) == 4


@pytest.mark.parametrize("url", ["http://", "http://a b/", "http://[/", "gopher://127.0.0.1/x", "http://127.0.0.1:99999/"])
def test_an_address_that_is_none_is_one_error(url: str, target: Path) -> None:
    with pytest.raises(DownloadFailed) as caught:
        download(url, target, SHA256, largest=10, progress=None, next_step="Try again")
    assert "\n" not in str(caught.value)


def test_offline_nothing_is_asked(site: Site, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDBSENT_OFFLINE", "1")
    refused(site.whole, target, "IMDBSENT_OFFLINE is set")
    assert site.requests == []


def test_processes_that_want_one_file_fetch_it_once(site: Site, target: Path) -> None:
    program = """
import sys
from pathlib import Path
from imdbsent.fetch import download
download(sys.argv[1], Path(sys.argv[2]), sys.argv[3], largest=10**6, progress=None, next_step="")
"""
    with serving(in_turn(site.closes(100_000), site.whole)) as address:
        command = [sys.executable, "-c", program, f"{address}/file", str(target), SHA256]
        processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(5)]
        errors = [process.communicate(timeout=120)[1] for process in processes]
    assert errors == [""] * 5
    assert target.read_bytes() == CONTENT
    assert site.ranges() == ["", "bytes=100000-"]
    assert os.listdir(target.parent) == [target.name]
