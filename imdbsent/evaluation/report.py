"""Everything that `imdbsent evaluate` reports: from answers to figures, and the figures as JSON or CSV.

The figures are the metrics, accuracy by length and by stars, the most confident mistakes, and McNemar's test: whether
two models that judged the same texts differ by more than chance.
"""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import asdict, dataclass, replace
from itertools import combinations, permutations
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.bundle.card import Metrics
from imdbsent.evaluation.metrics import (
    IN_CARD,
    REPORTED,
    Confusion,
    Goal,
    Interval,
    MetricValue,
    Outcomes,
    ThresholdGoal,
    best_threshold,
    highest_precision,
    wilson_interval,
)
from imdbsent.text.tokenizer import split_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from imdbsent.classify.classifier import Classifier
    from imdbsent.evaluation.metrics import Array, CalibrationBin, RocCurve
    from imdbsent.reading.labeled import Example, Examples


NO_VERDICT: Final = 0.5
"""The probability of a text without a verdict, for example one without any word that the model knows."""
EXACT_BELOW: Final = 25
"""With fewer discordant texts than these, the test is the exact binomial one."""
LAST_WORDS: Final = (10, 25, 50, 100, 200, 400, 800)
"""The largest number of words in each bin of lengths; the last bin has no end."""
MOST_RATINGS: Final = 20
"""More distinct ratings than these are a scale, not stars, and are not listed one by one."""
_BALANCED: Final = 0.1
"""How far from a half the share of positive texts may be in a balanced set."""


@dataclass(frozen=True)
class GroupAccuracy:
    """The accuracy on some of the texts.

    Attributes:
        name: which texts: "101-200" words or "7" stars, for example.
        n: number of texts; at least 1.
        accuracy: share of right verdicts.
        interval: its 95% interval.
    """

    name: str
    n: int
    accuracy: float
    interval: Interval


@dataclass(frozen=True)
class Mistake:
    """A wrong verdict.

    Attributes:
        where: where the text comes from: "test/pos/7_10.txt" or "line 12", for example.
        label: its label: 1 positive, 0 negative.
        probability: of positive, as the model answered.
        text: the text.
    """

    where: str
    label: int
    probability: float
    text: str


def by_length(texts: Iterable[str], right: npt.NDArray[np.bool_]) -> tuple[GroupAccuracy, ...]:
    """Accuracy by the number of words (`imdbsent.text.tokenizer.split_words`), without the empty bins.

    Args:
        texts: n texts.
        right: whether each verdict is right, shape (n,).
    """
    bin_of = np.searchsorted(LAST_WORDS, [len(split_words(text)) for text in texts])
    firsts = (0, *(last + 1 for last in LAST_WORDS))
    names = [f"{first}-{last}" for first, last in zip(firsts, LAST_WORDS)] + [f"{firsts[-1]}+"]
    return tuple(_group(name, right[bin_of == i]) for i, name in enumerate(names) if np.any(bin_of == i))


def by_stars(stars: Sequence[float | None], right: npt.NDArray[np.bool_]) -> tuple[GroupAccuracy, ...]:
    """Accuracy by rating, from low to high.

    Args:
        stars: the rating of each text, n of them; None for a text without one.
        right: whether each verdict is right, shape (n,).

    Returns:
        One group per rating; none if there are more than `MOST_RATINGS`.
    """
    ratings = sorted({rating for rating in stars if rating is not None})
    if len(ratings) > MOST_RATINGS:
        return ()
    column = np.array([np.nan if rating is None else rating for rating in stars])
    return tuple(_group(f"{rating:g}", right[column == rating]) for rating in ratings)


def most_confident_mistakes(
    examples: Sequence[Example], probabilities: Array, right: npt.NDArray[np.bool_], most: int
) -> tuple[Mistake, ...]:
    """The wrong verdicts with the highest confidence, highest first.

    Args:
        examples: n texts.
        probabilities: of positive, shape (n,).
        right: whether each verdict is right, shape (n,).
        most: how many to return at most.
    """
    wrong: list[int] = np.flatnonzero(~right).tolist()
    wrong.sort(key=lambda i: -abs(examples[i].label - probabilities[i]))
    return tuple(
        Mistake(examples[i].where, examples[i].label, float(probabilities[i]), examples[i].text) for i in wrong[:most]
    )


def _group(name: str, right: npt.NDArray[np.bool_]) -> GroupAccuracy:
    hits = int(np.sum(right))
    interval = wilson_interval(hits, right.size)
    assert interval is not None  # a group has at least one text
    return GroupAccuracy(name, right.size, hits / right.size, interval)


@dataclass(frozen=True)
class McNemar:
    """Two models side by side.

    Attributes:
        first: name of one model.
        second: name of the other.
        only_first_right: number of texts that only the first judged right.
        only_second_right: number of texts that only the second judged right.
        statistic: chi-squared with one degree of freedom; None if the test is exact.
        p_value: the chance of a difference at least as large if both models were equally good.
    """

    first: str
    second: str
    only_first_right: int
    only_second_right: int
    statistic: float | None
    p_value: float

    @property
    def test(self) -> str:
        """Which test was used, for people."""
        return "exact binomial" if self.statistic is None else f"chi-squared {self.statistic:.3f}"

    @property
    def p_value_text(self) -> str:
        """The p value for people; the smallest ones are too small for a float."""
        return f"{self.p_value:.3g}" if self.p_value else "below 1e-300"


def compare(right: Mapping[str, npt.NDArray[np.bool_]]) -> tuple[McNemar, ...]:
    """Test every pair of models. Each p value is that of one test: with many pairs, some are small by chance.

    Args:
        right: for each model, whether it judged each text right, shape (n,); the same texts in the same order.

    Returns:
        One comparison per pair, in order; none for one model.
    """
    return tuple(
        mcnemar(first, second, int(np.sum(right[first] & ~right[second])), int(np.sum(~right[first] & right[second])))
        for first, second in combinations(right, 2)
    )


def mcnemar(first: str, second: str, only_first_right: int, only_second_right: int) -> McNemar:
    """McNemar's test (Psychometrika 1947), two-sided.

    With fewer than `EXACT_BELOW` discordant texts it is the exact binomial test; otherwise chi-squared with the
    continuity correction of Edwards (1948), (|b - c| - 1)^2 / (b + c), which is 0 if b equals c.

    Args:
        first: name of one model.
        second: name of the other.
        only_first_right: number of texts that only the first judged right.
        only_second_right: number of texts that only the second judged right.
    """
    discordant = only_first_right + only_second_right
    if discordant < EXACT_BELOW:
        fewer = min(only_first_right, only_second_right)
        tail = sum(math.comb(discordant, k) for k in range(fewer + 1))
        p_value = min(1.0, 2 * tail / 2**discordant)
        return McNemar(first, second, only_first_right, only_second_right, None, p_value)
    statistic = max(0, abs(only_first_right - only_second_right) - 1) ** 2 / discordant
    p_value = math.erfc(math.sqrt(statistic / 2))  # the upper tail of chi-squared, one degree of freedom
    return McNemar(first, second, only_first_right, only_second_right, statistic, p_value)


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
class BestThreshold:
    """The threshold that is the best for a goal. It was chosen on the texts that it is measured on.

    Attributes:
        goal: what for, as a person types it: "f1" or "precision=0.95", for example.
        threshold: it; None if no threshold reaches the goal.
        confusion: the confusion matrix with it, or with the present threshold if there is none.
        reached: the highest precision that a threshold has; None if the goal is another one.
    """

    goal: str
    threshold: float | None
    confusion: Confusion
    reached: float | None = None


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
        mistakes: the most confident ones.
        roc: the ROC curve; None if a class has no text.
        best_threshold: the best one for a goal; None if nobody asked.
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
    best_threshold: BestThreshold | None = None


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
    return Answers(model, card.chosen_by, classifier.bundle.threshold, probabilities, unanswered)


def report(
    examples: Examples, answers: Sequence[Answers], *, mistakes: int, goal: ThresholdGoal | None = None
) -> Report:
    """Compute every figure of every model.

    Args:
        examples: the labeled texts; of both classes, if there is a goal.
        answers: of each model, all under different names.
        mistakes: mistakes to list for each model, at most.
        goal: what to find the best threshold for; None for nothing.
    """
    labels = _labels(examples.items)
    outcomes = {each.model: Outcomes(labels, each.probabilities, each.threshold) for each in answers}
    return Report(
        source=examples.source,
        split=examples.split,
        n=len(examples.items),
        positive=int(np.sum(labels)),
        models=tuple(
            _model_report(examples.items, each, outcomes[each.model], mistakes, goal) for each in answers
        ),
        comparisons=compare({model: outcome.right for model, outcome in outcomes.items()}),
    )


@dataclass(frozen=True)
class Score:
    """How good a model is on some texts.

    Attributes:
        model: its name.
        accuracy: share of right verdicts, 0 to 1.
        balanced_accuracy: mean of the shares of right verdicts of both classes, 0 to 1.
    """

    model: str
    accuracy: float
    balanced_accuracy: float


@dataclass(frozen=True)
class Comparison:
    """A new model beside another one, on texts that had no part in making it.

    Attributes:
        new: the new model.
        other: the other model, for example the one that it was fine-tuned from.
        test: McNemar's test; the new model is its first.
        texts: number of texts.
        is_balanced: whether both classes have about the same number of texts, so that the accuracy is enough.
    """

    new: Score
    other: Score
    test: McNemar
    texts: int
    is_balanced: bool


def side_by_side(examples: Sequence[Example], new: Answers, other: Answers) -> Comparison:
    """Compare a new model with another one, which may have the same name.

    Args:
        examples: labeled texts of both classes.
        new: answers of the new model.
        other: answers of the other model.
    """
    labels = _labels(examples)
    ours, theirs = (Outcomes(labels, each.probabilities, each.threshold) for each in (new, other))
    only_new, only_other = (int(np.sum(one & ~two)) for one, two in permutations((ours.right, theirs.right)))
    return Comparison(
        _score(new.model, ours),
        _score(other.model, theirs),
        mcnemar(new.model, other.model, only_new, only_other),
        len(examples),
        abs(float(labels.mean()) - 0.5) <= _BALANCED,
    )


def _score(model: str, outcomes: Outcomes) -> Score:
    accuracy, balanced = outcomes.confusion.accuracy, outcomes.confusion.balanced_accuracy
    assert accuracy is not None and balanced is not None  # noqa: PT018 (there are texts of both classes)
    return Score(model, accuracy, balanced)


def score_of(examples: Sequence[Example], answers: Answers) -> Score:
    """How good the answers of a model are.

    Args:
        examples: labeled texts of both classes.
        answers: on them.
    """
    return _score(answers.model, Outcomes(_labels(examples), answers.probabilities, answers.threshold))


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
    """The metrics of a model's card, on labeled texts.

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


def _best(outcomes: Outcomes, goal: ThresholdGoal) -> BestThreshold:
    found = best_threshold(outcomes, goal)
    reached = highest_precision(outcomes) if goal.kind is Goal.PRECISION else None
    at = outcomes if found is None else replace(outcomes, threshold=found)
    return BestThreshold(str(goal), found, at.confusion, reached)


def _model_report(
    examples: Sequence[Example], answers: Answers, outcomes: Outcomes, mistakes: int, goal: ThresholdGoal | None
) -> ModelReport:
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
        mistakes=most_confident_mistakes(examples, outcomes.probabilities, outcomes.right, mistakes),
        roc=outcomes.roc,
        best_threshold=None if goal is None else _best(outcomes, goal),
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
    if model.best_threshold is not None:
        best = model.best_threshold
        yield "best_threshold", best.goal, best.threshold
        yield from (("best_threshold_confusion", cell, count) for cell, count in asdict(best.confusion).items())
    yield from (("mistake", mistake.where, mistake.probability) for mistake in model.mistakes)
