"""The model that ships, on the real test reviews: what the README says of it is measured here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imdbsent.bundle.bundle import NETWORK, Bundle, read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset.aclimdb import Review, content_sha256, from_reviews, read_reviews
from imdbsent.evaluation import measure
from imdbsent.models import store

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def classic() -> Bundle:
    return read_bundle(store.PRETRAINED / "classic").verify()


@pytest.fixture(scope="module")
def test_reviews(real_archive: Path) -> list[Review]:
    return read_reviews(real_archive, ("test/neg", "test/pos"))


def keras_probabilities(bundle: Bundle, reviews: list[Review]):
    keras = pytest.importorskip("keras", reason="keras is not installed in the light environment")
    network = keras.saving.load_model(bundle.checked(NETWORK), safe_mode=True)
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


def test_accuracy_on_the_25000_test_reviews_is_what_the_card_says(classic: Bundle, test_reviews: list[Review]) -> None:
    metrics = measure(Classifier(classic), from_reviews(test_reviews), "test")
    assert metrics.n == 25_000
    assert 0.84 <= metrics.accuracy <= 0.875
    (recorded,) = classic.card.metrics
    assert metrics.accuracy == pytest.approx(recorded.accuracy, abs=5e-5)
    assert metrics.accuracy == pytest.approx(classic.card.history[-1].test_accuracy, abs=5e-5)  # Keras's figure


def test_the_card_names_the_data(classic: Bundle, real_archive: Path) -> None:
    reviews = read_reviews(real_archive, ("train/neg", "train/pos", "test/neg", "test/pos"))
    assert content_sha256(reviews) == classic.card.data_sha256
