from __future__ import annotations

import numpy as np
import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.errors import TextWithoutVerdict
from imdbsent.explain.trace import trace
from imdbsent.models.store import PRETRAINED

TEXTS = [
    "great",
    "Movie: great, awful!",
    "an unseen word, then a RARE movie",
    "awful movie great great great movie awful",  # 7 words: not one padding
    "great awful great awful movie rare movie movie great great movie",  # cut
]


@pytest.fixture
def classifier(tiny_bundle: Bundle) -> Classifier:
    return Classifier(tiny_bundle, threads=1)


@pytest.mark.parametrize("text", TEXTS)
def test_the_last_probability_is_the_one_of_predict(classifier: Classifier, text: str):
    (prediction,) = classifier.predict([text])
    assert trace(classifier, text).tokens[-1].probability == pytest.approx(prediction.probability, abs=1e-6)


def test_the_temperature_of_the_card_divides_every_logit(tiny_bundle: Bundle):
    card = type(tiny_bundle.card)(**{**vars(tiny_bundle.card), "temperature": 2.5})
    classifier = Classifier(Bundle(tiny_bundle.directory, card), threads=1)
    (prediction,) = classifier.predict(["awful movie"])
    traced = trace(classifier, "awful movie")
    assert traced.tokens[-1].probability == pytest.approx(prediction.probability, abs=1e-6)
    for token in traced.tokens:
        assert token.probability == pytest.approx(1 / (1 + np.exp(-token.logit / 2.5)))


def test_a_row_for_each_id_that_the_network_reads(classifier: Classifier):
    traced = trace(classifier, "An unseen great, RARE movie")
    assert [(token.word, token.id) for token in traced.tokens] == [
        ("[start]", 1), ("great", 5), ("rare", 2), ("movie", 4)
    ]  # fmt: skip
    assert (traced.paddings, traced.cut) == (4, 0)


def test_a_long_text_loses_its_first_ids_and_starts_from_nothing(classifier: Classifier):
    traced = trace(classifier, "awful great awful movie movie movie movie movie great")
    assert [token.word for token in traced.tokens] == ["great", "awful", *["movie"] * 5, "great"]
    assert (traced.paddings, traced.cut) == (0, 2)
    assert not traced.hidden.any()


def test_the_state_before_the_first_token_is_the_one_after_the_paddings(classifier: Classifier):
    network = classifier.engine.weights()
    traced = trace(classifier, "great movie")
    np.testing.assert_array_equal(traced.hidden, network.padding_hidden[8 - 3])
    np.testing.assert_array_equal(traced.cell, network.padding_cell[8 - 3])


def test_the_state_obeys_the_formula_from_row_to_row(classifier: Classifier):
    traced = trace(classifier, "great awful movie")
    cell = traced.cell
    for token in traced.tokens:
        step = token.step
        np.testing.assert_allclose(step.cell, step.forget_gate * cell + step.input_gate * step.candidate)
        np.testing.assert_allclose(step.hidden, step.output_gate * np.tanh(step.cell), atol=1e-6)
        cell = step.cell


@pytest.mark.parametrize(("text", "problem"), [("", "blank"), (" \n", "blank"), ("xyzzy", "no known words")])
def test_a_text_without_a_verdict_has_no_trace(classifier: Classifier, text: str, problem: str):
    with pytest.raises(TextWithoutVerdict, match=problem):
        trace(classifier, text)


@pytest.mark.real
def test_on_100_real_reviews_the_last_probability_is_the_one_of_predict(real_reviews):
    classifier = Classifier(read_bundle(PRETRAINED / "classic"))
    reviews = real_reviews("test/neg", "test/pos")[::250]
    assert len(reviews) == 100  # ONNX Runtime's float32 differs by up to 9.7e-7 on them, and by 1.3e-6 on two of 500
    predictions = classifier.predict([review.text for review in reviews])
    last = [trace(classifier, review.text).tokens[-1].probability for review in reviews]
    assert last == pytest.approx([prediction.probability for prediction in predictions], abs=1e-6)
