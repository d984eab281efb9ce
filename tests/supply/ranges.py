"""The libraries of pyproject.toml for pip, at one end of their ranges: `python -m tests.supply.ranges lowest [all]`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PROJECT = Path(__file__).parent.parent.parent / "pyproject.toml"
TRAINING = ("tensorflow", "onnx")
"""What the light environment leaves out: it does everything but training."""
LIGHT = ("dependencies", "parquet")
ALL = (*LIGHT, "excel", "teacher", "ray", "tensorboard")
"""The lists of pyproject.toml: what every user installs, and the extras; without `test`, `dev` and `docs`."""
_REQUIREMENT = re.compile(r'(?:^ *|, )"([A-Za-z0-9_.-]+)(\[[a-z,]+\])?([^";]*)(;[^"]*)?"', re.MULTILINE)


def requirements(lists: Sequence[str] = LIGHT) -> dict[str, str]:
    """The range of each library of some lists, without markers of other Pythons; what trains is left out of `LIGHT`."""
    text = PROJECT.read_text("utf-8")
    blocks = [_block(text, f"\n{name} = [") for name in lists]
    found = [match for block in blocks for match in _REQUIREMENT.finditer(block) if not match[4]]
    left_out = TRAINING if lists == LIGHT else ()
    return {match[1] + (match[2] or ""): match[3].strip() for match in found if match[1] not in left_out}


def lowest(lists: Sequence[str] = LIGHT) -> list[str]:
    """Each library at the oldest version of its range."""
    pinned = []
    for name, versions in requirements(lists).items():
        (low,) = re.findall(r">=([0-9.]+)", versions)
        pinned.append(f"{name}=={low}")  # 4 is 4.0.0
    return pinned


def newest(lists: Sequence[str] = LIGHT) -> list[str]:
    """Each library with its range: pip takes the newest."""
    return [name + versions for name, versions in requirements(lists).items()]


def _block(text: str, start: str) -> str:
    """A list of TOML, on a line or on several, each item at the beginning of a line."""
    begin = text.index(start) + len(start)
    end = re.compile(r"^\]|\] *(#.*)?$", re.MULTILINE).search(text, begin)
    assert end is not None
    return "\n " + text[begin : end.start()]


if __name__ == "__main__":
    lists = ALL if "all" in sys.argv else LIGHT
    print("\n".join({"lowest": lowest, "newest": newest}[sys.argv[1]](lists)))  # noqa: T201
