"""`imdbsent predict` from Python, without a terminal."""

from __future__ import annotations

import csv
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.classify.options import Only, PredictOptions, SortKey
from imdbsent.errors import InvalidOptions, UsageProblem
from imdbsent.option_fields import EngineName
from imdbsent.predict_job import PredictJob, run_predict
from imdbsent.writing.text import Format
from tests.tiny import TINY


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.txt"
    path.write_text("great\nawful\n\nmovie\n")
    return path


def test_a_job_is_done_and_counted_and_prints_nothing(
    reviews: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "out.csv"
    job = PredictJob(
        files=(str(reviews),),
        options=PredictOptions(threshold=0.9, only=Only.POSITIVE),
        output=str(out),
        model=str(TINY),
    )
    with caplog.at_level(logging.INFO, logger="imdbsent"):
        counts = run_predict(job)
    assert (counts.positive, counts.negative, counts.failed, counts.results) == (1, 2, 1, 1)
    assert [row["text"] for row in csv.DictReader(out.read_text().splitlines())] == ["great"]
    assert capsys.readouterr() == ("", "")
    assert f"wrote 1 row to {out}" in caplog.messages


def test_without_a_terminal_standard_output_has_a_plain_format(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    run_predict(PredictJob(texts=("great", "awful"), model=str(TINY)))
    assert [line.split(b"\t")[0] for line in capfdbinary.readouterr().out.splitlines()] == [b"positive", b"negative"]
    with pytest.raises(UsageProblem, match="requires a terminal"):
        run_predict(PredictJob(texts=("great",), format=Format.TABLE, model=str(TINY)))


def test_explanations_and_their_page_are_written(reviews: Path, tmp_path: Path) -> None:
    page, out = tmp_path / "why.html", tmp_path / "why.jsonl"
    job = PredictJob(files=(str(reviews),), explain=True, html=page, output=str(out), model=str(TINY))
    assert run_predict(job).results == 4
    assert out.read_text().count("contributions") == 4
    assert page.read_text().count("<article") == 4


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"html": Path("why.html")}, "--html requires --explain"),
        ({"resume": True, "explain": True}, "--explain cannot be combined with --resume"),
        ({"resume": True, "options": PredictOptions(sort=SortKey.CONFIDENCE)}, "--sort cannot be combined"),
        ({"address": "auto"}, "--address requires --engine ray"),
    ],
)
def test_what_does_not_go_together_is_refused_when_the_job_is_made(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageProblem, match=message):
        PredictJob(texts=("great",), **settings)


@pytest.mark.parametrize(
    ("settings", "kind", "message"),
    [
        ({"texts": "great"}, TypeError, r"texts must be a tuple, not str: texts=\('great',\)"),
        ({"files": "a.csv"}, TypeError, r"files=\('a.csv',\)"),
        ({"files": Path("a.csv")}, TypeError, "files must be a tuple"),
        ({"arguments": {"text": "great"}}, TypeError, "arguments must be a tuple, not dict"),
        ({"texts": ("great", None)}, TypeError, "each of texts must be a text, not NoneType"),
        ({"texts": (Path("great"),)}, TypeError, "each of texts must be a text"),
        ({"options": {"threshold": 0.5}}, TypeError, "PredictOptions"),
        ({"read": {}}, TypeError, "ReadOptions"),
        ({"output": 1}, TypeError, "not int"),
        ({"format": "xml"}, InvalidOptions, "'xml' is not one of 'table', 'tsv', 'csv'"),
        ({"engine": "spark"}, InvalidOptions, "'spark' is not one of 'local', 'ray'"),
        ({"added": ("author",)}, InvalidOptions, "'author' is not one of 'model', 'version', 'sha256'"),
        ({"workers": 0}, InvalidOptions, "number of workers must be a whole number, 1 or more, not 0"),
        ({"workers": 1.5}, InvalidOptions, "number of workers must be a whole number"),
        ({"concurrency": -1, "engine": "ray"}, InvalidOptions, "number of processes must be a whole number"),
        ({"resume": "no"}, InvalidOptions, "resume must be True or False"),
    ],
)
def test_values_that_make_no_sense_are_refused_when_the_job_is_made(
    settings: dict[str, Any], kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        PredictJob(**settings)


def test_lists_paths_and_names_are_taken_as_what_they_mean(reviews: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    settings: dict[str, Any] = {"files": [reviews], "texts": ["great"], "output": out, "format": "jsonl"}
    job = PredictJob(**settings, model=str(TINY))
    assert job == PredictJob(
        files=(str(reviews),), texts=("great",), output=str(out), format=Format.JSONL, model=str(TINY)
    )
    assert run_predict(job).results == 5
    assert PredictJob(engine="ray").engine is EngineName.RAY  # type: ignore[arg-type]


def test_a_batch_cannot_select() -> None:
    from imdbsent.cluster.batches import BatchClassifier

    with pytest.raises(InvalidOptions, match="as many results as it has rows"):
        BatchClassifier(str(TINY), options=PredictOptions(only=Only.NEGATIVE))


def test_a_text_in_a_pipe_loads_nothing_that_it_does_not_need(tiny_bundle: Bundle) -> None:
    program = (
        "import sys; from imdbsent.predict_job import PredictJob, run_predict\n"
        f"run_predict(PredictJob(texts=('great movie',), model={str(tiny_bundle.directory)!r}))\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.startswith("positive")
    loaded = set(result.stderr.split())
    heavy = {
        "rich", "typer", "sqlite3", "multiprocessing.spawn", "pyarrow", "ray", "filelock", "tensorflow",
        "imdbsent.writing.resume", "imdbsent.writing.parquet", "imdbsent.cluster",
        "imdbsent.explain.explain", "imdbsent.explain.page",
    }  # fmt: skip
    assert not heavy & loaded
