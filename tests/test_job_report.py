from __future__ import annotations

import gzip
import itertools
import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.job_report import Counts, JobReport, Pace, duration, writing_summary
from imdbsent.reading.inputs import Inputs, find_sources
from imdbsent.reading.streams import RowsMeter
from imdbsent.records import Prediction
from tests.tiny import TINY


class Job:
    """A job on a clock that is not real: windows of records are read ahead of being answered, each takes its time.

    Args:
        windows: for each window, its records, its bytes, and the seconds that it takes.
    """

    def __init__(self, windows: list[tuple[int, int, float]]) -> None:
        self.windows = windows
        self.now = 1_000.0
        self.total = sum(size for _, size, _ in windows)
        self.meter = RowsMeter(self.total)
        self.seconds = sum(seconds for _, _, seconds in windows)
        self.pace = Pace(self.meter, lambda: self.now)

    def run(self, ahead: int = 4, change_at: int | None = None) -> Iterator[tuple[float, float]]:
        """After each window, the share of the time that is gone, and the seconds that are really left."""
        began = self.now
        read = 0
        for number, (records, _, seconds) in enumerate(self.windows):
            while read < min(len(self.windows), number + ahead):
                self.meter.rows += self.windows[read][1]
                self.pace.has_read(self.windows[read][0])
                read += 1
            if number == change_at:
                self.pace.changes()
            self.now += seconds
            self.pace.has_answered(records)
            yield (self.now - began) / self.seconds, began + self.seconds - self.now


def assert_right(job: Job, **how: int) -> None:
    """From the first tenth on, the time left is at most 25% off, or two seconds at the end."""
    seen = 0
    for gone, left in job.run(**how):
        if gone >= 0.1:
            told = job.pace.seconds_left
            assert told is not None
            assert abs(told - left) <= max(0.25 * left, 2), (gone, told, left)
            seen += 1
    assert seen > 10


def test_the_time_left_of_a_steady_job_is_right_from_the_first_tenth_on() -> None:
    assert_right(Job([(1024, 250_000, 1.0)] * 130))


def test_windows_of_two_workers_come_in_bursts_and_rows_differ_in_length() -> None:
    chance = random.Random(1)
    windows = []
    for _ in range(150):
        first, second = chance.randint(150_000, 350_000), chance.randint(150_000, 350_000)
        seconds = (first + second) / 250_000 * chance.uniform(0.8, 1.0)
        windows += [(1024, first, seconds), (1024, second, 0.01)]
    assert_right(Job(windows))


def test_a_job_that_starts_at_half_the_speed_is_right_once_the_workers_take_over() -> None:
    slow = [(records, records * 250, records / 600) for records in (64, 128, 256, 512, 1024, 1024, 1024, 1024)]
    fast = [(1024, 256_000, 0.75)] * 200
    assert_right(Job([*slow, *fast]), change_at=len(slow))


def test_windows_that_take_half_a_minute_each_are_enough_to_tell() -> None:
    assert_right(Job([(1024, 4_000_000, 30.0)] * 60))


def test_hours_on_a_machine_that_others_use_as_well_are_right_on_the_whole() -> None:
    chance = random.Random(2)
    windows = []
    for _ in range(60):  # every two minutes the machine is faster or slower
        speed = chance.uniform(0.7, 1.3)
        windows += [(2048, chance.randint(300_000, 700_000), 3.0 / speed) for _ in range(40)]
    job = Job(windows)
    errors = [
        abs((job.pace.seconds_left or 0) - left) / left for gone, left in job.run() if gone >= 0.1 and left > 60
    ]
    assert sorted(errors)[int(0.95 * len(errors))] <= 0.25


def write_rows(path: Path, texts: list[str]) -> None:
    """A file of texts, in the format and the compression of its name."""
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
    if path.suffix == ".parquet":
        arrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
        parquet.write_table(arrow.table({"text": texts}), path)  # one group of rows, which is read as a whole
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(lines.encode(), 1))
    elif path.suffix == ".json":
        path.write_text("[" + ",".join(lines.splitlines()) + "]")
    else:
        path.write_text(lines)


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.jsonl.gz", "rows.json", "rows.parquet"])
def test_of_a_real_file_compressed_or_not_the_time_left_is_right(name: str, tmp_path: Path) -> None:
    chance = random.Random(3)
    words = [f"word{chance.randint(0, 99_999)}" for _ in range(3_000)]
    texts = [" ".join(chance.choices(words, k=chance.randint(5, 300))) for _ in range(12_000)]
    write_rows(tmp_path / name, texts)
    inputs = Inputs(find_sources((str(tmp_path / name),), (), ()))
    now = 0.0
    pace = Pace(inputs.meter, lambda: now)
    seconds = sum(map(len, texts)) / 20_000
    ahead: list[int] = []
    records = inputs.records()
    while True:
        window = list(itertools.islice(records, 100))
        if window:
            pace.has_read(len(window))
            ahead.append(sum(len(record.text) for record in window))
        if not ahead:
            break
        if len(ahead) == 3 or not window:
            now += ahead.pop(0) / 20_000
            pace.has_answered(100)
            if 0.1 <= now / seconds < 0.99:
                assert pace.seconds_left == pytest.approx(seconds - now, rel=0.25, abs=2)
                assert pace.share == pytest.approx(now / seconds, abs=0.05)


def test_of_a_document_that_is_read_as_a_whole_and_of_standard_input_no_share_is_said(tmp_path: Path) -> None:
    document = {"reviews": [{"text": f"film {number}"} for number in range(100)], "page": 1}
    (tmp_path / "rows.json").write_text(json.dumps(document))
    inputs = Inputs(find_sources((str(tmp_path / "rows.json"),), (), ()))
    pace = Pace(inputs.meter)
    records = inputs.records()
    next(records)
    pace.has_read(1)
    pace.has_answered(1)
    assert pace.share is None
    assert pace.seconds_left is None
    assert len(list(records)) == 99
    assert Pace(Inputs(find_sources(("-",), (), ())).meter).share is None


def test_a_machine_that_slows_down_is_followed_within_half_a_minute() -> None:
    job = Job([*[(1000, 1_000, 0.5)] * 100, *[(1000, 1_000, 1.5)] * 100])
    for gone, left in job.run():
        if gone >= (50 + 30) / 200:
            assert abs((job.pace.seconds_left or 0) - left) <= max(0.25 * left, 2)


def test_a_resumed_job_counts_only_what_it_answers_itself() -> None:
    job = Job([(1000, 1_000, 0.01)] * 50)
    for _ in job.run():  # reading again what is answered takes no time
        pass
    job = Job([(1000, 1_000, 1.0)] * 100)
    job.meter.rows = 40_000
    job.pace.has_read(40_000)
    job.pace.resume_after(40_000)
    assert job.pace.rate == 0
    assert job.pace.share == 0.4
    job.meter.total = 100_000
    for second in range(1, 31):
        job.now += 1
        job.meter.rows += 1_000
        job.pace.has_read(1_000)
        job.pace.has_answered(1_000)
        assert job.pace.rate == pytest.approx(1_000)
        assert second < 5 or job.pace.seconds_left == pytest.approx(60 - second)


def test_too_early_or_without_a_size_nothing_is_said_of_the_time_left() -> None:
    job = Job([(1000, 1_000, 1.0)] * 10)
    told = [job.pace.seconds_left for _ in job.run()]
    assert told[:3] == [None] * 3
    assert told[4] is not None
    endless = Pace(RowsMeter(None))
    endless.has_read(10)
    endless.has_answered(10)
    assert endless.seconds_left is None
    assert endless.share is None


def test_a_stall_lowers_the_rate_and_a_gap_between_two_windows_does_not() -> None:
    job = Job([(1000, 1_000, 2.0)] * 20)
    for _ in job.run():
        pass
    job.now += 1.9
    assert job.pace.rate == pytest.approx(500)
    job.now += 60
    assert job.pace.rate < 200


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0:00:00"), (130.4, "0:02:10"), (3_725, "1:02:05"), (None, "-:--:--")]
)
def test_a_duration_has_hours_minutes_and_seconds(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def prediction(label: str | None, problem: str | None = None) -> Prediction:
    return Prediction("text", label, None if label is None else 0.5, problem, 1, False, 0.0)  # type: ignore[arg-type]


def test_reasons_are_counted_without_their_numbers_and_survive_a_checkpoint() -> None:
    counts = Counts()
    counts.add([prediction("positive"), prediction(None, "blank"), prediction(None, "line 17 is not valid UTF-8")])
    counts.add([prediction(None, "line 1,812 is not valid UTF-8"), prediction(None, "not valid Unicode: at 3")])
    expected = {"blank": 1, "line N is not valid UTF-8": 2, "not valid Unicode": 1}
    assert counts.by_row["failed_by_reason"] == expected
    again = Counts()
    again.resume(json.loads(json.dumps(counts.by_name)))
    assert again.by_row == counts.by_row | {"answered_before": 5}


def test_there_is_a_limit_to_the_number_of_reasons() -> None:
    counts = Counts()
    counts.add([prediction(None, "bad " + "x" * i) for i in range(1_000)])
    assert len(counts.reasons) <= 21
    assert sum(counts.reasons.values()) == counts.failed == 1_000


@pytest.mark.parametrize(
    ("counts", "summary", "warning"),
    [
        (Counts(), "no texts were read", None),
        (
            Counts(positive=1, seconds=0.5),
            "1 text read, 1 answered, 0 failed: 1 positive (100.0%), 0 negative · 0.5 s, 2 texts/s",
            None,
        ),
        (
            Counts(positive=1, failed=1, resumed=1, unfamiliar=1, seconds=1),
            (
                "2 texts read, 1 answered, 1 failed, 1 of them in an earlier run: 1 positive (100.0%), 0 negative · "
                "1.0 s, 1 text/s"
            ),
            "in 1 of 2 texts, most words are unknown to the model; is it English?",
        ),
    ],
)
def test_counts_are_told_in_a_line(counts: Counts, summary: str, warning: str | None) -> None:
    assert (counts.summary(), counts.warning()) == (summary, warning)


def test_the_summary_adds_up_and_names_the_model_and_the_versions(tmp_path: Path, tiny_bundle: Bundle) -> None:
    report = JobReport(Counts(), tiny_bundle)
    with writing_summary(tmp_path / "summary.json", report):
        report.counts.add([prediction("positive"), prediction("negative"), prediction(None, "blank")])
    summary = json.loads((tmp_path / "summary.json").read_text())
    rows = summary["rows"]
    assert rows["read"] == rows["answered"] + rows["failed"] == 3
    assert sum(summary["labels"].values()) == rows["answered"] == 2
    assert sum(rows["failed_by_reason"].values()) == rows["failed"]
    assert summary["shares"] == {"positive": 0.5, "negative": 0.5, "neutral": 0.0}
    assert summary["model"] == {"name": "tiny", "version": 1, "sha256": tiny_bundle.sha256}
    assert set(summary["versions"]) >= {"imdbsent", "python"}
    assert (summary["exit_code"], summary["error"], summary["resumed"]) == (0, None, False)
    assert summary["peak_memory_bytes"] > 2**20


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (ValueError("oh"), 1)])
def test_the_summary_is_written_if_the_job_fails_too(tmp_path: Path, error: BaseException, code: int) -> None:
    with pytest.raises(type(error)), writing_summary(tmp_path / "summary.json", JobReport(Counts())):
        raise error
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["exit_code"] == code
    assert summary["model"] is None
    assert summary["rows"]["read"] == 0


def test_a_job_that_is_killed_does_not_leave_the_summary_of_another_night(tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    path.write_text('{"exit_code": 0}')
    link = tmp_path / "link.json"
    link.symlink_to(path)
    for name in (path, link):
        with writing_summary(name, JobReport(Counts())):
            assert not path.exists()
        assert json.loads(path.read_text())["exit_code"] == 0
    assert link.is_symlink()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_the_peak_memory_is_that_of_the_job_and_not_of_what_started_it(tmp_path: Path) -> None:
    """A scheduler may hold gigabytes, and Linux has a program begin with the peak of the process that starts it."""
    program = """
import subprocess, sys
held = b"x" * 2**29
subprocess.run([sys.executable, "-m", "imdbsent", *sys.argv[1:]], check=True)
"""
    arguments = ("predict", "great movie", "--model", str(TINY), "--summary", str(tmp_path / "summary.json"))
    subprocess.run([sys.executable, "-c", program, *arguments], check=True, stdout=subprocess.DEVNULL)
    assert 2**20 < json.loads((tmp_path / "summary.json").read_text())["peak_memory_bytes"] < 2**29
