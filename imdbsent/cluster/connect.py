"""To a Ray cluster, or to one that is started on this machine alone, and away from it again."""

from __future__ import annotations

import importlib
import logging
import os
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from imdbsent import settings
from imdbsent.errors import ClusterUnreachable, ExtraMissing, JobFailed

if TYPE_CHECKING:
    from collections.abc import Iterator


ANSWER_WITHIN: Final = 30.0
"""Seconds that a cluster has to answer in."""
ADDRESS_VARIABLE: Final = "RAY_ADDRESS"
"""Ray's own variable for the address of the cluster."""
_MANY_MACHINES: Final = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""Ray's variable for whether its processes listen to other machines. It is read on every system, whatever its name."""
_IDLE_KEPT: Final = "RAY_num_workers_soft_limit"
"""Ray's variable for how many processes it keeps that have nothing to do. Without it, it keeps as many as there are
free cores: none, where actors have all of them, and each task of reading or writing waits for a new process
(https://github.com/ray-project/ray/pull/36766)."""
_IDLE: Final = 4
_KNOCK: Final = "import sys, ray; ray.init(sys.argv[1], logging_level='ERROR', log_to_driver=False); ray.nodes()"
_STDERR: Final = 2
_CONNECT_WITHIN: Final = 5.0  # seconds for one connection of TCP


def ray_library(address: str | None = None) -> Any:
    """Ray, imported where it is needed.

    Args:
        address: as `connected`; without one, what Ray will start listens to this machine alone.

    Raises:
        ExtraMissing: it, or what Ray Data needs, is not installed.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # GPUs are left alone; older Ray warns without it
    if not (address or os.environ.get(ADDRESS_VARIABLE)):
        os.environ.setdefault(_MANY_MACHINES, "0")
        os.environ.setdefault(_IDLE_KEPT, str(_IDLE))
    try:
        importlib.import_module("ray.data")
        ray = importlib.import_module("ray")
    except ImportError as error:
        raise ExtraMissing("--engine ray", "ray") from error
    if not settings.is_debug():
        _silence("ray.data")
    return ray


def _silence(logger: str) -> None:
    """Keep what a logger says from standard error: its own files have it, and we say what a person should know."""
    for handler in logging.getLogger(logger).handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setLevel(logging.CRITICAL + 1)


@contextmanager
def connected(address: str | None, within: float = ANSWER_WITHIN) -> Iterator[Any]:
    """Connect to a cluster.

    Args:
        address: `host:port` of its head, or `auto` for the one that this machine is of; None for RAY_ADDRESS, else
            for one that is started on this machine, with all of its cores, and ended after the block.
        within: seconds that it has to answer in.

    Yields:
        Ray. Where it was connected already, it stays so, and the address is not asked for.

    Raises:
        ExtraMissing: Ray is not installed.
        ClusterUnreachable: no cluster answers at the address.
        JobFailed: none can be started here.
    """
    ray = ray_library(address)
    if ray.is_initialized():
        yield ray
        return
    address = address or os.environ.get(ADDRESS_VARIABLE) or None
    if address is not None:
        check_answers(address, within)
    with _core_is_silent():
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

    Ray itself tries for minutes, and then ends the process rather than raising an error. So another process tries.

    Raises:
        ClusterUnreachable: none does.
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
        raise ClusterUnreachable(address, f"nothing in {within:.0f} s") from error
    if knock.returncode:
        said = knock.stderr.strip().splitlines() or [f"exit code {knock.returncode}"]
        raise ClusterUnreachable(address, said[-1].partition(": ")[2] or said[-1])


@contextmanager
def _core_is_silent() -> Iterator[None]:
    """Context in which what Ray's core, which is no Python, writes to standard error goes nowhere.

    Python's own standard error stays where it is, on another descriptor. Under IMDBSENT_DEBUG everything is told.
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
        there, sys.stderr = sys.stderr, ours
        there.flush()
        os.dup2(kept, _STDERR)
        there.close()


def _descriptor(stream: Any) -> int | None:
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None


def _start(ray: Any) -> None:
    """Start a cluster on this machine."""
    try:
        ray.init("local", include_dashboard=False, **_quiet())
    except Exception as error:  # where it takes too long, Ray raises no other
        if settings.is_debug():
            raise
        raise JobFailed(f"it does not start here ({' '.join(str(error).split())})") from error


def _join(ray: Any, address: str) -> None:
    try:
        ray.init(address, **_quiet())
    except (OSError, ValueError, RuntimeError, SystemExit) as error:
        raise ClusterUnreachable(address, " ".join(str(error).split())) from error


def _quiet() -> dict[str, Any]:
    """What keeps Ray's own messages off standard error; under IMDBSENT_DEBUG they come."""
    return {} if settings.is_debug() else {"logging_level": logging.ERROR, "log_to_driver": False}
