"""IMDBSENT_OFFLINE=1: no command opens a socket, whatever it is asked for."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.faults.child import Order
from tests.faults.killing import environment, run_command
from tests.faults.scenarios import write_tar
from tests.server import serving, status
from tests.tiny import TINY

SHA256 = "0" * 64
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
        Order(sockets_to=str(sockets)), {**environment(tmp_path), "IMDBSENT_OFFLINE": "1", **variables}, *arguments
    )
    assert result.returncode == code, result.errors
    assert sockets.read_text() == ""
    assert result.errors.count("\n") <= 2


def test_what_tells_sockets_tells_them(tmp_path: Path) -> None:
    """Without the switch the same command does open one: the test above could fail."""
    sockets = tmp_path / "sockets"
    with serving(status(404)) as address:
        result = run_command(
            Order(sockets_to=str(sockets)), environment(tmp_path), "models", "install", address, "--sha256", SHA256
        )
    assert result.returncode == 4
    assert "socket.connect" in sockets.read_text()


def test_offline_a_tar_that_is_here_is_installed(tmp_path: Path) -> None:
    from imdbsent.bundle import read_bundle

    tar = tmp_path / "tiny.tar"
    write_tar(read_bundle(TINY), tar)
    sockets = tmp_path / "sockets"
    sha256 = hashlib.sha256(tar.read_bytes()).hexdigest()
    result = run_command(
        Order(sockets_to=str(sockets)),
        {**environment(tmp_path), "IMDBSENT_OFFLINE": "1"},
        *("models", "install", str(tar), "--sha256", sha256),
    )
    assert result.returncode == 0, result.errors
    assert sockets.read_text() == ""
