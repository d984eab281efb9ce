"""A model whose words and weights a training run starts from.

The weights are read from the graph that answers, so nothing that Keras wrote has to be loaded.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imdbsent.bundle.card import MODEL, VOCABULARY
from imdbsent.errors import BundleInvalid, UsageProblem
from imdbsent.models import store
from imdbsent.text.tokenizer import Vocabulary
from imdbsent.training.architectures import architecture
from imdbsent.training.request import BaseModel

if TYPE_CHECKING:
    from imdbsent.training.architectures import Weights
    from imdbsent.training.recipes import Recipe


@dataclass(frozen=True)
class Base:
    """The words and weights of a trained network.

    Attributes:
        vocabulary: its words.
        weights: in the order in which Keras sets them.
    """

    vocabulary: Vocabulary
    weights: Weights


def check_can_start(recipe: Recipe) -> None:
    """Check that a recipe can start from a model.

    Raises:
        UsageProblem: it cannot.
    """
    if architecture(recipe.architecture).is_distilled:
        raise UsageProblem(
            f"the recipe {recipe.name!r} cannot start from a model. Type the same command without --from"
        )


def start_from(model: str, recipe: Recipe) -> tuple[BaseModel, Recipe]:
    """Choose a model to start from, and fit a recipe to it.

    Args:
        model: name or folder.
        recipe: how to train.

    Returns:
        The model, and the recipe with the model's architecture and sizes.

    Raises:
        UsageProblem: the recipe cannot start from a model.
        ModelMissing: there is no such model.
        BundleInvalid: the model is damaged.
        LayersHidden: no run can start from a model of its architecture.
    """
    check_can_start(recipe)
    bundle = store.locate(model)
    name = str(bundle.directory.absolute()) if store.is_path(model) else model
    fitted = architecture(bundle.card.architecture).with_sizes_of(bundle, recipe)
    return BaseModel(name, bundle.card.files[MODEL]), replace(fitted, architecture=bundle.card.architecture)


def read_base(base: BaseModel) -> Base:
    """Read the words and weights of a model.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: a file of it is missing or damaged, or the model has changed since it was chosen.
    """
    bundle = store.locate(base.model)
    if bundle.card.files[MODEL] != base.sha256:
        raise BundleInvalid(bundle.directory, "it is not the model that the training began with")
    return Base(Vocabulary.read(bundle.checked(VOCABULARY)), architecture(bundle.card.architecture).weights_of(bundle))
