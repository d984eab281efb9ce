from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.errors import BundleInvalid, DefaultMissing, ExitCode, ModelMissing, ModelsUnwritable, UsageProblem
from imdbsent.models import inventory, store
from imdbsent.models.resolve import resolve


@pytest.fixture
def mine(home: Path, tiny_bundle: Bundle) -> Path:
    return Path(shutil.copytree(tiny_bundle.directory, home / "models" / "mine"))


def test_flag_then_variable_then_choice_then_built_in(
    mine: Path, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert store.default_model() == store.BUILT_IN
    inventory.use("mine")
    assert store.default_model() == store.Choice("mine", store.USE)
    assert resolve().directory == mine
    monkeypatch.setenv("IMDBSENT_MODEL", str(tiny_bundle.directory))
    assert store.default_model().source == "IMDBSENT_MODEL"
    assert not caplog.messages
    assert resolve() == tiny_bundle
    assert resolve("mine").directory == mine
    monkeypatch.delenv("IMDBSENT_MODEL")
    inventory.reset()
    assert resolve().card.name == "flagship"


def test_resetting_twice_is_no_error(mine: Path) -> None:
    inventory.use("mine")
    inventory.reset()
    inventory.reset()
    assert store.stored_default() is None


def test_the_choice_is_one_small_file_and_nothing_lies_beside_it(mine: Path, home: Path) -> None:
    inventory.use("mine")
    inventory.use("classic")
    assert os.listdir(home / "config") == ["default-model"]
    assert (home / "config" / "default-model").read_bytes() == b"classic\n"


def test_a_default_that_was_taken_away_names_the_way_out(mine: Path) -> None:
    inventory.use("mine")
    shutil.rmtree(mine)
    with pytest.raises(DefaultMissing, match="'mine'.*Type: imdbsent models use --reset$") as caught:
        resolve()
    assert caught.value.exit_code is ExitCode.MISSING
    assert resolve("classic").verify()


@pytest.mark.parametrize("content", [b"no such model\n", b"\xff\x00", b"x" * 100_000, b"../models"])
def test_a_file_that_holds_no_name_is_told_too(content: bytes, home: Path) -> None:
    (home / "config").mkdir(parents=True)
    store.default_file().write_bytes(content)
    with pytest.raises(DefaultMissing):
        resolve()


def test_an_empty_file_is_no_choice(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home / "config").mkdir(parents=True)
    store.default_file().touch()
    assert store.default_model() == store.BUILT_IN
    assert not caplog.messages


def test_a_file_that_cannot_be_read_is_told_and_the_built_in_model_answers(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store.default_file().mkdir(parents=True)  # a folder in its place
    assert store.default_model() == store.BUILT_IN
    assert caplog.messages == [f"cannot read {store.default_file()} (Is a directory); the model is 'flagship'"]


def test_what_cannot_be_used_is_not_chosen(mine: Path) -> None:
    with pytest.raises(ModelMissing, match="there are: classic, flagship, mine"):
        inventory.use("nowhere")
    with pytest.raises(UsageProblem, match="imdbsent models install ./mine"):
        inventory.use("./mine")
    (mine / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(BundleInvalid, match="Type: imdbsent models remove mine"):
        inventory.use("mine")
    assert store.stored_default() is None


def test_a_choice_that_cannot_be_stored_is_one_error(mine: Path, home: Path) -> None:
    (home / "config").touch()
    with pytest.raises(ModelsUnwritable, match="cannot change the models") as caught:
        inventory.use("mine")
    assert caught.value.exit_code is ExitCode.FAILED
