"""What tasks of Ray write, without a cluster."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("ray.data", reason="ray is not installed")

import pyarrow as pa
from pyarrow import parquet
from pyarrow.fs import LocalFileSystem

from imdbsent.bundle.bundle import read_bundle
from imdbsent.cluster.job import Job
from imdbsent.cluster.ray_io import VerdictSink
from imdbsent.option_fields import EngineName
from imdbsent.predict_job import PredictJob, ray_job
from imdbsent.writing.text import Format
from tests.tiny import TINY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),  # Ray warns of its own settings
]


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The job of a command line with some options, over a table."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("note,text\n=2+3,=great movie\nplain,awful\n")

    def make(**settings: Any) -> Job:
        asked = PredictJob(files=("rows.csv",), output="out", format=Format.CSV, engine=EngineName.RAY, **settings)
        return ray_job(asked, lambda: read_bundle(TINY))

    return make


class Block:
    """A block of Ray with one table."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def to_arrow(self) -> pa.Table:
        return self._table


def written(job: Job) -> list[list[str]]:
    """The rows of the file that a task writes."""
    verdicts = job.classifier().judge(["=great movie", "awful"])
    table = pa.table({**verdicts.columns, "note": ["=2+3", "plain"], "text": verdicts.text})
    stream = io.BytesIO()
    VerdictSink("out", LocalFileSystem(), job.spec).write_block_to_file(Block(table), stream)
    return list(csv.reader(io.StringIO(stream.getvalue().decode())))


def test_safe_csv_reaches_the_files_of_a_cluster(job) -> None:
    header, first, second = written(job(safe_csv=True))
    assert header[-2:] == ["note", "text"]
    assert first[-2:] == ["'=2+3", "'=great movie"]
    assert second[-2:] == ["plain", "awful"]


def test_without_safe_csv_the_files_of_a_cluster_have_the_texts_as_they_are(job) -> None:
    assert written(job())[1][-2:] == ["=2+3", "=great movie"]


def test_parquet_of_a_cluster_says_which_model_made_it(job) -> None:
    spec = replace(job().spec, format=Format.PARQUET)
    stream = io.BytesIO()
    VerdictSink("out", LocalFileSystem(), spec).write_block_to_file(Block(pa.table({"text": ["great"]})), stream)
    metadata = parquet.read_metadata(stream).metadata
    assert metadata[b"imdbsent.sha256"].decode() == read_bundle(TINY).sha256
