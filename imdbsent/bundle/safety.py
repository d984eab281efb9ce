"""What a network in a bundle may be and may return: a bundle from a stranger is checked before and after it runs.

A graph is a program: its nodes compute, and some operators of ONNX loop, draw random numbers, or read other files. So
`read_graph` checks a graph before ONNX Runtime sees it, field by field and without the `onnx` library, which takes a
tenth of a second to import and whose C++ parser would meet the file unchecked. Every operator must be one that a
network for sentiment needs; every weight must be in the file itself, as large as it says, and a finite number.
`run_graph` then checks what the graph returns.

From top to bottom: the graph, its weights, its outputs, and the wire format of Protocol Buffers that they are read
from. Field numbers are those of `onnx.proto`, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto; the wire format
is described in https://protobuf.dev/programming-guides/encoding/.
"""

from __future__ import annotations

import math
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.bundle.bundle import LARGEST_FILE
from imdbsent.errors import BundleInvalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

ALLOWED_OPERATORS: Final = {
    "": frozenset(
        [
            "Add", "And", "ArgMax", "Cast", "Clip", "Concat", "Constant", "ConstantOfShape", "CumSum",
            "DequantizeLinear", "Div", "Equal", "Expand", "Gather", "GatherElements", "GatherND", "Greater",
            "Identity", "LSTM", "Less", "MatMul", "Max", "Min", "Mod", "Mul", "Neg", "Not", "OneHot", "Or", "Pad",
            "Range", "ReduceMax", "ReduceMean", "ReduceSum", "Reshape", "ScatterElements", "ScatterND", "Shape",
            "Sigmoid", "Slice", "Split", "Squeeze", "Sub", "Tanh", "Tile", "TopK", "Transpose", "Unsqueeze",
            "Where",
        ]
    ),
    "com.microsoft": frozenset(["DynamicQuantizeLSTM"]),
}
"""The operators that a graph may have, by domain: those of our networks, of quantization and of pooling.

None of them contains another graph (If, Loop, Scan), keeps state, draws a random number, or reads or writes a file.
"ai.onnx" is another name of the domain "".
"""

_MOST_NODES: Final = 10_000
_MOST_FIELDS: Final = 1_000_000

_MODEL_GRAPH, _MODEL_TRAINING, _MODEL_FUNCTIONS = 7, 20, 25
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_SPARSE = 1, 5, 15
_NODE_OPERATOR, _NODE_ATTRIBUTE, _NODE_DOMAIN = 4, 5, 7
_ATTRIBUTE_FLOAT, _ATTRIBUTE_TENSOR, _ATTRIBUTE_FLOATS, _ATTRIBUTE_TENSORS = 2, 5, 7, 10
_ATTRIBUTE_GRAPHS: Final = (6, 11)
_ATTRIBUTE_SPARSE: Final = (22, 23)

_DIMS, _TYPE, _RAW, _EXTERNAL, _LOCATION = 1, 2, 9, 13, 14
_FLOAT_DATA, _INT32_DATA, _STRING_DATA, _INT64_DATA, _DOUBLE_DATA, _UINT64_DATA = 4, 5, 6, 7, 10, 11
_NUMBERS: Final = (_FLOAT_DATA, _INT32_DATA, _INT64_DATA, _DOUBLE_DATA, _UINT64_DATA)
_WIDTHS: Final = {_FLOAT_DATA: 4, _DOUBLE_DATA: 8}  # bytes; the others are varints
_FLOAT, _FLOAT16, _DOUBLE, _BFLOAT16 = 1, 10, 11, 16
_SIZES: Final = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
"""Bytes of an element by TensorProto.DataType: numbers and booleans, but no strings and no complex numbers."""
_FLOATS: Final = {_FLOAT: "<f4", _FLOAT16: "<f2", _DOUBLE: "<f8"}
_EXPONENT_OF_BFLOAT16: Final = 0x7F80  # all these bits are set in infinity and NaN
_MOST_DIMENSIONS: Final = 8

_VARINT, _EIGHT_BYTES, _LENGTH_DELIMITED, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT: Final = 10  # bytes, of 7 bits each
_CONTINUES: Final = 0x80
_BITS: Final = 0x7F


def read_graph(model: Path) -> bytes:
    """Read a graph, and check that it is safe to run.

    Args:
        model: path of `model.onnx`.

    Returns:
        Its bytes.

    Raises:
        BundleInvalid: it cannot be read, or is not safe to run.
    """
    try:
        return checked_graph(model, _read(model))
    except OSError as error:
        raise BundleInvalid(model.parent, f"{model.name}: {error.strerror or error}") from error


def checked_graph(model: Path, content: bytes) -> bytes:
    """Check that a graph is safe to run.

    Args:
        model: path of `model.onnx`, for the message.
        content: what was read from it.

    Returns:
        The content.

    Raises:
        BundleInvalid: it is not safe to run.
    """
    try:
        check_graph(content)
    except ValueError as error:
        raise BundleInvalid(model.parent, f"{model.name} is not a network that is safe to run: {error}") from error
    return content


def check_graph(content: bytes) -> None:
    """Check that a graph is safe to run.

    Args:
        content: an ONNX ModelProto.

    Raises:
        ValueError: it is not an ONNX model, or has an operator, a weight or a part that no network here needs.
    """
    graphs = 0
    budget = count()
    for number, value in _fields(memoryview(content), budget):
        if number == _MODEL_GRAPH:
            graphs += 1
            _check_graph(_message(value), budget)
        elif number == _MODEL_FUNCTIONS:
            raise ValueError("it has functions of its own")
        elif number == _MODEL_TRAINING:
            raise ValueError("it has graphs for training")
    if graphs != 1:
        raise ValueError(f"it has {graphs or 'no'} graphs")


def _check_graph(graph: memoryview, budget: Iterator[int]) -> None:
    nodes = 0
    for number, value in _fields(graph, budget):
        if number == _GRAPH_NODE:
            nodes += 1
            _check_node(_message(value), budget)
        elif number == _GRAPH_INITIALIZER:
            check_tensor(_fields(_message(value), budget))
        elif number == _GRAPH_SPARSE:
            raise ValueError("it has sparse weights")
        if nodes > _MOST_NODES:
            raise ValueError(f"it has more than {_MOST_NODES:,} operators")


def _check_node(node: memoryview, budget: Iterator[int]) -> None:
    operator = domain = b""
    for number, value in _fields(node, budget):
        if number == _NODE_OPERATOR:
            operator = bytes(_message(value))
        elif number == _NODE_DOMAIN:
            domain = bytes(_message(value))
        elif number == _NODE_ATTRIBUTE:
            _check_attribute(_message(value), budget)
    name, of = operator.decode("utf-8", "replace"), domain.decode("utf-8", "replace")
    if name not in ALLOWED_OPERATORS.get("" if of == "ai.onnx" else of, ()):
        full_name = f"{of}.{name}" if of else name
        raise ValueError(f"it has the operator {full_name[:60]!r}, which no network of imdbsent uses")


def _check_attribute(attribute: memoryview, budget: Iterator[int]) -> None:
    for number, value in _fields(attribute, budget):
        if number in _ATTRIBUTE_GRAPHS:
            raise ValueError("one of its operators holds another graph")
        if number in _ATTRIBUTE_SPARSE:
            raise ValueError("it has sparse weights")
        if number in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
            check_tensor(_fields(_message(value), budget))
        elif number in (_ATTRIBUTE_FLOAT, _ATTRIBUTE_FLOATS):
            check_floats(_message(value))


def _fields(message: memoryview, budget: Iterator[int]) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message, up to a total for the file: millions of empty ones would take hours."""
    for found in fields(message):
        if next(budget) > _MOST_FIELDS:
            raise ValueError(f"it has more than {_MOST_FIELDS:,} fields")
        yield found


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("it is not an ONNX model: there is a number in place of a message")
    return value


def _read(model: Path) -> bytes:
    with model.open("rb") as stream:
        if os.fstat(stream.fileno()).st_size > LARGEST_FILE:
            raise BundleInvalid(model.parent, f"{model.name} is larger than {LARGEST_FILE:,} bytes")
        return stream.read()


@dataclass
class _Tensor:
    """What a tensor declares, collected field by field.

    Attributes:
        kind: its TensorProto.DataType.
        dimensions: its shape.
        raw: its elements as bytes; None if they are given as numbers.
        numbers: how many elements are given as numbers.
    """

    kind: int = 0
    dimensions: list[int] = field(default_factory=list)
    raw: memoryview | None = None
    numbers: int = 0


def check_tensor(fields: Iterable[tuple[int, int | memoryview]]) -> None:
    """Check a tensor of weights.

    Args:
        fields: the fields of a TensorProto.

    Raises:
        ValueError: its numbers are in another file, not finite, or not as many as its shape says.
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
        ValueError: one is not finite, or they are truncated.
    """
    _check_finite(values, "<f4")


def _numbers(number: int, value: int | memoryview) -> int:
    """How many numbers a field has, packed or not."""
    if isinstance(value, int):
        return 1
    if number not in _WIDTHS:
        return int(np.count_nonzero(np.frombuffer(value, np.uint8) < 0x80))  # noqa: PLR2004 (the last byte of each)
    _check_finite(value, f"<f{_WIDTHS[number]}")
    return len(value) // _WIDTHS[number]


def _check_size(tensor: _Tensor) -> None:
    if tensor.kind not in _SIZES:
        raise ValueError(f"it has weights of the type {tensor.kind}, which no network of imdbsent uses")
    if any(size < 0 for size in tensor.dimensions):
        raise ValueError("one of its weights has a negative size")
    elements = math.prod(tensor.dimensions)
    if tensor.raw is None:
        is_whole = tensor.numbers == elements and tensor.kind not in (_FLOAT16, _BFLOAT16)
    else:
        is_whole = len(tensor.raw) == elements * _SIZES[tensor.kind] and not tensor.numbers
    if not is_whole:
        raise ValueError("one of its weights does not match its shape")


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


def run_graph(session: Any, names: Sequence[str], feed: Mapping[str, npt.NDArray[np.int32]], model: Path) -> list[Any]:
    """Run a graph on a batch.

    Args:
        session: an `onnxruntime.InferenceSession`.
        names: of the outputs.
        feed: the inputs, `ids` of shape (B, T) and `lengths` of shape (B,).
        model: path of the graph, for the error.

    Returns:
        An array for each name; `hidden` has the shape (T, B, H), without the axis of the directions.

    Raises:
        BundleInvalid: it cannot run on these ids, or its outputs are not finite or have the wrong shape.
    """
    try:
        outputs: list[Any] = session.run(list(names), dict(feed))
    except Exception as error:  # its exceptions have no common base but Exception
        raise BundleInvalid(model.parent, f"{model.name} cannot run: {_first_line(error)}") from error
    texts, length = feed["ids"].shape
    for index, name in enumerate(names):
        _check_numbers(name, outputs[index], model)
        if name == "hidden":
            outputs[index] = _of_one_direction(outputs[index])
        _check_shape(name, outputs[index], texts, length, model)
    return outputs


@contextmanager
def numbers_that_fit(directory: Path) -> Iterator[None]:
    """Turn errors of NumPy about weights whose shapes do not match into BundleInvalid.

    Args:
        directory: the folder of the bundle.

    Raises:
        BundleInvalid: NumPy cannot multiply, slice or index the weights.
    """
    try:
        yield
    except (ValueError, IndexError, TypeError) as error:
        raise BundleInvalid(directory, f"its weights do not fit together: {_first_line(error)}") from error


def _check_numbers(name: str, output: Any, model: Path) -> None:
    if not isinstance(output, np.ndarray) or output.dtype.kind != "f":
        raise BundleInvalid(model.parent, f"{model.name} returns a {name} that is not floating-point")
    if not np.isfinite(output).all():
        raise BundleInvalid(model.parent, f"{model.name} returns a {name} that is not a finite number")


def _of_one_direction(hidden: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """Hidden states of shape (T, B, H); a graph may return them like the LSTM operator, (T, 1, B, H)."""
    return hidden[:, 0] if hidden.ndim == 4 and hidden.shape[1] == 1 else hidden  # noqa: PLR2004 (the axes above)


def _check_shape(name: str, output: Any, texts: int, length: int, model: Path) -> None:
    shapes = {
        "logit": (texts,),
        "hidden": (length, texts, *output.shape[2:3]),
        "contributions": (texts, length),
        "bias": (1,),
    }
    expected = shapes.get(name, output.shape)
    if output.shape != expected:
        raise BundleInvalid(
            model.parent, f"{model.name} returns a {name} of the shape {output.shape} for {texts} x {length} ids"
        )


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """The fields of a message, in order. Nothing is copied: a value of bytes is a view of the message.

    Args:
        message: its bytes.

    Yields:
        The number of each field, and its value: an unsigned number for a varint, bytes for any other wire type.

    Raises:
        ValueError: it is not a message.
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
            raise ValueError(f"a field has the unknown wire type {kind}")
        if size > end - position:
            raise ValueError("it is cut off")
        yield tag >> 3, message[position : position + size]
        position += size


def varints(packed: memoryview) -> Iterator[int]:
    """The unsigned numbers of a packed field.

    Raises:
        ValueError: it is truncated.
    """
    position = 0
    while position < len(packed):
        value, position = _varint(packed, position)
        yield value


def signed(value: int) -> int:
    """The int64 that an unsigned varint encodes."""
    return value - 2**64 if value >= 2**63 else value


def _varint(message: memoryview, position: int) -> tuple[int, int]:
    """The number at a position, modulo 2**64, and the position after it."""
    value = 0
    for index, byte in enumerate(message[position : position + _LONGEST_VARINT]):
        value |= (byte & _BITS) << (7 * index)
        if byte < _CONTINUES:
            return value % 2**64, position + index + 1
    raise ValueError("a number in it does not end")
