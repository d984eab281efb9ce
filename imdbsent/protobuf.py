"""The wire format of Protocol Buffers, read without a schema: just enough to look into a file before it is trusted.

The format is that of https://protobuf.dev/programming-guides/encoding/: a message is a run of fields, each a number, a
wire type and a value. Nothing is copied: a value of bytes is a view of the file, so a tensor of megabytes costs nothing
to pass over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _LENGTH_DELIMITED, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT: Final = 10  # bytes, of 7 bits each
_CONTINUES: Final = 0x80
_BITS: Final = 0x7F


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message, in the order in which they stand.

    Args:
        message: its bytes.

    Yields:
        The number of each field, and its value: of a varint the number that it is, without a sign; of any other wire
        type the bytes.

    Raises:
        ValueError: it is no message.
    """
    position, end = 0, len(message)
    while position < end:
        tag, position = _varint(message, position)
        kind = tag & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield tag >> 3, value
            continue
        if kind == _LENGTH_DELIMITED:
            size, position = _varint(message, position)
        elif kind in (_EIGHT_BYTES, _FOUR_BYTES):
            size = 8 if kind == _EIGHT_BYTES else 4
        else:
            raise ValueError(f"a field has the wire type {kind}, which there is not")
        if size > end - position:
            raise ValueError("it is cut off")
        yield tag >> 3, message[position : position + size]
        position += size


def varints(packed: memoryview) -> Iterator[int]:
    """The numbers of a packed field, without signs.

    Raises:
        ValueError: it is cut off.
    """
    position = 0
    while position < len(packed):
        value, position = _varint(packed, position)
        yield value


def signed(value: int) -> int:
    """The int64 that a varint stands for."""
    return value - 2**64 if value >= 2**63 else value


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """The number at a position, modulo 2**64, and the position behind it."""
    value = 0
    for place, byte in enumerate(message[position : position + _LONGEST_VARINT]):
        value |= (byte & _BITS) << (7 * place)
        if byte < _CONTINUES:
            return value % 2**64, position + place + 1
    raise ValueError("a number in it does not end")
