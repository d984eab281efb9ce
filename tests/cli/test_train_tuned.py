"""What `imdbsent train FILE` says of a model that was fine-tuned."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from rich.console import Console

from imdbsent.bundle.bundle import read_bundle
from imdbsent.bundle.card import Epoch
from imdbsent.cli._training import assess_on_console, more_epochs, standing_lines
from imdbsent.errors import ExitCode
from imdbsent.evaluation.report import Comparison, Score, mcnemar
from imdbsent.reading.options import ReadOptions
from imdbsent.training.base import Rival
from imdbsent.training.recipes import TUNED
from imdbsent.training.request import OwnData, TrainingRequest
from imdbsent.training.run import Assessment, Standing

if TYPE_CHECKING:
    from imdbsent.bundle.bundle import Bundle

needs_keras = pytest.mark.skipif(
    importlib.util.find_spec("keras") is None or importlib.util.find_spec("onnx") is None,
    reason="keras is not installed in the light environment",
)
USE = "Make it the default: imdbsent models use mine"


def compared(ours: int, theirs: int, *, balanced: bool = True, both: int = 100, texts: int = 200) -> Comparison:
    """So many texts only one model judged right, and both judged some others right."""
    return Comparison(
        Score("mine", (both + ours) / texts, 0.75),
        Score("flagship", (both + theirs) / texts, 0.5),
        mcnemar("mine", "flagship", ours, theirs),
        texts,
        balanced,
    )


def lines_of(*pairs: tuple[Comparison, str, bool, bool], parts: int = 0, is_replaced: bool = False) -> list[str]:
    """For each model: the comparison with it, its name, whether it is the default model, whether it was fine-tuned."""
    rivals = [
        (Rival(cast("Bundle", None), name, is_default, is_tuned), comparison)
        for comparison, name, is_default, is_tuned in pairs
    ]
    return standing_lines("mine", Standing(tuple(rivals), parts), USE, is_replaced=is_replaced)


def test_a_better_model_is_proposed_as_the_default() -> None:
    assert lines_of((compared(40, 10), "flagship", True, False)) == [
        (
            "mine is better than flagship (the default model) by 15.0 points: right on 70.0% against 55.0% "
            "of 200 texts that it has not seen; unlikely to be chance (p = 4e-05)."
        ),
        USE,
    ]


def test_what_may_be_chance_is_said_to_be() -> None:
    (line, use) = lines_of((compared(3, 2), "flagship", True, False))
    assert "by 0.5 points" in line
    assert line.endswith("; may be chance (p = 1).")
    assert use == USE


def test_a_model_that_is_worse_or_equal_does_not_become_the_default() -> None:
    worse = lines_of((compared(2, 12), "flagship", True, False))
    assert worse[0].startswith("mine is worse than flagship (the default model) by 5.0 points: ")
    equal = lines_of((compared(4, 4), "flagship", True, False))
    assert equal[0] == (
        "mine is as good as flagship (the default model): both are right on 52.0% of 200 texts that it has not seen."
    )
    assert worse[1:] == equal[1:] == ["flagship stays the default model."]


def test_few_texts_and_unequal_classes_are_named() -> None:
    comparison = compared(6, 1, balanced=False, both=20, texts=40)
    (line, _) = lines_of((comparison, "flagship", True, False), parts=5)
    assert "of 40 texts, each judged by a model that had not seen it (5-fold cross-validation); " in line
    assert "; balanced accuracy 75.0% against 50.0%; " in line
    assert line.endswith("(p = 0.12). With 40 texts, only a large difference can be told from chance.")


def test_training_that_was_not_at_its_end_says_how_to_train_longer(tiny_bundle: Bundle) -> None:
    def said(kept: int) -> str | None:
        return more_epochs(replace(tiny_bundle.card, recipe={"epochs": 16, "kept_epoch": kept}))

    assert said(16) == (
        "The last epoch was the best, so more may help. Type: the same command with --epochs 48 --replace"
    )
    assert said(12) is None
    assert more_epochs(tiny_bundle.card) is None  # nothing was chosen
    right = replace(tiny_bundle.card, history=(Epoch(16, 1.0, 0.1, 1.0, 0.1, 1.0),))
    assert more_epochs(replace(right, recipe={"epochs": 16, "kept_epoch": 16})) is None  # all is right already


def test_a_model_that_is_better_at_the_frequent_class_alone_is_not_simply_better() -> None:
    comparison = compared(40, 10, balanced=False)
    worse = replace(comparison, other=replace(comparison.other, balanced_accuracy=0.8))
    said = "By balanced accuracy, in which both classes count the same, flagship is better."
    assert lines_of((worse, "flagship", True, False))[1:] == [said, USE]
    assert said not in lines_of((comparison, "flagship", True, False))


def test_the_last_line_names_the_default_model_and_not_the_one_that_was_fine_tuned() -> None:
    lines = lines_of((compared(1, 9), "old", True, True), (compared(9, 1), "classic", False, False))
    assert lines[0].startswith("mine is worse than old (the default model)")
    assert lines[1].startswith("mine is better than classic (which it was fine-tuned from)")
    assert lines[2:] == [
        "old may have learned from these texts, which makes it look better than it is.",
        "old stays the default model.",
    ]


def test_what_was_fine_tuned_before_may_have_learned_from_the_texts_and_so_may_what_comes_of_it() -> None:
    said = "old may have learned from these texts, which makes it and mine look better than they are."
    assert lines_of((compared(9, 1), "old", True, True))[1:] == [said, USE]
    lines = lines_of((compared(9, 1), "flagship", True, False), (compared(9, 1), "old", False, True))
    assert lines[2:] == [said, USE]


def test_a_default_model_that_is_replaced_is_the_old_one() -> None:
    lines = lines_of((compared(1, 9), "mine", True, False), is_replaced=True)
    assert lines[0].startswith("mine is worse than the old mine (the default model) by ")
    assert lines[1] == "The new mine has replaced the old one, and is the default model now."


def test_no_comparison_says_how_to_make_one(home: Path) -> None:
    assert lines_of() == [
        (
            "Not compared with flagship: too few texts of one class. "
            "Type: imdbsent evaluate OTHER-FILE --model mine --model flagship"
        )
    ]


@needs_keras
@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--units", "8"], ["--units requires a new network", "--from scratch"]),
        (["--from", "classic", "--units", "8"], ["--units cannot be combined with --from", "without --units"]),
        (["--from", "nobody"], ["nobody"]),
        (["--recipe", "flagship"], ["cannot learn from a file", "without --recipe"]),
        (["--smoke"], ["--smoke requires the flagship"]),
    ],
)
def test_what_cannot_be_is_one_line(run, tmp_path: Path, arguments: list[str], parts: list[str]) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("text,label\n" + "".join(f"text {i},{i % 2}\n" for i in range(40)))
    result = run("train", str(path), *arguments)
    assert result.code in (ExitCode.USAGE, ExitCode.MISSING)
    assert (result.out, result.err.count("\n")) == ("", 1)
    for part in parts:
        assert part in result.err


def test_the_list_shows_what_a_file_would_be_trained_with(run, tmp_path: Path) -> None:
    recipes = json.loads(run("train", "mine.csv", "--list", "--format", "json", "--epochs", "3").out)
    assert (recipes[-1]["name"], recipes[-1]["epochs"]) == ("tuned", 3)
    assert json.loads(run("train", "--list", "--format", "json").out)[-1]["name"] == "flagship"


@needs_keras
def test_a_file_alone_tunes_the_default_model_and_scratch_does_not(run, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "mine.csv"
    lines = (f"the food was {('awful', 'lovely')[i % 2]} number {i},{i % 2}\n" for i in range(40))
    path.write_text("text,label\n" + "".join(lines))
    result = run("train", str(path), "--epochs", "1")
    assert result.code == ExitCode.DONE, result.err
    assert "my-tuned is as good as flagship (the default model): " in result.out
    assert "flagship stays the default model." in result.out
    assert "40 texts are too few to hold some out for the comparison: training 5 more models" in result.err
    assert "before fine-tuning  loss " in result.err
    card = read_bundle(home / "models" / "my-tuned").card
    assert (card.architecture, card.recipe["base"]) == ("flagship", "flagship")
    assert run("predict", "--model", "my-tuned", "great movie", "--format", "tsv").out.startswith("positive")
    assert "before" in run("inspect", "model", "my-tuned").out
    history = json.loads(run("models", "export", "my-tuned", "-o", "-", "--format", "history").out)
    assert history["epoch"] == [0, 1]
    explained = run("predict", "--model", "my-tuned", "great movie", "--explain", "--format", "json")
    assert explained.code == ExitCode.DONE, explained.err

    sizes = ["--units", "4", "--vocabulary-size", "50", "--maximum-length", "20", "--epochs", "1"]
    result = run("train", str(path), "--from", "scratch", *sizes)
    assert result.code == ExitCode.DONE, result.err
    assert read_bundle(home / "models" / "my-classic").card.architecture == "classic"


@pytest.mark.slow
@needs_keras
def test_measuring_installs_nothing_and_says_what_labels_bring(run, tmp_path: Path, home: Path) -> None:
    path = tmp_path / "mine.csv"
    lines = (f"the food was {('awful', 'lovely')[i % 2]} number {i},{i % 2}\n" for i in range(40))
    path.write_text("text,label\n" + "".join(lines))
    result = run("train", str(path), "--learning-curve", "--cross-validate", "2", "--epochs", "1")
    assert result.code == ExitCode.DONE, result.err
    assert "2 parts" in result.out
    assert "25% of the labels are too few to train with" in result.err
    assert "my-tuned is as good as flagship (the default model): " in result.out
    assert not (home / "models" / "my-tuned").exists()
    sizes = ["--units", "4", "--vocabulary-size", "50", "--maximum-length", "20", "--epochs", "1"]
    result = run("train", str(path), "--from", "scratch", "--cross-validate", "2", *sizes)
    assert result.code == ExitCode.DONE, result.err
    assert "balanced" in result.out
    assert "flagship" not in result.out


def test_a_measurement_ends_in_the_command_that_trains_whatever_its_options(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    comparison = compared(40, 10)
    standing = Standing(((Rival(cast("Bundle", None), "flagship", True, False), comparison),), 5)
    found = Assessment(100, comparison.new, (0.6, 0.8), (0.5, 0.6), standing)
    monkeypatch.setattr("imdbsent.training.run.assess", lambda *_arguments, **_options: (found,))
    request = TrainingRequest(TUNED, 7, "mine", own=OwnData("mine.csv", ReadOptions(text_column="body")))
    for parts, with_curve, options in ((5, False, "--cross-validate"), (None, True, "--learning-curve")):
        assess_on_console(request, Console(quiet=True), parts, with_curve=with_curve, no_color=True)
        shown = capsys.readouterr().out
        assert shown.splitlines()[-1] == f"To train it, type: the same command without {options}"
        assert "5 parts" in shown
    assess_on_console(request, Console(quiet=True), 3, with_curve=True, no_color=True)
    assert "without --cross-validate and --learning-curve" in capsys.readouterr().out


@needs_keras
@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["mine.csv", "--cross-validate", "5", "--name", "mine"], "--name cannot be combined"),
        (["--cross-validate", "5"], "requires FILE"),
        (["mine.csv", "--cross-validate", "5", "--validation", "mine.csv"], "is held out already"),
        (["mine.csv", "--learning-curve", "--validation", "mine.csv"], "Type: the same command without --validation"),
        (["mine.csv", "--cross-validate", "30"], "at least 2 are needed. Type: --cross-validate 5"),
        (["rare.csv", "--cross-validate", "2"], "at least 2 are needed. Label more negative texts"),
        (["rare.csv", "--learning-curve"], "at least 2 are needed. Label more texts"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], part: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text("text,label\n" + "".join(f"text {i},{i % 2}\n" for i in range(40)))
    Path("rare.csv").write_text("text,label\n" + "".join(f"text {i},{int(i > 4)}\n" for i in range(40)))
    result = run("train", *arguments)
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.USAGE, "", 1)
    assert part in result.err
