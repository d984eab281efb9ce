"""docs/reliability.md, whose tables are written by the benchmarks that fill them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "reliability.md"


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def replaced(page: str, name: str, content: str) -> str:
    """A page with other content between the marks `<!-- name -->` and `<!-- /name -->`.

    Raises:
        ValueError: it has no such marks.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not (found and found_end):
        raise ValueError(f"{PAGE.name} has no {begin.strip()} ... {end}")
    return f"{before}{begin}\n{content}\n\n{end}{after}"


def write(name: str, content: str) -> None:
    """Put a table into docs/reliability.md."""
    PAGE.write_text(replaced(PAGE.read_text("utf-8"), name, content), encoding="utf-8")
