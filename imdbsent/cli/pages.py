"""A page beside the results: whether it can be written, and the file that has its name only once it is whole."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imdbsent.errors import OutputFailed, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO


def check_place(path: Path) -> None:
    """Find out that a page cannot be written before the work, rather than after it.

    Raises:
        UsageProblem: it cannot.
    """
    if path.is_dir():
        raise UsageProblem(f"'{path}' is a folder. Type: --html '{path / 'report.html'}'")
    if not path.parent.is_dir():
        raise UsageProblem(f"there is no folder '{path.parent}'. Type: mkdir -p '{path.parent}'")
    if not os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise UsageProblem(f"the folder '{path.parent}' cannot be written. Type: --html with another PATH")


@contextmanager
def new_page(path: Path) -> Iterator[BinaryIO]:
    """Give a stream to write a page to; the file has its name only once it is whole.

    Raises:
        OutputFailed: the system refuses.
    """
    from imdbsent.records.new_file import new_file

    try:
        with new_file(path) as place, place.open("wb") as stream:
            yield stream
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error
