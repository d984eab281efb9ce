from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent.records import Prediction, Record
from imdbsent.writing.resume import Checkpoint, Plan, RecordsDigest, last_good, line, read_journal

PLAN = Plan("ab" * 32, {"--format": "csv", "--threshold": ""}, {"imdbsent": "1", "onnxruntime": "2"})
PART = b"0123456789"


def checkpoint(windows: int, size: int) -> Checkpoint:
    return Checkpoint(windows, 10 * windows, 10 * windows, size, zlib.crc32(PART[:size]), "cd", {"failed": windows})


POINTS = [checkpoint(1, 4), checkpoint(2, 4), checkpoint(3, 9)]
WHOLE = b"".join([line(PLAN), *map(line, POINTS)])


def digest(*records: Record | Prediction) -> str:
    of = RecordsDigest()
    of.add(records)
    return of.value()


def test_a_journal_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(WHOLE)
    assert read_journal(path) == (PLAN, POINTS)


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_last_line_that_was_not_written_to_its_end_is_none(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "journal"
    path.write_bytes(WHOLE[:-cut])
    assert read_journal(path) == (PLAN, POINTS[:2])


@pytest.mark.parametrize("content", [b"", b"\n", b"x\n", b"[]\n", b'{"format": 1}\n', b"\xff\n", line(PLAN)[:-1]])
def test_what_is_no_journal_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "journal").write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 (the JSON module and ours say it in their words)
        read_journal(tmp_path / "journal")


def test_a_line_that_makes_no_sense_ends_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    path.write_bytes(line(PLAN) + line(POINTS[0]) + b"\0\0\0\n" + line(POINTS[2]))
    assert read_journal(path)[1] == POINTS[:1]


def test_a_journal_of_another_format_differs_and_is_not_made_sense_of(tmp_path: Path) -> None:
    (tmp_path / "journal").write_bytes(b'{"format": 99, "news": 1}\n')
    then, checkpoints = read_journal(tmp_path / "journal")
    assert then.difference(PLAN) == "was begun by another version of imdbsent"
    assert checkpoints == []


@pytest.mark.parametrize(
    ("then", "difference"),
    [
        (PLAN, None),
        (replace(PLAN, model="ef"), "was begun with another model"),
        (replace(PLAN, options={"--format": "tsv"}), "was begun with --format tsv"),
        (replace(PLAN, options=PLAN.options | {"--threshold": "0.7"}), "was begun with --threshold 0.7"),
        (replace(PLAN, options={"--threshold": ""}), "was begun without --format"),
        (
            replace(PLAN, versions={"imdbsent": "0", "onnxruntime": "2"}),
            "was begun with imdbsent 0, and here is 1",
        ),
    ],
)
def test_a_plan_says_how_it_differs(then: Plan, difference: str | None) -> None:
    assert then.difference(PLAN) == difference


@pytest.mark.parametrize(
    ("part", "good"),
    [
        (PART, POINTS[2]),
        (PART[:9], POINTS[2]),
        (PART[:8], POINTS[1]),
        (PART[:3], None),
        (b"", None),
        (b"01234\x0056789", POINTS[1]),  # a block that never reached the disk
        (b"x123456789", None),
    ],
)
def test_a_checkpoint_counts_as_far_as_the_part_is_as_it_was_written(
    tmp_path: Path, part: bytes, good: Checkpoint | None
) -> None:
    (tmp_path / "part").write_bytes(part)
    assert last_good(tmp_path / "part", POINTS) == good


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
