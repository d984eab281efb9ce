"""What a network in a bundle may be, checked before ONNX Runtime sees it.

A graph is a program: nodes compute, and some operators of ONNX loop, draw random numbers, or read other files. So a
graph is read here first, field by field and without the `onnx` library (a tenth of a second to import, and a parser of
C++ that would itself meet the file unchecked): every operator must be one that a network for sentiment needs, every
weight must stand in the file itself, be as large as it says, and be a finite number.
Field numbers are those of `onnx.proto`, https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from imdbsent.bundle import LARGEST_FILE
from imdbsent.errors import BundleInvalid
from imdbsent.graph_tensors import check_floats, check_tensor
from imdbsent.protobuf import fields

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
"""The operators that a graph may have, by domain: those of the networks here, and what quantizing and pooling take.

None of them holds another graph (If, Loop, Scan), keeps anything, draws a random number, or reads or writes a file.
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


def read_graph(model: Path) -> bytes:
    """The bytes of a graph that is safe to run.

    Args:
        model: path of `model.onnx`.

    Raises:
        BundleInvalid: it cannot be read, or is not what a network of a bundle may be.
    """
    try:
        content = _read(model)
        check_graph(content)
    except OSError as error:
        raise BundleInvalid(model.parent, f"{model.name}: {error.strerror or error}") from error
    except ValueError as error:
        raise BundleInvalid(model.parent, f"{model.name} is no network that is safe to run: {error}") from error
    return content


def check_graph(content: bytes) -> None:
    """Check that a graph is what a network of a bundle may be.

    Args:
        content: an ONNX ModelProto.

    Raises:
        ValueError: it is no ONNX model, or has an operator, a weight or a part that none needs; the message says which.
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
        raise ValueError(f"it has the operator {full_name[:60]!r}, which no network here needs")


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
    """The fields of a message, as long as the whole file has not too many: millions of empty ones would take hours."""
    for field in fields(message):
        if next(budget) > _MOST_FIELDS:
            raise ValueError(f"it has more than {_MOST_FIELDS:,} fields")
        yield field


def _message(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("it is no ONNX model: a number stands where a message should")
    return value


def _read(model: Path) -> bytes:
    with model.open("rb") as stream:
        content = stream.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise ValueError(f"it is larger than {LARGEST_FILE:,} bytes")
    return content
