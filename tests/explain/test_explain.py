from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.explain import SUM_BAR, SUM_REVIEWS, confident_texts, deletions, largest_gap
from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.classify.options import PredictOptions
from imdbsent.dataset.aclimdb import Review
from imdbsent.errors import InvalidOptions
from imdbsent.explain.explain import Breakdown, Explainer, Explanation, strength
from imdbsent.models.store import PRETRAINED
from imdbsent.records import Record
from imdbsent.text.tokenizer import split_words
from tests.tiny import TINY

EXPLAINER = Explainer(Classifier(read_bundle(TINY), threads=1))
ANY_TEXT = st.text() | st.lists(
    st.sampled_from(["Great", "awful", "rare", "movie", "zebra", " ", ".", "\n", "<br />", "é", "😀", "\0"])
).map("".join)


def explained(*texts: str) -> list[Explanation]:
    return list(EXPLAINER.explain(map(Record, texts)))


def parts_of(text: str) -> Breakdown:
    (explanation,) = explained(text)
    assert explanation.breakdown is not None
    return explanation.breakdown


@given(ANY_TEXT)
def test_of_any_text_each_token_stands_where_it_says_and_all_add_up_to_the_logit(text: str) -> None:
    (explanation,) = explained(text)
    (prediction,) = EXPLAINER.classifier.predict([text])
    assert explanation.prediction.label == prediction.label
    assert explanation.prediction.problem == prediction.problem
    parts = explanation.breakdown
    assert (parts is None) == (prediction.label is None)
    if parts is None:
        return
    assert explanation.prediction.probability == pytest.approx(prediction.probability, abs=1e-6)
    assert [text[token.start : token.end].encode().lower() for token in parts.tokens] == split_words(text)
    (logit,) = EXPLAINER.classifier.engine.logits([EXPLAINER.classifier.tokenizer.encode(text)])
    assert parts.bias + parts.before + parts.of_words == pytest.approx(logit, abs=1e-5)
    assert sum(sentence.contribution for sentence in parts.sentences) == pytest.approx(parts.of_words, abs=1e-9)
    assert all(token.contribution == 0 for token in parts.tokens if token.status in ("cut", "unseen"))


def test_a_word_has_the_sign_of_what_it_says() -> None:
    parts = parts_of("A GREAT movie, an awful rare zebra")
    found = {token.word: (token.status, token.contribution) for token in parts.tokens}
    assert found["great"][1] > 0 > found["awful"][1]
    assert found["rare"][0] == "rare"
    assert found["zebra"] == ("unseen", 0)
    assert [token.word for token in parts.strongest("positive", 1)] == ["great"]
    assert [token.word for token in parts.strongest("negative", 1)] == ["awful"]
    assert parts.largest == max(abs(token.contribution) for token in parts.tokens)


def test_of_a_long_text_the_first_words_are_cut_and_the_mark_with_them() -> None:
    parts = parts_of("awful zebra awful " + "great " * 7 + "zebra movie")
    assert [token.status for token in parts.tokens] == ["cut", "unseen", "cut", *["known"] * 7, "unseen", "known"]
    assert parts.before == 0
    assert parts.count("cut") == 2
    assert parts_of("great " * 7).before != 0  # the mark is read


def test_what_comes_before_the_words_does_not_depend_on_them() -> None:
    assert parts_of("great great").before == pytest.approx(parts_of("awful movie").before, abs=1e-6)
    assert parts_of("great").before != pytest.approx(parts_of("great great").before, abs=1e-6)


def test_a_sentence_has_the_sum_of_its_words() -> None:
    parts = parts_of("Great. An awful, awful movie!\nMovie")
    assert [parts.text[sentence.start : sentence.end] for sentence in parts.sentences] == [
        "Great. ", "An awful, awful movie!\n", "Movie"
    ]  # fmt: skip
    for sentence in parts.sentences:
        inside = [token for token in parts.tokens if sentence.start <= token.start < sentence.end]
        assert sentence.contribution == pytest.approx(sum(token.contribution for token in inside))
    assert parts.strongest_sentences(1) == [parts.sentences[1]]


def test_records_that_have_no_verdict_keep_their_place_and_their_reason() -> None:
    undecodable = Record("\ufffd", "not valid UTF-8 at byte 0")
    found = list(EXPLAINER.explain([Record("great"), Record(""), undecodable, Record("zebra"), Record("awful")]))
    assert [explanation.label for explanation in found] == ["positive", None, None, None, "negative"]
    assert [explanation.prediction.problem for explanation in found] == [
        None, "blank", "not valid UTF-8 at byte 0", "no known words", None
    ]  # fmt: skip


def test_the_threshold_and_the_temperature_move_the_verdict_and_not_the_logit() -> None:
    (strict,) = EXPLAINER.explain([Record("great")], PredictOptions(threshold=1))
    assert strict.label == "negative"
    card = replace(EXPLAINER.classifier.bundle.card, temperature=4.0)
    hot = Explainer(Classifier(Bundle(TINY, card), threads=1))
    (explanation,) = hot.explain([Record("great")])
    assert explanation.breakdown is not None
    assert explanation.breakdown.logit == pytest.approx(parts_of("great").logit)
    assert explanation.breakdown.temperature == 4
    assert explanation.prediction.probability == pytest.approx(1 / (1 + 2.718281828 ** (-parts_of("great").logit / 4)))


def test_a_stream_without_end_is_explained_as_it_comes() -> None:
    stream = EXPLAINER.explain(Record("great " * (i % 9)) for i in itertools.count())
    found = list(itertools.islice(stream, 1_000))
    assert [explanation.label for explanation in found] == [None if i % 9 == 0 else "positive" for i in range(1_000)]


def test_whatever_is_predicted_is_explained() -> None:
    values = ["great", None, float("nan"), 7, b"awful", b"\xff", "great \ud800", ["great"], Record("great", "damaged")]
    predictions = [explanation.prediction for explanation in EXPLAINER.explain(values, None)]
    assert predictions == EXPLAINER.classifier.predict(values)
    assert [prediction.label for prediction in predictions] == ["positive", *[None] * 3, "negative", *[None] * 4]


def test_a_column_of_arrow_is_explained_and_its_table_is_not() -> None:
    pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    table = pa.table({"text": ["great", None]})
    assert [explanation.label for explanation in EXPLAINER.explain(table["text"])] == ["positive", None]
    with pytest.raises(TypeError, match=r'explain\(table\["text"\]\)'):
        EXPLAINER.explain(table)


@pytest.mark.slow
def test_a_column_of_a_data_frame_is_explained_and_the_frame_is_not() -> None:
    pd = pytest.importorskip("pandas", reason="pandas is not installed")
    frame = pd.DataFrame({"text": ["great", None]})
    assert [explanation.label for explanation in EXPLAINER.explain(frame["text"])] == ["positive", None]
    with pytest.raises(TypeError, match=r'explain\(table\["text"\]\)'):
        EXPLAINER.explain(frame)


@pytest.mark.parametrize("one", ["great", b"great", Record("great")])
def test_one_text_instead_of_several_is_refused(one: Any) -> None:
    with pytest.raises(TypeError, match=r"explain\(\[text\]\)"):
        EXPLAINER.explain(one)
    with pytest.raises(TypeError, match=r"predict\(\[text\]\)"):
        EXPLAINER.classifier.predict(one)


def test_a_dict_and_options_of_another_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="one column"):
        EXPLAINER.explain({"text": "great"})
    with pytest.raises(TypeError, match="must be PredictOptions"):
        EXPLAINER.explain(["great"], {"threshold": 0.5})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("ask", "reason"),
    [
        (lambda parts: parts.strongest("positive", -1), "number of words must be a whole number, 0 or more, not -1"),
        (lambda parts: parts.strongest("positive", 1.5), "whole number"),
        (lambda parts: parts.strongest("x", 3), "'x' is not one of 'positive', 'negative'"),
        (lambda parts: parts.strongest_sentences(-1), "number of sentences must be a whole number"),
        (lambda parts: parts.count("read"), "'read' is not one of 'known', 'rare', 'unseen', 'cut'"),
    ],
)
def test_what_a_breakdown_cannot_answer_is_refused(ask: Callable[[Breakdown], object], reason: str) -> None:
    with pytest.raises(InvalidOptions, match=reason):
        ask(parts_of("great awful"))


@pytest.mark.parametrize(
    ("contribution", "strong"), [(0, 0), (0.12, 0), (0.13, 1), (-0.38, 2), (0.63, 3), (0.88, 4), (-1, 4)]
)
def test_strength_is_beside_the_largest(contribution: float, strong: int) -> None:
    assert strength(contribution, 1.0) == strength(-contribution * 7, 7.0) == strong
    assert strength(0.0, 0.0) == 0


@pytest.fixture(scope="module")
def flagship() -> Explainer:
    return Explainer(Classifier(read_bundle(PRETRAINED / "flagship"), threads=1))


def test_the_flagship_leaves_nothing_out_and_an_unknown_word_is_rare(flagship: Explainer) -> None:
    (explanation,) = flagship.explain([Record("Not great :) xyzzyqq")])
    parts = explanation.breakdown
    assert parts is not None
    assert [token.word for token in parts.tokens] == ["not", "great", ":)", "xyzzyqq"]
    assert [token.status for token in parts.tokens] == ["known", "known", "known", "rare"]


def test_before_the_flagships_words_stands_the_start_marks_part(flagship: Explainer) -> None:
    text = "a great movie"
    (explanation,) = flagship.explain([Record(text)])
    engine, ids = flagship.classifier.engine, flagship.classifier.tokenizer.encode(text)
    contributions, bias = engine.outputs(["contributions", "bias"], [ids])
    assert explanation.breakdown is not None
    assert explanation.breakdown.before == pytest.approx(float(contributions[0, 0]))
    assert explanation.breakdown.bias == pytest.approx(float(bias[0]))
    assert explanation.breakdown.temperature == flagship.classifier.bundle.card.temperature


def test_of_a_text_longer_than_the_flagship_reads_the_start_is_cut(flagship: Explainer) -> None:
    longest = flagship.classifier.tokenizer.maximum_length
    (explanation,) = flagship.explain([Record("great " * (longest + 3))])
    parts = explanation.breakdown
    assert parts is not None
    assert (parts.count("cut"), parts.before, parts.tokens[0].contribution) == (3, 0, 0)
    assert explanation.prediction.truncated


@given(ANY_TEXT)
@settings(deadline=None)  # the first text takes longer
def test_the_flagships_numbers_add_up_to_the_logit(flagship: Explainer, text: str) -> None:
    (explanation,) = flagship.explain([Record(text)])
    if (parts := explanation.breakdown) is not None:
        (logit,) = flagship.classifier.engine.logits([flagship.classifier.tokenizer.encode(text)])
        assert parts.bias + parts.before + parts.of_words == pytest.approx(float(logit), abs=1e-4)
        assert all(text[token.start : token.end] for token in parts.tokens)


@pytest.fixture(scope="module")
def real_texts(real_reviews: Callable[..., list[Review]]) -> list[str]:
    return [review.text for review in real_reviews("test/neg", "test/pos")]


@pytest.mark.real
@pytest.mark.parametrize("model", ["classic", "flagship"])
def test_on_1000_real_reviews_the_parts_add_up(model: str, real_texts: list[str]) -> None:
    some = real_texts[:: len(real_texts) // SUM_REVIEWS][:SUM_REVIEWS]
    assert len(some) == 1_000
    assert largest_gap(Classifier(read_bundle(PRETRAINED / model)), some) < SUM_BAR


@pytest.mark.real
def test_without_its_strongest_words_a_verdict_moves_further_than_without_others(real_texts: list[str]) -> None:
    classifier = Classifier(read_bundle(PRETRAINED / "classic"))
    confident = confident_texts(classifier, real_texts[::10], seed=1)
    assert len(confident) == 500
    strongest, drawn = deletions(classifier, confident, seed=1)
    assert strongest.moved > 4 * drawn.moved
    assert strongest.drop > 4 * abs(drawn.drop)
