from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.dataset.aclimdb import from_reviews, read_reviews
from imdbsent.evaluation import measure
from imdbsent.evaluation.metrics import REPORTED
from imdbsent.evaluation.report import (
    MOST_RATINGS,
    Answers,
    answer,
    as_csv,
    as_json,
    by_length,
    by_stars,
    most_confident_mistakes,
    report,
)
from imdbsent.reading.labeled import Example, Examples
from tests.evaluation.example_report import two_models


def test_accuracy_by_length_counts_each_text_in_the_bin_of_its_words() -> None:
    lengths = [0, 1, 10, 11, 100, 101, 800, 801, 5_000]
    right = np.array([True, False, True, True, True, False, True, False, True])
    groups = by_length(["word " * length for length in lengths], right)
    assert [(group.name, group.n, group.accuracy) for group in groups] == [
        ("0-10", 3, 2 / 3),
        ("11-25", 1, 1),
        ("51-100", 1, 1),
        ("101-200", 1, 0),
        ("401-800", 1, 1),
        ("801+", 2, 0.5),
    ]
    assert all(group.interval.low <= group.accuracy <= group.interval.high for group in groups)


def test_accuracy_by_stars_goes_from_low_to_high_and_is_left_out_on_a_scale() -> None:
    groups = by_stars([10.0, None, 2.5, 10.0], np.array([True, True, False, False]))
    assert [(group.name, group.n, group.accuracy) for group in groups] == [("2.5", 1, 0), ("10", 2, 0.5)]
    scale = [i / 100 for i in range(MOST_RATINGS + 1)]
    assert by_stars(scale, np.ones(len(scale), bool)) == ()
    assert len(by_stars(scale[1:], np.ones(MOST_RATINGS, bool))) == MOST_RATINGS


def test_the_most_confident_mistakes_come_first_and_right_verdicts_never() -> None:
    examples = [Example(f"text {i}", label, f"line {i}", None) for i, label in enumerate([1, 0, 1, 0, 1])]
    probabilities = np.array([0.3, 0.9, 0.05, 0.1, 0.05])
    right = np.array([False, False, False, True, False])
    mistakes = most_confident_mistakes(examples, probabilities, right, 3)
    assert [(m.where, m.label, m.probability) for m in mistakes] == [
        ("line 2", 1, 0.05),
        ("line 4", 1, 0.05),
        ("line 1", 0, 0.9),
    ]
    assert most_confident_mistakes(examples, probabilities, right, 0) == ()


def test_a_text_without_a_verdict_counts_with_one_half(tiny_bundle: Bundle) -> None:
    items = tuple(Example(text, 1, "", None) for text in ("great", "nothing known", "", "awful"))
    calls: list[None] = []
    answers = answer("tiny", Classifier(tiny_bundle), items, lambda: calls.append(None))
    assert answers.unanswered == 2
    assert answers.probabilities[[1, 2]].tolist() == [0.5, 0.5]
    assert len(calls) == 4
    assert answers.chosen_by == "by hand"


def test_the_card_has_what_the_report_has(tiny_bundle: Bundle, tiny_tree: Path) -> None:
    classifier = Classifier(tiny_bundle)
    examples = Examples(from_reviews(read_reviews(tiny_tree, ("test/neg", "test/pos"))), "test", "test")
    whole = report(examples, [answer("tiny", classifier, examples.items)], mistakes=3).models[0]
    metrics = measure(classifier, examples.items, "test")
    assert metrics.split == "test"
    assert metrics.n == 10
    assert metrics.accuracy == whole.metrics["accuracy"]
    assert metrics.loss == pytest.approx(whole.metrics["log_loss"])


def test_a_models_own_threshold_decides_its_verdicts() -> None:
    examples = Examples(tuple(Example("", label, "", None) for label in (0, 1, 1)), "mine.csv")
    answers = Answers("m", "", 0.8, np.array([0.7, 0.8, 0.79]), 0)
    model = report(examples, [answers], mistakes=5).models[0]
    assert model.metrics["accuracy"] == 2 / 3
    assert [mistake.probability for mistake in model.mistakes] == [0.79]


def test_json_has_every_field_but_the_points_of_the_roc_curve() -> None:
    made = two_models()
    value = json.loads("".join(as_json(made)))
    for model, found in zip(made.models, value["models"]):
        assert found["accuracy"] == model.metrics["accuracy"]
        assert found["accuracy_interval"].keys() == {"low", "high"}
        assert {metric.key for metric in REPORTED} < found.keys()
    assert value["comparisons"][0]["p_value"] == made.comparisons[0].p_value
    assert value["models"][0]["confusion"]["true_positive"] == made.models[0].confusion.true_positive
    assert "roc" not in value["models"][0]
    assert value["n"] == 200


def test_csv_has_a_figure_a_line_that_reads_back() -> None:
    made = two_models(mistakes=1)
    rows = list(csv.reader(io.StringIO("".join(as_csv(made)))))
    assert rows[0] == ["model", "figure", "item", "value"]
    assert all(len(row) == 4 for row in rows)
    figures = {tuple(row[:3]): row[3] for row in rows[1:]}
    assert len(figures) == len(rows) - 1
    first, second = made.models
    assert float(figures[first.model, "accuracy", ""]) == first.metrics["accuracy"]
    assert float(figures[second.model, "roc_auc", ""]) == second.metrics["roc_auc"]
    assert float(figures[first.model, "mcnemar_p_value", second.model]) == made.comparisons[0].p_value
    assert int(figures[first.model, "only_right", second.model]) == made.comparisons[0].only_first_right
    stars = [row for row in rows if row[:2] == [first.model, "n_of_stars"]]
    assert sum(int(row[3]) for row in stars) == 200


def test_what_is_undefined_is_null_and_empty() -> None:
    examples = Examples((Example("", 0, "", None),), "mine.csv")
    made = report(examples, [Answers("m", "", 0.5, np.array([0.1]), 0)], mistakes=0)
    model = json.loads("".join(as_json(made)))["models"][0]
    assert (model["precision"], model["recall"], model["f1"], model["roc_auc"]) == (None,) * 4
    assert "m,roc_auc,,\n" in "".join(as_csv(made))
