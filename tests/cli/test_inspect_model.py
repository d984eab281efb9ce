from __future__ import annotations

import json
import subprocess
import sys

import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle, write_card
from imdbsent.bundle.card import MODEL, Epoch
from imdbsent.models.store import PRETRAINED


def test_layers_shapes_parameters_and_their_total(run, tiny_bundle: Bundle):
    result = run("inspect", "model", str(tiny_bundle.directory))
    assert (result.code, result.err) == (0, "")
    rows = [line.strip("│").split("│") for line in result.out.splitlines() if line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["embedding", "Embedding", "(batch, 8, 1)", "7"],
        ["lstm", "LSTM", "(batch, 2)", "32"],
        ["dense", "Dense", "(batch, 1)", "3"],
        ["total", "", "", "42"],
    ]
    for part in ("accuracy 90.00%, loss 0.3000 on 10 texts", "by hand", "the last 8 of a text", "seed"):
        assert part in result.out


def test_each_epoch_of_training(run, tiny_bundle: Bundle):
    history = (Epoch(1, 61.2, 0.5, 0.75, 0.4, 0.8125), Epoch(2, 59.0, 0.25, 0.9, 0.45, 0.8))
    write_card(tiny_bundle.directory, type(tiny_bundle.card)(**{**vars(tiny_bundle.card), "history": history}))
    out = run("inspect", "model", str(tiny_bundle.directory)).out
    rows = [line.strip("│").split("│") for line in out.splitlines() if "%" in line and line.startswith("│")]
    assert [[cell.strip() for cell in row] for row in rows] == [
        ["1", "0.5000", "75.00%", "0.4000", "81.25%", "61"],
        ["2", "0.2500", "90.00%", "0.4500", "80.00%", "59"],
    ]
    assert "loss  ⠒⠒⠒ train" in out  # and the curves
    assert "epoch 2" in out


def test_a_card_cannot_steer_the_terminal_or_speak_markup(run, tiny_bundle: Bundle):
    card = {**vars(tiny_bundle.card), "chosen_by": "\x1b]0;title\x07 [red]hand[/red]", "name": "[b]tiny"}
    write_card(tiny_bundle.directory, type(tiny_bundle.card)(**card))
    out = run("inspect", "model", str(tiny_bundle.directory)).out
    assert "\x1b" not in out
    assert "[red]hand[/red]" in out
    assert "[b]tiny" in out


def test_json_is_the_card(run, tiny_bundle: Bundle):
    result = run("inspect", "model", str(tiny_bundle.directory), "--format", "json")
    assert json.loads(result.out) == json.loads(tiny_bundle.card.to_json())


def test_the_card_is_enough(run, tiny_bundle: Bundle):
    (tiny_bundle.directory / MODEL).unlink()
    assert run("inspect", "model", str(tiny_bundle.directory)).code == 0


def test_neither_numpy_nor_onnxruntime_nor_tensorflow_is_imported(tiny_bundle: Bundle):
    code = (
        "import sys; from imdbsent.cli.app import run; "
        f"run(['inspect', 'model', {str(tiny_bundle.directory)!r}]); "
        "print(sorted({'numpy', 'onnxruntime', 'tensorflow', 'keras', 'onnx'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_only_the_first_size_of_a_shape_is_the_batch(run):
    out = run("inspect", "model", "flagship", "--quiet").out
    assert "(batch, tokens, " in out
    assert "(batch, batch" not in out


def test_on_a_narrow_terminal_no_name_and_no_number_is_cut(
    run, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "40")
    history = tuple(Epoch(number, 61.2, 0.5, 0.75, 0.4, 0.8125) for number in (1, 2))
    write_card(tiny_bundle.directory, type(tiny_bundle.card)(**{**vars(tiny_bundle.card), "history": history}))
    out = run("inspect", "model", str(tiny_bundle.directory)).out
    assert max(map(len, out.splitlines())) <= 40
    assert "…" not in out
    lines = [" ".join(line.split()) for line in out.splitlines()]
    for line in ("layer output shape parameters", "embedding (batch, 8, 1) 7", "total 42"):
        assert line in lines
    assert "1 0.5000 75.00% 0.4000 81.25%" in lines


def test_the_classic_model_has_373301_parameters(run):
    result = run("inspect", "model", "classic", "--quiet")
    assert "373,301" in result.out
    assert sum(layer.parameters for layer in read_bundle(PRETRAINED / "classic").card.layers) == 373_301


@pytest.mark.parametrize(("name", "code"), [("nowhere", 3), ("./nowhere", 3), ("no such name", 3)])
def test_a_model_that_is_not_there_is_one_line_and_its_exit_code(run, name: str, code: int):
    result = run("inspect", "model", name)
    assert (result.code, result.out) == (code, "")
    assert result.err.count("\n") == 1


def test_inspect_alone_shows_what_there_is(run):
    result = run("inspect")
    assert result.code == 0
    for command in ("stats", "review", "decode", "encode", "word", "words", "model", "trace"):
        assert command in result.out


def test_a_subcommand_that_is_not_there_is_one_line_and_exit_code_2(run):
    result = run("inspect", "everything")
    assert (result.code, result.err.count("\n")) == (2, 1)


def test_inspect_stats_is_stats(run):
    assert run("inspect", "stats", "--format", "csv", "--quiet") == run("stats", "--format", "csv", "--quiet")
    assert run("inspect", "stats", "--quiet").out.startswith("╭")
