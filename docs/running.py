"""Run `imdbsent` as a user does, at a fixed width, and return what it prints."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "docs" / "examples"
_TERMINAL = {"COLUMNS", "LINES", "TERMINAL_WIDTH", "FORCE_COLOR", "NO_COLOR", "COLORTERM", "GITHUB_ACTIONS"}


def printed(command: str, *, width: int, color: bool = False) -> str:
    """Standard output of a shell command, in which `imdbsent` is the one of this working tree.

    It runs in a copy of docs/examples, with tests/data/negation.jsonl. Its home is an empty folder called `home`, and
    the reviews of IMDBSENT_ACLIMDB, if it is set, are linked beside it: no path of this machine is printed.

    Args:
        command: a line for the shell.
        width: columns of the terminal.
        color: whether the terminal has colors.

    Raises:
        RuntimeError: the command failed; the message has what it printed on standard error.
    """
    environment = {key: value for key, value in os.environ.items() if key not in _TERMINAL}
    environment |= {"COLUMNS": str(width), "PYTHONPATH": str(ROOT), "IMDBSENT_HOME": "home", "PYTHONUTF8": "1"}
    environment |= {"FORCE_COLOR": "1", "TERM": "xterm-256color"} if color else {"NO_COLOR": "1", "TERM": "dumb"}
    function = f'imdbsent() {{ "{sys.executable}" -m imdbsent "$@"; }}; python() {{ "{sys.executable}" "$@"; }}; '
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(EXAMPLES, folder, dirs_exist_ok=True)
        shutil.copy(ROOT / "tests" / "data" / "negation.jsonl", folder)
        if "IMDBSENT_ACLIMDB" in os.environ:
            reviews = Path(os.environ["IMDBSENT_ACLIMDB"]).resolve()
            (Path(folder) / reviews.name).symlink_to(reviews)
            environment["IMDBSENT_ACLIMDB"] = reviews.name
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", function + command],
            cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
        )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr}")
    return "\n".join(line.rstrip() for line in done.stdout.splitlines()).strip("\n") + "\n"
