from __future__ import annotations

import json

import pytest

from imdbsent.explanation.writing import as_json, jsonl
from imdbsent.records.writing import jsonl as predictions_jsonl
from tests.explanation.examples import TEXTS, explain


def test_each_text_has_an_object_whose_numbers_add_up() -> None:
    lines = list(jsonl(explain(TEXTS)))
    assert len(lines) == len(TEXTS)
    for line, text in zip(lines, TEXTS):
        assert line.endswith("\n")
        fields = json.loads(line)
        assert fields["text"] == text
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
    predictions = predictions_jsonl(explanation.prediction for explanation in explanations)
    for line, prediction in zip(jsonl(explanations), predictions, strict=True):
        assert line.startswith(prediction[:-2])  # less } and the line feed


def test_json_is_an_array_of_the_same_objects() -> None:
    explanations = explain(TEXTS)
    assert json.loads("".join(as_json(explanations))) == [json.loads(line) for line in jsonl(explanations)]
    assert "".join(as_json([])) == "[]\n"
