"""Explanations as plain text for machines: JSONL and JSON, an object a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from imdbsent.records.writing import Format, fields_of, json_array, json_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from imdbsent.explanation.explain import Explanation

_DECIMALS: Final = 9  # of numbers that are added up: the sum over a thousand tokens is right to 6


def jsonl(explanations: Iterable[Explanation]) -> Iterator[str]:
    """An object a text: the fields of `imdbsent.records.writing.jsonl`, then the parts of the logit.

    `logit` = `bias` + `before` + the sum of `contribution` over `contributions`. Each of these has `token`, which is
    text[start:end], `start`, `end`, `id`, `status` and `contribution`; each sentence has `start`, `end` and
    `contribution`. Where there is no verdict the numbers are null and the lists empty.
    """
    for explanation in explanations:
        yield json_line(_fields(explanation))


def as_json(explanations: Iterable[Explanation]) -> Iterator[str]:
    """One array of the objects that `jsonl` writes."""
    return json_array(map(_fields, explanations))


FORMATTERS: Final[dict[Format, Callable[[Iterable[Explanation]], Iterator[str]]]] = {
    Format.JSONL: jsonl,
    Format.JSON: as_json,
}
"""The formats that an explanation has besides the table: one with a row a text has no room for its words."""


def _fields(explanation: Explanation) -> dict[str, Any]:
    fields, parts = fields_of(explanation.prediction), explanation.breakdown
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
