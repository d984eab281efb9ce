from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.nursery import close_nursery


@pytest.fixture(scope="session", autouse=True)
def _nursery() -> Iterator[None]:
    """The process that forks commands ends with the tests."""
    yield
    close_nursery()
