from __future__ import annotations

import numpy as np
import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.errors import ModelUnexplainable
from imdbsent.explain.attribution import RunningLogit, attributor
from imdbsent.explain.trace import trace

TEXTS = [
    "great",
    "Movie: great, awful!",
    "a RARE movie",
    "awful movie great great great movie awful",  # 7 words: not one padding
    "great awful great awful movie rare movie movie great great movie",  # cut
]


@pytest.fixture
def classifier(tiny_bundle: Bundle) -> Classifier:
    return Classifier(tiny_bundle, threads=1)


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_the_parts_add_up_to_the_logit_that_the_engine_gives_alone(classifier: Classifier, batch_size: int) -> None:
    texts = [classifier.tokenizer.encode(text) for text in TEXTS]
    attributions = attributor(classifier.engine)(texts, batch_size)
    for ids, attribution in zip(texts, attributions, strict=True):
        (logit,) = classifier.engine.logits([ids])
        assert len(attribution.contributions) == len(ids)
        total = attribution.bias + attribution.padding + attribution.contributions.sum()
        assert total == pytest.approx(logit, abs=1e-5)
        assert attribution.logit == pytest.approx(logit, abs=1e-5)


@pytest.mark.parametrize("text", TEXTS)
def test_a_contribution_is_a_step_of_the_running_logit(classifier: Classifier, text: str) -> None:
    (attribution,) = attributor(classifier.engine)([classifier.tokenizer.encode(text)], 1)
    traced = trace(classifier, text)
    before = float(classifier.engine.weights().logit(traced.hidden))
    running = [before, *(token.logit for token in traced.tokens)]
    assert attribution.contributions == pytest.approx(np.diff(running), abs=1e-6)
    assert attribution.padding == pytest.approx(before - attribution.bias, abs=1e-6)


def test_where_nothing_is_padded_there_is_no_padding(classifier: Classifier) -> None:
    (attribution,) = attributor(classifier.engine)([classifier.tokenizer.encode(TEXTS[-1])], 1)
    assert attribution.padding == 0


def test_no_texts_have_no_attributions(classifier: Classifier) -> None:
    assert RunningLogit(classifier.engine)([], 16) == []


def test_a_network_that_shows_its_logit_alone_cannot_be_taken_apart(classifier: Classifier) -> None:
    classifier.engine.output_names = frozenset({"logit"})
    with pytest.raises(ModelUnexplainable, match="--model classic"):
        attributor(classifier.engine)
