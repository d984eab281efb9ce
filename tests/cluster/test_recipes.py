"""The recipes of docs/scale.md are run as they are written."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.classify.classifier import Classifier

PAGE = Path(__file__).parent.parent.parent / "docs" / "scale.md"
TEXTS = ["great movie", "awful", None, "", "awful zebra", "great " * 30]


def recipe(heading: str) -> str:
    """The program under a heading of the page."""
    pattern = rf"^### {re.escape(heading)}\n\n```python\n(.*?)^```"
    (program,) = re.findall(pattern, PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return str(program)


@pytest.fixture
def verdicts(tmp_path: Path, tiny_bundle: Bundle):
    """Run recipes in turn, in a program of their own with the three-word model; what each has written, by `rid`."""
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    import pyarrow.parquet as pq

    pq.write_table(
        pa.table({"rid": list(range(len(TEXTS))), "body": TEXTS, "stars": pa.array(range(len(TEXTS)), pa.int32())}),
        tmp_path / "reviews.parquet",
    )

    def run(*headings: str, **environment: str) -> list[list[dict[str, Any]]]:
        *others, last = headings
        programs = [f"{recipe(one)}\nimport os\nos.rename('verdicts', {one!r})\n" for one in others]
        own = {"IMDBSENT_MODEL": str(tiny_bundle.directory), "RAY_USAGE_STATS_ENABLED": "0", **environment}
        result = subprocess.run(
            [sys.executable, "-c", "".join([*programs, recipe(last)])],
            cwd=tmp_path, env={**os.environ, **own}, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        written = (pq.read_table(tmp_path / folder).to_pylist() for folder in (*others, "verdicts"))
        return [sorted(rows, key=lambda row: int(row["rid"])) for rows in written]

    return run


def check(rows: list[dict[str, Any]], bundle: Bundle) -> None:
    """Check that each row is there once, with the verdict of one machine."""
    alone = Classifier(bundle).predict([text or "" for text in TEXTS])
    assert [row["rid"] for row in rows] == [row["stars"] for row in rows] == list(range(len(TEXTS)))
    for row, prediction in zip(rows, alone):
        assert (row["label"], row["problem"]) == (prediction.label, prediction.problem)
        assert row["tokens"] == prediction.tokens
        assert row.get("truncated", prediction.truncated) == prediction.truncated
        if prediction.label is not None:
            assert row["probability"] == pytest.approx(prediction.probability, abs=1e-6)


@pytest.mark.slow
def test_ray(verdicts, tiny_bundle: Bundle) -> None:
    pytest.importorskip("ray.data", reason="ray is not installed")
    (rows,) = verdicts("Ray")
    check(rows, tiny_bundle)
    assert [row["text"] for row in rows] == [text or "" for text in TEXTS]


@pytest.mark.slow
def test_spark(verdicts, tiny_bundle: Bundle) -> None:
    pytest.importorskip("pyspark", reason="pyspark is not installed")
    if shutil.which("java") is None:
        pytest.skip("Spark needs Java, which is not installed")
    own = {"SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable, "PYSPARK_DRIVER_PYTHON": sys.executable}
    headings = "Spark: mapInPandas", "Spark: predict_batch_udf"
    for rows in verdicts(*headings, **own, PYSPARK_SUBMIT_ARGS="--master local[2] pyspark-shell"):
        check(rows, tiny_bundle)


@pytest.mark.slow
def test_daft(verdicts, tiny_bundle: Bundle) -> None:
    pytest.importorskip("daft", reason="daft is not installed")
    (rows,) = verdicts("Daft", DAFT_RUNNER="native", DO_NOT_TRACK="true")
    check(rows, tiny_bundle)
