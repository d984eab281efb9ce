from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.bundle.card import MODEL
from imdbsent.classify.engine import Engine, available_cores
from imdbsent.errors import BundleInvalid, MemoryShort
from tests.hostile.graphs import HostileGraph, hostile_graphs, with_weights
from tests.hostile.wire import message, tensor

TEXTS = [[1, 5], [1], [1, 4, 6, 6], [5] * 8, [1, 6], [2, 2, 2], [1, 5, 4, 6, 2, 5, 4]]


@pytest.fixture
def engine(tiny_bundle: Bundle) -> Engine:
    return Engine(tiny_bundle.directory / MODEL)


def test_logits_come_in_the_order_of_the_texts_whatever_the_batches(engine: Engine) -> None:
    alone = [engine.logits([ids])[0] for ids in TEXTS]
    for batch_size in (1, 2, 3, 100):
        np.testing.assert_allclose(engine.logits(TEXTS, batch_size), alone, atol=1e-6)


def test_the_number_of_threads_changes_nothing(tiny_bundle: Bundle) -> None:
    texts = TEXTS * 50
    one, four = (Engine(tiny_bundle.directory / MODEL, threads).logits(texts, 4) for threads in (1, 4))
    np.testing.assert_array_equal(one, four)


def test_no_texts_give_no_logits(engine: Engine) -> None:
    assert engine.logits([]).shape == (0,)


def refusal(path: Path, content: bytes) -> str:
    """Why an engine does not start with a file, or does not answer."""
    path.write_bytes(content)
    with pytest.raises(BundleInvalid) as caught:
        Engine(path, threads=1).logits(TEXTS)
    assert caught.value.path == path.parent
    return caught.value.reason


@pytest.mark.parametrize("graph", hostile_graphs(), ids=lambda graph: graph.name)
def test_a_network_from_a_stranger_is_refused(
    tiny_bundle: Bundle, graph: HostileGraph, capfd: pytest.CaptureFixture[str]
):
    reason = refusal(tiny_bundle.directory / MODEL, graph.content)
    assert re.search(graph.reason, reason)
    assert "\n" not in reason
    assert capfd.readouterr() == ("", "")  # ONNX Runtime would tell some of it on standard error


def test_a_sound_network_that_onnx_runtime_does_not_read_is_an_error(tiny_bundle: Bundle) -> None:
    assert "not a network that ONNX Runtime can read" in refusal(tiny_bundle.directory / MODEL, message((7, b"")))


def test_weights_that_do_not_fit_each_other_are_an_error(tiny_bundle: Bundle) -> None:
    path = tiny_bundle.directory / MODEL
    path.write_bytes(with_weights("padding_cell", tensor("padding_cell", 1, [10, 2], bytes(80))))
    engine = Engine(path)
    assert engine.logits(TEXTS).shape == (len(TEXTS),)  # it answers, but cannot be looked into
    with pytest.raises(BundleInvalid, match=r"do not fit together: padding_cell has the shape \(10, 2\), not \(9, 2\)"):
        engine.weights()


def test_a_network_with_other_inputs_is_an_error(tiny_bundle: Bundle) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
    helper = onnx.helper
    tensor = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    other = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    graph = helper.make_graph([helper.make_node("Neg", ["x"], ["y"])], "other", [tensor], [other])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(tiny_bundle.directory / MODEL))
    with pytest.raises(BundleInvalid, match="other inputs or outputs"):
        Engine(tiny_bundle.directory / MODEL)


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("[ONNXRuntimeError] : std::bad_alloc"), OSError(12, "")])
def test_too_little_memory_is_no_damaged_model(
    tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def refuse(*_arguments: object, **_settings: object) -> None:
        raise error

    monkeypatch.setattr(onnxruntime, "InferenceSession", refuse)
    with pytest.raises(MemoryShort, match="not enough memory"):
        Engine(tiny_bundle.directory / MODEL)


def system(root: Path, cgroup: str, files: dict[str, str]) -> Path:
    for name, text in {"proc/self/cgroup": cgroup, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("cgroup", "files", "cores"),
    [
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "max 100000\n"}, 8),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "50000 100000\n"}, 1),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "250000 100000\n"}, 3),
        ("0::/a/b\n", {"sys/fs/cgroup/a/cpu.max": "300000 100000\n", "sys/fs/cgroup/a/b/cpu.max": "max 100000\n"}, 3),
        ("0::/\n", {}, 8),
        ("4:cpu,cpuacct:/\n0::/\n",
         {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "400000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 4),
        ("4:cpu,cpuacct:/\n",
         {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"}, 8),
    ],
)  # fmt: skip
def test_a_container_gets_as_many_workers_as_it_may_use_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cgroup: str, files: dict[str, str], cores: int
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert available_cores(system(tmp_path, cgroup, files)) == cores


@pytest.mark.parametrize(("value", "cores"), [("1", 1), ("4,2", 4), ("16", 8), ("", 8), ("nope", 8), ("0", 8)])
def test_omp_num_threads_is_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, cores: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setenv("OMP_NUM_THREADS", value)
    assert available_cores(tmp_path) == cores
