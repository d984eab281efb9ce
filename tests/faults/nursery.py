"""Commands forked from a process that has imported everything: a kill costs milliseconds instead of half a second.

The nursery has one thread and has loaded no model, so that a fork of it is as good as a new process.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from tests.faults.child import Order, obey

_MODULES = (
    "filelock",
    "imdbsent.writing.resume",
    "imdbsent.classify.classifier",
    "imdbsent.cli._predict_run",
    "imdbsent.cli.app",
    "imdbsent.cli._progress",
    "imdbsent.cli._progress",
    "imdbsent.fetch",
    "imdbsent.models.inventory",
    "imdbsent.models.install",
    "imdbsent.models.inventory",
    "requests",
    "rich.progress",
    "tarfile",
)


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        returncode: its exit code; that of a signal is negative.
        errors: what it said on standard error.
    """

    returncode: int
    errors: str


class Fork:
    """A command in a fork."""

    def __init__(self, process: subprocess.Popen[str], errors: Path) -> None:
        assert process.stdout
        self._answers = process.stdout
        self._errors = errors
        self._pid = int(self._answers.readline())

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    def wait(self) -> Ended:
        """Wait for its end."""
        return Ended(int(self._answers.readline()), self._errors.read_text(errors="replace"))


class Nursery:
    """The process that forks; one fork at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(self, order: Order, environment: dict[str, str], errors: Path, arguments: Sequence[str]) -> Fork:
        """Start a command.

        Args:
            order: what it does beside.
            environment: all of its variables.
            errors: file that gets its standard error.
            arguments: of `imdbsent`.
        """
        assert self._process.stdin
        request = [asdict(order), environment, str(errors), list(arguments)]
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Fork(self._process, errors)

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@functools.cache
def nursery() -> Nursery:
    """The nursery of this process."""
    return Nursery()


def close_nursery() -> None:
    """End the nursery, if there is one."""
    if nursery.cache_info().currsize:
        nursery().close()
        nursery.cache_clear()


def _serve() -> None:
    for module in _MODULES:
        importlib.import_module(module)
    for line in sys.stdin:
        order, environment, errors, arguments = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(Order(**order), environment, errors, arguments)
        _answer(pid)
        _answer(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _live(order: Order, environment: dict[str, str], errors: str, arguments: list[str]) -> None:
    """The life of a fork."""
    for name, flags, descriptor in ((os.devnull, os.O_RDONLY, 0), (os.devnull, os.O_WRONLY, 1), (errors, _NEW, 2)):
        os.dup2(os.open(name, flags), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    code = 1
    try:
        code = obey(order, arguments)
    except BaseException:  # noqa: BLE001 (a fork must not go on as its parent)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC

if __name__ == "__main__":
    _serve()
