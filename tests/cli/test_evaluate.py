from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset.aclimdb import read_reviews
from imdbsent.errors import ExitCode
from imdbsent.models.store import PRETRAINED

MINE = 'stars,body\n9,"great, great movie"\n2,awful\n8,awful movie\n1,great\n3,awful awful\n'


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.csv"
    path.write_text(MINE)
    return str(path)


def test_the_test_split_is_measured_and_the_output_says_how_the_weights_were_chosen(
    run, tiny_bundle: Bundle, tiny_tree: Path
) -> None:
    result = run("evaluate", "--data", str(tiny_tree), "--model", str(tiny_bundle.directory))
    assert result.code == ExitCode.DONE
    assert "IMDB reviews, test: 10 texts, 5 positive" in result.out
    assert f"{tiny_bundle.directory}: how the weights were chosen: by hand\n" in result.out
    for figure in ("accuracy", "95% interval", "F1", "ROC AUC", "Brier score", "calibration error, 10 bins"):
        assert figure in result.out
    assert "of 12,500 reviews; the figures are not comparable with others" in result.err


def test_the_figures_are_those_of_the_models_own_answers(run, tiny_bundle: Bundle, tiny_tree: Path) -> None:
    result = run(
        "evaluate", "--data", str(tiny_tree), "--split", "train", "-m", str(tiny_bundle.directory), "--format", "json"
    )
    value = json.loads(result.out)
    assert value["split"] == "train"
    assert f"{tiny_bundle.directory} was trained on these texts: its figures show what it remembers\n" in result.err
    reviews = read_reviews(tiny_tree, ("train/neg", "train/pos"))
    answers = [p.probability for p in Classifier(tiny_bundle).predict(review.text for review in reviews)]
    probabilities = [0.5 if p is None else p for p in answers]
    labels = [review.label or 0 for review in reviews]
    right = [(p >= 0.5) == bool(label) for p, label in zip(probabilities, labels)]
    pairs = [(p, n) for p, a in zip(probabilities, labels) if a for n, b in zip(probabilities, labels) if not b]
    (model,) = value["models"]
    assert model["accuracy"] == sum(right) / 10
    squares = [(p - label) ** 2 for p, label in zip(probabilities, labels)]
    losses = [-math.log(p if label else 1 - p) for p, label in zip(probabilities, labels)]
    assert model["brier"] == pytest.approx(sum(squares) / 10)
    assert model["log_loss"] == pytest.approx(sum(losses) / 10)
    assert model["roc_auc"] == pytest.approx(sum((p > n) + (p == n) / 2 for p, n in pairs) / len(pairs))
    assert [group["name"] for group in model["by_stars"]] == ["2", "9"]


def test_a_users_file_is_measured_by_its_own_columns_and_rule(run, tiny_bundle: Bundle, mine: str) -> None:
    columns = ["--text-column", "body", "--label-column", "stars", "--positive", ">=7"]
    result = run("evaluate", mine, *columns, "--model", str(tiny_bundle.directory), "--format", "csv")
    assert result.code == ExitCode.DONE
    assert result.err == ""
    rows = {tuple(row[1:3]): row[3] for row in csv.reader(io.StringIO(result.out))}
    assert rows["accuracy", ""] == "0.6"
    assert rows["confusion", "true_positive"] == "1"
    assert rows["accuracy_of_stars", "8"] == "0.0"
    assert {item for figure, item in rows if figure == "mistake"} == {"line 4", "line 5"}
    assert "chosen" not in run("evaluate", mine, *columns, "-m", str(tiny_bundle.directory)).out


def test_a_tree_is_measured_on_its_held_out_part(run, tiny_bundle: Bundle, tmp_path: Path) -> None:
    for part in ("train", "test"):
        for kind, word in (("pos", "great"), ("neg", "awful")):
            (tmp_path / "mine" / part / kind).mkdir(parents=True)
            (tmp_path / "mine" / part / kind / f"{part}.txt").write_text(f"{word} movie")
    result = run("evaluate", str(tmp_path / "mine"), "-m", str(tiny_bundle.directory), "--format", "json")
    value = json.loads(result.out)
    assert (value["source"], value["n"], value["models"][0]["accuracy"]) == ("test", 2, 1.0)
    (tmp_path / "mine" / "test").rename(tmp_path / "elsewhere")
    result = run("evaluate", str(tmp_path / "mine"), "-m", str(tiny_bundle.directory))
    assert result.code == ExitCode.USAGE
    assert "has the folder train, but neither test nor validation" in result.err
    assert run("evaluate", str(tmp_path / "elsewhere"), "-m", str(tiny_bundle.directory)).code == ExitCode.DONE


def test_parquet_is_measured_as_csv_is(run, tiny_bundle: Bundle, mine: str, tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed in the light environment")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = list(csv.DictReader(io.StringIO(MINE)))
    columns = {"body": [row["body"] for row in rows], "stars": [int(row["stars"]) for row in rows]}
    path = tmp_path / "mine.parquet"
    parquet.write_table(arrow.table(columns), str(path))
    options = ["--text-column", "body", "--label-column", "stars", "--positive", ">=7", "--format", "json"]
    values = [
        json.loads(run("evaluate", file, *options, "-m", str(tiny_bundle.directory)).out) for file in (mine, str(path))
    ]
    assert values[1]["source"] == "mine.parquet"
    for mistake in values[1]["models"][0]["mistakes"]:
        assert mistake["where"].startswith("row ")
    for value in values:
        del value["source"], value["models"][0]["mistakes"]
    assert values[0] == values[1]


def test_models_stand_side_by_side_with_mcnemars_test(run, tiny_bundle: Bundle, tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    texts = [("a wonderful film, one of the best", 1), ("boring and stupid, a waste", 0), ("great", 1), ("awful", 0)]
    path.write_text("".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in texts))
    models = ["--model", "classic", "--model", str(tiny_bundle.directory)]
    result = run("evaluate", str(path), *models, "--format", "json")
    value = json.loads(result.out)
    assert [model["model"] for model in value["models"]] == ["classic", str(tiny_bundle.directory)]
    (pair,) = value["comparisons"]
    assert (pair["first"], pair["second"]) == ("classic", str(tiny_bundle.directory))
    assert pair["statistic"] is None
    assert pair["only_first_right"] - pair["only_second_right"] == 4 * (
        value["models"][0]["accuracy"] - value["models"][1]["accuracy"]
    )
    table = run("evaluate", str(path), *models)
    assert "McNemar's test" in table.out
    assert "2 texts without a verdict" in table.err  # the tiny model knows no word of the first two


def test_the_page_is_written_beside_the_table_and_replaces_an_old_one(
    run, tiny_bundle: Bundle, tiny_tree: Path, tmp_path: Path
) -> None:
    page = tmp_path / "out" / "report.html"
    page.parent.mkdir()
    page.write_text("old")
    arguments = ["evaluate", "--data", str(tiny_tree), "-m", str(tiny_bundle.directory), "--html", str(page)]
    result = run(*arguments)
    assert result.code == ExitCode.DONE
    assert "accuracy" in result.out
    assert f"wrote the page to {page}" in result.err
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert "by hand" in page.read_text(encoding="utf-8")
    assert list(page.parent.iterdir()) == [page]
    assert run(*arguments, "--quiet").err == ""


def test_a_page_that_cannot_be_written_whole_leaves_the_old_one(
    run, tiny_bundle: Bundle, tiny_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_report: object):
        yield "<!DOCTYPE html>"
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("imdbsent.evaluation.html.as_html", full_disk)
    page = tmp_path / "out" / "report.html"
    page.parent.mkdir()
    page.write_text("old")
    result = run("evaluate", "--data", str(tiny_tree), "-m", str(tiny_bundle.directory), "--html", str(page), "-q")
    assert result.code == ExitCode.FAILED
    assert "No space left" in result.err
    assert result.err.count("\n") == 1
    assert result.out == ""
    assert page.read_text() == "old"
    assert list(page.parent.iterdir()) == [page]


@pytest.mark.parametrize(
    ("arguments", "code", "parts"),
    [
        (["--model", "nowhere"], ExitCode.MISSING, ["no model 'nowhere'"]),
        (["--model", "./nowhere"], ExitCode.MISSING, ["nowhere"]),
        (["-m", "flagship", "-m", "flagship"], ExitCode.USAGE, ["--model flagship is given twice"]),
        (["-m", "flagship"], ExitCode.MISSING, ["IMDBSENT_OFFLINE", "--data PATH"]),
        (["--data", "nowhere.tar.gz"], ExitCode.MISSING, ["does not exist"]),
        (["--split", "unsup"], ExitCode.USAGE, ["unsup"]),
        (["--positive", ">=7"], ExitCode.USAGE, ["--positive requires FILE"]),
        (["FILE", "--data", "x"], ExitCode.USAGE, ["--data cannot be combined with FILE"]),
        (["FILE", "--split", "test"], ExitCode.USAGE, ["--split cannot be combined with FILE"]),
        (["FILE", "--text-column", "text"], ExitCode.USAGE, ["'mine.csv' has no column 'text'", "stars, body"]),
        (["FILE", "BODY", "--label-column", "label"], ExitCode.USAGE, ["no column 'label'", "--label-column stars"]),
        (["FILE", "BODY", "STARS"], ExitCode.USAGE, ["line 3: the label '9'", "(and 3 more)", "--positive"]),
        (["FILE", "BODY", "STARS", "--positive", ">11"], ExitCode.USAGE, ["all 5 labels", "negative"]),
        (["FILE", "BODY", "STARS", "--positive", ">=x"], ExitCode.USAGE, ["--positive '>=7'"]),
        (["FILE", "BODY", "--label-column", "body", "--positive", ">=7"], ExitCode.USAGE, ["line 3", "not a number"]),
        (["none.csv"], ExitCode.USAGE, ["none.csv", "no such file", "imdbsent evaluate --help"]),
        (["-"], ExitCode.USAGE, ["standard input holds no texts"]),
        (["mine.txt"], ExitCode.USAGE, ["cannot read 'mine.txt': no such file"]),
        (["nowhere"], ExitCode.USAGE, ["cannot read 'nowhere': no such file", "imdbsent evaluate --help"]),
        (["."], ExitCode.USAGE, ["the folder '.' has neither pos and neg"]),
        ([".", "--positive", "1"], ExitCode.USAGE, ["--positive requires a file with columns, and '.' is a folder"]),
        (["FILE", "--html", "."], ExitCode.USAGE, ["is a folder"]),
        (["FILE", "--html", "none/report.html"], ExitCode.USAGE, ["no folder 'none'", "mkdir"]),
    ],
)
def test_what_cannot_be_done_is_one_line_and_changes_no_file(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: ExitCode, parts: list[str]
) -> None:
    run("predict", "great")  # installs the model, which prints a line of its own
    monkeypatch.setenv("IMDBSENT_OFFLINE", "1")
    monkeypatch.chdir(tmp_path)
    Path("mine.csv").write_text(MINE.replace("great, great movie", "great\ngreat"))
    short = {"FILE": ["mine.csv"], "BODY": ["--text-column", "body"], "STARS": ["--label-column", "stars"]}
    page = [] if "--html" in arguments else ["--html", "report.html"]
    Path("report.html").write_text("old")
    before = sorted(tmp_path.iterdir())
    result = run("evaluate", *(part for argument in arguments for part in short.get(argument, [argument])), *page)
    assert result.code == code, result
    assert result.err.count("\n") == 1
    assert result.out == ""
    for part in parts:
        assert part in result.err
    assert sorted(tmp_path.iterdir()) == before
    assert Path("report.html").read_text() == "old"


def test_a_place_that_may_not_be_written_is_found_before_the_work(run, mine: str, unprivileged) -> None:
    result = run("evaluate", mine, "--html", "/usr/report.html")
    assert result.code == ExitCode.USAGE
    assert "cannot be written" in result.err


def test_help_has_examples_for_the_pipe(run) -> None:
    result = run("evaluate", "--help")
    assert result.code == ExitCode.DONE
    assert "| jq .comparisons" in result.out
    assert "--positive" in result.out


@pytest.mark.real
def test_the_shipped_model_has_the_figures_of_its_card(run, real_archive: Path) -> None:
    result = run("evaluate", "--model", "flagship", "--data", str(real_archive), "--format", "json", "--quiet")
    value = json.loads(result.out)
    (model,) = value["models"]
    card = read_bundle(PRETRAINED / "flagship").card
    (metrics,) = (metrics for metrics in card.metrics if metrics.split == "test")
    assert model["chosen_by"] == card.chosen_by
    assert value["n"] == metrics.n == 25_000
    assert model["accuracy"] > 0.92
    assert model["accuracy"] == pytest.approx(metrics.accuracy, abs=5e-5)
    assert model["log_loss"] == pytest.approx(metrics.loss, abs=1e-4)
    assert model["calibration_error"] < 0.02
    assert sum(group["n"] for group in model["by_length"]) == 25_000
