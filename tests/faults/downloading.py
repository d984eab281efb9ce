"""What the tests of downloads share: a file, a site that has it, and the asking for it without its pauses."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path

import pytest

from imdbsent.errors import DownloadFailed, ExitCode
from imdbsent.fetch import RetryPolicy, download
from tests.server import Answer, serving

CONTENT = random.Random(0).randbytes(400_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
QUICK = RetryPolicy(stall=0.3, fruitless=4, attempts=20, first_pause=1, longest_pause=60)
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


def fetch(address: str, target: Path, largest: int = len(CONTENT)) -> bytes:
    path = download(f"{address}/file", target, SHA256, largest=largest, progress=None, next_step="Try again")
    assert os.listdir(target.parent) == [target.name]  # no part, no lock
    return path.read_bytes()


def fetch_from(answer: Answer, target: Path) -> bytes:
    with serving(answer) as address:
        return fetch(address, target)


def refused(answer: Answer, target: Path, reason: str, largest: int = len(CONTENT)) -> DownloadFailed:
    with serving(answer) as address, pytest.raises(DownloadFailed, match=reason) as caught:
        fetch(address, target, largest)
    assert caught.value.exit_code is ExitCode.NETWORK_OR_INTEGRITY
    assert "\n" not in str(caught.value)
    assert str(caught.value).endswith("Try again")
    return caught.value
