from __future__ import annotations

import sys
from pathlib import Path

import pytest

from imdbsent.errors import ExitCode, UsageProblem
from imdbsent.option_fields import EngineName
from imdbsent.predict_job import PredictJob


def test_options_of_the_other_engine_are_refused() -> None:
    PredictJob(resume=True)
    PredictJob(engine=EngineName.RAY, address="auto")
    with pytest.raises(UsageProblem, match="requires --engine ray. Type: --concurrency and --engine ray"):
        PredictJob(concurrency=2)
    with pytest.raises(UsageProblem, match="--resume cannot be combined with --engine ray"):
        PredictJob(engine=EngineName.RAY, resume=True)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--sort", "confidence"], ["--only", "negative"], ["--explain"], ["--resume"], ["--workers", "2"], ["--whole"],
        ["--html", "why.html"],
    ],
)
def test_what_a_cluster_does_not_do_is_told_before_ray_is_imported(run, arguments: list[str]) -> None:
    result = run("predict", "a.csv", "--engine", "ray", "-o", "out", *arguments)
    assert result.code == ExitCode.USAGE
    assert f"{arguments[0]} cannot be combined with --engine ray" in result.err


@pytest.mark.parametrize("option", [["--delimiter", ";"], ["--sheet", "1"], ["--encoding", "cp1252"], ["--no-header"]])
def test_files_that_a_cluster_cannot_read_need_the_other_engine(run, option: list[str]) -> None:
    result = run("predict", "a.csv", "--engine", "ray", "-o", "out", *option)
    assert result.code == ExitCode.USAGE
    assert result.err.endswith("cannot be combined with --engine ray. Type: the command without --engine ray\n")


def test_an_address_without_the_engine_is_refused(run) -> None:
    result = run("predict", "great", "--address", "auto")
    assert result.code == ExitCode.USAGE
    assert "--address requires --engine ray" in result.err


def test_without_ray_it_is_one_line_and_exit_code_2(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "ray.data", None)
    result = run("predict", "*.parquet", "--engine", "ray", "-o", "out")
    assert result.code == ExitCode.USAGE
    assert result.err == "imdbsent: --engine ray needs an optional library. Type: pip install 'ray[data]' pyarrow\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-"], "not standard input"),
        (["rows.csv"], "-o FOLDER/"),
        (["rows.csv", "-o", "out", "--format", "tsv"], "Type: --format jsonl"),
        (["rows.csv", "-o", "out", "--safe-csv"], "--safe-csv is for CSV and TSV, not for parquet. Type: --format csv"),
        (["rows.csv", "-o", "out", "--format", "jsonl", "--safe-csv"], "not for jsonl. Type: --format csv --safe-csv"),
        (["none*.csv", "-o", "out"], "there is no such file"),
        (["rows.csv", "-o", "out", "--text-column", "body"], r"there are: n, text"),
        (["rows.csv", "-o", "."], "is not empty"),
        (["rows.csv", "-o", "out", "--model", "nowhere"], "there is no model"),
    ],
)
def test_what_is_wrong_is_told_before_a_cluster_is_started(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], told: str
) -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    monkeypatch.setattr("imdbsent.cluster.connect.connected", None)  # whoever connects fails
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("n,text\n1,great\n")
    result = run("predict", *arguments, "--engine", "ray")
    assert result.code in (ExitCode.USAGE, ExitCode.MISSING)
    assert told in result.err
    assert result.err.count("\n") == 1
