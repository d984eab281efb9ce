from __future__ import annotations

import threading
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from imdbsent.reading.columns import SeenIds


@given(st.lists(st.text(st.characters(codec="utf-8"), max_size=3)))
def test_an_id_that_has_been_gives_its_first_place(ids: list[str]) -> None:
    seen = SeenIds()
    first: dict[str, str] = {}
    for number, identifier in enumerate(ids):
        place = f"line {number}"
        assert seen.add(identifier, place) == first.get(identifier)
        first.setdefault(identifier, place)
    seen.close()


def test_another_thread_may_go_on() -> None:
    seen = SeenIds()
    seen.add("a", "line 1")
    found: list[str | None] = []
    thread = threading.Thread(target=lambda: found.append(seen.add("a", "line 2")))
    thread.start()
    thread.join()
    assert found == ["line 1"]
    seen.close()


def test_many_ids_take_no_memory_of_pythons() -> None:
    seen = SeenIds()
    tracemalloc.start()
    for i in range(20_000):
        seen.add(f"identifier {i}", f"line {i}")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    seen.close()
    assert peak < 200_000  # a set of them would take over a million bytes
