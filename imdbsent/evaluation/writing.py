"""A report as plain text for machines: JSON, or CSV with a figure a line. What is undefined is null, or empty."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imdbsent.evaluation.report import ModelReport, Report

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
