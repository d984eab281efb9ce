"""What the subcommands of `imdbsent inspect` share: the option for the model, and loading what they show."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli._console import complete_models
from imdbsent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from imdbsent.classify.classifier import Classifier
    from imdbsent.dataset.aclimdb import Review
    from imdbsent.text.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        autocompletion=complete_models,
        help="Name or folder of a model. Default: IMDBSENT_MODEL, else the model of `imdbsent models use`, else "
        "classic.",
        rich_help_panel="Model",
    ),
]


def tutorial_model(model: str | None) -> str | None:
    """Choose the model to show in a command that follows a tutorial.

    Args:
        model: the one given with the command, if any.

    Returns:
        The given model; else None, meaning the user's choice, if IMDBSENT_MODEL or `imdbsent models use` made one;
        else the tutorials' model, whose ids and states match the tutorials.
    """
    from imdbsent.models import store

    if model:
        return model
    choice = store.default_model(store.TUTORIAL)
    return choice.name if choice == store.TUTORIAL else None


def load_tokenizer(model: str | None) -> Tokenizer:
    """Load the tokenizer of the model to show, without its network.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: the model is damaged.
    """
    from imdbsent.errors import BundleInvalid
    from imdbsent.models import store
    from imdbsent.models.resolve import resolve
    from imdbsent.text import tokenizer

    bundle = resolve(tutorial_model(model))
    try:
        return tokenizer.load_tokenizer(bundle)
    except BundleInvalid as error:
        raise store.diagnosed(error) from error


def load_classifier(model: str | None) -> Classifier:
    """Load the model to show, with its network; a message tells if `imdbsent predict` uses another one.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: the model is damaged.
    """
    import imdbsent
    from imdbsent.models import store

    chosen = tutorial_model(model)
    if chosen and not model and chosen != store.BUILT_IN.name:
        logger.info(f"this is the model '{chosen}'; imdbsent predict uses '{store.BUILT_IN.name}'")
    return imdbsent.load(chosen)


def check_padding(tokenizer: Tokenizer) -> None:
    """Check that a model uses padding.

    Raises:
        UsageProblem: it does not.
    """
    if not tokenizer.is_padded:
        raise UsageProblem(
            "this model does not use padding. Type: the same command with --model classic, or without --pad"
        )


def has_no_input() -> bool:
    """Whether standard input is a terminal or closed: a command without arguments then shows its help."""
    return sys.stdin is None or sys.stdin.isatty()


def read_folders(source: Path, folders: Iterable[str]) -> list[Review]:
    """Read the reviews of some folders; a message tells if any are missing.

    Raises:
        DatasetInvalid: the data set is damaged.
    """
    from imdbsent.dataset.aclimdb import incomplete_folders, read_reviews

    reviews = read_reviews(source, folders)
    for shortfall in incomplete_folders(reviews):
        logger.info(f"{source}: {shortfall} reviews")
    return reviews
