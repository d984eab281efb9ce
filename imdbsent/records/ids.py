"""Lists of word ids as people paste them: bare numbers, Python lists, printed numpy arrays."""

from __future__ import annotations

import re
from typing import Final

_INNERMOST: Final = re.compile(r"\[([^\[\]]*)\]")
_WRAPPING: Final = re.compile(r"(?:list|array|np\.array|dtype=\w+|[\s,()\[\]])*")
_LARGEST: Final = 12  # digits; more are no id, and Python refuses to read numbers of thousands


def parse_ids(text: str) -> list[list[int]]:
    """Read lists of ids.

    Args:
        text: lists in brackets, each over as many lines as it likes and nested as Keras's arrays are
            (`array([list([1, 14]), list([1, 5])], dtype=object)`); or, without a bracket, a list a line.
            Numbers stand apart by blanks or commas.

    Returns:
        The lists in order; lines and brackets with nothing in them are no list.

    Raises:
        ValueError: something in it is no id; the message names it.
    """
    if "[" not in text and "]" not in text:
        lists = [_numbers(line) for line in text.splitlines()]
    else:
        outside = _INNERMOST.sub(" ", text)
        stray = _WRAPPING.sub("", outside, count=1)
        if stray:
            raise ValueError(f"{_excerpt(stray)} is no list of ids")
        if text.count("[") != text.count("]"):
            raise ValueError("a bracket is open: the list is not whole")
        lists = [_numbers(inside) for inside in _INNERMOST.findall(text)]
    return [ids for ids in lists if ids]


def _numbers(text: str) -> list[int]:
    ids = []
    for item in text.replace(",", " ").split():
        if not (item.isascii() and item.isdigit() and len(item) <= _LARGEST):
            raise ValueError(f"{_excerpt(item)} is no id")
        ids.append(int(item))
    return ids


def _excerpt(text: str) -> str:
    return repr(" ".join(text.split())[:30])
