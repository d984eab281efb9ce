"""A report as plain text for machines: JSON, or CSV with a figure a line. What is undefined is null, or empty.

Everything that `imdbsent evaluate` tells: the answers of each model, the figures, the models side by side.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.bundle.bundle import Metrics
from imdbsent.dataset.aclimdb import from_reviews
from imdbsent.evaluation.metrics import (
    CalibrationBin,
    Confusion,
    Group,
    Interval,
    McNemar,
    Mistake,
    RocCurve,
    binary_cross_entropy,
    brier_score,
    by_length,
    by_stars,
    calibration_curve,
    compare,
    expected_calibration_error,
    log_loss,
    roc_curve,
    surest_mistakes,
    wilson_interval,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from imdbsent.classify.classifier import Classifier
    from imdbsent.dataset.aclimdb import Review
    from imdbsent.evaluation.metrics import Array
    from imdbsent.reading.labelled import Example, Examples


NO_VERDICT = 0.5
"""The probability of a text that a model gives no verdict on, as one without a word it knows."""


@dataclass(frozen=True)
class Answers:
    """What one model says of the examples.

    Attributes:
        model: its name.
        chosen_by: how its weights were chosen, from its card.
        threshold: probability of positive from which its verdict is "positive".
        probabilities: of positive, shape (n,); `NO_VERDICT` where it has no verdict.
        unanswered: how many have no verdict.
    """

    model: str
    chosen_by: str
    threshold: float
    probabilities: Array
    unanswered: int

    @property
    def verdicts(self) -> npt.NDArray[np.bool_]:
        """Whether each is called positive, shape (n,)."""
        return self.probabilities >= self.threshold


@dataclass(frozen=True)
class ModelReport:
    """How good one model is. A figure that is undefined is None.

    Attributes:
        model: its name.
        chosen_by: how its weights were chosen, from its card.
        threshold: probability of positive from which its verdict is "positive".
        unanswered: texts without a verdict; they count with a probability of `NO_VERDICT`.
        accuracy: share of right verdicts.
        accuracy_interval: its 95 % interval (Wilson).
        precision: of the class positive.
        recall: of the class positive.
        f1: of the class positive.
        roc_auc: area under the ROC curve.
        log_loss: in nats.
        brier: mean squared difference of probability and label.
        calibration_error: expected calibration error over `imdbsent.evaluation.metrics.BINS` bins of equal width.
        confusion: the confusion table.
        calibration: the calibration curve.
        by_length: accuracy by number of words.
        by_stars: accuracy by rating, where there are ratings.
        mistakes: the surest ones.
        roc: the ROC curve.
    """

    model: str
    chosen_by: str
    threshold: float
    unanswered: int
    accuracy: float | None
    accuracy_interval: Interval | None
    precision: float | None
    recall: float | None
    f1: float | None
    roc_auc: float | None
    log_loss: float | None
    brier: float | None
    calibration_error: float | None
    confusion: Confusion
    calibration: tuple[CalibrationBin, ...]
    by_length: tuple[Group, ...]
    by_stars: tuple[Group, ...]
    mistakes: tuple[Mistake, ...]
    roc: RocCurve | None


@dataclass(frozen=True)
class Report:
    """Models on the same examples.

    Attributes:
        source: what was evaluated on, as "IMDB reviews, test".
        split: "train" or "test" of the IMDB reviews; None for a user's file.
        n: examples.
        positive: those of the class positive.
        models: a report for each model, in the order asked for.
        comparisons: McNemar's test of each pair of them.
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
    """Ask a model.

    Args:
        model: what it is called in the report.
        classifier: the model.
        examples: what it is asked.
        advance: is called after each answer.
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
    """Every figure of every model.

    Args:
        examples: what the models were asked.
        answers: of each model, all under different names.
        mistakes: mistakes to show of each.
    """
    labels = np.array([example.label for example in examples.items], np.float64)
    right = {each.model: each.verdicts == (labels == 1) for each in answers}
    return Report(
        source=examples.source,
        split=examples.split,
        n=len(examples.items),
        positive=int(np.sum(labels)),
        models=tuple(_model_report(examples.items, labels, each, right[each.model], mistakes) for each in answers),
        comparisons=compare(right),
    )


def evaluate(classifier: Classifier, reviews: Sequence[Review]) -> Metrics:
    """Accuracy and loss of a classifier, as it answers, on labelled reviews of one split.

    Args:
        classifier: the model.
        reviews: at least one, each with a label.

    Returns:
        The figures.
    """
    return measure(classifier, from_reviews(reviews), reviews[0].split)


def measure(classifier: Classifier, examples: Sequence[Example], split: str) -> Metrics:
    """Accuracy and loss of a classifier, as it answers, on labelled texts.

    Args:
        classifier: the model.
        examples: at least one.
        split: what they are.

    Returns:
        The figures.
    """
    answers = answer("", classifier, examples)
    labels = np.array([example.label for example in examples], np.float64)
    return Metrics(
        split=split,
        n=len(examples),
        accuracy=float(np.mean(answers.verdicts == (labels == 1))),
        loss=binary_cross_entropy(answers.probabilities, labels),
    )


def _model_report(
    examples: Sequence[Example], labels: Array, answers: Answers, right: npt.NDArray[np.bool_], mistakes: int
) -> ModelReport:
    probabilities = answers.probabilities
    confusion = Confusion.count(labels, answers.verdicts)
    calibration = calibration_curve(labels, probabilities)
    roc = roc_curve(labels, probabilities)
    return ModelReport(
        model=answers.model,
        chosen_by=answers.chosen_by,
        threshold=answers.threshold,
        unanswered=answers.unanswered,
        accuracy=confusion.accuracy,
        accuracy_interval=wilson_interval(confusion.right, confusion.n),
        precision=confusion.precision,
        recall=confusion.recall,
        f1=confusion.f1,
        roc_auc=None if roc is None else roc.area,
        log_loss=log_loss(labels, probabilities),
        brier=brier_score(labels, probabilities),
        calibration_error=expected_calibration_error(calibration),
        confusion=confusion,
        calibration=calibration,
        by_length=by_length((example.text for example in examples), right),
        by_stars=by_stars([example.stars for example in examples], right),
        mistakes=surest_mistakes(examples, probabilities, right, mistakes),
        roc=roc,
    )

SCALARS: Final = (
    "accuracy",
    "precision",
    "recall",
    "f1",
    "roc_auc",
    "log_loss",
    "brier",
    "calibration_error",
)
"""The figures of a model that are one number."""


def as_json(report: Report) -> Iterator[str]:
    """One object, with the fields of `Report`; the points of the ROC curves are left out, their areas are there."""
    fields = asdict(report)
    for model in fields["models"]:
        del model["roc"]
    yield json.dumps(fields, ensure_ascii=False, indent=2) + "\n"


def as_csv(report: Report) -> Iterator[str]:
    """CSV (RFC 4180, but lines end in LF) with a header: model, figure, item, value.

    The item says which of several figures of one name it is: a bin of lengths, a rating, a cell of the confusion
    table, the other model of a comparison. Of a mistake it says where the text is.
    """
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(["model", "figure", "item", "value"])
    writer.writerow(["", "source", "", report.source])
    writer.writerow(["", "n", "", report.n])
    writer.writerow(["", "n", "positive", report.positive])
    for model in report.models:
        writer.writerows((model.model, *row) for row in _rows(model))
    for pair in report.comparisons:
        writer.writerow([pair.first, "mcnemar_p_value", pair.second, pair.p_value])
        writer.writerow([pair.first, "mcnemar_statistic", pair.second, pair.statistic])
        writer.writerow([pair.first, "only_right", pair.second, pair.only_first_right])
        writer.writerow([pair.second, "only_right", pair.first, pair.only_second_right])
    yield lines.getvalue()


def _rows(model: ModelReport) -> Iterator[tuple[str, Any, Any]]:
    yield "chosen_by", "", model.chosen_by
    yield "threshold", "", model.threshold
    yield "unanswered", "", model.unanswered
    yield from ((name, "", getattr(model, name)) for name in SCALARS)
    if model.accuracy_interval is not None:
        yield from (("accuracy_interval", end, value) for end, value in asdict(model.accuracy_interval).items())
    yield from (("confusion", cell, count) for cell, count in asdict(model.confusion).items())
    for part in model.calibration:
        item = f"{part.low:g}-{part.high:g}"
        yield "calibration_n", item, part.n
        yield "calibration_probability", item, part.probability
        yield "calibration_positive", item, part.positive
    for name, groups in (("length", model.by_length), ("stars", model.by_stars)):
        for group in groups:
            yield f"n_of_{name}", group.name, group.n
            yield f"accuracy_of_{name}", group.name, group.accuracy
    yield from (("mistake", mistake.where, mistake.probability) for mistake in model.mistakes)
