"""Connect to a Ray cluster, or to one that is started on this machine only, and disconnect again."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from imdbsent import settings
from imdbsent.errors import ClusterUnreachable, ExtraMissing, JobFailed

if TYPE_CHECKING:
    from collections.abc import Iterator


ANSWER_WITHIN: Final = 30.0
"""Seconds to wait for an answer of a cluster."""
ADDRESS_VARIABLE: Final = "RAY_ADDRESS"
"""Ray's own variable for the address of the cluster."""
_MANY_MACHINES: Final = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Ray's variable for whether its processes listen to other machines. In spite of its name, every system reads it."""
_IDLE_KEPT: Final = "RAY_num_workers_soft_limit"
"""Ray's variable for how many idle processes it keeps. By default, it keeps one per free core: none if actors occupy
them all, and then each reading or writing task waits for a new process (https://github.com/ray-project/ray/pull/36766).
"""
_IDLE: Final = 4
_KNOCK: Final = "import sys, ray; ray.init(sys.argv[1], logging_level='ERROR', log_to_driver=False); ray.nodes()"
_STDERR: Final = 2
_CONNECT_WITHIN: Final = 5.0  # seconds for one connection of TCP


def ray_library(address: str | None = None) -> Any:
    """Import Ray.

    Args:
        address: as for `connected`; without one, what Ray will start listens to this machine only.

    Raises:
        ExtraMissing: Ray, or what Ray Data needs, is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no usage reports
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # leave GPUs alone; older Ray warns without it
    if not (address or os.environ.get(ADDRESS_VARIABLE)):
        os.environ.setdefault(_MANY_MACHINES, "0")
        os.environ.setdefault(_IDLE_KEPT, str(_IDLE))
    try:
        import ray.data  # noqa: PLC0415 (only Ray jobs need it)
    except ImportError as error:
        raise ExtraMissing("--engine ray", "'ray[data]' pyarrow") from error
    if not settings.is_debug():
        _silence("ray.data")
    return ray


def _silence(logger: str) -> None:
    """Keep a logger off standard error: it has files of its own, and we report what a person should know."""
    for handler in logging.getLogger(logger).handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.CRITICAL + 1)


@contextmanager
def connected(address: str | None, within: float = ANSWER_WITHIN) -> Iterator[Any]:
    """Connect to a cluster.

    Args:
        address: `host:port` of its head, or `auto` for the cluster of this machine; None for RAY_ADDRESS, else for one
            that is started on this machine, with all of its cores, and ended after the block.
        within: seconds to wait for an answer.

    Yields:
        Ray. If it is already connected, it stays so, and the address is not used.

    Raises:
        ExtraMissing: Ray is not installed.
        ClusterUnreachable: no cluster answers at the address.
        JobFailed: none can be started on this machine.
    """
    ray = ray_library(address)
    if ray.is_initialized():
        yield ray
        return
    address = address or os.environ.get(ADDRESS_VARIABLE) or None
    if address is not None:
        check_answers(address, within)
    with _core_is_silent():
        with _sigterm_is_ours():
            if address is None:
                _start(ray)
            else:
                _join(ray, address)
        try:
            yield ray
        finally:
            ray.shutdown()


def check_answers(address: str, within: float = ANSWER_WITHIN) -> None:
    """Check that a cluster answers.

    Ray itself tries for minutes, and then ends the process instead of raising an error. So another process tries first.

    Raises:
        ClusterUnreachable: it does not.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host and port.isdigit():
        try:
            socket.create_connection((host, int(port)), min(within, _CONNECT_WITHIN)).close()
        except OSError as error:
            raise ClusterUnreachable(address, error.strerror or str(error)) from error
    elif address not in ("auto", "local"):
        raise ClusterUnreachable(address, "it is neither HOST:PORT nor 'auto'")
    try:
        knock = subprocess.run(  # noqa: S603 (our own program)
            [sys.executable, "-c", _KNOCK, address], capture_output=True, text=True, timeout=within, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ClusterUnreachable(address, f"no answer in {within:.0f} s") from error
    if knock.returncode:
        lines = knock.stderr.strip().splitlines() or [f"exit code {knock.returncode}"]
        raise ClusterUnreachable(address, lines[-1].partition(": ")[2] or lines[-1])


@contextmanager
def _core_is_silent() -> Iterator[None]:
    """During a block, discard what the core of Ray, which is not Python, writes to standard error.

    Python's own standard error moves to another descriptor. With IMDBSENT_DEBUG, nothing is discarded.
    """
    ours = sys.stderr
    if settings.is_debug() or _descriptor(ours) != _STDERR:
        yield
        return
    ours.flush()
    kept = os.dup(_STDERR)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, _STDERR)
    os.close(null)
    sys.stderr = open(kept, "w", encoding=ours.encoding, errors=ours.errors, buffering=1)  # noqa: SIM115, PTH123
    try:
        yield
    finally:
        moved, sys.stderr = sys.stderr, ours
        moved.flush()
        os.dup2(kept, _STDERR)
        moved.close()


@contextmanager
def _sigterm_is_ours() -> Iterator[None]:
    """Undo what `ray.init` does to SIGTERM: its handler ends the program with exit code 15."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread() and before is not None:
            signal.signal(signal.SIGTERM, before)


def _descriptor(stream: Any) -> int | None:
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def _start(ray: Any) -> None:
    """Start a cluster on this machine."""
    try:
        ray.init("local", include_dashboard=False, **_quiet())
    except Exception as error:  # Ray raises no other if it takes too long
        if settings.is_debug():
            raise
        raise JobFailed(f"Ray does not start on this machine ({' '.join(str(error).split())})") from error


def _join(ray: Any, address: str) -> None:
    try:
        ray.init(address, **_quiet())
    except (OSError, ValueError, RuntimeError, SystemExit) as error:
        raise ClusterUnreachable(address, " ".join(str(error).split())) from error


def _quiet() -> dict[str, Any]:
    """Settings that keep Ray's messages off standard error, except with IMDBSENT_DEBUG."""
    return {} if settings.is_debug() else {"logging_level": logging.ERROR, "log_to_driver": False}
