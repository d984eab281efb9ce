"""Run the commands on the pages that show output, and replace the output by what they print now.

The tutorial needs the reviews: IMDBSENT_ACLIMDB=aclImdb_v1.tar.gz python docs/transcript.py

A block that is run looks like this. A line `...` replaces lines that are left out; the number of lines before and after
it stays the same:

    ```console
    $ imdbsent inspect decode 1 14 22 16
    this film was
    ```
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from running import ROOT, printed

PAGE: Final = ROOT / "docs" / "tutorial.md"
PAGES: Final = (ROOT / "README.md", *(ROOT / "docs" / f"{name}.md" for name in ("train", "explanations", "your-csv")))
"""The other pages with output; they do not need the reviews."""
WIDTH: Final = 100  # columns
LEFT_OUT: Final = "..."
_BLOCK: Final = re.compile(r"```console\n\$ ([^\n]*)\n(.*?)```\n", re.DOTALL)


def rerun(page: str) -> str:
    """The page, with what its commands print now."""
    blocks = [(match[1], match[2]) for match in _BLOCK.finditer(page)]
    with ThreadPoolExecutor() as pool:
        fresh = iter(list(pool.map(lambda block: _output(*block), blocks)))
    return _BLOCK.sub(lambda match: f"```console\n$ {match[1]}\n{next(fresh)}```\n", page)


def _output(command: str, old: str) -> str:
    """What a command prints, cut like the old output."""
    lines, kept = printed(command, width=WIDTH).splitlines(keepends=True), old.splitlines()
    if LEFT_OUT in kept:
        before = kept.index(LEFT_OUT)
        after = len(kept) - before - 1
        lines = [*lines[:before], LEFT_OUT + "\n", *lines[len(lines) - after :]]
    return "".join(lines)


if __name__ == "__main__":
    for page in (*PAGES, PAGE):
        page.write_text(rerun(page.read_text("utf-8")), encoding="utf-8", newline="\n")
