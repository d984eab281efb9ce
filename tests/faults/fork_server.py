"""Commands forked from a process that has imported everything: a kill costs milliseconds instead of half a second.

The fork server has one thread and has loaded no model, so a fork of it is as good as a new process.
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

from tests.faults.child import Instructions, follow

_MODULES = (
    "filelock",
    "imdbsent.writing.resume",
    "imdbsent.classify.classifier",
    "imdbsent.predict_job",
    "imdbsent.cli.app",
    "imdbsent.cli._progress",
    "imdbsent.cli.models",
    "imdbsent.cli.predict",
    "imdbsent.cli.dataset",
    "imdbsent.fetch",
    "imdbsent.models.install",
    "imdbsent.models.inventory",
    "imdbsent.models.resolve",
    "requests",
    "rich.progress",
    "tarfile",
)


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        returncode: its exit code; negative for a signal.
        errors: its standard error.
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


class ForkServer:
    """The process that forks, one fork at a time."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.fork_server"],
            cwd=Path(__file__).parents[2],
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def fork(
        self, instructions: Instructions, environment: dict[str, str], errors: Path, arguments: Sequence[str]
    ) -> Fork:
        """Start a command.

        Args:
            instructions: what it does in addition to the command.
            environment: all of its variables.
            errors: file that gets its standard error.
            arguments: of `imdbsent`.
        """
        assert self._process.stdin
        request = [asdict(instructions), environment, str(errors), list(arguments)]
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Fork(self._process, errors)

    def close(self) -> None:
        """End it."""
        self._process.communicate()


@functools.cache
def fork_server() -> ForkServer:
    """The fork server of this process."""
    return ForkServer()


def close_fork_server() -> None:
    """End the fork server, if there is one."""
    if fork_server.cache_info().currsize:
        fork_server().close()
        fork_server.cache_clear()


def _serve() -> None:
    for module in _MODULES:
        importlib.import_module(module)
    for line in sys.stdin:
        instructions, environment, errors, arguments = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _live(Instructions(**instructions), environment, errors, arguments)
        _answer(pid)
        _answer(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _answer(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


def _live(instructions: Instructions, environment: dict[str, str], errors: str, arguments: list[str]) -> None:
    """Run a command in a fork."""
    for name, flags, descriptor in ((os.devnull, os.O_RDONLY, 0), (os.devnull, os.O_WRONLY, 1), (errors, _NEW, 2)):
        os.dup2(os.open(name, flags), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    code = 1
    try:
        code = follow(instructions, arguments)
    except BaseException:  # noqa: BLE001 (a fork must not continue as its parent)
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC

if __name__ == "__main__":
    _serve()
