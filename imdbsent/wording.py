"""Words that depend on a number, so that no message says "1 texts"."""

from __future__ import annotations


def counted(number: int, thing: str, things: str = "") -> str:
    """A number and its noun: "1 text", "2,000 texts".

    Args:
        number: how many.
        thing: the noun in the singular.
        things: the noun in the plural, if it is not just `thing` with an s.
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
