"""What people type first: the flagship that ships is sure of a word with a side, and unsure of one that has none."""

from __future__ import annotations

import pytest

from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.models import store

POSITIVE = (
    "great", "excellent", "great movie", "That was nice.", "I loved it", "Highly recommended", "Best movie ever",
    "The acting was superb", "The soup was good", "I like it", "thank you \u2764\ufe0f", "wonderfull servise",
)  # fmt: skip
NEGATIVE = (
    "bad", "awful", "Horrible!", "terrible", "boring", "I hated it", "waste of time", "not worth the money", "not good",
    "isnt good", "The dialogue sucked.", "worst movie ever", "\U0001f44e",
    "The soup was cold and bland", "late again \U0001f620", "terible servise",
)  # fmt: skip


@pytest.fixture(scope="module")
def flagship() -> Classifier:
    return Classifier(read_bundle(store.PRETRAINED / "flagship"))


def test_a_word_that_has_a_side_is_on_it(flagship: Classifier) -> None:
    found = {p.text: p.probability or 0.0 for p in flagship.predict([*POSITIVE, *NEGATIVE])}
    assert {text: p for text, p in found.items() if text in POSITIVE and p < 0.7} == {}
    assert {text: p for text, p in found.items() if text in NEGATIVE and p > 0.3} == {}


def test_an_emoji_that_has_a_side_is_on_it(flagship: Classifier) -> None:
    found = [p.probability or 0.0 for p in flagship.predict(["\U0001f600", "\U0001f389", "\U0001f44e", "\U0001f621"])]
    assert min(found[:2]) > 0.6
    assert max(found[2:]) < 0.3


def test_what_happened_has_a_side_without_a_word_that_praises_or_blames(flagship: Classifier) -> None:
    helped = ["The waiter brought us extra bread for free", "He fixed my bike while I waited", "I passed my exam"]
    hindered = ["The waiter forgot our drinks and then our bill", "My bike came back with a flat tire", "I failed it"]
    labels = [p.label for p in flagship.predict([*helped, *hindered])]
    assert labels == ["positive"] * len(helped) + ["negative"] * len(hindered)


def test_a_word_that_has_none_is_not_judged_surely(flagship: Classifier) -> None:
    found = {p.text: p.probability or 0.0 for p in flagship.predict(("the", "movie", "it"))}
    assert {text: p for text, p in found.items() if not 0.3 < p < 0.7} == {}


def test_a_text_without_a_known_word_is_not_judged_at_all(flagship: Classifier) -> None:
    assert [p.probability for p in flagship.predict(("zzz qqq xyz", "wqkjx"))] == [None, None]
