"""A bundle's place: never a half one, never none, whoever is killed on the way."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from imdbsent import load
from imdbsent.bundle.bundle import Bundle, write_card
from imdbsent.errors import BundleInvalid, ExitCode, ModelMissing
from imdbsent.files import file_sha256
from imdbsent.models import inventory, publish, store
from imdbsent.models.store import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def mine(home: Path, tiny_bundle: Bundle) -> Path:
    return Path(shutil.copytree(tiny_bundle.directory, home / "models" / "mine"))


@pytest.fixture
def other(tiny_bundle: Bundle) -> Bundle:
    """The tiny bundle with another temperature."""
    return write_card(tiny_bundle.directory, type(tiny_bundle.card)(**{**vars(tiny_bundle.card), "temperature": 2.0}))


def left(home: Path) -> set[str]:
    return set(os.listdir(home / "models")) - {".lock"}


def killed(home: Path, where: str) -> None:
    """A process that replaces the model `mine` by the one in ./tiny, and kills itself."""
    program = f"""
import os, shutil, signal
from pathlib import Path
from imdbsent.models import publish
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
rename, renames = Path.rename, []
def second(self, to):
    renames.append(to)
    return rename(self, to) if len(renames) == 1 else die()
models = Path({str(home)!r}) / "models"
with publish.staging(models) as fresh:
    shutil.copytree({str(home.parent / "tiny")!r}, fresh, dirs_exist_ok=True)
    if {where!r} == "staged":
        die()
    Path.rename = second
    publish.publish(fresh, models / "mine")
"""
    result = subprocess.run([sys.executable, "-c", program], check=False)
    assert result.returncode == -signal.SIGKILL


@pytest.mark.usefixtures("mine")
def test_what_a_killed_install_left_goes_with_the_next_change(home: Path, tiny_bundle: Bundle) -> None:
    killed(home, "staged")
    assert any(name.startswith(".new-") for name in left(home))
    with publish.staging(home / "models"):
        assert len(left(home)) == 2
    assert left(home) == {"mine"}
    assert tiny_bundle.verify()


@pytest.mark.usefixtures("other")
def test_a_replacement_that_was_killed_between_its_renames_is_ended_by_who_looks_next(mine: Path, home: Path) -> None:
    killed(home, "between")
    assert not mine.exists()
    assert store.names() == ["classic", "flagship", "mine"]
    assert store.locate("mine").verify().card.temperature == 2.0
    assert left(home) == {"mine"}


def test_between_the_two_renames_of_a_replacement_the_model_is_found(
    mine: Path, other: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename
    between, go_on = threading.Event(), threading.Event()

    def wait_before_the_second(self: Path, target: Path) -> Path:
        if target == mine:
            between.set()
            go_on.wait(10)
        return rename(self, target)

    def replace() -> None:
        with publish.staging(mine.parent) as fresh:
            shutil.copytree(other.directory, fresh, dirs_exist_ok=True)
            publish.publish(fresh, mine)

    monkeypatch.setattr(Path, "rename", wait_before_the_second)
    replacing = threading.Thread(target=replace)
    replacing.start()
    assert between.wait(10)
    assert not mine.exists()
    threading.Timer(0.2, go_on.set).start()
    assert store.names() == ["classic", "flagship", "mine"]
    assert load("mine").bundle.card.temperature == 2.0
    replacing.join()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_replacement_that_fails_half_way_leaves_the_old_model(
    mine: Path, other: Bundle, home: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    rename, renames = Path.rename, []

    def fail_at_the_second(self: Path, target: Path) -> Path:
        renames.append(target)
        if len(renames) == 2:
            raise error
        return rename(self, target)

    with (
        pytest.raises(type(error)),
        publish.staging(home / "models") as fresh,
        monkeypatch.context() as patch,
    ):
        shutil.copytree(other.directory, fresh, dirs_exist_ok=True)
        patch.setattr(Path, "rename", fail_at_the_second)
        publish.publish(fresh, mine)
    assert store.locate("mine").verify().card.temperature == 1.0
    assert left(home) == {"mine"}


def test_a_model_that_is_replaced_while_it_is_read_is_no_damaged_one(
    mine: Path, other: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card of the old one, the files of the new one: what was read first is read again."""
    read = Bundle.read

    def replace_first(self: Bundle, file: str) -> bytes:
        if file != "vocabulary.txt":  # it is read in a thread, whenever
            return read(self, file)
        monkeypatch.setattr(Bundle, "read", read)
        with publish.staging(mine.parent) as fresh:
            shutil.copytree(other.directory, fresh, dirs_exist_ok=True)
            words = fresh / "vocabulary.txt"
            words.write_bytes(words.read_bytes() + b"more\n")
            files = {**other.card.files, "vocabulary.txt": file_sha256(words)}
            write_card(fresh, type(other.card)(**{**vars(other.card), "files": files}))
            publish.publish(fresh, mine)
        return read(self, file)

    monkeypatch.setattr(Bundle, "read", replace_first)
    assert load("mine").bundle.card.temperature == 2.0


def test_a_model_that_is_removed_while_it_is_read_is_a_missing_one(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = Bundle.read

    def remove_first(self: Bundle, file: str) -> bytes:
        shutil.rmtree(self.directory, ignore_errors=True)
        return read(self, file)

    monkeypatch.setattr(Bundle, "read", remove_first)
    with pytest.raises(ModelMissing):
        load("mine")
    assert not mine.exists()


LOOKS = 20
"""More looks at the disk than reading a model takes."""


def remove_before(look: int, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove a model just before one of the looks at the disk that reading it takes, such as one after its check."""
    looks = itertools.count()

    def remove(path: Path) -> None:
        if path.is_relative_to(mine) and next(looks) == look:
            shutil.rmtree(mine)

    def removing(real: Callable[..., Any]) -> Callable[..., Any]:
        def removed(self: Path, *arguments: Any, **settings: Any) -> Any:
            remove(self)
            return real(self, *arguments, **settings)

        return removed

    for name in ("open", "stat"):
        monkeypatch.setattr(Path, name, removing(getattr(Path, name)))


@pytest.mark.parametrize("look", range(LOOKS))
def test_whenever_a_model_is_removed_it_answers_or_is_a_missing_one(
    mine: Path, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    remove_before(look, mine, monkeypatch)
    try:
        (prediction,) = load("mine").predict(["great movie"])
    except ModelMissing:
        assert not mine.exists()
    else:
        assert prediction.label == "positive"


@pytest.mark.parametrize("look", range(LOOKS))
@pytest.mark.parametrize("command", [("show", "mine", "--format", "json"), ("export", "mine", "-o", "mine.tar")])
def test_a_command_that_reads_a_model_that_is_removed_says_so(
    run, mine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], look: int
) -> None:
    monkeypatch.chdir(tmp_path)
    remove_before(look, mine, monkeypatch)
    result = run("models", *command)
    assert result.code == ExitCode.DONE or "there is no model 'mine'" in result.err, result


def test_a_damaged_model_is_a_damaged_one_however_often_it_is_read(mine: Path) -> None:
    (mine / "vocabulary.txt").write_bytes(b"other\n")
    with pytest.raises(BundleInvalid, match="imdbsent models remove mine"):
        load("mine")
    assert inventory.entries(BUILT_IN)[-1].problem is not None


def test_the_lock_may_be_taken_again_by_who_holds_it_and_by_nobody_else(home: Path) -> None:
    with publish.locked():
        with publish.locked():
            pass
        program = """
from imdbsent.models import publish
publish._LOCK_TIMEOUT = 0.1
publish.locked().__enter__()
"""
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
        assert b"Timeout" in result.stderr
    assert (home / "models").is_dir()


def test_beside_a_folder_of_the_users_own_nothing_stays(tmp_path: Path, tiny_bundle: Bundle) -> None:
    place = tmp_path / "place"
    with store.new_bundle(place / "model") as fresh:
        shutil.copytree(tiny_bundle.directory, fresh, dirs_exist_ok=True)
    assert os.listdir(place) == ["model"]
