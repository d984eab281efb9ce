"""What people type first: the flagship that ships is sure of a word with a side, and unsure of one that has none."""

from __future__ import annotations

import pytest

from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.models import store

POSITIVE = (
    "great", "excellent", "great movie", "I loved it", "Highly recommended", "Best movie ever",
    "The acting was superb",
)  # fmt: skip
NEGATIVE = (
    "bad", "awful", "Horrible!", "terrible", "boring", "I hated it", "waste of time", "not worth the money", "not good",
    "isnt good", "The dialogue sucked.", "worst movie ever", "\U0001f44e",
)  # fmt: skip


@pytest.fixture(scope="module")
def flagship() -> Classifier:
    return Classifier(read_bundle(store.PRETRAINED / "flagship"))


def test_a_word_that_has_a_side_is_on_it(flagship: Classifier) -> None:
    found = {p.text: p.probability or 0.0 for p in flagship.predict([*POSITIVE, *NEGATIVE])}
    assert {text: p for text, p in found.items() if text in POSITIVE and p < 0.7} == {}
    assert {text: p for text, p in found.items() if text in NEGATIVE and p > 0.3} == {}


@pytest.mark.parametrize(
    ("text", "least"),
    [
        pytest.param(text, least, marks=pytest.mark.xfail(strict=True, reason="version 6 is right, but less sure"))
        for text, least in (("That was nice.", 0.7), ("\U0001f600", 0.6))
    ],
)
def test_faint_praise_is_praise(flagship: Classifier, text: str, least: float) -> None:
    (prediction,) = flagship.predict([text])
    assert prediction.probability is not None
    assert prediction.probability > least


def test_faint_praise_is_on_its_side(flagship: Classifier) -> None:
    assert [p.label for p in flagship.predict(["That was nice.", "\U0001f600"])] == ["positive", "positive"]


def test_a_word_that_has_none_is_not_judged_surely(flagship: Classifier) -> None:
    found = {p.text: p.probability or 0.0 for p in flagship.predict(("the", "movie", "it"))}
    assert {text: p for text, p in found.items() if not 0.3 < p < 0.7} == {}


def test_a_text_without_a_known_word_is_not_judged_at_all(flagship: Classifier) -> None:
    assert [p.probability for p in flagship.predict(("zzz qqq xyz", "wqkjx"))] == [None, None]
