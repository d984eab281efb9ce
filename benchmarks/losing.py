"""A job on a cluster of three nodes on this machine, one of which is killed half way, and a process on another."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_LEFT = 1  # processes that answer where a node with one is killed
STORE = 200 * 2**20  # bytes of a node's object store


@contextmanager
def local_cluster(nodes: int, store: int = STORE) -> Iterator[Any]:
    """A Ray cluster of so many nodes with a core each, all on this machine, to which Ray is connected."""
    from imdbsent.cluster.connect import connected, ray_library

    ray_library()
    from ray.cluster_utils import Cluster

    node = {
        "num_cpus": 1,
        "object_store_memory": store,
        "include_log_monitor": False,  # a process less each: nobody reads what the workers say
    }
    (Path(tempfile.gettempdir()) / "ray").mkdir(exist_ok=True)  # Ray notes the cluster there, wherever it is put
    folder = tempfile.mkdtemp(prefix="ray")  # short: the path of a socket has 107 characters at most
    cluster = Cluster(
        initialize_head=True, head_node_args={**node, "include_dashboard": False, "temp_dir": folder}
    )
    try:
        for _ in range(nodes - 1):
            cluster.add_node(**node)
        with connected(cluster.address, within=300):
            yield cluster
    finally:
        cluster.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def answering_processes(cluster: Any) -> list[int]:
    """The processes of the actors that answer, on any node that is left."""
    raylets = {info.process.pid for node in cluster.list_all_nodes() for info in node.all_processes.get("raylet", [])}
    titled = [place for place in Path("/proc").glob("[0-9]*") if b"MapWorker" in title(place)]
    return [int(place.name) for place in titled if _parent(place) in raylets]


def title(place: Path) -> bytes:
    """What a process, by its place in /proc, calls itself; nothing where it has ended."""
    try:
        return (place / "cmdline").read_bytes()
    except OSError:
        return b""


def _parent(place: Path) -> int | None:
    try:
        return int((place / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has ended
        return None


def kill_an_actor(cluster: Any) -> None:
    """Kill one of the processes that answer, as a system without memory does."""
    os.kill(answering_processes(cluster)[0], signal.SIGKILL)


def _other_node(cluster: Any) -> Any:
    """A node that is neither the head nor the one that this process is connected through."""
    import ray

    ours = ray.get_runtime_context().get_node_id()
    return next(node for node in cluster.worker_nodes if node.node_id != ours)


def losing(cluster: Any, after: int, killed: list[int]) -> Callable[[int], None]:
    """What watches a job, and kills one of the nodes, and a process that answers on another, once.

    Args:
        cluster: that the job runs on.
        after: rows that are written by then; it waits on until two processes answer, so that one is left.
        killed: takes how many rows were written when both were killed.
    """

    def watch(written: int) -> None:
        if written < after or killed or len(answering_processes(cluster)) < _LEFT + 1:
            return
        cluster.remove_node(_other_node(cluster), allow_graceful=False)
        kill_an_actor(cluster)
        killed.append(written)

    return watch


def lose(source: Path, target: Path, rows: int) -> dict[str, float]:
    """Answer files on three nodes, and lose one of them, and a process, half way.

    Args:
        source: the folder of Parquet files, with the columns `rid` and `body`.
        target: the folder of the results.
        rows: of all files.

    Returns:
        Seconds of the job, and rows that were written when the node and the process were killed.
    """
    from imdbsent.cluster.job import run
    from imdbsent.models.resolve import resolve
    from imdbsent.option_fields import EngineName
    from imdbsent.predict_job import PredictJob, ray_job
    from imdbsent.reading.options import ReadOptions

    killed: list[int] = []
    with local_cluster(3) as cluster:
        job = PredictJob(
            files=(str(source),),
            read=ReadOptions(text_column="body"),
            output=str(target),
            engine=EngineName.RAY,
            concurrency=3,
        )
        prepared = ray_job(job, lambda: resolve("classic"))
        started = time.perf_counter()
        run(prepared, losing(cluster, rows // 2, killed))
        return {"seconds": round(time.perf_counter() - started, 1), "rows written when killed": killed[0]}
