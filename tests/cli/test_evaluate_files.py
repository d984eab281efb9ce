"""The kinds of labeled files that people have, as `imdbsent evaluate` and `imdbsent train` read them."""

from __future__ import annotations

import csv
import gzip
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.errors import ExitCode
from imdbsent.reading.labeled import parse_rules, read_examples

ROWS = [("great", "good"), ("a great movie", "good"), ("awful", "bad"), ("an awful movie", "bad")]
NEITHER = [("a movie", "so-so"), ("movie", "so-so")]
RULES = ["--positive", "good", "--negative", "bad"]

Evaluate = Callable[..., tuple[dict[str, Any], str]]


@pytest.fixture
def evaluate(run, tiny_bundle: Bundle, tmp_path: Path) -> Evaluate:
    """Evaluate a file of some content, and return the report and what was said."""

    def evaluated(name: str, content: bytes, *options: str) -> tuple[dict[str, Any], str]:
        path = tmp_path / name
        if name != "-":
            path.write_bytes(content)
        file, stdin = ("-", content) if name == "-" else (str(path), b"")
        result = run("evaluate", file, *options, "-m", str(tiny_bundle.directory), "--format", "json", stdin=stdin)
        assert result.code == ExitCode.DONE, result.err
        return json.loads(result.out), result.err

    return evaluated


@pytest.fixture
def refused(run, tiny_bundle: Bundle, tmp_path: Path) -> Callable[..., str]:
    """Evaluate a file that cannot be evaluated, and return the line that says so, after what was said before."""

    def refusal(content: str | bytes, *options: str, name: str = "mine.csv") -> str:
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        result = run("evaluate", str(tmp_path / name), *options, "-m", str(tiny_bundle.directory))
        assert (result.code, result.out) == (ExitCode.USAGE, "")
        *notes, line = result.err.splitlines()
        assert line.startswith("imdbsent: ")
        assert all(note.endswith(" overrides this") for note in notes)
        return str(line)

    return refusal


def delimited(rows: list[tuple[str, str]], delimiter: str = ",", header: str = "text,label") -> bytes:
    lines = [header.replace(",", delimiter)] if header else []
    return "".join(f"{line}\n" for line in [*lines, *(delimiter.join(row) for row in rows)]).encode()


def objects(rows: list[tuple[str, str]], text: str = "text", label: str = "label") -> list[dict[str, str]]:
    return [{text: one, label: other} for one, other in rows]


def fasttext(rows: list[tuple[str, str]]) -> bytes:
    return "".join(f"__label__{label} {text}\n" for text, label in rows).encode()


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("a.csv", delimited(ROWS), []),
        ("a.csv", delimited(ROWS, ";"), []),
        ("a.csv", delimited(ROWS, "|"), ["--delimiter", "pipe"]),
        ("a.tsv", delimited(ROWS, "\t"), []),
        ("a.csv", delimited(ROWS).decode().encode("utf-16"), []),
        ("a.csv", delimited(ROWS).replace(b"great\n", b"caf\xe9 great\n"), ["--encoding", "latin-1"]),
        ("a.csv", delimited(ROWS, header="Review,Sentiment"), []),
        ("a.csv", delimited(ROWS, header="x,y"), ["--text-column", "1", "--label-column", "Y "]),
        ("a.csv", delimited(ROWS, header=""), ["--no-header", "--text-column", "1", "--label-column", "2"]),
        ("a.json", json.dumps(objects(ROWS), indent=1).encode(), []),
        ("a.json", json.dumps({"n": 4, "rows": objects(ROWS, "body", "rating")}).encode(), []),
        (
            "a.json",
            json.dumps([{"doc": one} for one in objects(ROWS)]).encode(),
            ["--text-column", "doc.text", "--label-column", "doc.label"],
        ),
        ("a.jsonl", "\n".join(map(json.dumps, objects(ROWS))).encode(), []),
        ("a.jsonl", "\n".join(json.dumps({"a": one}) for one in objects(ROWS, "review", "stars")).encode(), []),
        ("a.jsonl.gz", gzip.compress("\n".join(map(json.dumps, objects(ROWS))).encode(), mtime=0), []),
        ("a.txt", fasttext(ROWS), []),
        ("a.ft", fasttext(ROWS), []),
        ("a.txt.gz", gzip.compress(fasttext(ROWS), mtime=0), ["--input-format", "fasttext.gz"]),
        ("a.txt", delimited([(label, f"this is {text}") for text, label in ROWS], "\t", header=""), []),
        ("a.txt", delimited([(f"this is {text}", label) for text, label in ROWS], "\t", header=""), []),
        (
            "a.txt",
            delimited([(label, f"this is {text}") for text, label in ROWS], "\t", header=""),
            ["--label-column", "1"],
        ),
    ],
)
def test_each_kind_of_file_has_the_same_figures_by_name_and_on_standard_input(
    evaluate: Evaluate, name: str, content: bytes, options: list[str]
) -> None:
    for file in (name, "-"):
        given = [*options, *RULES]
        report, _ = evaluate(file, content, *given)
        assert (report["n"], report["positive"]) == (4, 2)
        assert report["models"][0]["accuracy"] == 1.0
        assert report["source"] == ("standard input" if file == "-" else name)


@pytest.mark.parametrize(
    "rules",
    [
        ["--positive", "5", "--positive", "4", "--negative", "1,2"],
        ["--positive", "4-5", "--negative", "1-2"],
        ["--positive", ">=4", "--negative", "<3"],
        ["--positive", "5.0,4.00", "--negative", "<=2"],
    ],
)
def test_ratings_between_the_rules_are_left_out_and_counted_in_one_line(evaluate: Evaluate, rules: list[str]) -> None:
    content = delimited([("great", "5"), ("great movie", "4"), ("movie", "3"), ("awful", "2"), ("awful movie", " 1")])
    report, said = evaluate("a.csv", content, *rules)
    assert (report["n"], report["positive"], said.count("\n")) == (4, 2, 1)
    assert said.startswith("1 row of ")
    assert said.endswith(" with another label is left out: 3\n")


def test_case_and_blanks_of_labels_do_not_matter(evaluate: Evaluate) -> None:
    content = delimited([("great", " GOOD"), ("great movie", "Good "), ("awful", "BAD"), ("movie", "SO-SO")])
    report, said = evaluate("a.csv", content, "--positive", " good", "--negative", "Bad")
    assert (report["n"], report["positive"]) == (3, 2)
    assert said.endswith("1 row of '" + said.split("'")[1] + "' with another label is left out: SO-SO\n")


def test_rows_without_a_label_or_a_text_are_skipped_and_counted_in_one_line(evaluate: Evaluate) -> None:
    holes = [("movie", ""), ("", "good"), ("great, really", "good")]
    report, said = evaluate("a.csv", delimited(ROWS + holes), *RULES, "--skip-bad")
    assert (report["n"], said.count("\n")) == (4, 1)
    for part in ("skipped 3 rows of ", "line 6: it has no label", "line 7: the text is blank", "line 8 has 3 fields"):
        assert part in said
    lines = [*map(json.dumps, objects(ROWS)), '{"text": "x"}', '{"label": "bad"}', "{"]
    lines.append('{"text": null, "label": "bad"}')
    report, said = evaluate("a.jsonl", "\n".join(lines).encode(), *RULES, "--skip-bad")
    assert (report["n"], said.count("\n")) == (4, 1)
    assert said.startswith("skipped 4 rows of ")


@pytest.mark.parametrize(
    ("labels", "rules"),
    [
        (["positive", "negative", "neutral"], "--positive positive --negative negative"),
        (["Pos", "Neg", "Mixed"], "--positive Pos --negative Neg"),
        (["very happy", "happy", "unhappy", "neutral"], "--positive 'very happy,happy' --negative unhappy"),
        (["5", "4", "3", "2", "1"], "--positive '>=4' --negative '<=2'"),
        (["0", "1", "2"], "--positive '>=2' --negative '<=0'"),
        (["-1", "0", "1"], "--positive '>=1' --negative '<=-1'"),
        (["4.0", "0.0"], "--positive 4 --negative 0"),
        (["__label__2", "__label__1"], "--positive 2 --negative 1"),
        (["buy", "sell"], "--positive buy --negative sell"),
    ],
)
def test_other_classes_are_an_error_with_two_rules_that_work(
    refused: Callable[..., str], evaluate: Evaluate, labels: list[str], rules: str
) -> None:
    content = delimited([(f"great movie {i}", label) for i, label in enumerate(labels)])
    line = refused(content)
    assert line.endswith(f"Type: {rules}")
    report, _ = evaluate("mine.csv", content, *shlex.split(rules))
    assert 0 < report["positive"] < report["n"]


def test_rules_that_fit_no_label_are_an_error_with_those_that_are_there(refused: Callable[..., str]) -> None:
    content = delimited(ROWS + NEITHER)
    line = refused(content, "--positive", "nice", "--negative", "nasty")
    assert line.endswith("is in the rules (there are: good, bad, so-so). Type: --positive good --negative bad")
    line = refused(content, "--positive", "nice")
    assert "all 6 labels" in line
    assert line.endswith("Type: --positive good --negative bad")
    assert "both positive and negative" in refused(content, "--positive", "good", "--negative", "good")


@pytest.mark.parametrize(
    ("content", "options", "parts"),
    [
        (delimited([("caf\xe9", "1")]).decode().encode("latin-1") + b"y,0\n", [], ["line 2", "--encoding cp1252"]),
        (delimited(ROWS, header=""), ["--no-header", "--text-column", "1"], ["Type: --label-column 2"]),
        (delimited(ROWS, header="body,verdict"), [], ["no column 'label'", "Type: --label-column verdict"]),
        (delimited([*ROWS, ("x", "")]), RULES, ["line 6: it has no label", "--skip-bad"]),
        (delimited([*ROWS, ("x,y", "good")]), RULES, ["line 6 has 3 fields", "--skip-bad"]),
        (delimited([("x", "")]), ["--skip-bad"], ["line 2: it has no label"]),
        (delimited(ROWS), ["--sheet", "1"], ["is not a spreadsheet", "--sheet"]),
        (delimited(ROWS), ["--encoding", "utf-99"], ["'utf-99'", "--encoding"]),
        (delimited(ROWS), ["--delimiter", "ab"], ["'ab'", "--delimiter"]),
        (delimited(ROWS), ["--input-format", "docx"], ["'docx'", "--input-format"]),
        (delimited(ROWS), ["--no-header", "--label-column", "label"], ["--label-column 1"]),
        (b"%PDF-1.7\n", [], ["PDF"]),
    ],
)
def test_what_cannot_be_read_is_one_line_that_names_the_option(
    refused: Callable[..., str], content: bytes, options: list[str], parts: list[str]
) -> None:
    line = refused(content, *options)
    for part in parts:
        assert part in line


def test_lines_of_text_have_no_labels(refused: Callable[..., str]) -> None:
    line = refused("great\nawful\n", name="a.txt")
    assert "holds one text per line, and no labels" in line
    assert "--input-format csv" in line


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ([("great", "1"), ("awful", "1")], "all 2 labels are positive: the figures say nothing about negative texts"),
        ([("great", "0")], "the only label is negative: the figures say nothing about positive texts"),
        (
            [("great", "1"), ("a great movie", "0"), ("great great", "1")],
            "all 3 predictions are positive, so its accuracy is the share of positive labels",
        ),
        (
            [("awful", "1"), ("an awful movie", "0")],
            "all 2 predictions are negative, so its accuracy is the share of negative labels",
        ),
    ],
)
def test_an_accuracy_that_comes_from_one_class_alone_has_a_note(
    evaluate: Evaluate, rows: list[tuple[str, str]], note: str
) -> None:
    _, said = evaluate("a.csv", delimited(rows))
    assert said.count("\n") == 1
    assert said.endswith(f"{note}\n")


@pytest.mark.parametrize("rows", [ROWS, [("great", "good"), ("awful", "good"), ("awful awful", "bad")]])
def test_predictions_of_both_classes_have_no_note(evaluate: Evaluate, rows: list[tuple[str, str]]) -> None:
    assert evaluate("a.csv", delimited(rows), *RULES)[1] == ""


def test_a_table_of_one_class_is_shown_without_the_figures_that_need_two(
    run, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(delimited([("great", "pos"), ("awful", "pos"), ("great great", "pos")]))
    page = tmp_path / "report.html"
    arguments = ["evaluate", str(tmp_path / "a.csv"), "-m", str(tiny_bundle.directory)]
    for output in (["--html", str(page)], ["--format", "csv"]):
        result = run(*arguments, *output)
        assert result.code == ExitCode.DONE
        assert "accuracy" in result.out
    assert page.exists()


def test_stats_reads_the_same_kinds(run, tmp_path: Path) -> None:
    for name, content, options in (
        ("a.csv", delimited(ROWS, ";"), []),
        ("a.csv", delimited(ROWS, header=""), ["--no-header", "--text-column", "1", "--label-column", "2"]),
        ("a.json", json.dumps(objects(ROWS)).encode(), []),
        ("a.txt", fasttext(ROWS), []),
        ("a.csv", delimited(ROWS).replace(b"great\n", b"caf\xe9\n"), ["--encoding", "cp1252"]),
        ("a.csv", delimited([*ROWS, ("x,y", "z")]), ["--skip-bad"]),
    ):
        (tmp_path / name).write_bytes(content)
        for file, stdin in ((str(tmp_path / name), b""), ("-", content)):
            result = run("stats", file, *options, "--format", "json", stdin=stdin)
            assert result.code == ExitCode.DONE, result.err
            assert sum(size["reviews"] for size in json.loads(result.out)["sizes"]) == 4
            assert [label.removeprefix("__label__") for label in json.loads(result.out)["classes"]] == ["bad", "good"]
    assert "skipped 1 row of standard input: line 6 has 3 fields" in result.err


def test_stats_of_the_reviews_has_no_options_of_files(run) -> None:
    result = run("stats", "--encoding", "cp1252")
    assert (result.code, result.err.count("\n")) == (ExitCode.USAGE, 1)
    assert "--encoding requires FILE" in result.err


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "json.gz", "parquet"])
def test_all_mistakes_are_a_file_that_training_reads(run, tiny_bundle: Bundle, tmp_path: Path, suffix: str) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed in the light environment")
    rows = [("great", "bad"), ("great\ngreat", "good"), ("awful", "good"), ('"great", movie', "bad"), (" ", "bad")]
    (tmp_path / "mine.json").write_text(json.dumps(objects(rows)))
    file = tmp_path / f"mistakes.{suffix}"
    arguments = ("evaluate", str(tmp_path / "mine.json"), *RULES, "-m", str(tiny_bundle.directory), "--mistakes", "1")
    result = run(*arguments, "--mistakes-file", str(file), "--format", "json")
    assert result.code == ExitCode.DONE, result.err
    assert len(json.loads(result.out)["models"][0]["mistakes"]) == 1
    assert f"wrote 3 mistakes to {file}\n" in result.err
    found = read_examples(str(file), parse_rules(), allow_blank=False)
    assert sorted((one.text, one.label) for one in found) == [('"great", movie', 0), ("awful", 1), ("great", 0)]
    if suffix == "csv":
        first = next(csv.DictReader(file.read_text().splitlines()))
        assert list(first) == ["label", "text", "verdict", "probability", "where"]
        assert {first["label"], first["verdict"]} == {"positive", "negative"}


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--mistakes-file", "mistakes"], "does not say its format. Type: --mistakes-file FILE.csv"),
        (["--mistakes-file", "no/mistakes.csv"], "there is no folder 'no'. Type: mkdir"),
        (["--mistakes-file", "a.csv", "-m", "classic"], "for one model. Type: the command with one --model"),
        (["--best-threshold", "f2"], "'f2' is nothing that a threshold can be best for. Type: --best-threshold f1"),
        (["--best-threshold", "precision"], "Type: --best-threshold f1, balanced, precision=0.95 or recall=0.95"),
        (["--best-threshold", "f1=0.9"], "Type: --best-threshold"),
        (["--best-threshold", "recall=95"], "Type: --best-threshold"),
    ],
)
def test_what_cannot_be_written_or_found_is_one_line(
    refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str], part: str
) -> None:
    monkeypatch.chdir(tmp_path)
    assert part in refused(delimited(ROWS), *RULES, *options)


def test_the_best_threshold_is_found_and_what_to_type_to_keep_it(run, tiny_bundle: Bundle, tmp_path: Path) -> None:
    rows = [("great", "good"), ("great movie", "good"), ("great awful", "bad"), ("awful", "bad")]
    (tmp_path / "mine.csv").write_bytes(delimited(rows))
    folder = str(tiny_bundle.directory)
    command = ("evaluate", str(tmp_path / "mine.csv"), *RULES, "-m", folder, "--best-threshold", "f1")
    report = json.loads(run(*command, "--format", "json").out)["models"][0]
    best = report["best_threshold"]
    assert best["goal"] == "f1"
    assert best["confusion"] == {"true_negative": 2, "false_positive": 0, "false_negative": 0, "true_positive": 2}
    assert report["confusion"]["false_positive"] == 1
    shown = run(*command).out
    assert "expect a little less on others" in shown
    next_step = f"imdbsent models set {folder} --threshold {best['threshold']:g}"
    assert f"To keep it, type: {next_step}\n" in shown
    assert run(*shlex.split(next_step)[1:]).code == ExitCode.DONE
    kept = run(*command)
    assert "which it has" in kept.out
    assert "positive from" in kept.out
    row = next(line for line in run(*command, "--format", "csv").out.splitlines() if "best_threshold,f1" in line)
    assert row.endswith(f",{best['threshold']}")


def test_a_precision_that_no_threshold_has_is_said_with_the_highest_and_the_figures_are_shown(
    run, tiny_bundle: Bundle, tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_bytes(delimited([("great", "bad"), ("great", "good"), ("great", "bad")]))
    command = ("evaluate", str(tmp_path / "mine.csv"), *RULES, "-m", str(tiny_bundle.directory), "--best-threshold")
    result = run(*command, "precision=0.9")
    assert result.code == ExitCode.USAGE
    assert "accuracy" in result.out
    assert result.err.endswith("the highest is 0.3333. Type: --best-threshold precision=0.333\n")
    assert run(*command, "precision=0.333").code == ExitCode.DONE
    (tmp_path / "mine.csv").write_bytes(delimited([("great", "good")]))
    assert "takes both classes" in run(*command, "f1").err
