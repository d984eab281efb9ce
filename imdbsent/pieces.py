"""A long text in pieces, so that its words need not all be held at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE: Final = 2**20
"""Characters of a piece; a text of a hundred million has twenty million words, which would take a gigabyte."""

_BLANK: Final = re.compile("[ \t\n]")


def pieces(text: str) -> Iterator[str]:
    """Cut a text at blanks: the words of its pieces, in order, are the words of the text.

    Args:
        text: any text.

    Yields:
        Pieces of `PIECE` characters or a word more; together they are the text.
    """
    start = 0
    while len(text) - start > PIECE:
        blank = _BLANK.search(text, start + PIECE)
        if blank is None:
            break
        yield text[start : blank.end()]
        start = blank.end()
    yield text[start:] if start else text
