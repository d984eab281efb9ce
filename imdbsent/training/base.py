"""A model whose words and weights a training run starts from.

The weights are read from the graph that answers, so nothing that Keras wrote has to be loaded.
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.bundle.card import MODEL, VOCABULARY
from imdbsent.errors import BundleInvalid, ImdbsentError, UsageProblem
from imdbsent.models import store
from imdbsent.text.tokenizer import INDEX_FROM, OOV_ID, Vocabulary, tokenizer_class
from imdbsent.training.architectures import architecture
from imdbsent.training.request import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.training.architectures import Weights
    from imdbsent.training.recipes import Recipe

BASE_NAME: Final = "base"
"""In the recipe of a card: the model that it was fine-tuned from."""
BASE_SHA256: Final = "base_sha256"
"""In the recipe of a card: SHA-256 of the `model.onnx` of that model."""

FEWEST_TEXTS: Final = 2
"""Texts that a word must be in to be learned: what one text says of a word is mostly chance."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Base:
    """The words and weights of a trained network.

    Attributes:
        vocabulary: its words.
        weights: in the order in which Keras sets them.
        tokenizer: how it reads text; "" for the tokenizer of its architecture.
        temperature: what its logits are divided by.
        added: number of words at the end of the vocabulary that the network has not learned yet.
    """

    vocabulary: Vocabulary
    weights: Weights
    tokenizer: str = ""
    temperature: float = 1.0
    added: int = 0

    @property
    def calibrated_weights(self) -> Weights:
        """The weights with the temperature divided into the head, so that the logits are those that the model means."""
        *others, kernel, bias = self.weights
        temperature = np.float32(self.temperature)
        return (*others, kernel / temperature, bias / temperature)


def with_words_of(base: Base, recipe: Recipe, texts: Iterable[str]) -> tuple[Base, Recipe]:
    """Add the words of a user's texts that a model does not know, if its architecture can learn more words.

    Args:
        base: the model.
        recipe: with its sizes.
        texts: to learn from; only words that say something, in `FEWEST_TEXTS` of them or more, are added.

    Returns:
        The model with these words, the most frequent first, and the recipe with its new size.
    """
    kind, known = architecture(recipe.architecture), len(base.vocabulary.words)
    room = kind.largest_vocabulary - recipe.vocabulary_size
    if room <= 0 or recipe.vocabulary_size != known + INDEX_FROM + 1:
        return base, recipe
    tokenizer = tokenizer_class(base.tokenizer or kind.tokenizer)(
        base.vocabulary, recipe.vocabulary_size, recipe.maximum_length
    )
    counts: Counter[bytes] = Counter()
    for text in texts:
        unknown = {token.word for token in tokenizer.tokens(text) if token.id == OOV_ID and token.word.isprintable()}
        counts.update(word.encode() for word in unknown if tokenizer.tells(word.encode()))
    words = [word for word in sorted(counts, key=lambda word: (-counts[word], word)) if counts[word] >= FEWEST_TEXTS]
    if not (words := words[:room]):
        return base, recipe
    extended = replace(
        base,
        vocabulary=Vocabulary((*base.vocabulary.words, *words)),
        weights=kind.with_words(base.weights, len(words)),
        added=len(words),
    )
    return extended, replace(recipe, vocabulary_size=recipe.vocabulary_size + len(words))


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
    return _start(model, store.locate(model), recipe)


def start_tuning(model: str | None, recipe: Recipe) -> tuple[BaseModel, Recipe]:
    """Choose a model to fine-tune, and fit a recipe to it.

    A model that was fine-tuned has perhaps learned from the texts that are held out now. So if the default model was,
    its own base is chosen.

    Args:
        model: name or folder; None for the default model.
        recipe: how to train.

    Returns:
        The model, and the recipe with the model's architecture and sizes.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: the model is damaged.
        LayersHidden: no run can start from a model of its architecture.
    """
    name = model or store.default_model().name
    bundle = store.locate(name)
    origin = bundle.card.recipe.get(BASE_NAME)
    if isinstance(origin, str):
        found = None if model else _unchanged(origin, bundle.card.recipe.get(BASE_SHA256))
        if found is not None:
            logger.info(f"the default model, {name!r}, was fine-tuned from {origin!r}: starting from {origin!r} again")
            return _start(origin, found, recipe)
    return _start(name, bundle, recipe)


def _unchanged(model: str, sha256: object) -> Bundle | None:
    """The model that another one was made from; None if it is gone or is another one now."""
    try:
        bundle = store.locate(model)
    except ImdbsentError:
        return None
    return bundle if bundle.card.files[MODEL] == sha256 else None


def _start(model: str, bundle: Bundle, recipe: Recipe) -> tuple[BaseModel, Recipe]:
    name = str(bundle.directory.absolute()) if store.is_path(model) else model
    fitted = architecture(bundle.card.architecture).with_sizes_of(bundle, recipe)
    return BaseModel(name, bundle.card.files[MODEL]), replace(fitted, architecture=bundle.card.architecture)


def find_base(base: BaseModel) -> Bundle:
    """Find the model that a run starts from.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: a file of it is missing or damaged, or the model has changed since it was chosen.
    """
    bundle = store.locate(base.model)
    if bundle.card.files[MODEL] != base.sha256:
        raise BundleInvalid(bundle.directory, "it is not the model that the training began with")
    return bundle


@dataclass(frozen=True)
class Rival:
    """A model that a new one is compared with.

    Attributes:
        bundle: the model.
        name: what `--model` calls it.
        is_default: whether it is the default model.
        is_tuned: whether it was fine-tuned, perhaps on the texts that the models are compared on.
    """

    bundle: Bundle
    name: str
    is_default: bool
    is_tuned: bool


def rivals_of(base: BaseModel) -> tuple[Rival, ...]:
    """The models to compare a fine-tuned one with: the default model if it can be read, and its base if it is another.

    Args:
        base: the model that it was fine-tuned from.

    Raises:
        ImdbsentError: those of `find_base`.
    """
    untouched = find_base(base)
    name = store.default_model().name
    try:
        default = store.locate(name)
    except ImdbsentError as error:
        logger.info(f"not compared with the default model, {name!r}: {error}")
        return (_rival(untouched, base.model, is_default=False),)
    if default.card.files[MODEL] == base.sha256:
        return (_rival(default, name, is_default=True),)
    return _rival(default, name, is_default=True), _rival(untouched, base.model, is_default=False)


def _rival(bundle: Bundle, name: str, *, is_default: bool) -> Rival:
    return Rival(bundle, name, is_default, is_tuned=BASE_NAME in bundle.card.recipe)


def read_base(base: BaseModel) -> Base:
    """Read the words and weights of a model.

    Raises:
        ModelMissing: there is no such model.
        BundleInvalid: a file of it is missing or damaged, or the model has changed since it was chosen.
    """
    bundle = find_base(base)
    card, vocabulary = bundle.card, Vocabulary.parse(bundle.read(VOCABULARY))
    return Base(vocabulary, architecture(card.architecture).weights_of(bundle), card.tokenizer, card.temperature)
