"""A small HTTP server on 127.0.0.1 for tests of downloads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """Serve every GET with `answer`; gives the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)  # s until it sees a shutdown
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def bytes_of(content: bytes, *, claimed: int | None = None) -> Answer:
    """Answer with these bytes; `claimed` is the length that is promised."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(content) if claimed is None else claimed))
        request.end_headers()
        request.wfile.write(content)

    return answer


def status(code: int) -> Answer:
    """Answer with an error."""
    return lambda request: request.send_error(code)


def in_turn(*answers: Answer) -> Answer:
    """Answer each request with the next; the last one repeats."""
    left = list(answers)
    return lambda request: (left.pop(0) if len(left) > 1 else left[0])(request)
