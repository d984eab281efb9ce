"""The tokenizers by name, and the tokenizer of a model."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from imdbsent.bundle.card import VOCABULARY
from imdbsent.text.tokenizer import Vocabulary

if TYPE_CHECKING:
    from imdbsent.bundle.bundle import Bundle
    from imdbsent.text.tokenizer import Tokenizer

_MODULES: Final = {"keras": "tokenizer", "words": "words", "everyday": "everyday"}
"""The module of each tokenizer that a card may name (`imdbsent.bundle.card.TOKENIZERS`)."""


def tokenizer_class(name: str) -> type[Tokenizer]:
    """The class of a tokenizer; its module is imported now, because compiling its patterns takes milliseconds."""
    module = import_module(f"imdbsent.text.{_MODULES[name]}")
    found: type[Tokenizer] = getattr(module, f"{name.capitalize()}Tokenizer")
    return found


def load_tokenizer(bundle: Bundle) -> Tokenizer:
    """Load the tokenizer that the network of a bundle was trained with.

    Raises:
        BundleInvalid: the vocabulary is missing or damaged.
    """
    card = bundle.card
    vocabulary = Vocabulary.read(bundle.checked(VOCABULARY))
    return tokenizer_class(card.tokenizer)(vocabulary, card.num_words, card.maximum_length)
