"""The options of `imdbsent predict` that say who does the work: this process and its workers, or a cluster."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Mapping


class Engine(str, Enum):
    """Who does the work."""

    LOCAL = "local"
    RAY = "ray"


EngineOption = Annotated[
    Engine,
    typer.Option(
        "--engine",
        help="Who does the work: this machine, or Ray Data on as many as there are; its -o is a folder. "
        "pip install 'imdbsent[ray]'",
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="HOST:PORT|auto",
        help="With --engine ray: the cluster. Left out: RAY_ADDRESS, else this machine alone.",
    ),
]
ConcurrencyOption = Annotated[
    int | None,
    typer.Option(
        "--concurrency",
        metavar="N",
        min=1,
        help="With --engine ray: processes that answer, a core each. Left out: one on each core of the cluster.",
    ),
]


def check_engine(engine: Engine, of_ray: Mapping[str, object], of_local: Mapping[str, object]) -> None:
    """Check that options go with the engine.

    Args:
        engine: who does the work.
        of_ray: options that Ray alone has, with their values; nothing, or false, where they are left out.
        of_local: those that this machine alone has.

    Raises:
        UsageProblem: an option of the other engine is given.
    """
    for option, value in (of_local if engine is Engine.RAY else of_ray).items():
        if value is None or value is False:
            continue
        if engine is Engine.RAY:
            raise UsageProblem(f"{option} does not go with --engine ray. Type: the same command without one of the two")
        raise UsageProblem(f"{option} is an option of a cluster. Type: {option} and --engine ray")
