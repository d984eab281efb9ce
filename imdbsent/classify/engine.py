"""Ids to logits with ONNX Runtime: batches of similar length, one per thread, and no computed padding steps."""

from __future__ import annotations

import math
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import numpy as np
import onnxruntime

from imdbsent.bundle.card import MODEL
from imdbsent.bundle.safety import checked_graph, numbers_that_fit, read_graph, run_graph
from imdbsent.errors import BundleInvalid, LayersHidden, MemoryShort, is_out_of_memory
from imdbsent.text.tokenizer import PAD_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Executor

    import numpy.typing as npt

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.classify.lstm import NetworkWeights

T = TypeVar("T")

BATCH_SIZE: Final = 12
"""Texts per run of the network. The fastest from 6 to 128, by 6% over 16: small batches of similar length stay in the
cache and waste little on different lengths. ONNX Runtime multiplies matrices 12 rows at a time with AVX-512 and 6 with
AVX2, so 12 leaves no remainder."""


class Engine:
    """Runs the network of a bundle.

    Args:
        model: path of `model.onnx`: inputs `ids` int32 (batch, length) and `lengths` int32 (batch,), output `logit`.
        threads: batches that run at the same time; None for one per core that this process may use.
        graph: what was read from that path, and checked by `checked_graph`; None to read it.

    Raises:
        BundleInvalid: the graph is not safe to run, ONNX Runtime cannot read it, or it has other inputs and outputs.
    """

    def __init__(self, model: Path, threads: int | None = None, graph: bytes | None = None) -> None:
        self.threads = threads or available_cores()
        self._model = model
        options = onnxruntime.SessionOptions()
        # One thread per batch beats several on one batch: the steps of an LSTM are small and wait for each other.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # fatal only: errors are raised, and would be reported twice
        try:
            content = read_graph(model) if graph is None else graph
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except BundleInvalid:
            raise
        except Exception as error:  # its exceptions have no other common base
            if is_out_of_memory(error):
                raise MemoryShort from error
            raise BundleInvalid(model.parent, f"{model.name} is not a network that ONNX Runtime can read") from error
        inputs = {tensor.name for tensor in self._session.get_inputs()}
        self.output_names = frozenset(tensor.name for tensor in self._session.get_outputs())
        if inputs != {"ids", "lengths"} or "logit" not in self.output_names:
            raise BundleInvalid(model.parent, f"{model.name} has other inputs or outputs than ids, lengths, logit")

    @classmethod
    def of_bundle(cls, bundle: Bundle, threads: int | None = None, graph: Callable[[], bytes] | None = None) -> Engine:
        """The engine of a bundle, whose `model.onnx` is compared with its hash.

        Args:
            bundle: the bundle.
            threads: as for the class.
            graph: gives what `Bundle.read` does of it, if that is on its way; None to read it.

        Raises:
            BundleInvalid: the graph is missing or damaged, or cannot be run.
        """
        model = bundle.directory / MODEL
        return cls(model, threads, checked_graph(model, graph() if graph else bundle.read(MODEL)))

    @property
    def directory(self) -> Path:
        """The folder of the bundle."""
        return self._model.parent

    def logits(
        self, texts: Sequence[Sequence[int]], batch_size: int = BATCH_SIZE
    ) -> npt.NDArray[np.float32]:
        """Run the network over texts.

        Args:
            texts: ids of each text, none of them empty or longer than the network's maximum length.
            batch_size: texts per run.

        Returns:
            The logit of each text, in the order given, shape (texts,).
        """
        logits = self.in_batches(texts, lambda batch: self.outputs(["logit"], batch)[0], batch_size)
        return np.array(logits, np.float32)

    def in_batches(
        self,
        texts: Sequence[Sequence[int]],
        work: Callable[[Sequence[Sequence[int]]], Sequence[T]],
        batch_size: int = BATCH_SIZE,
    ) -> list[T]:
        """Do some work on batches of texts of similar length, one batch per thread.

        Args:
            texts: ids of each text.
            work: returns an item for each text of a batch.
            batch_size: texts per batch.

        Returns:
            The item of each text, in the order given.
        """
        longest_first = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        batches = [longest_first[k : k + batch_size] for k in range(0, len(texts), batch_size)]
        run = self._pool.map if self.threads > 1 and len(batches) > 1 else map
        items: dict[int, T] = {}
        for rows, found in zip(batches, run(work, ([texts[i] for i in rows] for rows in batches))):
            items.update(zip(rows, found))
        return [items[i] for i in range(len(texts))]

    @cached_property
    def _pool(self) -> Executor:
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (one text needs no threads)

        return ThreadPoolExecutor(self.threads)

    def outputs(self, names: Sequence[str], texts: Sequence[Sequence[int]]) -> list[Any]:
        """Outputs of the graph over one batch of texts.

        Args:
            names: of the outputs.
            texts: ids of each text, none of them empty or longer than the network's maximum length.

        Returns:
            An array for each name.

        Raises:
            LayersHidden: the graph has no output of that name, because it is not the tutorials' network.
            BundleInvalid: an output is not numeric.
        """
        if not self.output_names.issuperset(names):
            raise LayersHidden(self._model.parent.name)
        lengths = np.array([len(ids) for ids in texts], np.int32)
        ids = np.zeros((len(texts), int(lengths.max())), np.int32)
        for row, text in zip(ids, texts):
            row[: len(text)] = text
        return run_graph(self._session, names, {"ids": ids, "lengths": lengths}, self._model)

    def hidden_states(self, ids: Sequence[int]) -> npt.NDArray[np.float64]:
        """The LSTM's hidden state after each id of one text, shape (T, H), from the run that gives its logit.

        Args:
            ids: of the text, not empty and not longer than the network's maximum length.

        Raises:
            LayersHidden: the graph does not output them, because it is not the tutorials' network.
        """
        (hidden,) = self.outputs(["hidden"], [ids])  # (T, 1, H)
        return np.asarray(hidden[:, 0], np.float64)

    def weights(self) -> NetworkWeights:
        """The weights of the network, in float64, for a look inside.

        Raises:
            LayersHidden: the graph does not output them, because it is not the tutorials' network.
            BundleInvalid: they do not belong to one network.
        """
        from imdbsent.classify.lstm import WEIGHTS, LSTMWeights, NetworkWeights  # noqa: PLC0415 (only a look inside)

        values = (np.asarray(value, np.float64) for value in self.outputs(WEIGHTS, [[PAD_ID]]))  # constants: any text
        embedding, w, r, b, padding_hidden, padding_cell, dense_kernel, dense_bias = values
        with numbers_that_fit(self.directory):
            biases = np.split(b[0], 2)  # one for W and one for R, (4H,) each; only their sum matters
            weights = NetworkWeights(
                embedding=embedding,
                lstm=LSTMWeights(W=w[0], R=r[0], b=biases[0] + biases[1]),  # [0]: the only direction
                padding_hidden=padding_hidden,
                padding_cell=padding_cell,
                dense_kernel=dense_kernel[:, 0],
                dense_bias=float(dense_bias[0]),
            )
            weights.check_shapes()
        return weights


def available_cores(root: Path | None = None) -> int:
    """How many cores this process may use: its affinity, but no more than its container or OMP_NUM_THREADS allows.

    Args:
        root: the folder that has `proc` and `sys`; None for the system's own.
    """
    affinity = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    first = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0].strip()  # a list has a number for each level
    limits = [int(first)] if first.isdecimal() and int(first) else []
    return max(1, min([affinity, *limits, *_quotas(root or Path("/"))]))


def _quotas(root: Path) -> Iterator[int]:
    """Cores that the cgroups of this process allow, rounded up: Linux stops a process that uses more for a while."""
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    names: tuple[str, ...]
    for line in groups:
        _, controllers, group = line.split(":", 2)
        if not controllers:  # version 2; a container sees its own group as the root
            base, names = root / "sys/fs/cgroup", ("cpu.max",)
        elif "cpu" in controllers.split(","):
            base, names = root / "sys/fs/cgroup/cpu", ("cpu.cfs_quota_us", "cpu.cfs_period_us")
        else:
            continue
        folder = base / group.lstrip("/")
        for parent in (folder, *folder.parents):
            if not parent.is_relative_to(base):
                break
            try:
                quota, period = " ".join((parent / name).read_text() for name in names).split()
            except (OSError, ValueError):  # the root has no limit
                continue
            if quota.isdecimal() and int(period):  # not "max", nor -1
                yield math.ceil(int(quota) / int(period))
