from __future__ import annotations

import contextlib
import fcntl
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import Timeout

from imdbsent.files import temporary_lock


def test_the_file_of_a_lock_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with temporary_lock(path, timeout=0):
        assert path.exists()
        with pytest.raises(Timeout), temporary_lock(path, timeout=0):
            pass
        assert path.exists()
    assert list(tmp_path.iterdir()) == []


def test_where_the_file_goes_between_opening_and_locking_it_two_never_hold_the_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One holder ends just when the next has opened its file: a third must not get in beside the second."""
    path = tmp_path / "lock"
    first = contextlib.ExitStack()
    first.enter_context(temporary_lock(path, timeout=0))
    flock = fcntl.flock

    def after_the_first(descriptor: int, operation: int) -> None:
        monkeypatch.setattr(fcntl, "flock", flock)
        first.close()
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", after_the_first)
    with temporary_lock(path, timeout=10), pytest.raises(Timeout), temporary_lock(path, timeout=0):
        pass


def test_a_lock_that_a_killed_process_held_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    program = f"""
import os, signal
from pathlib import Path
from imdbsent.files import temporary_lock
with temporary_lock(Path({str(path)!r}), timeout=0):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert path.exists()
    with temporary_lock(path, timeout=0):
        pass
    assert not path.exists()
