from __future__ import annotations

import os
from pathlib import Path

import pytest

from imdbsent.reading.inputs import Inputs, Source
from imdbsent.reading.streams import Meter


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    paths = [tmp_path / "a.txt", tmp_path / "b.jsonl"]
    paths[0].write_text("great\n" * 100_000)
    paths[1].write_text('{"text": "awful"}\n' * 10)
    return [str(path) for path in paths]


def test_the_position_grows_from_nothing_to_the_total_as_records_are_read(files: list[str]) -> None:
    inputs = Inputs([Source(file=file) for file in files])
    total = sum(Path(file).stat().st_size for file in files)
    assert (inputs.meter.total, inputs.meter.position()) == (total, 0)
    positions = [inputs.meter.position() for _ in inputs.records()]
    assert positions == sorted(positions)
    assert 0 < positions[0] < total / 10
    assert positions[-1] == inputs.meter.position() == total


def test_nobody_knows_the_total_of_what_is_no_plain_file(files: list[str], tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for other in ("-", str(tmp_path / "pipe"), str(tmp_path), "missing", "nul\0"):
        assert Meter([*files, other]).total is None
