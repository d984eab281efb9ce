"""Networks from strangers: what each is, its bytes, and why it is refused. None of them needs onnx to be made."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from imdbsent.bundle.card import MODEL
from tests.hostile.wire import Field, appended, edited, field, message, node, parts_of, tensor
from tests.tiny import TINY

GOOD = (TINY / MODEL).read_bytes()
_NAN = struct.pack("<f", float("nan"))


@dataclass(frozen=True)
class HostileGraph:
    """A network that is refused.

    Attributes:
        name: what is wrong with it.
        content: the bytes of `model.onnx`.
        reason: a regular expression that the error holds.
        is_run: whether nothing is wrong with the file, and it is refused only when it runs.
    """

    name: str
    content: bytes
    reason: str
    is_run: bool = False


def hostile_graphs() -> list[HostileGraph]:
    return [*_files(), *_operators(), *_weights(), *_runs()]


def _files() -> Iterator[HostileGraph]:
    yield HostileGraph("empty", b"", "no graphs")
    yield HostileGraph("text", b"#!/bin/sh\nrm -rf /\n", "wire type")
    yield HostileGraph("a pickle", b"\x80\x04cos\nsystem\n(S'id'\ntR.", "wire type")
    yield HostileGraph("cut off", GOOD[:-1], "cut off")
    yield HostileGraph("two graphs", GOOD + GOOD, "2 graphs")
    yield HostileGraph("functions", GOOD + field(25, b""), "functions of its own")
    yield HostileGraph("training", GOOD + field(20, b""), "graphs for training")
    yield HostileGraph("a graph that is a number", field(7, 1), "not an ONNX model")
    yield HostileGraph("a number without end", b"\xff" * 20, "does not end")
    yield HostileGraph("an ORT file", b"\x1c\0\0\0ORTM" + bytes(64), "wire type")
    yield HostileGraph("millions of fields", GOOD + b"\x08\x08" * 1_000_001, "more than 1,000,000 fields")
    yield HostileGraph("thousands of operators", _many_nodes(), "more than 10,000 operators")
    yield HostileGraph("no version", message((7, b"")), "ONNX Runtime|other inputs")


def _operators() -> Iterator[HostileGraph]:
    for operator in ("If", "Loop", "Scan", "RandomNormal", "StringNormalizer", "PyOp", "ReadFile", "lstm", "LSTM\0"):
        changed = _with_node(node(operator, ["ids"], ["more"]))
        yield HostileGraph(f"operator {operator!r}", changed, "which no network of imdbsent uses")
    for domain in ("com.microsoft", "evil", "ai.onnx.ml"):
        changed = _with_node(node("MatMul", ["ids", "ids"], ["more"], (7, domain.encode())))
        yield HostileGraph(f"operator of {domain}", changed, "which no network of imdbsent uses")
    subgraph = message((1, b"body"), (6, b""), (20, 5))
    yield HostileGraph("a graph in a node", _with_node(node("Add", [], ["x"], (5, subgraph))), "another graph")
    graphs = message((1, b"bodies"), (11, b""), (20, 10))
    yield HostileGraph("graphs in a node", _with_node(node("Add", [], ["x"], (5, graphs))), "another graph")
    outside = message((1, b"value"), (5, _external("x")), (20, 4))
    yield HostileGraph("an attribute outside", _with_node(node("Constant", [], ["x"], (5, outside))), "another file")
    not_finite = message((1, b"clip"), (2, float("nan")), (20, 1))
    yield HostileGraph("an attribute NaN", _with_node(node("LSTM", [], ["x"], (5, not_finite))), "not a finite number")
    sparse = message((1, b"sparse_value"), (22, b""), (20, 11))
    yield HostileGraph("a sparse constant", _with_node(node("Constant", [], ["x"], (5, sparse))), "sparse")


def _weights() -> Iterator[HostileGraph]:
    def with_tensor(content: bytes) -> bytes:
        return appended(GOOD, (5, content))

    yield HostileGraph("weights outside", with_tensor(_external("/etc/passwd")), "another file")
    moved = tensor("x", 1, [1], b"\0" * 4, (14, 1))
    yield HostileGraph("weights said to be outside", with_tensor(moved), "another file")
    yield HostileGraph("sparse weights", appended(GOOD, (15, b"")), "sparse")
    yield HostileGraph("weights of terabytes", with_tensor(tensor("x", 1, [2**40], b"")), "not match its shape")
    yield HostileGraph("a size that overflows", with_tensor(tensor("x", 1, [2**32, 2**32], b"")), "not match its shape")
    yield HostileGraph("a negative size", with_tensor(tensor("x", 1, [-1], b"")), "negative size")
    yield HostileGraph("nine dimensions", with_tensor(tensor("x", 1, [1] * 9, b"\0" * 4)), "8 dimensions")
    yield HostileGraph("fewer numbers", with_tensor(message((1, 3), (2, 1), (4, b"\0" * 8))), "not match its shape")
    yield HostileGraph("strings", with_tensor(message((1, 1), (2, 8), (6, b"x"))), "strings")
    yield HostileGraph("complex numbers", with_tensor(tensor("x", 14, [1], b"\0" * 8)), "type 14")
    for name, kind, raw in (
        ("NaN", 1, _NAN),
        ("infinity", 1, struct.pack("<f", float("inf"))),
        ("a double NaN", 11, struct.pack("<d", float("nan"))),
        ("a half NaN", 10, struct.pack("<e", float("nan"))),
        ("a bfloat16 infinity", 16, b"\x80\x7f"),
    ):
        yield HostileGraph(name, with_tensor(tensor("x", kind, [1], raw)), "not a finite number")
    yield HostileGraph("NaN in a list", with_tensor(message((1, 1), (2, 1), (4, _NAN))), "not a finite number")


def _runs() -> Iterator[HostileGraph]:
    """Networks whose file is sound: what they compute is not."""
    for name in ("ids", "lengths", "logit"):
        renamed = edited(GOOD, partial(_renamed, name))
        yield HostileGraph(f"no {name}", renamed, "other inputs or outputs|ONNX Runtime", is_run=True)
    few = with_weights("embedding", tensor("embedding", 1, [1, 1], b"\0" * 4))
    yield HostileGraph("an embedding of one row", few, "cannot run", is_run=True)
    bias = tensor("dense_bias", 1, [1], struct.pack("<f", 3.4e38))
    steep = tensor("dense_kernel", 1, [2, 1], struct.pack("<2f", 3.4e38, 3.4e38))
    yield HostileGraph(
        "numbers that overflow",
        with_weights("dense_kernel", steep, with_weights("dense_bias", bias)),
        "not a finite number",
        is_run=True,
    )
    one = tensor("dense_bias", 1, [3], b"\0" * 12)
    yield HostileGraph("three logits a text", with_weights("dense_bias", one), "ONNX Runtime", is_run=True)
    swapped = edited(GOOD, _logit_is_embedding)
    yield HostileGraph("a logit of another shape", swapped, "of the shape|ONNX Runtime", is_run=True)


def _many_nodes() -> bytes:
    return appended(GOOD, *[(1, node("Neg", ["x"], ["y"]))] * 10_001)


def _with_node(content: bytes) -> bytes:
    return appended(GOOD, (1, content))


def _external(place: str) -> bytes:
    entry = message((1, b"location"), (2, place.encode()))
    return message((1, 1), (2, 1), (8, b"x"), (13, entry), (14, 1))


def with_weights(name: str, content: bytes, model: bytes = GOOD) -> bytes:
    """A model in which another tensor replaces the one of this name."""

    def change(number: int, value: bytes) -> list[Field]:
        is_it = number == 5 and (8, name.encode()) in parts_of(value)
        return [(number, content if is_it else value)]

    return edited(model, change)


def _renamed(name: str, number: int, value: bytes) -> list[Field]:
    """Another name for an input or output, in its declaration and where nodes name it."""
    if number not in (1, 11, 12):
        return [(number, value)]
    parts = [(key, b"other" if part == name.encode() else part) for key, part in parts_of(value)]
    return [(number, message(*parts))]


def _logit_is_embedding(number: int, value: bytes) -> list[Field]:
    """The whole embedding instead of one logit per text."""
    if number == 1 and (2, b"logit") in parts_of(value):
        return [(number, node("Identity", ["embedding"], ["logit"]))]
    if number == 12 and (1, b"logit") in parts_of(value):
        return [(number, message((1, b"logit")))]
    return [(number, value)]
