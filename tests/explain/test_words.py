from __future__ import annotations

import numpy as np
import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.explain.words import nearest_words, ranked_words


@pytest.fixture
def classifier(tiny_bundle: Bundle) -> Classifier:
    return Classifier(tiny_bundle, threads=1)


def test_neighbors_are_the_other_known_words_by_cosine(classifier: Classifier):
    near = nearest_words(classifier, 5, 10)  # great; the embeddings of the three words are 0.1, 1.5, -1.5
    assert [(n.word, n.rank) for n in near] == [("movie", 1), ("awful", 3)]
    assert [n.cosine for n in near] == pytest.approx([1, -1])


def test_cosines_are_those_of_the_definition(classifier: Classifier, monkeypatch: pytest.MonkeyPatch):
    network = classifier.engine.weights()
    vectors = np.array([[9, 9], [9, 9], [9, 9], [9, 9], [1.0, 0.0], [3.0, 4.0], [-1.0, 1.0]])  # ids 0 to 6
    changed = type(network)(**{**vars(network), "embedding": vectors})
    monkeypatch.setattr(classifier.engine, "weights", lambda: changed)
    near = nearest_words(classifier, 4, 2)
    assert [(n.word, round(n.cosine, 9)) for n in near] == [("great", 0.6), ("awful", round(-(0.5**0.5), 9))]


def test_as_many_neighbors_as_asked_for(classifier: Classifier):
    assert len(nearest_words(classifier, 4, 1)) == 1
    assert nearest_words(classifier, 4, 0) == []


def test_a_word_of_no_length_is_near_to_nothing(classifier: Classifier, monkeypatch: pytest.MonkeyPatch):
    network = classifier.engine.weights()
    changed = type(network)(**{**vars(network), "embedding": np.zeros((7, 1))})
    monkeypatch.setattr(classifier.engine, "weights", lambda: changed)
    assert [n.cosine for n in nearest_words(classifier, 4, 5)] == [0, 0]


def test_the_probability_of_a_word_is_what_predict_says_to_it(classifier: Classifier):
    rows = ranked_words(classifier)
    assert [(row.word, row.rank, row.id) for row in rows] == [("movie", 1, 4), ("great", 2, 5), ("awful", 3, 6)]
    predicted = classifier.predict([row.word for row in rows])
    assert [row.probability for row in rows] == pytest.approx([p.probability for p in predicted], abs=1e-6)
