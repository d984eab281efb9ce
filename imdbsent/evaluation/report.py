"""Everything that `imdbsent evaluate` reports: from answers to figures, and the figures as JSON or CSV."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.bundle.card import Metrics
from imdbsent.evaluation.comparison import McNemar, compare
from imdbsent.evaluation.groups import GroupAccuracy, Mistake, by_length, by_stars, surest_mistakes
from imdbsent.evaluation.metrics import IN_CARD, REPORTED, Confusion, Interval, MetricValue, Outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from imdbsent.classify.classifier import Classifier
    from imdbsent.evaluation.curves import Array, CalibrationBin, RocCurve
    from imdbsent.reading.labelled import Example, Examples


NO_VERDICT = 0.5
"""The probability of a text without a verdict, for example one without any word that the model knows."""


@dataclass(frozen=True)
class Answers:
    """What one model answers on the examples.

    Attributes:
        model: its name.
        chosen_by: how its weights were chosen, from its card.
        threshold: the model predicts "positive" from this probability on.
        probabilities: of positive, shape (n,); `NO_VERDICT` for a text without a verdict.
        unanswered: number of texts without a verdict.
    """

    model: str
    chosen_by: str
    threshold: float
    probabilities: Array
    unanswered: int


@dataclass(frozen=True)
class ModelReport:
    """How good one model is.

    Attributes:
        model: its name.
        chosen_by: how its weights were chosen, from its card.
        threshold: the model predicts "positive" from this probability on.
        unanswered: number of texts without a verdict; they count with a probability of `NO_VERDICT`.
        metrics: the value of each metric that is reported, by its key; None if it is undefined.
        confusion: the confusion matrix.
        calibration: the calibration curve.
        by_length: accuracy by number of words.
        by_stars: accuracy by rating, if there are ratings.
        mistakes: the surest ones.
        roc: the ROC curve; None if a class has no text.
    """

    model: str
    chosen_by: str
    threshold: float
    unanswered: int
    metrics: Mapping[str, MetricValue]
    confusion: Confusion
    calibration: tuple[CalibrationBin, ...]
    by_length: tuple[GroupAccuracy, ...]
    by_stars: tuple[GroupAccuracy, ...]
    mistakes: tuple[Mistake, ...]
    roc: RocCurve | None


@dataclass(frozen=True)
class Report:
    """Models on the same examples.

    Attributes:
        source: what they were evaluated on: "IMDB reviews, test", for example.
        split: "train" or "test" of the IMDB reviews; None for a user's file.
        n: number of examples.
        positive: number of positive examples.
        models: one report per model, in the order asked for.
        comparisons: McNemar's test of each pair of models.
    """

    source: str
    split: str | None
    n: int
    positive: int
    models: tuple[ModelReport, ...]
    comparisons: tuple[McNemar, ...]


def answer(
    model: str, classifier: Classifier, examples: Sequence[Example], advance: Callable[[], None] = lambda: None
) -> Answers:
    """Collect the answers of a model.

    Args:
        model: its name in the report.
        classifier: the model.
        examples: the texts.
        advance: called after each answer.
    """
    probabilities = np.empty(len(examples))
    unanswered = 0
    for i, prediction in enumerate(classifier.predict_iter(example.text for example in examples)):
        unanswered += prediction.probability is None
        probabilities[i] = NO_VERDICT if prediction.probability is None else prediction.probability
        advance()
    card = classifier.bundle.card
    return Answers(model, card.chosen_by, card.threshold, probabilities, unanswered)


def report(examples: Examples, answers: Sequence[Answers], *, mistakes: int) -> Report:
    """Compute every figure of every model.

    Args:
        examples: the labelled texts.
        answers: of each model, all under different names.
        mistakes: mistakes to list for each model, at most.
    """
    labels = _labels(examples.items)
    outcomes = {each.model: Outcomes(labels, each.probabilities, each.threshold) for each in answers}
    return Report(
        source=examples.source,
        split=examples.split,
        n=len(examples.items),
        positive=int(np.sum(labels)),
        models=tuple(_model_report(examples.items, each, outcomes[each.model], mistakes) for each in answers),
        comparisons=compare({model: outcome.right for model, outcome in outcomes.items()}),
    )


def notes_of_one_class(report: Report) -> list[str]:
    """What a reader must know if an accuracy comes from one class alone, one line each.

    Args:
        report: at least one text.
    """
    if report.positive in (0, report.n):
        side, other = ("positive", "negative") if report.positive else ("negative", "positive")
        labels = "the only label is" if report.n == 1 else f"all {report.n:,} labels are"
        return [f"{labels} {side}: the figures say nothing about {other} texts"]
    notes = []
    for model in report.models:
        predicted = model.confusion.true_positive + model.confusion.false_positive
        if predicted in (0, report.n):
            side = "positive" if predicted else "negative"
            notes.append(
                f"{model.model}: all {report.n:,} predictions are {side}, so its accuracy is the share of {side} labels"
            )
    return notes


def measure(classifier: Classifier, examples: Sequence[Example], split: str) -> Metrics:
    """The metrics of a model's card, on labelled texts.

    Args:
        classifier: the model.
        examples: at least one.
        split: name of these texts in the card.
    """
    answers = answer("", classifier, examples)
    outcomes = Outcomes(_labels(examples), answers.probabilities, answers.threshold)
    values: dict[str, Any] = {metric.key: metric.compute(outcomes) for metric in IN_CARD}
    return Metrics(split=split, n=len(examples), **values)


def as_json(report: Report) -> Iterator[str]:
    """One object with the fields of `Report`; undefined metrics are null. ROC curves are left out, not their areas."""
    fields = asdict(report)
    fields["models"] = [
        {
            name: value
            for field, content in model.items()
            if field != "roc"
            for name, value in (content.items() if field == "metrics" else [(field, content)])
        }
        for model in fields["models"]
    ]
    yield json.dumps(fields, ensure_ascii=False, indent=2) + "\n"


def as_csv(report: Report) -> Iterator[str]:
    """CSV (RFC 4180, but lines end in LF) with a header: model, figure, item, value. Undefined values are empty.

    The item tells figures of the same name apart: a bin of lengths, a rating, a cell of the confusion matrix, the other
    model of a comparison. For a mistake it is the location of the text.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["model", "figure", "item", "value"])
    writer.writerow(["", "source", "", report.source])
    writer.writerow(["", "n", "", report.n])
    writer.writerow(["", "n", "positive", report.positive])
    for model in report.models:
        writer.writerows((model.model, *row) for row in _csv_rows(model))
    for pair in report.comparisons:
        writer.writerow([pair.first, "mcnemar_p_value", pair.second, pair.p_value])
        writer.writerow([pair.first, "mcnemar_statistic", pair.second, pair.statistic])
        writer.writerow([pair.first, "only_right", pair.second, pair.only_first_right])
        writer.writerow([pair.second, "only_right", pair.first, pair.only_second_right])
    yield lines.getvalue()


def _labels(examples: Sequence[Example]) -> Array:
    return np.array([example.label for example in examples], np.float64)


def _model_report(examples: Sequence[Example], answers: Answers, outcomes: Outcomes, mistakes: int) -> ModelReport:
    return ModelReport(
        model=answers.model,
        chosen_by=answers.chosen_by,
        threshold=answers.threshold,
        unanswered=answers.unanswered,
        metrics={metric.key: metric.compute(outcomes) for metric in REPORTED},
        confusion=outcomes.confusion,
        calibration=outcomes.calibration,
        by_length=by_length((example.text for example in examples), outcomes.right),
        by_stars=by_stars([example.stars for example in examples], outcomes.right),
        mistakes=surest_mistakes(examples, outcomes.probabilities, outcomes.right, mistakes),
        roc=outcomes.roc,
    )


def _csv_rows(model: ModelReport) -> Iterator[tuple[str, Any, Any]]:
    yield "chosen_by", "", model.chosen_by
    yield "threshold", "", model.threshold
    yield "unanswered", "", model.unanswered
    for key, value in model.metrics.items():
        if isinstance(value, Interval):
            yield from ((key, end, bound) for end, bound in asdict(value).items())
        else:
            yield key, "", value
    yield from (("confusion", cell, count) for cell, count in asdict(model.confusion).items())
    for each in model.calibration:
        item = f"{each.low:g}-{each.high:g}"
        yield "calibration_n", item, each.n
        yield "calibration_probability", item, each.probability
        yield "calibration_positive", item, each.positive
    for name, groups in (("length", model.by_length), ("stars", model.by_stars)):
        for group in groups:
            yield f"n_of_{name}", group.name, group.n
            yield f"accuracy_of_{name}", group.name, group.accuracy
    yield from (("mistake", mistake.where, mistake.probability) for mistake in model.mistakes)
