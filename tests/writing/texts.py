"""The text that a writer makes of items."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from imdbsent.writing.text import TextLayout, TextWriter


def text_of(items: Iterable[Any], layout: TextLayout) -> str:
    """Write items, and read what was written."""
    stream = io.BytesIO()
    writer = TextWriter(stream, layout)
    writer.write(items)
    writer.close()
    return stream.getvalue().decode()
