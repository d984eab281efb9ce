"""`imdbsent train --recipe flagship` as a user types it, with a tiny transformer as the teacher."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import read_bundle
from imdbsent.errors import ExitCode
from tests.training.distill.trees import write_tree

needs_all = pytest.mark.skipif(
    "IMDBSENT_TEACHER_TESTS" not in os.environ, reason="PyTorch in a process of its own: make teacher"
)
needs_keras = pytest.mark.skipif(
    any(importlib.util.find_spec(library) is None for library in ("keras", "onnx")),
    reason="keras is not installed in the light environment",
)


@pytest.mark.slow
@needs_all
def test_every_stage_of_the_flagship_runs_on_a_few_reviews(run, tmp_path: Path, home: Path) -> None:
    tree = write_tree(tmp_path / "aclImdb")
    result = run("train", "--recipe", "flagship", "--smoke", "--data", str(tree), "--name", "try")
    assert result.code == ExitCode.DONE, result.err
    for line in ("teacher: step", "labels of texts", "labels of reviews", "texts to learn from", "validation"):
        assert line in result.err
    card = read_bundle(home / "models" / "try").verify().card
    assert (card.tokenizer, card.architecture, len(card.history)) == ("corrected", "flagship", 2)
    assert not list((home / "training").glob("[!.]*"))
    answer = run("predict", "--model", "try", "--format", "json", "A great movie.", "xqzzt")
    assert answer.code == ExitCode.DONE
    verdict, unknown = json.loads(answer.out)
    assert 0 < verdict["probability"] < 1
    assert unknown["probability"] is None


@needs_keras
@pytest.mark.parametrize("library", ["torch", "transformers"])
def test_a_library_of_a_stage_that_is_not_installed_is_named_before_training_starts(
    run, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    class Missing:
        """In `sys.modules`, None would do for our import, but scipy looks there for PyTorch."""

        def find_spec(self, name: str, *_: object) -> None:
            if name.partition(".")[0] == library:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    monkeypatch.delitem(sys.modules, library, raising=False)
    tree = write_tree(tmp_path / "aclImdb")
    result = run("train", "--recipe", "flagship", "--smoke", "--data", str(tree), "--name", "try")
    assert result.code == ExitCode.MISSING
    last = result.err.splitlines()[-1]
    assert "which is not installed. Type: pip install 'imdbsent[teacher]'" in last
    assert not [path for path in home.rglob("*") if path.is_file() and not path.name.endswith(".lock")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--smoke",), "--smoke requires the flagship. Type: imdbsent train --recipe flagship --smoke"),
        (("--recipe", "bucketed", "--smoke"), "Type: imdbsent train --recipe flagship --smoke"),
        (("--teacher", "mpnet"), "--teacher requires the flagship. Type: imdbsent train --recipe flagship --teacher"),
        (("FILE", "--recipe", "flagship"), "'flagship' also needs the unlabeled IMDB reviews"),
        (("--from", "tiny", "--recipe", "flagship"), "'flagship' cannot start from a model"),
    ],
)
def test_what_the_flagship_cannot_do_is_said_in_one_line(
    run, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    table = tmp_path / "mine.csv"
    table.write_text("text,label\ngreat,1\nawful,0\n", encoding="utf-8")
    result = run("train", *(str(table) if argument == "FILE" else argument for argument in arguments))
    assert result.code == ExitCode.USAGE
    assert message in result.err
    assert result.err.count("\n") == 1
    assert result.out == ""
