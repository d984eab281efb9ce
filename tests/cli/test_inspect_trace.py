from __future__ import annotations

import json

import numpy as np
import pytest
from rich.console import Console

from imdbsent.bundle.bundle import Bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.cli.inspect.trace import picture, trace_table
from imdbsent.explain.trace import trace


def test_jsonl_gives_the_whole_state_of_each_token(run, tiny_bundle: Bundle):
    result = run("inspect", "trace", "Great, unseen movie", "--format", "jsonl", "-m", str(tiny_bundle.directory))
    assert (result.code, result.err) == (0, "")
    first, *tokens = map(json.loads, result.out.splitlines())
    assert (first["step"], first["token"], first["paddings"]) == (0, None, 5)
    assert [(t["step"], t["token"], t["id"]) for t in tokens] == [(1, "[start]", 1), (2, "great", 5), (3, "movie", 4)]
    cell = np.array(first["c"])
    for token in tokens:
        i, f, o, g = (np.array(token[gate]) for gate in "ifog")
        cell = f * cell + i * g
        assert token["c"] == pytest.approx(cell)
        assert token["h"] == pytest.approx(o * np.tanh(cell))


def test_the_last_row_says_what_predict_says(run, tiny_bundle: Bundle):
    model = ("-m", str(tiny_bundle.directory))
    traced = run("inspect", "trace", "awful movie great", "--format", "tsv", *model)
    predicted = run("predict", "awful movie great", "--format", "tsv", *model)
    assert traced.out.splitlines()[-1].split("\t")[3] == predicted.out.split("\t")[1]


def test_tsv_has_a_row_a_token_in_seven_fields(run, tiny_bundle: Bundle):
    result = run("inspect", "trace", "-", "--format", "tsv", "-m", str(tiny_bundle.directory), stdin=b"great\nrare\n")
    rows = [line.split("\t") for line in result.out.splitlines()]
    assert [row[:3] for row in rows] == [
        ["0", "[pad x 5]", ""], ["1", "[start]", "1"], ["2", "great", "5"], ["3", "rare", "2"]
    ]  # fmt: skip
    assert {len(row) for row in rows} == {7}


def test_the_table_explains_the_step(run, tiny_bundle: Bundle):
    result = run("inspect", "trace", "great awful", "-m", str(tiny_bundle.directory))
    assert result.code == 0
    for part in ("[pad x 5]", "[start]", "great", "awful", "c = f * c + i * g", "h = o * tanh(c)"):
        assert part in result.out
    assert "\x1b" not in result.out


def test_a_text_that_is_cut_says_so(run, tiny_bundle: Bundle):
    result = run("inspect", "trace", "great " * 9, "-m", str(tiny_bundle.directory))
    assert "Cut off: the first 2 ids of the text." in " ".join(result.out.split())


@pytest.mark.parametrize("width", [40, 60, 80, 140, 300])
def test_the_table_fits_the_console_and_cuts_nothing(tiny_bundle: Bundle, width: int):
    traced = trace(Classifier(tiny_bundle, threads=1), "great movie")
    wide = np.tile(traced.hidden, 50)  # the picture has 100 units to draw, as the real one has
    tokens = tuple(
        type(token)(**{**vars(token), "step": type(token.step)(*[np.tile(v, 50) for v in vars(token.step).values()])})
        for token in traced.tokens
    )
    traced = type(traced)(**{**vars(traced), "hidden": wide, "cell": wide, "tokens": tokens})
    console = Console(width=width, file=None, force_terminal=False)
    with console.capture() as capture:
        console.print(trace_table(traced, console))
    lines = capture.get().splitlines()
    assert "…" not in capture.get()
    assert max(map(len, lines)) <= width
    assert ("tanh(c)" in lines[0]) == (width >= 140)


def test_a_picture_shows_the_strongest_of_each_group_with_its_sign():
    drawn = picture(np.array([0.1, -1.0, 0.5, 0.0]), 2, 1.0)
    assert drawn.plain == "█▄"
    assert [str(span.style) for span in drawn.spans] == ["red", "green"]


def test_a_picture_of_nothing_is_empty():
    assert picture(np.zeros(3), 3, 0.0).plain == "   "
    assert picture(np.ones(2), 2, 1.0, ascii_only=True).plain == "@@"


@pytest.mark.parametrize(
    ("text", "stdin", "reason"),
    [
        ("", b"", "blank"),
        ("xyzzy", b"", "no known words"),
        ("-", b"", "blank"),
        ("-", b"\xff great", "not valid UTF-8"),
    ],
)
def test_a_text_that_cannot_be_read_is_one_line_and_exit_code_2(run, tiny_bundle: Bundle, text, stdin, reason):
    result = run("inspect", "trace", text, "-m", str(tiny_bundle.directory), stdin=stdin)
    assert (result.code, result.out) == (2, "")
    assert reason in result.err
    assert result.err.count("\n") == 1


def test_a_model_that_is_not_there_is_exit_code_3(run):
    assert run("inspect", "trace", "great", "-m", "nowhere").code == 3
