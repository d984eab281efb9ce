from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imdbsent.bundle.safety import fields, signed, varints
from tests.hostile.wire import field, message, parts_of, varint

VALUES = st.integers(0, 2**64 - 1) | st.binary(max_size=40)


@given(st.lists(st.tuples(st.integers(1, 2**29 - 1), VALUES), max_size=8))
def test_what_was_written_is_read(parts: list[tuple[int, int | bytes]]) -> None:
    assert parts_of(message(*parts)) == parts


def test_four_and_eight_bytes_are_views() -> None:
    content = varint(1 << 3 | 5) + b"abcd" + varint(2 << 3 | 1) + b"abcdefgh"
    assert [(number, bytes(value)) for number, value in fields(memoryview(content)) if not isinstance(value, int)] == [
        (1, b"abcd"),
        (2, b"abcdefgh"),
    ]


@given(st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_packed_numbers_keep_their_signs(numbers: list[int]) -> None:
    packed = b"".join(map(varint, numbers))
    assert list(map(signed, varints(memoryview(packed)))) == numbers


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"\x0b", "wire type 3"),
        (field(1, b"abc")[:-1], "cut off"),
        (varint(1 << 3 | 5) + b"abc", "cut off"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "cut off"),
        (b"\x80", "does not end"),
        (b"\x80" * 11, "does not end"),
    ],
)
def test_what_is_no_message_is_an_error(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        list(fields(memoryview(content)))
