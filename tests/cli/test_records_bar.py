from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from imdbsent.cli._progress import RecordsBar
from imdbsent.reading.inputs import Inputs, Source


def console(*, terminal: bool) -> Console:
    return Console(file=io.StringIO(), force_terminal=terminal, width=140, color_system=None, _environ={})


def drawn(
    target: Console, inputs: Inputs, *, is_hidden: bool = False, before: int = 0, delay: float = 0
) -> str:
    """What a bar draws over inputs of 1,000 records, half of which are answered."""
    with RecordsBar(target, inputs.meter, is_hidden=is_hidden, delay=delay) as bar:
        for _ in inputs.records():
            bar.has_read(1)
        if before:
            bar.resume_after(before)
        bar.has_answered(500 - before)
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.txt"
    path.write_text("great\n" * 1_000)
    return path


@pytest.mark.parametrize("before", [0, 200])
def test_records_their_rate_the_share_answered_and_the_time_left_are_shown(reviews: Path, before: int) -> None:
    text = drawn(console(terminal=True), Inputs([Source(file=str(reviews))]), before=before)
    for part in ("500 records", "/s", "50%", "left"):
        assert part in text


def test_where_nobody_knows_how_much_comes_there_is_no_time_left(
    reviews: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reviews.open() as stream:
        monkeypatch.setattr("sys.stdin", stream)
        text = drawn(console(terminal=True), Inputs([Source(file="-")]))
    assert "500 records" in text
    assert "%" not in text
    assert "left" not in text


def test_nothing_is_drawn_of_a_job_that_is_over_at_once(reviews: Path) -> None:
    assert drawn(console(terminal=True), Inputs([Source(file=str(reviews))]), delay=60) == ""


@pytest.mark.parametrize(("terminal", "is_hidden"), [(False, False), (True, True)])
def test_nothing_is_drawn_off_a_terminal_or_where_it_is_unwanted(
    reviews: Path, terminal: bool, is_hidden: bool
) -> None:
    assert drawn(console(terminal=terminal), Inputs([Source(file=str(reviews))]), is_hidden=is_hidden) == ""
