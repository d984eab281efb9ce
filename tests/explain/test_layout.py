from __future__ import annotations

import json

import pytest

from imdbsent.explain.explain import EXPLANATION, explanation_layout
from imdbsent.writing.text import Format, text_layout
from tests.explain.examples import TEXTS, explain
from tests.writing.texts import text_of


def test_each_text_has_an_object_whose_numbers_add_up() -> None:
    lines = text_of(explain(TEXTS), explanation_layout(Format.JSONL)).splitlines()
    assert len(lines) == len(TEXTS)
    for line, text in zip(lines, TEXTS):
        fields = json.loads(line)
        assert fields["text"] == text
        assert tuple(fields)[-len(EXPLANATION) :] == EXPLANATION
        if fields["label"] is None:
            assert fields["logit"] is fields["bias"] is fields["before"] is None
            assert fields["contributions"] == fields["sentences"] == []
            assert fields["problem"]
            continue
        words = sum(token["contribution"] for token in fields["contributions"])
        assert fields["bias"] + fields["before"] + words == pytest.approx(fields["logit"], abs=1e-5)
        assert sum(sentence["contribution"] for sentence in fields["sentences"]) == pytest.approx(words)
        for token in fields["contributions"]:
            assert text[token["start"] : token["end"]] == token["token"]
            assert (token["id"] is None) == (token["status"] == "unseen")


def test_the_object_begins_as_that_of_a_prediction() -> None:
    explanations = explain(TEXTS)
    explained, predicted = explanation_layout(Format.JSONL), text_layout(Format.JSONL)
    for explanation in explanations:
        assert explained.row(explanation).startswith(predicted.row(explanation.prediction)[:-2])  # less } and LF


def test_json_is_an_array_of_the_same_objects() -> None:
    explanations = explain(TEXTS)
    written = text_of(explanations, explanation_layout(Format.JSON))
    assert json.loads(written) == [
        json.loads(explanation_layout(Format.JSONL).row(explanation)) for explanation in explanations
    ]
    assert text_of([], explanation_layout(Format.JSON)) == "[]\n"
