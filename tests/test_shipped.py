"""The model that ships, on the real test reviews: what the README says of it is measured here."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from imdbsent.bundle.bundle import NETWORK, Bundle, read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset.aclimdb import LABELED, Review, content_sha256
from imdbsent.models import store

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def classic() -> Bundle:
    return read_bundle(store.PRETRAINED / "classic").verify()


@pytest.fixture(scope="module")
def test_reviews(real_reviews: Callable[..., list[Review]]) -> list[Review]:
    return real_reviews("test/neg", "test/pos")


def keras_probabilities(bundle: Bundle, reviews: list[Review]):
    keras = pytest.importorskip("keras", reason="keras is not installed in the light environment")
    network = keras.saving.load_model(bundle.directory / NETWORK, safe_mode=True)
    tokenizer = Classifier(bundle).tokenizer
    encoded = [tokenizer.encode(review.text) for review in reviews]
    ids = keras.utils.pad_sequences(encoded, maxlen=tokenizer.maximum_length)
    return network.predict(ids, batch_size=256, verbose=0)[:, 0]


def test_onnx_and_keras_agree_on_1000_reviews_short_and_long(classic: Bundle, test_reviews: list[Review]) -> None:
    by_length = sorted(test_reviews, key=lambda review: len(review.text))
    chosen = by_length[:250] + by_length[250:-250:49][:500] + by_length[-250:]
    assert len(chosen) == 1000
    ours = [p.probability for p in Classifier(classic).predict(review.text for review in chosen)]
    assert float(np.abs(np.array(ours) - keras_probabilities(classic, chosen)).max()) < 1e-5


def test_the_accuracy_is_that_of_the_card(classic: Bundle, test_reviews: list[Review]) -> None:
    (recorded,) = (metrics for metrics in classic.card.metrics if metrics.split == "test")
    assert recorded.accuracy == pytest.approx(classic.card.history[-1].test_accuracy, abs=5e-5)  # Keras's figure
    sample = test_reviews[::10]
    labels = [prediction.label == "positive" for prediction in Classifier(classic).predict(r.text for r in sample)]
    accuracy = float(np.mean(np.array(labels) == [review.label == 1 for review in sample]))
    assert accuracy == pytest.approx(recorded.accuracy, abs=0.02)


def test_the_card_names_the_data(classic: Bundle, real_reviews: Callable[..., list[Review]]) -> None:
    assert content_sha256(real_reviews(*LABELED)) == classic.card.data_sha256
