"""`imdbsent predict --engine ray` on a real cluster of three nodes, compared to the same command on one machine."""

from __future__ import annotations

import gzip
import json
import os
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray.data", reason="ray is not installed")

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.losing import local_cluster, losing
from imdbsent.bundle.bundle import Bundle
from imdbsent.cluster.job import COMPLETE
from imdbsent.errors import ExitCode

pytestmark = [
    pytest.mark.slow,
    # Ray gives a node 30 seconds to start, which three on a busy machine are not always ready in.
    pytest.mark.skipif("IMDBSENT_CLUSTER_TESTS" not in os.environ, reason="three nodes of Ray: type make cluster"),
    # Ray warns of itself, when it reads its own settings and when it ends
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
FILES, ROWS_A_FILE = 20, 2_000


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with local_cluster(3, store=100 * 2**20) as cluster:
        yield cluster


@pytest.fixture
def predict(cluster: Any, run, tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run `imdbsent predict` with the three-word model, in a folder of its own, with a cluster."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return lambda *arguments: run("predict", "--model", str(tiny_bundle.directory), *arguments)


def test_a_cluster_on_this_machine_listens_to_nobody_else(cluster: Any) -> None:
    import ray

    assert {node["NodeManagerAddress"] for node in ray.nodes()} == {"127.0.0.1"}


def lines(pattern: str) -> list[dict[str, Any]]:
    """The objects of all files of JSONL, file by file."""
    return [json.loads(line) for path in sorted(Path().glob(pattern)) for line in path.read_text().splitlines()]


def test_parquet_has_all_columns_with_their_types_in_order_and_the_same_verdicts(predict) -> None:
    texts = ["great movie", "awful", None, "", "movie zebra"]
    Path("data").mkdir()
    for number in range(3):
        table = pa.table(
            {
                "rid": pa.array(range(5 * number, 5 * number + 5), pa.int16()),
                "body": texts,
                "label": ["a user's own"] * 5,
                "when": pa.array([10**18 + 1] * 5, pa.timestamp("ns")),
                "tags": [["x", "y"]] * 5,
            }
        )
        pq.write_table(table, f"data/{number}.parquet")
    result = predict("data/*.parquet", "--engine", "ray", "--text-column", "body", "-o", "out/", "--concurrency", "2")
    assert result.code == ExitCode.DONE, result.err
    assert result.err.startswith("15 texts read, 9 answered, 6 failed: 6 positive (66.7%), 3 negative · ")
    assert "wrote 15 rows to out/" in result.err
    assert (Path("out") / COMPLETE).read_bytes() == b""
    found = pq.read_table("out")
    assert found.column("rid").to_pylist() == list(range(15))
    assert [str(found.schema.field(name).type) for name in ("rid", "when", "tags")] == [
        "int16", "timestamp[ns]", "list<element: string>",
    ]  # fmt: skip
    local = predict(*(f"data/{number}.parquet" for number in range(3)), "--text-column", "body", "--keep", "rid",
                    "--keep", "label", "--keep", "when", "--keep", "tags", "-o", "local.parquet")  # fmt: skip
    assert local.code == ExitCode.DONE, local.err
    there = pq.read_table("local.parquet")
    assert found.column_names == there.column_names
    for name in ("label", "tokens", "truncated", "unknown", "problem", "input_label", "text"):
        assert found.column(name).to_pylist() == there.column(name).to_pylist(), name
    assert pd.Series(found.column("probability")).to_list() == pytest.approx(
        pd.Series(there.column("probability")).to_list(), abs=1e-6, nan_ok=True
    )


def test_a_bad_row_of_csv_is_written_with_its_reason_and_stops_nothing(predict) -> None:
    content = b'n,stars,text\n1,007,great movie\n2,1,"awful,\nmovie"\n3,3,\n4,x\n5,"5" 5,great\n'
    Path("a.csv.gz").write_bytes(gzip.compress(content + b"6,6,\xff great\n"))
    ours = predict("a.csv.gz", "--engine", "ray", "--skip-bad", "--format", "jsonl", "-o", "out", "--id-column", "n")
    assert ours.code == ExitCode.DONE, ours.err
    assert predict("a.csv.gz", "--skip-bad", "-o", "local.jsonl", "--id-column", "n", "--keep", "stars").code == 0
    assert lines("out/*.jsonl") == lines("local.jsonl")
    assert [row["stars"] for row in lines("out/*.jsonl")][:2] == ["007", "1"]


def test_the_text_and_the_id_may_be_carried_through_as_well(predict) -> None:
    Path("a.csv").write_text("n,text\n1,great movie\n2,awful\n")
    options = ["a.csv", "--id-column", "n", "--keep", "text", "--keep", "n"]
    ours = predict(*options, "--engine", "ray", "--format", "csv", "-o", "out")
    assert ours.code == ExitCode.DONE, ours.err
    assert predict(*options, "-o", "local.csv").code == ExitCode.DONE
    assert "".join(path.read_text() for path in sorted(Path("out").glob("*.csv"))) == Path("local.csv").read_text()


def test_without_skip_bad_a_bad_row_is_one_line_and_no_results(predict) -> None:
    Path("a.csv").write_text("n,text\n1,great\n2\n")
    ours = predict("*.csv", "--engine", "ray", "-o", "out", "--format", "csv")
    local = predict("a.csv", "-o", "local.csv")
    assert (ours.code, local.code) == (ExitCode.USAGE, ExitCode.USAGE)
    assert ours.err.replace(str(Path("a.csv").absolute()), "a.csv") == local.err
    assert not Path("out").exists()


def test_objects_of_json_keep_their_values_in_every_format(predict) -> None:
    Path("a.jsonl").write_text(
        '{"text": "great", "n": 1, "tags": ["x"]}\n{"text": "awful", "n": null}\nnot json\n'
        '{"text": "\\ud800 great", "n": 2.5, "tags": {"a": "\\ud800"}}\n{"text": 5, "n": "5"}\n'
    )
    options = ["a.jsonl", "--skip-bad"]
    for name, there in (("jsonl", "local.jsonl"), ("parquet", "local.parquet")):
        assert predict(*options, "--engine", "ray", "--format", name, "-o", name).code == ExitCode.DONE
        assert predict(*options, "--keep", "n", "--keep", "tags", "-o", there).code == ExitCode.DONE
    assert lines("jsonl/*.jsonl") == lines("local.jsonl")
    assert pq.read_table("parquet").to_pylist() == pq.read_table("local.parquet").to_pylist()


def test_lines_of_text_are_answered_each_and_strict_counts_those_without_a_verdict(predict) -> None:
    Path("a.txt").write_bytes(b"great\n\n\xff awful\r\nawful, movie")
    Path("b.txt").write_bytes(b"")
    options = ("--engine", "ray", "--format", "csv", "-o", "out", "--strict", "--summary", "ours.json")
    ours = predict("a.txt", "b.txt", *options)
    assert ours.code == ExitCode.RECORDS_FAILED
    assert "2 of 4 texts got no verdict" in ours.err
    assert predict("-f", "a.txt", "-o", "local.csv", "--summary", "local.json").code == ExitCode.DONE
    of_both = [json.loads(Path(f"{name}.json").read_text())["rows"] for name in ("ours", "local")]
    assert of_both[0] == of_both[1]
    assert "".join(path.read_text() for path in sorted(Path("out").glob("*.csv"))) == Path("local.csv").read_text()


def test_a_file_that_is_damaged_is_one_line_and_no_results(predict) -> None:
    pq.write_table(pa.table({"text": ["great"] * 9}), "a.parquet")
    Path("b.csv.gz").write_bytes(gzip.compress(b"text\ngreat\n" * 999)[:-9])
    result = predict("b.csv.gz", "--engine", "ray", "-o", "out")
    assert result.code == ExitCode.USAGE
    assert result.err.count("\n") == 1
    assert "cannot read" in result.err
    assert not Path("out").exists()


def test_progress_comes_while_it_works(predict, cluster: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    monkeypatch.setattr("imdbsent.cli._progress.can_animate", lambda _console: True)
    monkeypatch.setattr("imdbsent.cli._progress.RecordsBar.has_answered", lambda _bar, rows: seen.append(rows))
    Path("a.txt").write_text("great\n" * 5_000)
    assert predict("a.txt", "--engine", "ray", "-o", "out").code == ExitCode.DONE
    assert sum(seen) <= 5_000


def reviews(number: int) -> list[str]:
    """Texts of some 200 words, so that a file of them takes a while."""
    words = ["the", "a", "great", "awful", "film", "plot", "was", "not", "worth", "it", "never", "dull", "acting", "of"]
    chance = random.Random(number)
    return [" ".join(chance.choices(words, k=chance.randint(50, 400))) for _ in range(ROWS_A_FILE)]


def test_with_a_node_and_an_actor_killed_half_way_every_row_is_there_once(
    run, cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imdbsent.cluster.job import run as run_job
    from imdbsent.models.resolve import resolve
    from imdbsent.option_fields import EngineName
    from imdbsent.predict_job import PredictJob, ray_job
    from imdbsent.reading.options import ReadOptions

    monkeypatch.chdir(tmp_path)
    Path("data").mkdir()
    for number in range(FILES):
        ids = range(number * ROWS_A_FILE, (number + 1) * ROWS_A_FILE)
        pq.write_table(pa.table({"rid": ids, "body": reviews(number)}), f"data/{number:02}.parquet")
    killed: list[int] = []
    job = PredictJob(
        files=("data/*.parquet",),
        read=ReadOptions(text_column="body"),
        output="out",
        engine=EngineName.RAY,
        concurrency=3,
    )
    counts = run_job(ray_job(job, lambda: resolve("classic")), losing(cluster, FILES * ROWS_A_FILE // 4, killed))
    assert killed, "nothing was lost"
    assert killed[0] < FILES * ROWS_A_FILE, "the job was over before anything was lost"
    found = pd.read_parquet("out")
    assert found["rid"].tolist() == list(range(FILES * ROWS_A_FILE))
    assert counts == Counter(found["label"])
    local = run("predict", *sorted(map(str, Path("data").iterdir())), "--text-column", "body", "--keep", "rid",
                "-o", "local.parquet", "--model", "classic")  # fmt: skip
    assert local.code == ExitCode.DONE, local.err
    there = pd.read_parquet("local.parquet")
    assert list(found.columns) == list(there.columns)
    assert (found["text"] == there["text"]).all()
    assert (found["probability"] - there["probability"]).abs().max() <= 1.001e-6
    is_far = (there["probability"] - 0.5).abs() > 1e-6
    assert (found["label"] == there["label"])[is_far].all()
