"""What the HTML pages share: a frame without script or request, readable by day, by night, on a phone; tables."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Content security policy: a text that found a way through the escaping could still load and run nothing."""


def page_start(title: str, style_sheet: Path, skip: tuple[str, str]) -> str:
    """All of a page that stands before its header.

    Args:
        title: any text; it is escaped.
        style_sheet: of this page, beside the one that all pages share.
        skip: identifier and name of the part that the first link leads to.
    """
    shared = Path(__file__).with_suffix(".css")
    style = "".join(path.read_text(encoding="utf-8") for path in (shared, style_sheet))
    key, name = skip
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{style}</style></head>\n"
        f'<body><a class="skip" href="#{key}">Skip to {name}</a>\n'
    )


def page_end() -> str:
    """All of a page that stands after its main part."""
    return f"<footer><p>imdbsent {escape(__version__)}</p></footer></body></html>\n"


class Html(str):
    """A text that is HTML already: it is not escaped again."""

    __slots__ = ()


def data_table(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that scrolls in its own frame where it is too wide, by keyboard too; the first column names the row.

    Args:
        name: of the table, for those who do not see it.
        header: a name a column.
        rows: the cells of each row; they are escaped, unless they are `Html`.
    """
    head = "".join(f'<th scope="col"><bdi>{escape(cell)}</bdi></th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row"><bdi>{escape(first)}</bdi></th>'
        + "".join(f"<td>{cell if isinstance(cell, Html) else escape(cell)}</td>" for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(name)}"><table><thead><tr>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></div>"
    )


def folded(summary: str, content: str) -> str:
    """Content that is seen once its summary is clicked."""
    return f"<details><summary>{summary}</summary>{content}</details>"
