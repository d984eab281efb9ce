from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from imdbsent.bundle.bundle import Bundle, write_card
from imdbsent.classify.classifier import Classifier
from imdbsent.reading.labeled import Example
from imdbsent.training.calibration import BOUNDS, FEWEST, calibrate, fit_temperature


def log_loss(temperature: float, logits, targets) -> float:
    return float(np.mean(np.logaddexp(0, logits / temperature) - targets * logits / temperature))


@pytest.mark.parametrize("size", [0.1, 1.0, 6.0])
@pytest.mark.parametrize("right", [1, 3, 1_000])
def test_a_network_that_is_right_on_all_is_as_sure_as_that_many_texts_allow(size: float, right: int) -> None:
    logits = np.array([size, -size] * right)
    # sigmoid(size / T) = (right + 1) / (right + 2)
    expected = min(max(size / math.log(right + 1), BOUNDS[0]), BOUNDS[1])
    assert fit_temperature(logits, np.array([1.0, 0.0] * right)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("n", "wrong"), [(10, 1), (100, 20), (5_000, 400)])
def test_a_network_that_is_equally_sure_of_all_gets_the_share_it_is_right_on(n: int, wrong: int) -> None:
    signs = np.array([1.0] * (n - wrong) + [-1.0] * wrong)
    logits = 4 * np.concatenate([signs, -signs])
    target = (n + 1) / (n + 2)
    share = ((n - wrong) * target + wrong * (1 - target)) / n
    expected = 4 / math.log(share / (1 - share))
    assert fit_temperature(logits, np.array([1.0] * n + [0.0] * n)) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("true", [0.4, 1.0, 2.5])
def test_logits_that_were_multiplied_are_divided_again(true: float) -> None:
    random = np.random.default_rng(3)
    honest = random.normal(0, 3, 100_000)
    labels = (random.random(100_000) < 1 / (1 + np.exp(-honest))).astype(float)
    assert fit_temperature(honest * true, labels) == pytest.approx(true, rel=0.02)


@pytest.mark.parametrize("seed", range(4))
def test_no_other_temperature_has_less_log_loss(seed: int) -> None:
    random = np.random.default_rng(seed)
    logits = random.normal(0.5, 4, 80)
    labels = (random.random(80) < 1 / (1 + np.exp(-logits / 2))).astype(float)
    targets = np.where(labels == 1, (labels.sum() + 1) / (labels.sum() + 2), 1 / (80 - labels.sum() + 2))
    best = fit_temperature(logits, labels)
    others = np.geomspace(*BOUNDS, 2_001)
    assert log_loss(best, logits, targets) <= min(log_loss(one, logits, targets) for one in others)


@pytest.mark.parametrize(
    ("logits", "labels", "expected"),
    [
        ([], [], 1.0),
        ([0.0, 0.0], [1, 0], 1.0),
        ([3.0, -3.0], [0, 1], BOUNDS[1]),  # always wrong: the less sure, the better
        ([1e-6] * 50 + [-1e-6] * 50, [1] * 50 + [0] * 50, BOUNDS[0]),
        ([1e6, -1e6], [1, 0], BOUNDS[1]),
    ],
)
def test_degenerate_input_stays_within_the_bounds(logits: list[float], labels: list[int], expected: float) -> None:
    assert fit_temperature(np.array(logits), np.array(labels, np.float64)) == expected


def example(text: str, label: int) -> Example:
    return Example(text, label, where="here", stars=None)


def examples(count: int, wrong: int = 0) -> list[Example]:
    texts = [("great movie", 1), ("awful movie", 0)]
    chosen = [texts[i % 2] for i in range(count)]
    return [example(text, 1 - label if i < wrong else label) for i, (text, label) in enumerate(chosen)]


def test_a_model_is_calibrated_by_its_own_logits_whatever_its_temperature(tiny_bundle: Bundle) -> None:
    found = calibrate(Classifier(tiny_bundle), examples(100, wrong=20))
    assert found is not None
    assert found.texts == 100
    warm = write_card(tiny_bundle.directory, replace(tiny_bundle.card, temperature=7.0))
    assert calibrate(Classifier(warm), examples(100, wrong=20)) == found
    fitted = write_card(tiny_bundle.directory, replace(tiny_bundle.card, temperature=found.temperature))
    before, after = (
        [one.probability or 0 for one in Classifier(bundle).predict(["great movie", "awful movie"])]
        for bundle in (tiny_bundle, fitted)
    )
    assert before[0] > after[0] > 0.5 > after[1] > before[1]  # it was wrong on a fifth, and is less sure now


def test_texts_without_a_known_word_do_not_count(tiny_bundle: Bundle) -> None:
    classifier = Classifier(tiny_bundle)
    unknown = [example("zebra", 1), example("?!", 0)] * 30
    assert calibrate(classifier, [*examples(60, wrong=6), *unknown]) == calibrate(classifier, examples(60, wrong=6))


def test_few_texts_and_texts_of_one_class_say_nothing(tiny_bundle: Bundle) -> None:
    classifier = Classifier(tiny_bundle)
    assert calibrate(classifier, examples(FEWEST)) is not None
    assert calibrate(classifier, examples(FEWEST - 1)) is None
    assert calibrate(classifier, []) is None
    assert calibrate(classifier, [example("great", 1)] * 100) is None


def test_logits_that_are_no_numbers_say_nothing(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = Classifier(tiny_bundle)
    monkeypatch.setattr(classifier.engine, "logits", lambda ids: np.full(len(ids), np.nan, np.float32))
    assert calibrate(classifier, examples(100)) is None
