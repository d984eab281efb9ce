from __future__ import annotations

from collections import Counter

from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.models.store import PRETRAINED
from tests import negation

BAR = 0.85


def test_the_file_is_what_the_templates_make() -> None:
    assert negation.read() == negation.sentences()


def test_there_are_twelve_families_of_25_and_no_sentence_twice() -> None:
    sentences = negation.read()
    assert set(Counter(sentence.family for sentence in sentences).values()) == {negation.A_FAMILY}
    assert len({sentence.family for sentence in sentences}) == 12
    assert len({sentence.text for sentence in sentences}) == 300
    assert {sentence.label for sentence in sentences} == {0, 1}


def test_the_flagship_understands_negation() -> None:
    sentences = negation.read()
    predictions = Classifier(read_bundle(PRETRAINED / "flagship")).predict(sentence.text for sentence in sentences)
    right = [(p.label == "positive") == (s.label == 1) for p, s in zip(predictions, sentences, strict=True)]
    assert sum(right) / len(right) >= BAR
