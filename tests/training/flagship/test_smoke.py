"""`imdbsent train --recipe flagship` as a user types it."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import read_bundle
from imdbsent.errors import ExitCode
from imdbsent.training.flagship.ladder import FULL, SMOKE, ladder_of
from imdbsent.training.recipes import FLAGSHIP
from imdbsent.training.request import TrainingRequest
from tests.training.flagship.trees import write_tree

needs_all = pytest.mark.skipif(
    any(importlib.util.find_spec(library) is None for library in ("keras", "onnx", "scipy", "numba")),
    reason="what the flagship trains with is not installed in the light environment",
)


@needs_all
def test_every_stage_of_the_flagship_runs_on_a_few_reviews(run, tmp_path: Path, home: Path) -> None:
    tree = write_tree(tmp_path / "aclImdb")
    result = run("train", "--recipe", "flagship", "--smoke", "--data", str(tree), "--name", "try")
    assert result.code == ExitCode.DONE, result.err
    card = read_bundle(home / "models" / "try").verify().card
    assert (card.recipe["teachers"], len(card.history)) == (1, 2)
    assert card.recipe["readers"] == 1
    for said in ("n-gram teacher", "document teacher", "network teacher 1", "language model", "reader", "validation"):
        assert said in result.err
    answer = run("predict", "--model", "try", "--format", "json", "A great movie.")
    assert answer.code == ExitCode.DONE
    (record,) = json.loads(answer.out)
    assert 0 < record["probability"] < 1


@needs_all
@pytest.mark.parametrize("library", ["scipy", "numba"])
def test_a_library_of_a_stage_that_is_not_installed_is_told_before_anything_is_written(
    run, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    tree = write_tree(tmp_path / "aclImdb")
    result = run("train", "--recipe", "flagship", "--smoke", "--data", str(tree), "--name", "try")
    assert result.code == ExitCode.MISSING
    last = result.err.splitlines()[-1]
    assert last == f"imdbsent: this needs {library}, which is not installed. Type: pip install 'imdbsent[flagship]'"
    assert not [path for path in home.rglob("*") if path.is_file() and not path.name.endswith(".lock")]


def test_a_run_climbs_the_ladder_that_it_was_asked_for() -> None:
    for recipe in (FLAGSHIP, replace(FLAGSHIP, name="mine", units=8)):
        request = TrainingRequest(recipe, 7, "try")
        assert ladder_of(request) == FULL
        without = replace(request, reader=False)
        assert ladder_of(without) == replace(FULL, teachers=1, readers=0)
        assert ladder_of(replace(request, smoke=True)) == SMOKE
        assert ladder_of(replace(without, smoke=True)) == replace(SMOKE, readers=0)
    assert (FULL.teachers, FULL.readers) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--smoke",), "--smoke requires the flagship. Type: imdbsent train --recipe flagship --smoke"),
        (("--recipe", "bucketed", "--smoke"), "Type: imdbsent train --recipe flagship --smoke"),
        (("--no-reader",), "Type: imdbsent train --recipe flagship --no-reader"),
        (("FILE", "--recipe", "flagship"), "'flagship' also needs the unlabeled IMDB reviews"),
        (("--from", "tiny", "--recipe", "flagship"), "'flagship' cannot start from a model"),
    ],
)
def test_what_the_flagship_cannot_do_is_said_in_one_line(
    run, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("text,label\ngreat,1\nawful,0\n", encoding="utf-8")
    result = run("train", *(str(table) if argument == "FILE" else argument for argument in arguments))
    assert result.code == ExitCode.USAGE
    assert said in result.err
    assert result.err.count("\n") == 1
    assert result.out == ""
