"""Benchmarks: each module prints the figures that the documents quote, beside something run at the same time."""

from __future__ import annotations

import argparse
import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imdbsent.dataset.aclimdb import Review


def machine() -> str:
    """The machine, in a line."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}"


def data_argument(parser: argparse.ArgumentParser) -> None:
    """Add `--data` to a benchmark's arguments."""
    parser.add_argument("--data", type=Path, help="archive or folder of the IMDB reviews; else found as imdbsent does")


def labeled_reviews(named: Path | None, *splits: str) -> list[Review]:
    """The 25,000 labeled reviews of each split."""
    from imdbsent.dataset.aclimdb import read_reviews
    from imdbsent.dataset.download import find_or_fetch

    return read_reviews(find_or_fetch(named), [f"{split}/{kind}" for split in splits for kind in ("neg", "pos")])
