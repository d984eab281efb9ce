"""The tokenizers by name, and the tokenizer of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from imdbsent.bundle.card import VOCABULARY
from imdbsent.text.tokenizer import KerasTokenizer, Tokenizer, Vocabulary
from imdbsent.text.words import WordsTokenizer

if TYPE_CHECKING:
    from imdbsent.bundle.bundle import Bundle


TOKENIZERS: Final[dict[str, type[Tokenizer]]] = {"keras": KerasTokenizer, "words": WordsTokenizer}
"""The tokenizers by the names that a card may have (`imdbsent.bundle.card.TOKENIZERS`)."""


def load_tokenizer(bundle: Bundle) -> Tokenizer:
    """Load the tokenizer that the network of a bundle was trained with.

    Raises:
        BundleInvalid: the vocabulary is missing or damaged.
    """
    card = bundle.card
    vocabulary = Vocabulary.read(bundle.checked(VOCABULARY))
    return TOKENIZERS[card.tokenizer](vocabulary, card.num_words, card.maximum_length)
