from __future__ import annotations

import io
import logging
import os
import shutil
import signal
import sys
import tracemalloc
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import hypothesis
import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.dataset.aclimdb import LABELED, Review, read_reviews
from tests.chromium import Chromium
from tests.tiny import TINY, write_tiny_tree

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
hypothesis.settings.load_profile("untimed")
os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"  # Ray's clusters listen to this machine alone, as sockets must

_SHARED = Path(__file__).parent.parent.parent / "shared" / "data"


_WANTED_OF_THE_SYSTEM = (
    "Chromium", "Java", "strace", "/proc", "Windows", "may be mounted", "may be traced", "../shared/data",
    "make cluster", "make teacher", "the real archive", "atheris", "jax", "here it would be",
)  # fmt: skip
"""What a machine may lack, or have in another version: a test that says so in its reason may be skipped anywhere. A
library may be lacking only where not everything is checked."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--complete", action="store_true", help="fail where a library is missing, instead of skipping")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and item.config.getoption("complete"):
        _fail_unless_of_the_system(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module that needs a library of the extra `dev` is slow as a whole, and left out with the slow tests."""
    report = yield
    if report.skipped and collector.config.getoption("complete"):
        is_left_out = "not slow" in collector.config.getoption("markexpr")
        if not (is_left_out and "pytest.mark.slow" in collector.path.read_text("utf-8")):
            _fail_unless_of_the_system(report)
    return report


def _fail_unless_of_the_system(report: pytest.TestReport | pytest.CollectReport) -> None:
    assert isinstance(report.longrepr, tuple)
    reason = report.longrepr[2]
    if not any(wanted in reason for wanted in _WANTED_OF_THE_SYSTEM):
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: {reason}; with --complete no test is skipped for that"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that train, are slow or read the real archive come first: a long one that came last would run alone."""
    slow = {
        item.path
        for item in items
        if "training" in item.path.parts or item.get_closest_marker("real") or item.get_closest_marker("slow")
    }
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary home, and none of the caller's settings."""
    for variable in [name for name in os.environ if name.startswith("IMDBSENT_") and name != "IMDBSENT_ACLIMDB"]:
        monkeypatch.delenv(variable)
    for variable in ("FORCE_COLOR", "NO_COLOR", "COLUMNS"):
        monkeypatch.delenv(variable, raising=False)
    folder = tmp_path / "imdbsent-home"
    monkeypatch.setenv("IMDBSENT_HOME", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    return folder


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """pytest's own, with what the package tells its users."""
    caplog.set_level(logging.INFO, "imdbsent")
    return caplog


@pytest.fixture(autouse=True)
def _no_archive(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only tests marked `real` know of the real archive."""
    if "real" not in request.keywords:
        monkeypatch.delenv("IMDBSENT_ACLIMDB", raising=False)


@pytest.fixture(scope="module", autouse=True)
def _in_the_foreground() -> Iterator[None]:
    """Signals work as on a terminal, even if pytest runs with `&` or `nohup`: all that it starts would ignore them."""
    wanted: dict[int, Any] = {signal.SIGINT: signal.default_int_handler}
    if hasattr(signal, "SIGHUP"):
        wanted[signal.SIGHUP] = lambda *_: None  # what is started does not inherit a handler, and hears it
    before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def real_archive() -> Path:
    path = Path(os.environ.get("IMDBSENT_ACLIMDB", _SHARED / "aclImdb_v1.tar.gz"))
    if not path.exists():
        pytest.skip("the real archive is not here: set IMDBSENT_ACLIMDB to aclImdb_v1.tar.gz")
    return path


@pytest.fixture(scope="session")
def real_reviews(real_archive: Path) -> Callable[..., list[Review]]:
    """The real reviews of some folders, as `read_reviews` gives them; they are read once: real_reviews("test/neg")."""
    labeled = read_reviews(real_archive, LABELED)
    return lambda *folders: [review for review in labeled if review.folder in folders]


@pytest.fixture(scope="session")
def real_word_index() -> Path:
    path = _SHARED / "imdb_word_index.json"
    if not path.exists():
        pytest.skip("Keras's imdb_word_index.json is not in ../shared/data")
    return path


@pytest.fixture
def tiny_bundle(tmp_path: Path) -> Bundle:
    """A copy of the three-word bundle, to use and to damage."""
    return read_bundle(Path(shutil.copytree(TINY, tmp_path / "tiny")))


@pytest.fixture
def tiny_tree(tmp_path: Path) -> Path:
    """A tree of aclImdb with ten reviews a split."""
    return write_tiny_tree(tmp_path / "aclImdb")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    chromium = Chromium(tmp_path_factory.mktemp("profile"))
    yield chromium
    chromium.close()


@pytest.fixture
def unprivileged() -> Iterator[None]:
    """No right to read or write everything, for a test run by root, too."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)  # nobody
    try:
        yield
    finally:
        os.seteuid(0)


class MemoryPeak(Protocol):
    def __call__(self, *, at_most: int) -> AbstractContextManager[None]: ...


@pytest.fixture
def memory() -> MemoryPeak:
    """Context in which Python may hold so many bytes more than before, at its peak: memory(at_most=2**20)."""

    @contextmanager
    def limited(*, at_most: int) -> Iterator[None]:
        tracemalloc.start()
        try:
            yield
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak <= at_most, f"{peak:,} bytes were held"

    return limited


@dataclass(frozen=True)
class Result:
    code: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch):
    """Run a command line in this process: run(*args, stdin=b"") -> Result."""
    from imdbsent.cli import app

    def run_command(*arguments: str, stdin: bytes = b"") -> Result:
        out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8"))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = app.run(arguments)
        return Result(int(code), *(stream.buffer.getvalue().decode() for stream in (out, err)))

    return run_command
