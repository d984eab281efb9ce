from __future__ import annotations

import os
from pathlib import Path

from imdbsent.dataset import download


def test_what_a_download_and_a_count_left_that_were_killed_goes_with_the_rest(home: Path) -> None:
    names = [f"aclImdb_v1.tar.gz{ending}" for ending in ("", ".part", ".part.validator", ".lock")]
    names += ["statistics/a-1.npz", "statistics/.a-1.npz.imdbsent-x"]
    files = [home / "cache" / name for name in names]
    (home / "cache" / "statistics").mkdir(parents=True)
    for file in [*files, home / "cache" / "other"]:
        file.write_bytes(b"1234")
    cached = download.find_cached()
    assert set(cached.files) == set(files)
    assert cached.size == 4 * len(files)
    download.remove(cached)
    assert os.listdir(home / "cache") == ["other"]
