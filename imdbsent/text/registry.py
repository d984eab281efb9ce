"""The schemes by which text becomes ids, and the tokenizer of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from imdbsent.bundle.bundle import VOCABULARY
from imdbsent.text.tokenizer import KerasTokenizer, Tokenizer, Vocabulary
from imdbsent.text.words import WordsTokenizer

if TYPE_CHECKING:
    from imdbsent.bundle.bundle import Bundle


TOKENIZERS: Final[dict[str, type[Tokenizer]]] = {"keras": KerasTokenizer, "words": WordsTokenizer}
"""The tokenizer of each scheme that a card may name (`imdbsent.bundle.bundle.SCHEMES`)."""


def load_tokenizer(bundle: Bundle) -> Tokenizer:
    """The tokenizer that a bundle's network was trained with.

    Raises:
        BundleInvalid: the vocabulary is missing or damaged.
    """
    card = bundle.card
    vocabulary = Vocabulary.read(bundle.checked(VOCABULARY))
    return TOKENIZERS[card.scheme](vocabulary, card.num_words, card.maximum_length)
