from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imdbsent.reading.inputs import parse_ids

LISTS = st.lists(st.lists(st.integers(0, 100_000), min_size=1), max_size=5)


@given(LISTS)
def test_python_lists_come_back(lists: list[list[int]]):
    assert parse_ids("\n".join(map(str, lists))) == lists
    assert parse_ids(str(lists)) == lists


@given(LISTS)
def test_a_line_without_brackets_is_a_list(lists: list[list[int]]):
    assert parse_ids("\n".join(" ".join(map(str, ids)) for ids in lists)) == lists


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("1 14 22", [[1, 14, 22]]),
        ("1, 14,22", [[1, 14, 22]]),
        ("[1, 14,\n 22]", [[1, 14, 22]]),
        ("[   0    0\n    1   14]", [[0, 0, 1, 14]]),
        ("array([list([1, 14]), list([1, 5])], dtype=object)", [[1, 14], [1, 5]]),
        ("[[1 2]\n [3 4]]", [[1, 2], [3, 4]]),
        ("", []),
        ("\n\n", []),
        ("[]", []),
    ],
)
def test_ids_as_people_paste_them(text: str, lists: list[list[int]]):
    assert parse_ids(text) == lists


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 -3", "'-3' is not an id"),
        ("1.5", "'1.5' is not an id"),
        ("[0 0 ... 5]", r"'\.\.\.' is not an id"),
        ("great", "'great' is not an id"),
        ("x = [1, 2]", "'x =' is not a list"),
        ("[1, 2", "is open|is not a list"),
        ("[1, 2]]", "a bracket is not closed"),
        ("²", "is not an id"),
        ("9" * 5000, "is not an id"),
    ],
)
def test_what_is_no_id_is_named(text: str, reason: str):
    with pytest.raises(ValueError, match=reason):
        parse_ids(text)
