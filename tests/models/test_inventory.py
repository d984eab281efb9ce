from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle, write_card
from imdbsent.bundle.card import Metrics
from imdbsent.models import inventory, store
from imdbsent.models.inventory import Status
from imdbsent.models.resolve import resolve
from imdbsent.models.store import BUILT_IN, Choice


@pytest.fixture
def mine(home: Path, tiny_bundle: Bundle) -> Path:
    return Path(shutil.copytree(tiny_bundle.directory, home / "models" / "mine"))


def test_the_wheels_model_is_there_before_it_is_installed_and_listing_installs_nothing(home: Path) -> None:
    for entry, name in zip(inventory.entries(BUILT_IN), ("classic", "flagship"), strict=True):
        is_default = name == "flagship"
        assert (entry.name, entry.status, entry.shipped, entry.is_default) == (name, Status.WHEEL, True, is_default)
        (test,) = [m for m in read_bundle(store.PRETRAINED / name).card.metrics if m.split == "test"]
        assert (entry.accuracy, entry.reviews) == (test.accuracy, test.n)
        assert entry.size == sum(path.stat().st_size for path in entry.directory.iterdir())
    assert not home.exists()
    resolve()
    classic, flagship = inventory.entries(BUILT_IN)
    assert (classic.status, flagship.status, flagship.shipped) == (Status.WHEEL, Status.INSTALLED, True)
    assert flagship.directory == home / "models" / "flagship"


def test_an_installed_model_and_which_is_the_default(mine: Path) -> None:
    *shipped, entry = inventory.entries(Choice("mine", "a test"))
    assert [one.is_default for one in shipped] == [False, False]
    assert entry.is_default
    assert (entry.status, entry.shipped, entry.version, entry.problem) == (Status.INSTALLED, False, 1, None)
    assert (entry.accuracy, entry.reviews, entry.directory) == (0.9, 10, mine)


def test_a_damaged_file_or_card_is_found(mine: Path) -> None:
    (mine / "vocabulary.txt").write_text("x")
    entry = inventory.entry("mine", is_default=False)
    assert (entry.status, entry.version, entry.accuracy) == (Status.DAMAGED, 1, 0.9)
    assert entry.problem
    assert "vocabulary.txt is damaged" in entry.problem
    (mine / "card.json").write_text("{")
    entry = inventory.entry("mine", is_default=False)
    assert (entry.status, entry.version, entry.accuracy, entry.reviews) == (Status.DAMAGED, None, None, None)
    assert entry.directory == mine
    assert entry.size > 0


def test_a_model_that_was_not_measured_on_test_has_no_accuracy(mine: Path, tiny_bundle: Bundle) -> None:
    write_card(mine, replace(tiny_bundle.card, metrics=(Metrics("train", 10, 1.0, 0.1),)))
    assert inventory.entry("mine", is_default=False).accuracy is None


def test_a_damaged_wheel_is_told_as_such(
    tmp_path: Path, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_bundle.directory, tmp_path / "wheel" / "classic")
    monkeypatch.setattr(store, "PRETRAINED", tmp_path / "wheel")
    (tmp_path / "wheel" / "classic" / "model.onnx").unlink()
    (entry,) = inventory.entries(BUILT_IN)
    assert (entry.status, entry.directory) == (Status.DAMAGED, tmp_path / "wheel" / "classic")
