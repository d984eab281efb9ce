from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.cluster import connect
from imdbsent.cluster.connect import check_answers, connected
from imdbsent.errors import ClusterUnreachable, ExitCode, ExtraMissing


@pytest.fixture
def closed_port() -> int:
    """A port without a listener."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_without_ray_the_command_that_installs_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    with pytest.raises(ExtraMissing, match=r"--engine ray.*: pip install 'ray\[data\]' pyarrow$"), connected(None):
        pass


def test_a_port_that_nobody_listens_at_is_found_at_once(closed_port: int) -> None:
    started = time.perf_counter()
    with pytest.raises(ClusterUnreachable, match=rf"answers at '127.0.0.1:{closed_port}': Connection refused"):
        check_answers(f"127.0.0.1:{closed_port}")
    assert time.perf_counter() - started < connect.ANSWER_WITHIN


@pytest.mark.slow
def test_who_listens_but_is_no_cluster_is_waited_for_so_long_and_no_longer() -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        started = time.perf_counter()
        with pytest.raises(ClusterUnreachable, match=r"no answer in 2 s.*Type: ray start --head"):
            check_answers(f"127.0.0.1:{server.getsockname()[1]}", within=2)
        assert time.perf_counter() - started < 20


def test_what_is_no_address_is_not_tried() -> None:
    with pytest.raises(ClusterUnreachable, match="neither HOST:PORT nor 'auto'"):
        check_answers("somewhere")


@pytest.mark.slow
def test_auto_without_a_cluster_says_so() -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    with pytest.raises(ClusterUnreachable, match="Could not find any running Ray instance"):
        check_answers("auto", within=120)


@pytest.mark.slow
def test_a_dead_address_is_one_line_and_exit_code_4(run, tiny_bundle: Bundle, tmp_path: Path, closed_port: int) -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    (tmp_path / "a.txt").write_text("great\n")
    result = run("predict", str(tmp_path / "a.txt"), "--engine", "ray", "--address", f"127.0.0.1:{closed_port}",
                 "-o", str(tmp_path / "out"), "--model", str(tiny_bundle.directory))  # fmt: skip
    assert result.code == ExitCode.NETWORK_OR_INTEGRITY
    assert result.err.count("\n") == 1
    assert result.err.startswith(f"imdbsent: no Ray cluster answers at '127.0.0.1:{closed_port}'")
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_the_actor_of_a_lost_machine_finds_a_place_beside_another_and_leaves_room_for_a_task() -> None:
    """What it was given waits for it: where each node has one core and one actor, it would wait without end."""
    pytest.importorskip("ray.data", reason="ray is not installed")
    from imdbsent.cluster import job

    assert 2 * job._ACTOR_CORES + job._TASK_CORES <= 1


@pytest.mark.slow
def test_a_cluster_of_our_own_keeps_processes_that_have_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray.data", reason="ray is not installed")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv(connect._IDLE_KEPT, "")
    monkeypatch.delenv(connect._IDLE_KEPT)
    connect.ray_library("10.0.0.1:6379")
    assert connect._IDLE_KEPT not in os.environ
    connect.ray_library()
    assert int(os.environ[connect._IDLE_KEPT]) > 1
