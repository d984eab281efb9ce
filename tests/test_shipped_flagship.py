"""The flagship that ships, on real test reviews; `evaluate` tests its accuracy (tests/cli/test_evaluate.py)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from imdbsent.bundle.bundle import read_bundle
from imdbsent.bundle.card import MODEL
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset.aclimdb import Review, content_sha256, read_reviews
from imdbsent.explain.attribution import attributor
from imdbsent.models import store

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def flagship() -> Classifier:
    return Classifier(read_bundle(store.PRETRAINED / "flagship").verify())


@pytest.fixture(scope="module")
def test_reviews(real_reviews: Callable[..., list[Review]]) -> list[Review]:
    return real_reviews("test/neg", "test/pos")


@pytest.fixture(scope="module")
def ids_of_1000(flagship: Classifier, test_reviews: list[Review]) -> list[list[int]]:
    """The ids of a thousand reviews, short and long."""
    by_length = sorted(test_reviews, key=lambda review: len(review.text))
    chosen = by_length[:250] + by_length[250:-250:49][:500] + by_length[-250:]
    assert len(chosen) == 1000
    return [flagship.tokenizer.encode(review.text) for review in chosen]


def test_onnx_and_keras_give_the_same_logits(flagship: Classifier, ids_of_1000: list[list[int]]) -> None:
    pytest.importorskip("keras", reason="keras is not installed in the light environment")
    from imdbsent.training.architectures.flagship import network_from_onnx
    from imdbsent.training.recipes import FLAGSHIP

    network = network_from_onnx(flagship.bundle.directory / MODEL, FLAGSHIP)
    theirs = []
    for ids in ids_of_1000:
        padded = np.zeros((1, -(-len(ids) // 64) * 64), np.int32)
        padded[0, : len(ids)] = ids
        theirs.append(float(network.predict_on_batch(padded)[0, 0]))
    assert float(np.abs(flagship.engine.logits(ids_of_1000) - theirs).max()) < 1e-5


def test_contributions_add_up_to_the_logit(flagship: Classifier, ids_of_1000: list[list[int]]) -> None:
    for found in attributor(flagship.engine)(ids_of_1000, 12):
        assert found.bias + float(found.contributions.sum()) == pytest.approx(found.logit, abs=1e-4)


def test_the_card_names_the_data(flagship: Classifier, real_archive: Path) -> None:
    assert content_sha256(read_reviews(real_archive)) == flagship.bundle.card.data_sha256
