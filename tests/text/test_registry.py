from __future__ import annotations

from dataclasses import replace

import pytest

from imdbsent.bundle import card
from imdbsent.bundle.bundle import Bundle, read_bundle, write_card
from imdbsent.errors import BundleInvalid
from imdbsent.models.store import PRETRAINED
from imdbsent.text.tokenizer import load_tokenizer, tokenizer_class


def test_every_tokenizer_that_a_card_may_name_exists() -> None:
    assert len({tokenizer_class(name) for name in card.TOKENIZERS}) == len(card.TOKENIZERS)


@pytest.mark.parametrize("name", card.TOKENIZERS)
def test_a_bundle_gets_the_tokenizer_of_its_card_with_its_limits(tiny_bundle: Bundle, name: str) -> None:
    write_card(tiny_bundle.directory, replace(tiny_bundle.card, tokenizer=name))
    tokenizer = load_tokenizer(read_bundle(tiny_bundle.directory))
    assert type(tokenizer) is tokenizer_class(name)
    assert (tokenizer.num_words, tokenizer.maximum_length) == (7, 8)
    assert tokenizer.encode_whole("great movie") == [1, 5, 4]


def test_the_tokenizers_differ_in_punctuation(tiny_bundle: Bundle) -> None:
    read = {}
    for name in ("keras", "words"):
        write_card(tiny_bundle.directory, replace(tiny_bundle.card, tokenizer=name))
        read[name] = load_tokenizer(read_bundle(tiny_bundle.directory)).encode_whole("Great!")
    assert read == {"keras": [1, 5], "words": [1, 5, 2]}


def test_a_damaged_vocabulary_is_an_error(tiny_bundle: Bundle) -> None:
    (tiny_bundle.directory / "vocabulary.txt").write_text("other\n")
    with pytest.raises(BundleInvalid, match="vocabulary"):
        load_tokenizer(tiny_bundle)


@pytest.mark.parametrize(("name", "expected"), [("classic", "keras"), ("flagship", "corrected")])
def test_the_models_that_ship_have_their_tokenizers(name: str, expected: str) -> None:
    tokenizer = load_tokenizer(read_bundle(PRETRAINED / name))
    assert type(tokenizer) is tokenizer_class(expected)
    assert tokenizer.is_padded == (expected == "keras")
