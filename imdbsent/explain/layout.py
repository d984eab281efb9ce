"""Explanations as JSONL and JSON, one object per text."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

from imdbsent.writing.text import NO_COLUMNS, Format, fields_of, json_layout, jsonl_layout

if TYPE_CHECKING:
    from imdbsent.explain.explain import Explanation
    from imdbsent.writing.text import ResultColumns, TextLayout


EXPLANATION: Final = ("logit", "bias", "before", "temperature", "contributions", "sentences")
"""The keys of an object besides those of a prediction."""

_DECIMALS: Final = 9  # of numbers that are added up, so that the sum over a thousand tokens is right to 6


def explanation_layout(chosen: Format, columns: ResultColumns = NO_COLUMNS) -> TextLayout:
    """The layout of explanations in JSONL or JSON.

    An object has the keys of a prediction, then the parts of the logit: `logit` = `bias` + `before` + the sum of
    `contribution` over `contributions`. Each of these has `token`, which is text[start:end], `start`, `end`, `id`,
    `status` and `contribution`. Each of the `sentences` has `start`, `end` and `contribution`. Without a verdict, the
    numbers are null and the lists are empty.

    Args:
        chosen: JSONL or JSON.
        columns: those besides the usual ones.
    """
    fields = partial(_fields, columns=columns)
    return jsonl_layout(fields) if chosen is Format.JSONL else json_layout(fields)


def _fields(explanation: Explanation, columns: ResultColumns) -> dict[str, Any]:
    fields, parts = fields_of(explanation.prediction, columns), explanation.breakdown
    if parts is None:
        numbers = dict.fromkeys(("logit", "bias", "before", "temperature"))
        return fields | numbers | {"contributions": [], "sentences": []}
    tokens = [
        {
            "token": parts.text[token.start : token.end],
            "start": token.start,
            "end": token.end,
            "id": token.id,
            "status": token.status,
            "contribution": round(token.contribution, _DECIMALS),
        }
        for token in parts.tokens
    ]
    sentences = [
        {
            "start": sentence.start,
            "end": sentence.end,
            "contribution": round(sentence.contribution, _DECIMALS),
        }
        for sentence in parts.sentences
    ]
    return fields | {
        "logit": round(parts.logit, _DECIMALS),
        "bias": round(parts.bias, _DECIMALS),
        "before": round(parts.before, _DECIMALS),
        "temperature": parts.temperature,
        "contributions": tokens,
        "sentences": sentences,
    }
