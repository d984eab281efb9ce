"""Some seconds of what `python -m benchmarks.load --minutes 60` does for an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import load
from tests.tiny import TINY

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="there is no /proc to measure in"),
]


def test_no_record_is_lost_or_doubled_while_the_reader_stalls_and_goes_on() -> None:
    result = load.run(3, ["--model", str(TINY), "--workers", "1"])
    assert result.is_whole, result
    assert result.errors == ""
    assert result.sent > 1000
    assert all(sixth.memory > 10_000_000 for sixth in result.sixths)
    assert all(sixth.ratio == pytest.approx(sixth.speed / sixth.beside) for sixth in result.sixths)


def test_a_machine_that_becomes_slower_is_no_change_of_the_command() -> None:
    first, slower, worse = (load.Sixth(10, records, 1e8, beside) for records, beside in ((90, 3), (60, 2), (60, 3)))
    changes = [load.Load((first,) * 5 + (last,), 0, 0, 0, 0, "").change for last in (first, slower, worse)]
    assert changes == pytest.approx([0, 0, -1 / 3])


def test_the_reader_stalls_in_each_sixth_at_the_same_times() -> None:
    assert list(load.stalls(600, 1)) == list(load.stalls(600, 1))
    assert len(list(load.stalls(600, 1))) > 30
    assert list(load.stalls(600, 1)) != list(load.stalls(600, 2))


def test_what_is_lost_doubled_or_out_of_order_is_seen() -> None:
    """The benchmark could fail: its reader counts each row that is not the next one."""
    import io
    from types import SimpleNamespace

    for numbers, wrong in (([0, 1, 2], 0), ([0, 2, 3], 2), ([0, 0, 1], 2), ([1, 0, 2], 2)):
        rows = io.BytesIO(b"".join(load.record(number) for number in numbers))
        reader = load._Reader(SimpleNamespace(stdout=rows))  # type: ignore[arg-type]
        reader.read_until(float("inf"))
        assert (reader.received, reader.wrong) == (3, wrong)
