"""A disk that is full or read-only: one line, the documented exit code, no half file, and a next run that continues."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import read_bundle
from imdbsent.models import store
from tests.faults.child import Instructions
from tests.faults.disk import small_disk
from tests.faults.fork_server import Ended
from tests.faults.killing import environment, run_command
from tests.faults.scenarios import half_models, reviews, write_tar
from tests.faults.site import Site
from tests.server import serving
from tests.tiny import TINY

pytestmark = pytest.mark.slow

Command = Callable[..., Ended]
LIMIT = 40_000
"""Bytes that a file may have, or a disk: less than the outputs of these tests, more than their checkpoint logs."""


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Run a command with the home in tmp_path/home; `limit` is the size that a file may have."""

    def run(*arguments: str, limit: int = 0) -> Ended:
        return run_command(Instructions(file_limit=limit), environment(tmp_path), *arguments)

    return run


@pytest.fixture
def large_tar(tmp_path: Path) -> Path:
    """The bundle of the wheel, some megabytes."""
    path = tmp_path / "large.tar"
    write_tar(read_bundle(store.PRETRAINED / "classic"), path)
    return path


def is_one_line(result: Ended, code: int) -> bool:
    """Whether a command failed as it should: one line, the next command in it, the exit code."""
    lines = [line for line in result.errors.splitlines() if line.startswith("imdbsent: ")]
    return result.returncode == code and len(lines) == 1 and "Traceback" not in result.errors


def predict(tmp_path: Path, name: str, *options: str) -> tuple[str, ...]:
    table = tmp_path / "reviews.csv"
    if not table.exists():
        table.write_text(reviews())
    files = ("--file", str(table), "-o", str(tmp_path / "out" / name))
    return ("predict", "--model", str(TINY), *files, "--workers", "1", *options)


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl", "out.csv.gz", "out.parquet"])
def test_an_output_that_finds_no_room_is_gone_on_with_once_there_is_some(
    command: Command, tmp_path: Path, name: str
) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="pyarrow is not installed in the light environment")
    (tmp_path / "out").mkdir()
    result = command(*predict(tmp_path, name), limit=LIMIT)
    assert is_one_line(result, 1), result
    assert "with --resume" in result.errors
    assert not (tmp_path / "out" / name).exists()
    assert command(*predict(tmp_path, name, "--resume")).returncode == 0
    assert command(*predict(tmp_path, f"whole.{name}")).returncode == 0
    assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "out" / f"whole.{name}").read_bytes()


def test_an_output_that_is_written_at_once_leaves_nothing_where_there_is_no_room(
    command: Command, tmp_path: Path
) -> None:
    (tmp_path / "out").mkdir()
    assert is_one_line(command(*predict(tmp_path, "out.csv", "--sort", "confidence"), limit=LIMIT), 1)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_output_on_a_full_disk_is_gone_on_with_once_there_is_room(command: Command, tmp_path: Path) -> None:
    with small_disk(tmp_path / "out", "48k") as disk:
        assert is_one_line(command(*predict(tmp_path, "out.csv")), 1)
        assert not (disk.folder / "out.csv").exists()
        disk.remount("size=4m")
        assert command(*predict(tmp_path, "out.csv", "--resume")).returncode == 0
        assert command(*predict(tmp_path, "whole.csv")).returncode == 0
        assert (disk.folder / "out.csv").read_bytes() == (disk.folder / "whole.csv").read_bytes()


def test_standard_output_that_is_full_is_one_line(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [sys.executable, "-m", "imdbsent", "predict", "--model", str(TINY), "great", "--format", "csv"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env=environment(tmp_path),
        )
    assert result.returncode == 1
    assert result.stderr.startswith("imdbsent: cannot write the output: No space left on device")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["limit", "disk"])
def test_a_first_run_without_room_for_the_model_answers_from_the_package(
    command: Command, tmp_path: Path, kind: str
) -> None:
    if kind == "limit":
        result = command("predict", "great movie", limit=LIMIT)
        assert result.returncode == 0
        assert "could not keep a copy of the model" in result.errors
        assert half_models(tmp_path) == ""
    else:
        with small_disk(tmp_path / "home", "1m") as disk:
            result = command("predict", "great movie")
            assert result.returncode == 0
            assert "No space left" in result.errors
            assert {path.name for path in (disk.folder / "models").iterdir()} <= {".lock"}
            disk.remount("size=32m")
            assert "installed the model" in command("predict", "great movie").errors
            assert half_models(tmp_path) == ""


def test_a_model_that_finds_no_room_is_not_installed(command: Command, tmp_path: Path, large_tar: Path) -> None:
    assert command("models", "install", str(TINY)).returncode == 0
    result = command("models", "install", str(large_tar), "--name", "tiny", "--replace", limit=LIMIT)
    assert is_one_line(result, 1), result
    assert half_models(tmp_path) == ""
    assert {path.name for path in (tmp_path / "home" / "models").iterdir()} - {".lock"} == {"tiny"}
    assert command("models", "install", str(large_tar), "--name", "tiny", "--replace").returncode == 0


def test_a_download_that_finds_no_room_is_gone_on_with_once_there_is_some(command: Command, tmp_path: Path) -> None:
    write_tar(read_bundle(TINY), tmp_path / "tiny.tar")
    site = Site((tmp_path / "tiny.tar").read_bytes())
    with serving(site.whole) as address:
        install = ("models", "install", f"{address}/tiny.tar", "--sha256", site.sha256())
        result = command(*install, limit=8192)
        assert is_one_line(result, 4), result
        assert half_models(tmp_path) == ""
        assert command(*install).returncode == 0
    assert site.ranges() == ["", "bytes=8192-"]
    assert read_bundle(tmp_path / "home" / "models" / "tiny").verify()
    assert list((tmp_path / "home" / "cache").iterdir()) == []


def test_a_read_only_home_answers_and_says_what_it_cannot_do(command: Command, tmp_path: Path) -> None:
    with small_disk(tmp_path / "home", "1m") as disk:
        assert command("models", "install", str(TINY)).returncode == 0
        disk.remount("ro")
        result = command("predict", "great movie")
        assert result.returncode == 0
        assert "answering from the package" in result.errors
        assert command("predict", "--model", "tiny", "great movie").returncode == 0
        assert command("models", "list").returncode == 0
        for arguments in (
            ("models", "install", str(TINY), "--replace"),
            ("models", "remove", "tiny", "--yes"),
            ("models", "use", "tiny"),
        ):
            assert is_one_line(command(*arguments), 1), arguments
        assert is_one_line(command("dataset", "download"), 4)
        assert read_bundle(disk.folder / "models" / "tiny").verify()


def test_a_read_only_folder_for_the_output_is_told_before_the_work(command: Command, tmp_path: Path) -> None:
    with small_disk(tmp_path / "out", "1m") as disk:
        disk.remount("ro")
        assert is_one_line(command(*predict(tmp_path, "out.csv")), 2)
