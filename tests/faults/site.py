"""A web site on 127.0.0.1 with one file, and with every fault that a site can have."""

from __future__ import annotations

import hashlib
import re
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler

from tests.server import Answer

_PIECE = 10_000  # bytes
LAST_MODIFIED = "Wed, 01 Jan 2025 00:00:00 GMT"


@dataclass
class Site:
    """Answers requests for one file; `requests` are the headers of those that came.

    Attributes:
        content: the file.
        etag: its ETag; "" for none.
        last_modified: its date; "" for none.
        has_ranges: whether Range is honored.
        heeds_if_range: whether If-Range is.
        pace: seconds between two pieces of it.
    """

    content: bytes
    etag: str = '"one"'
    last_modified: str = ""
    has_ranges: bool = True
    heeds_if_range: bool = True
    pace: float = 0
    requests: list[dict[str, str]] = field(default_factory=list)
    sent: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def whole(self, request: BaseHTTPRequestHandler) -> None:
        """Answer as asked."""
        self._send(request, len(self.content))

    def closes(self, after: int) -> Answer:
        """Close the connection after so many bytes."""
        return lambda request: self._send(request, after)

    def resets(self, after: int) -> Answer:
        """Reset the connection after so many bytes."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            self._send(request, after)
            self.over.wait(0.05)  # what is on the way arrives
            request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        return answer

    def stalls(self, after: int) -> Answer:
        """Send so many bytes, and then nothing more."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            self._send(request, after)
            self.over.wait(20)

        return answer

    def never_answers(self, request: BaseHTTPRequestHandler) -> None:
        """Take the request, and say nothing."""
        self._note(request)
        self.over.wait(20)

    def chunked(self, after: int | None = None) -> Answer:
        """Answer without a length, in chunks; `after` so many bytes the connection ends."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            self._note(request)
            request.protocol_version = "HTTP/1.1"
            request.send_response(200)
            request.send_header("Transfer-Encoding", "chunked")
            request.end_headers()
            for start in range(0, len(self.content[:after]), 10_000):
                chunk = self.content[:after][start : start + 10_000]
                request.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            if after is None:
                request.wfile.write(b"0\r\n\r\n")
            request.close_connection = True

        return answer

    def another_part(self, content_range: str) -> Answer:
        """Answer with 206 and a part that was not asked for."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            self._note(request)
            request.send_response(206)
            request.send_header("Content-Range", content_range)
            request.send_header("Content-Length", "5")
            request.end_headers()
            request.wfile.write(b"other")

        return answer

    def status(self, code: int, **headers: str) -> Answer:
        """Answer with a status; the headers are written with _ for -."""

        def answer(request: BaseHTTPRequestHandler) -> None:
            self._note(request)
            request.send_response(code)
            for name, value in headers.items():
                request.send_header(name.replace("_", "-"), value)
            request.send_header("Content-Length", "0")
            request.end_headers()

        return answer

    def sha256(self) -> str:
        """Hash of the file."""
        return hashlib.sha256(self.content).hexdigest()

    def ranges(self) -> list[str]:
        """What was asked for, request by request."""
        return [headers.get("Range", "") for headers in self.requests]

    def _note(self, request: BaseHTTPRequestHandler) -> None:
        self.requests.append(dict(request.headers.items()))

    def _send(self, request: BaseHTTPRequestHandler, limit: int) -> None:
        self._note(request)
        start = self._start(request)
        if start >= len(self.content) > 0:
            request.send_response(416)
            request.send_header("Content-Range", f"bytes */{len(self.content)}")
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(self.content) - 1}/{len(self.content)}")
        for name, value in (("ETag", self.etag), ("Last-Modified", self.last_modified)):
            if value:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(self.content) - start))
        request.end_headers()
        part = self.content[start : start + limit]
        self.sent += len(part)
        for first in range(0, len(part), _PIECE):
            try:
                request.wfile.write(part[first : first + _PIECE])
            except OSError:  # the client has been killed
                return
            if self.pace:
                self.over.wait(self.pace)

    def _start(self, request: BaseHTTPRequestHandler) -> int:
        match = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        condition = request.headers.get("If-Range")
        is_same = condition in (None, self.etag, self.last_modified)
        return int(match[1]) if match and self.has_ranges and (is_same or not self.heeds_if_range) else 0
