"""The libraries of pyproject.toml for pip, at one end of their ranges: `python -m tests.supply.ranges lowest`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

PROJECT = Path(__file__).parent.parent.parent / "pyproject.toml"
TRAINING = ("tensorflow", "onnx")
"""What is left out: the light environment does everything but training."""
_REQUIREMENT = re.compile(r'^ *"([A-Za-z0-9_.-]+)(\[[a-z,]+\])?([^";]*)(;[^"]*)?"', re.MULTILINE)


def requirements() -> dict[str, str]:
    """The range of each library that answering needs, without markers of other Pythons, and Parquet's."""
    text = PROJECT.read_text("utf-8")
    blocks = (_block(text, "dependencies = ["), _block(text, "parquet = ["))
    found = [match for block in blocks for match in _REQUIREMENT.finditer(block) if not match[4]]
    return {match[1]: match[3].strip() for match in found if match[1] not in TRAINING}


def lowest() -> list[str]:
    """Each library at the oldest version of its range."""
    pinned = []
    for name, versions in requirements().items():
        (low,) = re.findall(r">=([0-9.]+)", versions)
        pinned.append(f"{name}=={low}")  # 4 is 4.0.0
    return pinned


def newest() -> list[str]:
    """Each library with its range: pip takes the newest."""
    return [name + versions for name, versions in requirements().items()]


def _block(text: str, start: str) -> str:
    """A list of TOML, on a line or on several, each item at the beginning of a line."""
    begin = text.index(start) + len(start)
    end = re.compile(r"^\]|\] *(#.*)?$", re.MULTILINE).search(text, begin)
    assert end is not None
    return "\n " + text[begin : end.start()]


if __name__ == "__main__":
    print("\n".join({"lowest": lowest, "newest": newest}[sys.argv[1]]()))  # noqa: T201
