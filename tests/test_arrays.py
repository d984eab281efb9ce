from __future__ import annotations

import gc
import resource
import signal
from pathlib import Path

import numpy as np
import pytest

from imdbsent.files import write_arrays


@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_written_is_read_again_under_its_name(tmp_path: Path, compressed: bool) -> None:
    path = tmp_path / "counts.npz"
    write_arrays(path, {"old": np.zeros(3)})
    write_arrays(path, {"lengths": np.arange(1_000), "key": "a key"}, compressed=compressed)
    with np.load(path) as found:
        assert found.files == ["lengths", "key"]
        assert found["lengths"].tolist() == list(range(1_000))
        assert str(found["key"]) == "a key"
    assert (path.stat().st_size < 4_000) == compressed
    assert [place.name for place in tmp_path.iterdir()] == ["counts.npz"]


def test_a_disk_that_fills_leaves_the_last_file_and_no_exception_behind_the_one_that_is_raised(tmp_path: Path) -> None:
    path = tmp_path / "counts.npz"
    write_arrays(path, {"lengths": np.arange(3)})
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # so that a write fails instead of ending the process
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_arrays(path, {"lengths": np.random.default_rng(0).normal(size=10_000)})
        gc.collect()  # an archive left open would say so here, which pytest takes for an error
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    with np.load(path) as found:
        assert found["lengths"].tolist() == [0, 1, 2]
    assert [place.name for place in tmp_path.iterdir()] == ["counts.npz"]
