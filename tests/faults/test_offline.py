"""IMDBSENT_OFFLINE=1: no command opens a socket, whatever it is asked for."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.child import Instructions
from tests.faults.killing import environment, run_command
from tests.faults.scenarios import write_tar
from tests.server import serving, status
from tests.tiny import TINY

pytestmark = pytest.mark.slow

SHA256 = "0" * 64
TELEMETRY = "ORT_DISABLE_TELEMETRY"
ADDRESS = "http://127.0.0.1:9/model.tar"


@pytest.mark.parametrize(
    ("arguments", "variables", "code"),
    [
        (("predict", "great movie"), {}, 0),
        (("predict", "great", "--model", "acme"), {"IMDBSENT_MODEL_URL": f"{ADDRESS}#sha256={SHA256}"}, 4),
        (("models", "install", ADDRESS, "--sha256", SHA256), {}, 4),
        (("models", "list"), {}, 0),
        (("dataset", "download"), {}, 3),
        (("stats", "--split", "train"), {}, 0),
        (("evaluate",), {}, 3),
        (("inspect", "review", "1"), {}, 3),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_offline_no_command_opens_a_socket(
    arguments: tuple[str, ...], variables: dict[str, str], code: int, tmp_path: Path
) -> None:
    sockets = tmp_path / "sockets"
    result = run_command(
        Instructions(sockets_to=str(sockets)),
        {**environment(tmp_path), "IMDBSENT_OFFLINE": "1", **variables},
        *arguments,
    )
    assert result.returncode == code, result.errors
    assert sockets.read_text() == ""
    assert result.errors.count("\n") <= 2


def test_what_tells_sockets_tells_them(tmp_path: Path) -> None:
    """Without the switch the same command does open one: the test above could fail."""
    sockets = tmp_path / "sockets"
    with serving(status(404)) as address:
        result = run_command(
            Instructions(sockets_to=str(sockets)),
            environment(tmp_path),
            *("models", "install", address, "--sha256", SHA256),
        )
    assert result.returncode == 4
    assert "socket.connect" in sockets.read_text()


def test_offline_a_tar_that_is_here_is_installed(tmp_path: Path) -> None:
    from imdbsent.bundle.bundle import read_bundle

    tar = tmp_path / "tiny.tar"
    write_tar(read_bundle(TINY), tar)
    sockets = tmp_path / "sockets"
    sha256 = hashlib.sha256(tar.read_bytes()).hexdigest()
    result = run_command(
        Instructions(sockets_to=str(sockets)),
        {**environment(tmp_path), "IMDBSENT_OFFLINE": "1"},
        *("models", "install", str(tar), "--sha256", sha256),
    )
    assert result.returncode == 0, result.errors
    assert sockets.read_text() == ""


def test_answering_reports_to_nobody_and_writes_nowhere_but_at_home(tmp_path: Path) -> None:
    """ONNX Runtime has telemetry, and keeps what it will send, with a number for the machine, in the user's cache."""
    variables = {name: value for name, value in environment(tmp_path).items() if name not in ("CI", TELEMETRY)}
    command = [sys.executable, "-m", "imdbsent", "predict", "--model", str(TINY), "great movie"]
    result = subprocess.run(command, env={**variables, "HOME": str(tmp_path)}, capture_output=True, check=False)
    assert result.returncode == 0, result.stderr
    assert {path.name for path in tmp_path.iterdir()} <= {"home"}


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_answering_opens_no_socket_that_python_does_not_see(tmp_path: Path) -> None:
    variables = {name: value for name, value in environment(tmp_path).items() if name not in ("CI", TELEMETRY)}
    program = f"import imdbsent, time; imdbsent.load({str(TINY)!r}).predict(['great movie']); time.sleep(1)"
    trace = ["strace", "-f", "-qq", "-e", "trace=socket", "-e", "signal=none", "-o", str(tmp_path / "trace")]
    command = [*trace, sys.executable, "-c", program]
    result = subprocess.run(command, env={**variables, "HOME": str(tmp_path)}, capture_output=True, check=False)
    if b"ptrace" in result.stderr:
        pytest.skip("no process may be traced here")
    assert result.returncode == 0, result.stderr
    assert "socket(AF_INET" not in (tmp_path / "trace").read_text()
