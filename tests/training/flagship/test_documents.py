from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="scipy is not installed in the light environment")
pytest.importorskip("numba", reason="numba is not installed in the light environment")
from imdbsent.training.flagship.documents import SHARPNESS, DocumentVectors, presence_matrix
from tests.training.flagship.small import texts_of

EACH = 30
"""Texts of each kind; a kind has words of its own, and some are everyone's."""


@pytest.fixture(scope="module")
def presence():
    generator = np.random.default_rng(8)
    kinds = (range(4, 24), range(24, 44))
    rows = [
        [*generator.choice(kind, 8, replace=False).tolist(), *generator.choice(range(44, 54), 3).tolist()]
        for kind in kinds
        for _ in range(EACH)
    ]
    return presence_matrix(texts_of(*rows), np.arange(2 * EACH), (1,))


def nearness(vectors: np.ndarray) -> tuple[float, float]:
    """Mean cosine between two texts of one kind, and of both."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    kinds = np.repeat([0, 1], EACH)
    is_same = kinds[:, None] == kinds
    return float(cosines[is_same & ~np.eye(2 * EACH, dtype=bool)].mean()), float(cosines[~is_same].mean())


def test_texts_of_one_kind_end_nearer_to_each_other_than_to_the_others(presence) -> None:
    vectors = DocumentVectors(presence, 8, 7)
    same, other = nearness(vectors.scaled())
    assert abs(same - other) < 0.1  # they begin at random
    epochs: list[int] = []
    vectors.train(12, 0.2, epochs.append)
    same, other = nearness(vectors.scaled())
    assert same > other + 0.3
    assert epochs == list(range(1, 13))
    np.testing.assert_allclose(np.linalg.norm(vectors.scaled(), axis=1), SHARPNESS, rtol=1e-5)


def test_a_seed_decides_where_the_vectors_begin_and_what_is_drawn(presence) -> None:
    one, same, other = (DocumentVectors(presence, 8, seed) for seed in (7, 7, 8))
    np.testing.assert_array_equal(one.documents, same.documents)
    np.testing.assert_array_equal(one._draws, same._draws)
    assert not np.array_equal(one.documents, other.documents)


def test_other_ngrams_are_drawn_by_their_frequency_to_the_power_of_three_quarters(presence) -> None:
    counts = np.asarray(presence.sum(axis=0)).ravel() ** 0.75
    drawn = np.bincount(DocumentVectors(presence, 2, 7)._draws, minlength=presence.shape[1])
    np.testing.assert_allclose(drawn / drawn.sum(), counts / counts.sum(), atol=1e-3)
