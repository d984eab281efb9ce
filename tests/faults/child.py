"""`imdbsent` in a process that kills itself on request: `python -m tests.faults.child INSTRUCTIONS ARGUMENT...`.

Python's audit events report what a command does to files. The process kills itself with SIGKILL just before the
n-th of them, so that each moment between two changes on the disk can be tried, and the same moment again.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_CHANGES = frozenset(
    {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate", "os.chmod", "os.symlink"}
)
_WRITES = os.O_WRONLY | os.O_RDWR


@dataclass(frozen=True)
class Instructions:
    """What a child does in addition to its command.

    Attributes:
        kill_at: the change of files before which it kills itself, from 1; 0 for none.
        count_to: file that gets the number of changes; "" for none.
        sockets_to: file that gets a line for each socket event; "" for none.
        file_limit: bytes that a file may have, as on a disk that is full after them; 0 for no limit.
        url: address that the IMDB archive has; "" for the real one.
        sha256: hash that it must have.
        size: bytes of it.
    """

    kill_at: int = 0
    count_to: str = ""
    sockets_to: str = ""
    file_limit: int = 0
    url: str = ""
    sha256: str = ""
    size: int = 0


def command(instructions: Instructions, *arguments: str) -> list[str]:
    """The command line of a child; its working directory must be that of the repository."""
    return [sys.executable, "-m", "tests.faults.child", json.dumps(asdict(instructions)), *arguments]


class _Counter:
    def __init__(self, kill_at: int) -> None:
        self.count = 0
        self._kill_at = kill_at

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CHANGES or (event == "open" and arguments[2] & _WRITES and _is_ours(arguments[0])):
            self.count += 1
            if self.count == self._kill_at:
                os.kill(os.getpid(), signal.SIGKILL)


def _is_ours(path: object) -> bool:
    return isinstance(path, str) and not path.startswith(("/dev/", "/proc/"))


def _tell_sockets(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def tell(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith("socket."):
            os.write(descriptor, f"{event} {arguments!r}\n".encode())

    sys.addaudithook(tell)


def follow(instructions: Instructions, arguments: list[str]) -> int:
    """Run a command and follow the instructions.

    Returns:
        Its exit code.
    """
    if instructions.url:
        from imdbsent.dataset import download

        download.URL, download.SHA256 = instructions.url, instructions.sha256  # type: ignore[misc]
        download.SIZE = instructions.size  # type: ignore[misc]
    from imdbsent.cli.app import run

    if instructions.file_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (instructions.file_limit, instructions.file_limit))
    if instructions.sockets_to:
        _tell_sockets(instructions.sockets_to)
    counter = _Counter(instructions.kill_at)
    sys.addaudithook(counter)
    code = run(arguments)
    count = counter.count
    if instructions.count_to:
        Path(instructions.count_to).write_text(str(count), encoding="ascii")
    return code


if __name__ == "__main__":
    sys.exit(follow(Instructions(**json.loads(sys.argv[1])), sys.argv[2:]))
