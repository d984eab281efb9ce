from __future__ import annotations

from dataclasses import replace

import pytest

from imdbsent.bundle.bundle import SCHEMES, Bundle, read_bundle, write_card
from imdbsent.errors import BundleInvalid
from imdbsent.models.store import PRETRAINED
from imdbsent.text.registry import TOKENIZERS, load_tokenizer


def test_every_scheme_that_a_card_may_name_has_a_tokenizer() -> None:
    assert set(TOKENIZERS) == set(SCHEMES)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_bundle_gets_the_tokenizer_of_its_scheme_with_its_limits(tiny_bundle: Bundle, scheme: str) -> None:
    write_card(tiny_bundle.directory, replace(tiny_bundle.card, scheme=scheme))
    tokenizer = load_tokenizer(read_bundle(tiny_bundle.directory))
    assert type(tokenizer) is TOKENIZERS[scheme]
    assert (tokenizer.num_words, tokenizer.maximum_length) == (7, 8)
    assert tokenizer.encode_whole("great movie") == [1, 5, 4]


def test_the_schemes_differ_in_what_they_make_of_marks(tiny_bundle: Bundle) -> None:
    read = {}
    for scheme in SCHEMES:
        write_card(tiny_bundle.directory, replace(tiny_bundle.card, scheme=scheme))
        read[scheme] = load_tokenizer(read_bundle(tiny_bundle.directory)).encode_whole("Great!")
    assert read == {"keras": [1, 5], "words": [1, 5, 2]}


def test_a_damaged_vocabulary_is_an_error(tiny_bundle: Bundle) -> None:
    (tiny_bundle.directory / "vocabulary.txt").write_text("other\n")
    with pytest.raises(BundleInvalid, match="vocabulary"):
        load_tokenizer(tiny_bundle)


@pytest.mark.parametrize(("name", "scheme"), [("classic", "keras"), ("flagship", "words")])
def test_the_models_that_ship_have_their_schemes(name: str, scheme: str) -> None:
    tokenizer = load_tokenizer(read_bundle(PRETRAINED / name))
    assert type(tokenizer) is TOKENIZERS[scheme]
    assert tokenizer.is_padded == (scheme == "keras")
