from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from imdbsent import fetch
from tests.faults.downloading import CONTENT, PROXIES, QUICK
from tests.faults.fork_server import close_fork_server
from tests.faults.site import Site


@pytest.fixture(scope="session", autouse=True)
def _fork_server() -> Iterator[None]:
    """The process that forks commands ends with the tests."""
    yield
    close_fork_server()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses, which are not made; and no proxy of the machine's."""
    seconds: list[float] = []
    monkeypatch.setattr(fetch, "time", SimpleNamespace(sleep=seconds.append))
    monkeypatch.setattr(fetch, "RETRY_POLICY", QUICK)
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return seconds


@pytest.fixture
def site(pauses: list[float]) -> Iterator[Site]:
    site = Site(CONTENT)
    yield site
    site.over.set()


@pytest.fixture
def target(tmp_path: Path, pauses: list[float]) -> Path:
    return tmp_path / "cache" / "file.bin"
