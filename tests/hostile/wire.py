"""Protocol Buffers written by hand: what a stranger can put into a file, without the onnx library that would refuse."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

Value = int | float | bytes
Field = tuple[int, Value]


def varint(number: int) -> bytes:
    number %= 2**64
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def field(number: int, value: Value) -> bytes:
    """One field: a whole number as a varint, a fraction as four bytes, bytes with their length."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(*parts: Field) -> bytes:
    return b"".join(field(number, value) for number, value in parts)


def node(operator: str, inputs: Sequence[str], outputs: Sequence[str], *rest: Field) -> bytes:
    names = [(1, name.encode()) for name in inputs] + [(2, name.encode()) for name in outputs]
    return message(*names, (4, operator.encode()), *rest)


def tensor(name: str, kind: int, dims: Sequence[int], raw: bytes, *rest: Field) -> bytes:
    return message(*((1, size) for size in dims), (2, kind), (8, name.encode()), (9, raw), *rest)


def edited(model: bytes, change: Callable[[int, bytes], Sequence[Field]]) -> bytes:
    """A model whose graph has other fields: `change` gives the replacement of each."""
    return _edited(model, lambda number, value: [(7, _edited(value, change))] if number == 7 else [(number, value)])


def appended(model: bytes, *parts: Field) -> bytes:
    """A model whose graph has more fields."""
    return _edited(model, lambda number, value: [(7, value + message(*parts))] if number == 7 else [(number, value)])


def parts_of(content: bytes) -> list[Field]:
    from imdbsent.bundle.safety import fields

    found = fields(memoryview(content))
    return [(number, value if isinstance(value, int) else bytes(value)) for number, value in found]


def _edited(content: bytes, change: Callable[[int, bytes], Sequence[Field]]) -> bytes:
    changed: list[Field] = []
    for number, value in parts_of(content):
        changed += [(number, value)] if not isinstance(value, bytes) else change(number, value)
    return message(*changed)
