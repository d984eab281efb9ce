from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from imdbsent.bundle.bundle import Bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.cli._explanations import explanation_view
from imdbsent.errors import ExitCode
from imdbsent.explain.explain import Explainer
from imdbsent.records import Record

TEXT = "A GREAT movie.\nAwful, awful zebra? A rare \x1b[31mmovie!"


@pytest.fixture
def explain(run, tiny_bundle: Bundle):
    """Run `imdbsent predict --explain` with the three-word model."""
    model = str(tiny_bundle.directory)
    return lambda *arguments, stdin=b"": run("predict", "--model", model, "--explain", *arguments, stdin=stdin)


def numbers(out: str) -> dict[str, float]:
    """The terms of the sum, by the first word of what they are."""
    terms = re.finditer(r"^[ =] +([+-]\d+\.\d{3}) (?:the )?(\w+)", out, re.MULTILINE)
    return {match[2]: float(match[1]) for match in terms}


def test_arguments_get_the_text_the_sum_and_the_strongest_words(explain) -> None:
    result = explain(TEXT)
    assert result.code == ExitCode.DONE, result.err
    assert result.out.startswith("A GREAT movie.\nAwful, awful zebra? A rare \\x1b[31mmovie!\n")
    assert "\x1b" not in result.out
    terms = numbers(result.out)
    assert terms["words"] + terms["start"] + terms["bias"] == pytest.approx(terms["logit"], abs=0.002)
    assert re.search(r"\+\d\.\d{3} +█+ +GREAT +-\d\.\d{3} +█+ +awful", result.out)
    assert re.search(r"-\d\.\d{3} +█+ +Awful, awful zebra\?", result.out)
    assert "5 words not read, and struck out" in result.out  # A, zebra, A, \x1b, 31mmovie
    assert "1 word read as [OOV]" in result.out
    assert result.err == "most words of the text are unknown to the model; is it English?\n"  # 6 of its 10


def test_the_verdict_is_that_of_predict(explain, run, tiny_bundle: Bundle) -> None:
    (explained,) = json.loads(explain(TEXT, "--format", "json").out)
    (plain,) = json.loads(run("predict", "--model", str(tiny_bundle.directory), TEXT, "--format", "json").out)
    assert {name: explained[name] for name in plain} == plain
    assert f"{plain['label']}  P(positive) {plain['probability']:.4f}" in explain(TEXT).out


def test_many_in_a_pipe_get_jsonl_and_a_summary(explain) -> None:
    result = explain("-", stdin=b"great\n\nbad \xff\nawful movie\n")
    assert [json.loads(line)["label"] for line in result.out.splitlines()] == ["positive", None, None, "negative"]
    assert "(line 3). --encoding" in result.err.splitlines()[0]
    assert result.err.splitlines()[1].startswith("4 texts read, 2 answered, 2 failed: 1 positive (50.0%), 1 negative")


def test_a_long_text_says_what_was_cut_off(explain) -> None:
    result = explain("awful " * 3 + "great " * 8)
    assert "3 words at the start not read" in result.out
    assert "+0.000 the start" in result.out


def test_several_texts_stand_apart_and_one_without_a_verdict_says_why(explain) -> None:
    result = explain("great", "", "zebra", "--strict")
    assert result.code == ExitCode.RECORDS_FAILED
    first, second, third = result.out.split("─" * 80)
    assert "positive" in first
    assert second.split() == ["[blank]"]
    assert third.split() == ["[no", "known", "words]", "zebra"]


def test_color_says_how_strong_a_word_is_and_without_it_the_rest_does(
    explain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    colored = explain("great awful zebra").out.splitlines()[0]
    assert "\x1b[1;4;7;31mawful" in colored
    assert "\x1b[2;9mzebra" in colored
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;4;7mawful" in explain("great awful zebra").out
    assert "\x1b[31m" not in explain("great awful zebra").out


@pytest.mark.parametrize("columns", ["20", "40", "80", "200"])
def test_no_line_is_wider_than_the_terminal(explain, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    result = explain("great movie " * 9 + ". " + "awful" * 30 + " 映画" * 30 + "! rare awful.")
    assert result.code == ExitCode.DONE, result.err
    wide = sum("\u3000" <= c <= "\u9fff" for c in result.out)
    assert wide > 0
    for line in result.out.splitlines():
        assert len(line) + sum("\u3000" <= c <= "\u9fff" for c in line) <= int(columns)


def test_a_terminal_without_block_characters_gets_bars_of_ascii(tiny_bundle: Bundle) -> None:
    (explanation,) = Explainer(Classifier(tiny_bundle, threads=1)).explain([Record("great. awful.")])
    output = io.BytesIO()
    console = Console(file=io.TextIOWrapper(output, encoding="ascii", write_through=True), width=80)
    console.print(explanation_view(explanation, console))
    assert re.search(r"\+\d\.\d{3} [ |]*#+ [ |]*great", output.getvalue().decode("ascii"))


def test_a_page_comes_besides(explain, tmp_path: Path) -> None:
    page = tmp_path / "why.html"
    result = explain(TEXT, "<b>great</b>", "--html", str(page))
    assert result.code == ExitCode.DONE
    assert "GREAT" in result.out
    assert result.err.startswith(f"wrote the page to {page}\n")
    content = page.read_text(encoding="utf-8")
    assert "verdict of tiny" in content
    assert content.count("<article") == 2
    assert "&lt;<span" in content
    assert content.endswith("</html>\n")
    assert [path.name for path in tmp_path.glob("*.html")] == ["why.html"]


def test_a_page_that_is_not_finished_leaves_the_old_one(explain, tmp_path: Path) -> None:
    page = tmp_path / "why.html"
    page.write_text("old")
    (tmp_path / "gone").mkdir()
    result = explain("great", "-f", str(tmp_path / "gone"), "--html", str(page))
    assert result.code == ExitCode.USAGE
    assert page.read_text() == "old"


def test_rows_of_a_table_keep_their_ids_and_columns(explain, tmp_path: Path) -> None:
    table, page, results = tmp_path / "in.csv", tmp_path / "why.html", tmp_path / "why.jsonl.gz"
    table.write_text("id,text,stars,bias\n<7>,great movie,9,mine\n<8>,,1,\n")
    options = ("--file", str(table), "--id-column", "id")
    result = explain(*options, "--keep", "stars", "--keep", "bias", "-o", str(results), "--html", str(page))
    assert result.code == ExitCode.DONE, result.err
    assert result.out == ""
    assert f"wrote the page to {page}\n" in result.err
    first, second = map(json.loads, gzip.decompress(results.read_bytes()).decode().splitlines())
    assert (first["id"], first["stars"], first["label"]) == ("<7>", "9", "positive")
    assert first["input_bias"] == "mine"
    assert first["bias"] == pytest.approx(0.05)
    assert [token["token"] for token in first["contributions"]] == ["great", "movie"]
    assert (second["id"], second["problem"], second["contributions"]) == ("<8>", "blank", [])
    assert "<bdi>&lt;7&gt;</bdi>: <span" in page.read_text()
    shown = explain(*options, "--format", "table").out
    assert "\n<7>: positive  P(positive)" in shown
    assert "<8>: [blank]" in shown


def test_a_row_that_cannot_be_read_ends_it_after_the_rows_before_and_without_a_page(explain, tmp_path: Path) -> None:
    table, page = tmp_path / "in.jsonl", tmp_path / "why.html"
    table.write_text('{"text": "great"}\nnot json\n')
    result = explain("--file", str(table), "--html", str(page), "--format", "jsonl")
    assert result.code != ExitCode.DONE
    assert json.loads(result.out)["text"] == "great"
    assert result.err.count("\n") == 1
    assert "2" in result.err
    assert not page.exists()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--explain", "--format", "csv"], "Type: imdbsent predict --explain --format jsonl TEXT"),
        (["--explain", "--format", "tsv"], "cannot hold explanations"),
        (["--explain", "-o", "why.parquet"], "cannot hold explanations"),
        (["--explain", "-o", "why.jsonl", "--resume"], "without --resume"),
        (["--html", "why.html"], "Type: imdbsent predict --explain --html PATH TEXT"),
        (["--explain", "--html", "."], "is a folder"),
        (["--explain", "--html", "none/why.html"], "Type: mkdir -p 'none'"),
    ],
)
def test_what_does_not_go_together_is_one_line(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("predict", "great", *arguments)
    assert result.code == ExitCode.USAGE
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert reason in result.err
    assert list(tmp_path.glob("*.html")) == []
