from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent.records import Prediction, Record
from imdbsent.writing.resume import OutputCheckpoint, Plan, RecordsDigest, last_good, log_line, read_log

PLAN = Plan("ab" * 32, {"--format": "csv", "--threshold": ""}, {"imdbsent": "1", "onnxruntime": "2"})
PARTIAL = b"0123456789"


def checkpoint(windows: int, size: int) -> OutputCheckpoint:
    checksum = zlib.crc32(PARTIAL[:size])
    return OutputCheckpoint(windows, 10 * windows, 10 * windows, size, checksum, "cd", {"failed": windows})


POINTS = [checkpoint(1, 4), checkpoint(2, 4), checkpoint(3, 9)]
WHOLE = b"".join([log_line(PLAN), *map(log_line, POINTS)])


def digest(*records: Record | Prediction) -> str:
    of = RecordsDigest()
    of.add(records)
    return of.value()


def test_a_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(WHOLE)
    assert read_log(path) == (PLAN, POINTS)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_last_line_that_was_not_written_to_its_end_is_none(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "log"
    path.write_bytes(WHOLE[:-cut])
    assert read_log(path) == (PLAN, POINTS[:2])


@pytest.mark.parametrize("content", [b"", b"\n", b"x\n", b"[]\n", b'{"format": 2}\n', b"\xff\n", log_line(PLAN)[:-1]])
def test_what_is_not_a_log_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "log").write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 (the JSON module and ours say it in their words)
        read_log(tmp_path / "log")


def test_a_line_that_makes_no_sense_ends_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(log_line(PLAN) + log_line(POINTS[0]) + b"\0\0\0\n" + log_line(POINTS[2]))
    assert read_log(path)[1] == POINTS[:1]


def test_a_log_of_another_format_differs_and_is_not_interpreted(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b'{"format": 99, "news": 1}\n')
    then, checkpoints = read_log(tmp_path / "log")
    assert then.difference(PLAN) == "was started by another version of imdbsent"
    assert checkpoints == []


@pytest.mark.parametrize(
    ("then", "difference"),
    [
        (PLAN, None),
        (replace(PLAN, model="ef"), "was started with another model"),
        (replace(PLAN, options={"--format": "tsv"}), "was started with --format tsv"),
        (replace(PLAN, options=PLAN.options | {"--threshold": "0.7"}), "was started with --threshold 0.7"),
        (replace(PLAN, options={"--threshold": ""}), "was started without --format"),
        (
            replace(PLAN, versions={"imdbsent": "0", "onnxruntime": "2"}),
            "was started with imdbsent 0; here it is 1",
        ),
    ],
)
def test_a_plan_says_how_it_differs(then: Plan, difference: str | None) -> None:
    assert then.difference(PLAN) == difference


@pytest.mark.parametrize(
    ("partial", "good"),
    [
        (PARTIAL, POINTS[2]),
        (PARTIAL[:9], POINTS[2]),
        (PARTIAL[:8], POINTS[1]),
        (PARTIAL[:3], None),
        (b"", None),
        (b"01234\x0056789", POINTS[1]),  # a block that never reached the disk
        (b"x123456789", None),
    ],
)
def test_a_checkpoint_counts_if_the_bytes_before_it_are_unchanged(
    tmp_path: Path, partial: bytes, good: OutputCheckpoint | None
) -> None:
    (tmp_path / "partial").write_bytes(partial)
    assert last_good(tmp_path / "partial", POINTS) == good


def test_records_and_the_predictions_on_them_have_one_digest() -> None:
    record = Record("great \ud800", "no Unicode", 7, 3, ("x", None, 0.5))
    prediction = Prediction(record.text, None, None, "no Unicode", id=7, number=3, kept=record.kept)
    assert digest(record, Record("b")) == digest(prediction, Record("b"))


@pytest.mark.parametrize(
    "other",
    [
        [Record("b"), Record("a")],
        [Record("ab")],
        [Record("ab"), Record("")],
        [Record("a", id=1), Record("b")],
        [Record("a", kept=("",)), Record("b")],
    ],
)
def test_other_records_have_another_digest(other: list[Record]) -> None:
    assert digest(*other) != digest(Record("a"), Record("b"))
