"""Downloads through a proxy, as the environment names it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from imdbsent.errors import DownloadFailed
from tests.faults.downloading import CONTENT, fetch, fetch_from
from tests.faults.site import Site
from tests.server import serving


@contextmanager
def proxy(site: Site) -> Iterator[tuple[str, list[str]]]:
    """A proxy that has the file, and the lines of what it was asked for."""
    lines: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        lines.append(request.requestline)
        site.whole(request)

    with serving(answer) as address:
        yield address, lines


def test_a_proxy_is_used_where_the_environment_names_one(
    site: Site, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with proxy(site) as (address, lines):
        monkeypatch.setenv("http_proxy", address)
        assert fetch("http://reviews.invalid", target) == CONTENT
    assert lines == ["GET http://reviews.invalid/file HTTP/1.1"]


def test_a_host_that_needs_no_proxy_is_asked_itself(site: Site, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert fetch_from(site.whole, target) == CONTENT


def test_https_goes_through_the_proxy_too(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []

    class Connect(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            lines.append(self.requestline)
            self.send_error(403)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Connect)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{server.server_address[1]}")
    with pytest.raises(DownloadFailed, match="no connection .ProxyError."):
        fetch("https://reviews.invalid", target)
    server.shutdown()
    server.server_close()
    thread.join()
    assert set(lines) == {"CONNECT reviews.invalid:443 HTTP/1.0"} or set(lines) == {
        "CONNECT reviews.invalid:443 HTTP/1.1"
    }


def test_a_proxy_that_is_not_there_is_told(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(DownloadFailed, match="no connection .ProxyError.") as caught:
        fetch("http://reviews.invalid", target)
    assert not caught.value.connected
