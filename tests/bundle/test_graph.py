"""The check of a graph alone, without ONNX Runtime."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imdbsent.bundle import safety
from imdbsent.bundle.card import MODEL
from imdbsent.bundle.safety import ALLOWED_OPERATORS, check_graph, read_graph
from imdbsent.errors import BundleInvalid
from imdbsent.models.store import PRETRAINED
from tests.hostile.graphs import GOOD, HostileGraph, hostile_graphs
from tests.hostile.wire import appended, node

REFUSED = [found for found in hostile_graphs() if not found.is_run and found.name != "no version"]


@pytest.mark.parametrize("model", [GOOD, *(path.read_bytes() for path in PRETRAINED.glob("*/model.onnx"))], ids=len)
def test_our_own_networks_pass(model: bytes) -> None:
    check_graph(model)


@pytest.mark.parametrize("hostile", REFUSED, ids=lambda hostile: hostile.name)
def test_it_is_refused_before_onnx_runtime_sees_it(hostile: HostileGraph) -> None:
    with pytest.raises(ValueError, match=hostile.reason):
        check_graph(hostile.content)


@pytest.mark.parametrize("domain", ALLOWED_OPERATORS)
def test_an_operator_of_the_list_passes(domain: str) -> None:
    for operator in ALLOWED_OPERATORS[domain]:
        check_graph(appended(GOOD, (1, node(operator, [], ["x"], (7, domain.encode())))))


def test_the_long_name_of_the_standard_domain_passes() -> None:
    check_graph(appended(GOOD, (1, node("MatMul", [], ["x"], (7, b"ai.onnx")))))


def test_every_operator_of_the_list_is_one_of_onnx() -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
    assert {schema.name for schema in onnx.defs.get_all_schemas() if not schema.domain} >= ALLOWED_OPERATORS[""]


def test_a_file_too_large_is_refused_before_it_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "LARGEST_FILE", 100)
    (tmp_path / MODEL).write_bytes(GOOD)
    with pytest.raises(BundleInvalid, match="larger than 100 bytes"):
        read_graph(tmp_path / MODEL)


def test_a_file_that_is_not_there_is_an_error_of_the_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid, match="model.onnx: No such file"):
        read_graph(tmp_path / MODEL)


def test_the_check_needs_no_onnx() -> None:
    modules = "imdbsent.bundle.safety, imdbsent.classify.engine"
    code = f"import sys, {modules}; assert not {{'onnx', 'google'}} & {{*sys.modules}}"
    subprocess.run([sys.executable, "-c", code], check=True)


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(GOOD) - 1), byte=st.integers(0, 255), cut=st.integers(0, len(GOOD)))
def test_a_changed_or_shortened_file_is_one_error_or_none(place: int, byte: int, cut: int) -> None:
    changed = bytearray(GOOD)
    changed[place] = byte
    for content in (bytes(changed), GOOD[:cut], GOOD[cut:]):
        with suppress(ValueError):  # nothing else comes
            check_graph(content)


@given(st.binary(max_size=200))
def test_any_bytes_are_one_error_or_none(content: bytes) -> None:
    with suppress(ValueError):
        check_graph(content)
