"""The options of `imdbsent predict` that say who does the work: this process and its workers, or a cluster.

The options of `imdbsent predict` that make verdicts useful: a third label, and which are shown in which order.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.classify.verdicts import parse_neutral, uncertain_range
from imdbsent.errors import UsageProblem
from imdbsent.writing.selection import Only, Selection, SortKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imdbsent.bundle.card import ModelCard


NeutralOption = Annotated[
    str | None,
    typer.Option(
        "--neutral",
        metavar="LOW:HIGH",
        help="A third label: neutral, for probabilities from LOW to HIGH, as 0.4:0.6; in place of --threshold.",
    ),
]
OnlyOption = Annotated[
    Only | None,
    typer.Option(
        "--only",
        help="Show these alone. Uncertain: the neutral ones; without --neutral, within 0.1 of the threshold.",
    ),
]
SortOption = Annotated[
    SortKey | None,
    typer.Option(
        "--sort",
        help="Largest first: by the probability of positive, or by how far that is from 0.5.",
    ),
]
ReverseOption = Annotated[bool, typer.Option("--reverse", help="With --sort: smallest first.")]
TopOption = Annotated[
    int | None, typer.Option("--top", metavar="N", min=1, help="With --sort: show the first N alone.")
]


def neutral_of(neutral: str | None, threshold: float | None) -> tuple[float, float] | None:
    """The bounds that were asked for.

    Raises:
        UsageProblem: they are none, or there is a threshold, too.
    """
    if neutral is None:
        return None
    if threshold is not None:
        raise UsageProblem(
            "--threshold and --neutral both say where positive begins. Type: --neutral LOW:HIGH, or --threshold"
        )
    return parse_neutral(neutral)


def selection_of(
    only: Only | None, sort: SortKey | None, top: int | None, *, reverse: bool, resume: bool
) -> Selection:
    """What is to be shown; what it counts as uncertain is for the model to say (`with_uncertain`).

    Raises:
        UsageProblem: an option does not go with the others.
    """
    if sort is None and (top is not None or reverse):
        option = "--reverse" if top is None else f"--top {top}"
        raise UsageProblem(f"{option} is about an order. Type: {option} --sort confidence, or --sort probability")
    if sort is not None and resume:
        raise UsageProblem("--resume goes on record by record, and --sort needs all of them. Type: one of the two")
    return Selection(only, sort=sort, smallest_first=reverse, top=top)


def uncertain_of(
    card: ModelCard, threshold: float | None, neutral: tuple[float, float] | None
) -> tuple[float, float]:
    """The probabilities that are uncertain with a model, lowest and highest."""
    return uncertain_range(card.threshold if threshold is None else threshold, neutral)


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
