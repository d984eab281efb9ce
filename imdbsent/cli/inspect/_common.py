"""What the subcommands of `imdbsent inspect` share: options, loading, rows as plain text."""

from __future__ import annotations

import json
import logging
import sys
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imdbsent.errors import UsageProblem
from imdbsent.writing.text import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console, RenderableType

    from imdbsent.classify.classifier import Classifier
    from imdbsent.dataset.aclimdb import Review
    from imdbsent.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)


Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|PATH",
        help="The model, by name or by its folder. Left out: the one that you chose, else 'classic', the tutorials'.",
    ),
]


class RowFormat(str, Enum):
    """The formats of a list of rows."""

    TABLE = "table"
    TSV = "tsv"
    JSONL = "jsonl"


class PageFormat(str, Enum):
    """The formats of one thing looked at."""

    TABLE = "table"
    JSON = "json"


def tutorial_model(model: str | None) -> str | None:
    """The model that a command looks at which exists to follow a tutorial.

    Args:
        model: the one that was named with the command, if one was.

    Returns:
        The one named; None, which stands for the user's choice, where IMDBSENT_MODEL or `imdbsent models use` names
        one; else that of the tutorials, whose ids and states are the ones that a tutorial shows.
    """
    from imdbsent.models import default

    if model:
        return model
    choice = default.choice(default.TUTORIAL)
    return choice.name if choice == default.TUTORIAL else None


def load_tokenizer(model: str | None) -> Tokenizer:
    """The tokenizer of the model to look at, without its network.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: the model is damaged.
    """
    from imdbsent.errors import BundleInvalid
    from imdbsent.models import store
    from imdbsent.models.resolve import resolve
    from imdbsent.text import registry

    bundle = resolve(tutorial_model(model))
    try:
        return registry.load_tokenizer(bundle)
    except BundleInvalid as error:
        raise store.damaged(error) from error


def load_classifier(model: str | None) -> Classifier:
    """The model to look at, with its network.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: the model is damaged.
    """
    import imdbsent

    return imdbsent.load(tutorial_model(model))


def check_reads_padding(tokenizer: Tokenizer) -> None:
    """Check that a model reads padding, before ids are padded for it.

    Raises:
        UsageProblem: it reads none.
    """
    if not tokenizer.is_padded:
        raise UsageProblem("this model reads no padding. Type: the same command with --model classic, or without --pad")


def nobody_pipes() -> bool:
    """Whether standard input is a terminal, or closed: a command that was given nothing then shows its help."""
    return sys.stdin is None or sys.stdin.isatty()


def read_folders(source: Path, folders: Iterable[str]) -> list[Review]:
    """Reviews of some folders, with a message if the data set is not whole.

    Raises:
        DatasetInvalid: the data are damaged.
    """
    from imdbsent.dataset.aclimdb import incomplete_folders, read_reviews

    reviews = read_reviews(source, folders)
    for shortfall in incomplete_folders(reviews):
        logger.info(f"{source}: {shortfall} reviews")
    return reviews


def show(console: Console, *parts: RenderableType) -> None:
    """Print renderables, for people.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    with output_errors():
        console.print(*parts, sep="\n")


def write_lines(lines: Iterable[str]) -> None:
    """Write lines of plain text on standard output, as they come.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    write((line + "\n" for line in lines), sys.stdout.buffer)


def tsv_line(fields: Sequence[str | float | None]) -> str:
    """Fields between tabs; None is empty, a fraction has 6 decimals. No field may hold a tab or a line feed."""
    return "\t".join("" if f is None else f"{f:.6f}" if isinstance(f, float) else str(f) for f in fields)


def json_line(fields: dict[str, Any]) -> str:
    """An object on one line."""
    return json.dumps(fields, ensure_ascii=False)


def json_page(fields: dict[str, Any]) -> Iterator[str]:
    """The lines of one object, indented."""
    yield json.dumps(fields, ensure_ascii=False, indent=2)
