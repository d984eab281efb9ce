"""What the HTML pages share: a frame without script or request, readable by day, by night, on a phone, and tables."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Content security policy: even markup that was not escaped by mistake could load and run nothing."""


def page_start(title: str, style_sheet: Path, skip: tuple[str, str]) -> str:
    """The part of a page before its header.

    Args:
        title: any text; it is escaped.
        style_sheet: of this page, in addition to the shared one.
        skip: identifier and name of the part that the first link goes to.
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
    """The part of a page after its main part."""
    return f"<footer><p>imdbsent {escape(__version__)}</p></footer></body></html>\n"


class Html(str):
    """A text that is already HTML, and is not escaped again."""

    __slots__ = ()


def data_table(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that scrolls in its own frame if it is too wide, also by keyboard; the first column names the row.

    Args:
        name: of the table, for screen readers.
        header: one name per column.
        rows: the cells of each row; they are escaped unless they are `Html`.
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
    """Content that a click on its summary shows."""
    return f"<details><summary>{summary}</summary>{content}</details>"
