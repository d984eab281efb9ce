"""Texts to explanations: one number per word of the text, which add up to the logit. Explanations as JSONL and JSON."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from imdbsent.classify.classifier import records_of, windows
from imdbsent.classify.engine import BATCH_SIZE
from imdbsent.classify.options import DEFAULTS, check_choice, options_or, whole_number
from imdbsent.explain.attribution import attributor
from imdbsent.records import Side
from imdbsent.text.tokenizer import OOV_ID, START_ID
from imdbsent.writing.text import NO_COLUMNS, Format, fields_of, json_layout, jsonl_layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imdbsent.classify.classifier import Classifier
    from imdbsent.classify.options import PredictOptions
    from imdbsent.explain.attribution import Attribution
    from imdbsent.records import Label, Prediction, Record
    from imdbsent.text.tokenizer import Token
    from imdbsent.writing.text import ResultColumns, TextLayout


EXPLANATION: Final = ("logit", "bias", "before", "temperature", "contributions", "sentences")
"""The keys of an explanation in JSON, in addition to those of a prediction."""
WINDOW: Final = 256
"""Records explained together. More would hardly improve the batches, and every word's number is held in memory."""
_DECIMALS: Final = 9  # of numbers that are added up, so that the sum over a thousand tokens is right to 6
_SENTENCE_END: Final = re.compile(
    r"""
    (?: (?<![.!?]) [.!?]+ ["'\u201d\u2019\xbb)\]]*  # marks, with what closes there,
        (?= [ \t\r\n\v\f] | <br | \Z )             # before a blank or at the end;
      | <br\ ?/?> | \n                            # or a new line, as in a file or as on the web;
    )
    (?: [ \t\r\n\v\f] | <br\ ?/?> )*              # and the blanks before the next sentence
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ExplainedToken:
    """A word of a text and what it added to the logit.

    Attributes:
        start: first character in the text.
        end: character after the last: `text[start:end]` is the word as it is written.
        word: the word as the model sees it: lowercase, and with the tokenizer "words" in one spelling.
        id: its id in the vocabulary; None if it has none.
        status: "known"; "rare" if the network reads it like any word outside its vocabulary; "unseen" if it is in no
            training review and is skipped (never with the tokenizer "words"); "cut" if the text is too long and the
            network does not read that far back.
        contribution: what it added to the logit, above 0 towards positive; 0 if it was not read.
    """

    start: int
    end: int
    word: str
    id: int | None
    status: Status
    contribution: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the words of a sentence added to the logit together.

    Attributes:
        start: first character in the text.
        end: character after the last.
        contribution: sum over its tokens.
    """

    start: int
    end: int
    contribution: float


@dataclass(frozen=True)
class Breakdown:
    """The parts of the logit of a text: logit = bias + before + the sum of the tokens' contributions.

    Attributes:
        text: the text, as the user wrote it.
        logit: of the text, before the temperature.
        bias: of the last layer, the same for every text.
        before: what was added before the first word: by the padding in front of the text, if the network reads any,
            and by the start mark. In the tutorials' network it depends on the length of the text, not on its words. The
            flagship also reads backward, and has seen the text when it reaches the mark.
        temperature: probability = sigmoid(logit / temperature).
        tokens: every word of the text, in order, read or not.
    """

    text: str
    logit: float
    bias: float
    before: float
    temperature: float
    tokens: tuple[ExplainedToken, ...]

    def strongest(self, side: Side, count: int) -> list[ExplainedToken]:
        """The words that moved the verdict most towards one side, strongest first.

        Args:
            side: "positive" or "negative".
            count: maximum number of words.

        Raises:
            InvalidOptions: there is no such side, or the number is not whole or below 0; it is a ValueError.
        """
        check_choice(get_args(Side), side)
        count = whole_number("number of words", count, least=0)
        sign = 1 if side == "positive" else -1
        moved = [token for token in self.tokens if sign * token.contribution > 0]
        return sorted(moved, key=lambda token: -sign * token.contribution)[:count]

    def strongest_sentences(self, count: int) -> list[Sentence]:
        """The sentences that moved the verdict most towards either side, strongest first.

        Args:
            count: maximum number of sentences.

        Raises:
            InvalidOptions: the number is not whole or below 0; it is a ValueError.
        """
        count = whole_number("number of sentences", count, least=0)
        return sorted(self.sentences, key=lambda sentence: -abs(sentence.contribution))[:count]

    @cached_property
    def sentences(self) -> list[Sentence]:
        """The sentences of the text, in order; see `imdbsent.explain.explain`."""
        spans = sentence_spans(self.text)
        starts = [start for start, _ in spans]
        sums = [0.0] * len(spans)
        for token in self.tokens:
            sums[bisect_right(starts, token.start) - 1] += token.contribution
        return [Sentence(start, end, contribution) for (start, end), contribution in zip(spans, sums)]

    @cached_property
    def largest(self) -> float:
        """The largest absolute contribution of a token; 0 if none was read."""
        return max((abs(token.contribution) for token in self.tokens), default=0.0)

    @property
    def of_words(self) -> float:
        """The sum of the contributions of all tokens."""
        return sum(token.contribution for token in self.tokens)

    def count(self, status: Status) -> int:
        """How many tokens have a status.

        Raises:
            InvalidOptions: there is no such status; it is a ValueError.
        """
        check_choice(get_args(Status), status)
        return sum(token.status == status for token in self.tokens)


@dataclass(frozen=True)
class Explanation:
    """A verdict with its reasons.

    Attributes:
        prediction: the verdict, as `Classifier.classify` gives it.
        breakdown: its reasons; None if there is no verdict.
    """

    prediction: Prediction
    breakdown: Breakdown | None

    @property
    def label(self) -> Label | None:
        """The label of the prediction."""
        return self.prediction.label


class Explainer:
    """Explains the predictions of a classifier.

    >>> import imdbsent
    >>> (explanation,) = imdbsent.Explainer(imdbsent.load()).explain(["great movie"])

    Args:
        classifier: the model.

    Raises:
        ModelUnexplainable: its network does not expose the parts of its verdicts.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self._attribute = attributor(classifier.engine)

    def explain(
        self, texts: Iterable[object], options: PredictOptions | None = None
    ) -> Iterator[Explanation]:
        """Explain a stream of texts or records, in bounded memory.

        Args:
            texts: any texts or records, as for `Classifier.predict`; the stream may be endless.
            options: how to label; every text gets its explanation, whatever they select.

        Returns:
            An iterator of explanations, one per text, in order.

        Raises:
            TypeError: `texts` is one text or a table, or the options are not `PredictOptions`.
        """
        records, options = records_of(texts, "explain"), options_or(options)
        return (one for some in windows(records, WINDOW) for one in self.explain_window(some, options))

    def explain_window(self, records: Sequence[Record], options: PredictOptions = DEFAULTS) -> Iterator[Explanation]:
        """Explain some records together.

        Args:
            records: what was read.
            options: how to label.

        Yields:
            An explanation for each record, in order.
        """
        predictions = self.classifier.classify_window(records, options)
        judged = [
            self.classifier.tokenizer.encode(prediction.text)
            for prediction in predictions
            if prediction.label is not None
        ]
        # The network runs a second time, which costs little compared to what is done with its numbers.
        attributions = zip(judged, self._attribute(judged, options.batch_size or BATCH_SIZE))
        for prediction in predictions:
            parts = None if prediction.label is None else self._breakdown(prediction.text, *next(attributions))
            yield Explanation(prediction, parts)

    def _breakdown(self, text: str, ids: Sequence[int], attribution: Attribution) -> Breakdown:
        tokenizer = self.classifier.tokenizer
        contributions = attribution.contributions.tolist()
        marks = int(ids[0] == START_ID)  # a text that is cut has lost it
        before = attribution.padding + sum(contributions[:marks])
        tokens = tuple(_explained(tokenizer.tokens(text), tokenizer.spans(text), contributions[marks:]))
        temperature = self.classifier.bundle.card.temperature
        return Breakdown(text, attribution.logit, attribution.bias, before, temperature, tokens)


def strength(contribution: float, largest: float) -> int:
    """How strongly to color a contribution, relative to the largest in its text.

    Returns:
        0 below an eighth of the largest, 1 below three eighths, and so on to 4 from seven eighths.
    """
    return min(int(abs(contribution) / largest * 4 + 0.5), 4) if largest else 0


def _explained(
    tokens: Sequence[Token], spans: Sequence[tuple[int, int]], contributions: Sequence[float]
) -> Iterator[ExplainedToken]:
    """The tokens with their contributions, which belong to the last tokens that have an id."""
    cut = sum(token.id is not None for token in tokens) - len(contributions)
    read = iter(contributions)
    for token, (start, end) in zip(tokens, spans):
        if token.id is None:
            yield ExplainedToken(start, end, token.word, None, "unseen", 0.0)
        elif cut:
            cut -= 1
            yield ExplainedToken(start, end, token.word, token.id, "cut", 0.0)
        else:
            status: Status = "rare" if token.id == OOV_ID else "known"
            yield ExplainedToken(start, end, token.word, token.id, status, next(read))


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each sentence of a text.

    A sentence ends after `.`, `!` or `?` (and quotation marks and brackets that close there) before a blank, and at a
    line break: a line feed, or the `<br />` of the reviews. So "Mr. Smith" is cut in two, and "3.5" is not.

    Args:
        text: any text.

    Returns:
        Start and end of each sentence, in characters; together they cover the text, each character once. Every cut is
        at a character that also ends a word for `imdbsent.text.tokenizer`, so no word is in two sentences.
    """
    cuts = [match.end() for match in _SENTENCE_END.finditer(text)]
    if not cuts or cuts[-1] < len(text):
        cuts.append(len(text))
    return [(start, end) for start, end in zip([0, *cuts], cuts) if start < end]
Status = Literal["known", "rare", "unseen", "cut"]


def explanation_layout(chosen: Format, columns: ResultColumns = NO_COLUMNS) -> TextLayout:
    """The layout of explanations in JSONL or JSON.

    An object has the keys of a prediction, then the parts of the logit: `logit` = `bias` + `before` + the sum of
    `contribution` over `contributions`. Each of these has `token`, which is text[start:end], `start`, `end`, `id`,
    `status` and `contribution`. Each of the `sentences` has `start`, `end` and `contribution`. Without a verdict, the
    numbers are null and the lists are empty.

    Args:
        chosen: JSONL or JSON.
        columns: those other than the usual ones.
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
