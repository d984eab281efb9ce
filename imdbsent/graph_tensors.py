"""The weights of a graph: each in the file itself, as large as it says, and finite."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.protobuf import signed, varints

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIMS, _TYPE, _RAW, _EXTERNAL, _LOCATION = 1, 2, 9, 13, 14
_FLOAT_DATA, _INT32_DATA, _STRING_DATA, _INT64_DATA, _DOUBLE_DATA, _UINT64_DATA = 4, 5, 6, 7, 10, 11
_NUMBERS: Final = (_FLOAT_DATA, _INT32_DATA, _INT64_DATA, _DOUBLE_DATA, _UINT64_DATA)
_WIDTHS: Final = {_FLOAT_DATA: 4, _DOUBLE_DATA: 8}  # bytes; the others are varints
_FLOAT, _FLOAT16, _DOUBLE, _BFLOAT16 = 1, 10, 11, 16
_SIZES: Final = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
"""Bytes of an element by TensorProto.DataType: numbers and truth values, no strings and no complex numbers."""
_FLOATS: Final = {_FLOAT: "<f4", _FLOAT16: "<f2", _DOUBLE: "<f8"}
_EXPONENT_OF_BFLOAT16: Final = 0x7F80  # all its bits are set in what is infinite or no number
_MOST_DIMENSIONS: Final = 8


@dataclass
class _Tensor:
    """What a tensor says of itself, gathered field by field.

    Attributes:
        kind: its TensorProto.DataType.
        dimensions: its shape.
        raw: its elements as bytes; None where they are numbers.
        numbers: how many numbers it has instead.
    """

    kind: int = 0
    dimensions: list[int] = field(default_factory=list)
    raw: memoryview | None = None
    numbers: int = 0


def check_tensor(fields: Iterable[tuple[int, int | memoryview]]) -> None:
    """Check a tensor of weights.

    Args:
        fields: those of a TensorProto, as `imdbsent.protobuf.fields` gives them.

    Raises:
        ValueError: its numbers are elsewhere, not as many as its shape says, or not finite.
    """
    tensor = _Tensor()
    for number, value in fields:
        if number == _EXTERNAL or (number == _LOCATION and value != 0):
            raise ValueError("its weights are in another file")
        if number == _DIMS:
            tensor.dimensions += map(signed, [value] if isinstance(value, int) else varints(value))
        elif number == _TYPE and isinstance(value, int):
            tensor.kind = value
        elif number == _RAW and not isinstance(value, int):
            tensor.raw = value
        elif number == _STRING_DATA:
            raise ValueError("it has weights that are strings")
        elif number in _NUMBERS:
            tensor.numbers += _numbers(number, value)
        if len(tensor.dimensions) > _MOST_DIMENSIONS:
            raise ValueError(f"one of its weights has more than {_MOST_DIMENSIONS} dimensions")
    _check_size(tensor)
    if tensor.raw is not None:
        _check_raw(tensor.kind, tensor.raw)


def check_floats(values: memoryview) -> None:
    """Check that float32 numbers are finite.

    Raises:
        ValueError: one is not, or they are cut off.
    """
    _check_finite(values, "<f4")


def _numbers(number: int, value: int | memoryview) -> int:
    """How many numbers stand in a field of them, packed or not."""
    if isinstance(value, int):
        return 1
    if number not in _WIDTHS:
        return int(np.count_nonzero(np.frombuffer(value, np.uint8) < 0x80))  # noqa: PLR2004 (the last byte of each)
    _check_finite(value, f"<f{_WIDTHS[number]}")
    return len(value) // _WIDTHS[number]


def _check_size(tensor: _Tensor) -> None:
    if tensor.kind not in _SIZES:
        raise ValueError(f"it has weights of the type {tensor.kind}, which no network here needs")
    if any(size < 0 for size in tensor.dimensions):
        raise ValueError("one of its weights has a negative size")
    elements = math.prod(tensor.dimensions)
    if tensor.raw is None:
        is_whole = tensor.numbers == elements and tensor.kind not in (_FLOAT16, _BFLOAT16)
    else:
        is_whole = len(tensor.raw) == elements * _SIZES[tensor.kind] and not tensor.numbers
    if not is_whole:
        raise ValueError("one of its weights does not have the numbers that its shape says")


def _check_raw(kind: int, raw: memoryview) -> None:
    if kind in _FLOATS:
        _check_finite(raw, _FLOATS[kind])
    elif kind == _BFLOAT16:
        halves = np.frombuffer(raw, "<u2") & _EXPONENT_OF_BFLOAT16
        if (halves == _EXPONENT_OF_BFLOAT16).any():
            raise ValueError("one of its weights is not a finite number")


def _check_finite(values: memoryview, kind: str) -> None:
    if not np.isfinite(np.frombuffer(values, kind)).all():
        raise ValueError("one of its weights is not a finite number")
