from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _in_the_foreground() -> Iterator[None]:
    """Ctrl-C is heard, as on a terminal, also where pytest itself runs behind an `&`."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
