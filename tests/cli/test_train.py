from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import read_bundle
from imdbsent.errors import ExitCode
from imdbsent.training.recipes import CLASSIC

needs_keras = pytest.mark.skipif(
    importlib.util.find_spec("keras") is None or importlib.util.find_spec("onnx") is None,
    reason="keras is not installed in the light environment",
)
needs_tensorboard = pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="tensorboard is not installed"
)


@needs_keras
def test_a_model_is_trained_installed_and_answers(tiny_tree: Path, home: Path) -> None:
    environment = {**os.environ, "IMDBSENT_HOME": str(home), "COLUMNS": "100"}
    command = [sys.executable, "-m", "imdbsent"]
    result = subprocess.run(
        [*command, "train", "--data", str(tiny_tree)], capture_output=True, text=True, check=True, env=environment
    )
    model = home / "models" / "my-classic"
    assert "373,301 parameters" in result.stdout
    assert "minutes" in result.stdout
    assert f"the model is in {model}\n" in result.stdout
    lines = result.stderr.splitlines()
    assert sum(line.startswith("epoch ") for line in lines) == 10
    # nothing else: TensorFlow's log is silent, and only the small tree is reported
    assert all(line.startswith("epoch ") or "of 12,500 reviews" in line for line in lines), result.stderr
    assert {path.name for path in model.parent.iterdir()} - {".lock"} == {"my-classic"}

    card = read_bundle(model).verify().card
    assert card.name == "my-classic"
    assert card.seed == 7
    assert len(card.history) == 10
    assert card.metrics[0].accuracy == pytest.approx(card.history[-1].test_accuracy)
    assert card.metrics[0].loss == pytest.approx(card.history[-1].test_loss, abs=1e-5)
    answer = subprocess.run(
        [*command, "predict", "--model", "my-classic", "This movie is great", "--format", "tsv"],
        capture_output=True, text=True, check=True, env=environment,
    )  # fmt: skip
    assert answer.stdout.count("\t") == 2


@needs_keras
def test_a_model_is_written_to_a_folder_and_not_over_another(run, tiny_tree: Path, tmp_path: Path, home: Path) -> None:
    output = tmp_path / "out" / "mine"
    result = run("train", "--data", str(tiny_tree), "--output", str(output), "--quiet")
    assert (result.code, result.out, result.err) == (ExitCode.DONE, "", "")
    assert read_bundle(output).verify().card.name == "mine"
    assert not (home / "models").exists()
    result = run("train", "--data", str(tiny_tree), "--output", str(output))
    assert result.code == ExitCode.USAGE
    assert "--replace" in result.err
    assert run("predict", "--model", str(output), "great movie").code == ExitCode.DONE


@needs_keras
def test_the_card_says_the_recipe_that_was_really_used(run, tiny_tree: Path, tmp_path: Path) -> None:
    recipe, output = tmp_path / "mine.toml", tmp_path / "model"
    recipe.write_text('base = "classic"\nvocabulary_size = 50\nunits = 6\nmaximum_length = 12\nepochs = 5\n')
    result = run(
        "train", "--data", str(tiny_tree), "--recipe", str(recipe), "--epochs", "3", "--output", str(output)
    )
    assert result.code == ExitCode.DONE
    card = read_bundle(output).verify().card
    expected = replace(CLASSIC, name="mine", vocabulary_size=50, units=6, maximum_length=12, epochs=3)
    assert card.recipe == asdict(expected)
    assert (card.num_words, card.maximum_length, len(card.history)) == (50, 12, 3)
    assert f"{50 * 32 + 4 * 6 * (32 + 6 + 1) + 7:,} parameters" in result.out
    for part in ("loss  ", "accuracy  ", "epoch 3"):  # the curves
        assert part in result.out
    assert run("predict", "--model", str(output), "great movie").code == ExitCode.DONE


@needs_keras
def test_a_model_is_called_after_its_recipe(run, tiny_tree: Path, tmp_path: Path, home: Path) -> None:
    recipe = tmp_path / "short.toml"
    recipe.write_text('base = "classic"\nmaximum_length = 12\nepochs = 1\n')
    assert run("train", "--data", str(tiny_tree), "--recipe", str(recipe), "--quiet").code == ExitCode.DONE
    assert read_bundle(home / "models" / "my-short").card.name == "my-short"


@pytest.mark.slow
@needs_keras
@needs_tensorboard
def test_tensorboards_files_and_the_display_are_both_told(run, tiny_tree: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    result = run(
        "train", "--data", str(tiny_tree), "--epochs", "2", "--maximum-length", "12", "--tensorboard", str(runs)
    )
    assert result.code == ExitCode.DONE
    assert sum(line.startswith("epoch ") for line in result.err.splitlines()) == 2
    assert sorted(path.parent.name for path in runs.rglob("events.out.tfevents.*")) == ["test", "train"]


def test_where_tensorboard_is_not_installed_nothing_is_trained(
    run, tiny_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "tensorboard"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    result = run("train", "--data", str(tiny_tree), "--tensorboard", str(tmp_path / "runs"))
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.USAGE, "", 1)
    assert "pip install tensorboard" in result.err


@needs_keras
def test_a_place_that_cannot_be_written_is_found_before_the_training(run, tiny_tree: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("train", "--data", str(tiny_tree), "--output", str(tmp_path / "file" / "mine"))
    assert result.code == ExitCode.FAILED
    assert "epoch" not in result.err
    assert "Not a directory" in result.err or "File exists" in result.err


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--recipe", "transformer"], ExitCode.USAGE, "no recipe 'transformer'"),
        (["--name", "classic"], ExitCode.USAGE, "--name my-classic"),
        (["--name", "../up"], ExitCode.USAGE, "is not a valid name"),
        (["--data", "nowhere.tar.gz"], ExitCode.MISSING, "does not exist"),
        ([], ExitCode.MISSING, "IMDBSENT_OFFLINE is set"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: ExitCode, reason: str
) -> None:
    monkeypatch.setenv("IMDBSENT_OFFLINE", "1")
    result = run("train", *arguments)
    assert result.code == code
    assert result.err.count("\n") == 1
    assert reason in result.err


@pytest.mark.slow
@needs_keras
def test_ctrl_c_stops_with_a_line_and_resume_goes_on_as_it_began(run, tiny_tree: Path, home: Path) -> None:
    environment = {**os.environ, "IMDBSENT_HOME": str(home)}
    command = [sys.executable, "-m", "imdbsent", "train", "--data", str(tiny_tree), "--seed", "9"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stderr is not None
    while not process.stderr.readline().startswith("epoch  2"):
        pass
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate()
    assert process.returncode == ExitCode.INTERRUPTED, rest
    assert out == ""
    assert "stopping after this batch" in rest
    assert rest.splitlines()[-1].endswith("To resume, type: imdbsent train --resume")

    refused = run("train", "--data", str(tiny_tree))
    assert refused.code == ExitCode.USAGE
    assert "imdbsent train --resume --name my-classic, or --replace" in refused.err
    refused = run("train", "--resume", "--recipe", "bucketed")
    assert (refused.code, refused.err.count("\n")) == (ExitCode.USAGE, 1)
    assert "--recipe cannot be combined with --resume" in refused.err

    done = run("train", "--resume")
    assert done.code == ExitCode.DONE
    assert "epoch  1/10" not in done.err
    card = read_bundle(home / "models" / "my-classic").verify().card
    assert (card.seed, len(card.history)) == (9, 10)
    assert run("train", "--resume").code == ExitCode.MISSING


@needs_keras
def test_a_folder_without_reviews_is_an_error_and_leaves_nothing(run, tmp_path: Path, home: Path) -> None:
    (tmp_path / "aclImdb" / "train").mkdir(parents=True)
    result = run("train", "--data", str(tmp_path / "aclImdb"))
    assert result.code == ExitCode.MISSING
    assert "no review in" in result.err
    assert not home.exists()


def test_where_training_is_not_installed_the_error_has_the_pip_line(
    run, tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [name for name in sys.modules if name.partition(".")[0] == "keras"]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "keras", None)
    for arguments in (["--data", str(tiny_tree)], ["mine.csv"], []):  # the last one downloads nothing before
        result = run("train", *arguments)
        assert result.code == ExitCode.MISSING
        assert "pip install tensorflow onnx" in result.err
        assert result.err.count("\n") == 1
