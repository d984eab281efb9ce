from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.errors import ExitCode, ModelMissing, ModelsUnwritable, UsageProblem
from imdbsent.models import inventory, store
from imdbsent.models.resolve import resolve


@pytest.fixture
def mine(home: Path, tiny_bundle: Bundle) -> Path:
    return Path(shutil.copytree(tiny_bundle.directory, home / "models" / "mine"))


def left(home: Path) -> set[str]:
    return set(os.listdir(home / "models")) - {".lock"}


def test_a_model_is_removed_and_nothing_else(mine: Path, home: Path) -> None:
    shutil.copytree(mine, home / "models" / "other")
    planned = inventory.plan("mine")
    assert planned.directory == mine
    assert planned.size == sum(path.stat().st_size for path in mine.iterdir())
    assert mine.exists()
    assert inventory.remove(planned) is False
    assert left(home) == {"other"}


def test_a_damaged_model_can_be_removed(mine: Path, home: Path) -> None:
    (mine / "card.json").unlink()
    inventory.remove(inventory.plan("mine"))
    assert left(home) == set()


def test_removing_the_default_resets_it(mine: Path) -> None:
    inventory.use("mine")
    assert inventory.remove(inventory.plan("mine")) is True
    assert store.default_model() == store.BUILT_IN
    assert resolve().card.name == "flagship"


def test_removing_another_leaves_the_default(mine: Path, home: Path) -> None:
    shutil.copytree(mine, home / "models" / "other")
    inventory.use("mine")
    assert inventory.remove(inventory.plan("other")) is False
    assert store.stored_default() == "mine"


def test_of_a_shipped_model_the_installed_copy_alone_is_removed(home: Path) -> None:
    with pytest.raises(UsageProblem, match="comes with imdbsent"):
        inventory.plan("classic")
    resolve("classic")
    inventory.use("classic")
    planned = inventory.plan("classic")
    assert planned.shipped
    assert inventory.remove(planned) is False
    assert left(home) == set()
    assert (store.PRETRAINED / "classic" / "card.json").exists()
    assert store.stored_default() == "classic"
    assert resolve().verify()


@pytest.mark.parametrize("name", ["nowhere", "..", "../models", "a b", ""])
def test_a_model_that_is_not_there_cannot_be_removed(mine: Path, home: Path, name: str) -> None:
    with pytest.raises((ModelMissing, UsageProblem)) as caught:
        inventory.plan(name)
    assert caught.value.exit_code in (ExitCode.MISSING, ExitCode.USAGE)
    assert left(home) == {"mine"}


def test_of_a_link_the_link_alone_is_removed(tiny_bundle: Bundle, home: Path) -> None:
    (home / "models").mkdir(parents=True)
    (home / "models" / "linked").symlink_to(tiny_bundle.directory)
    inventory.remove(inventory.plan("linked"))
    assert left(home) == set()
    assert tiny_bundle.verify()


def test_a_model_that_went_meanwhile_is_missing(mine: Path) -> None:
    planned = inventory.plan("mine")
    inventory.remove(planned)
    with pytest.raises(ModelMissing):
        inventory.remove(planned)


def test_what_a_killed_removal_left_goes_with_the_next(mine: Path, home: Path) -> None:
    shutil.copytree(mine, home / "models" / ".removed-abc" / "old")
    assert store.names() == ["classic", "flagship", "mine"]
    inventory.remove(inventory.plan("mine"))
    assert left(home) == set()


def test_a_home_that_may_not_be_written_is_one_error(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = inventory.plan("mine")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(mine))

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(ModelsUnwritable, match="mine': Permission denied"):
        inventory.remove(planned)
    assert mine.exists()
