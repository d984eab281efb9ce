"""Texts to explanations: one number a word of the user's own text, which add up to the logit."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from imdbsent.classify.classifier import windows
from imdbsent.classify.engine import BATCH_SIZE
from imdbsent.explain.attribution import attributor
from imdbsent.text.sentences import sentence_spans
from imdbsent.text.tokenizer import OOV_ID, START_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imdbsent.classify.classifier import Classifier
    from imdbsent.explain.attribution import Attribution
    from imdbsent.records import Label, Prediction, Record, Side
    from imdbsent.text.tokenizer import Token


WINDOW: Final = 256
"""Records explained together: more would make the batches little better, and every word's number is held."""

Status = Literal["known", "rare", "unseen", "cut"]



@dataclass(frozen=True, slots=True)
class ExplainedToken:
    """A word of a text and what it added to the logit.

    Attributes:
        start: where it starts in the text, in characters.
        end: where it ends: `text[start:end]` is the word as it is written.
        word: the word as the model has it: lower-cased, and by the scheme "words" in one spelling.
        id: what stands for it in the vocabulary; None where nothing does.
        status: "known"; "rare", where the network reads it as any word outside its vocabulary; "unseen", where no
            training review holds it and it is left out (never by the scheme "words"); "cut", where the network does
            not read so far back.
        contribution: what it added to the logit, above 0 towards positive; 0 where it was not read.
    """

    start: int
    end: int
    word: str
    id: int | None
    status: Status
    contribution: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the words of a sentence added together.

    Attributes:
        start: where it starts in the text, in characters.
        end: where it ends.
        contribution: the sum of its tokens'.
    """

    start: int
    end: int
    contribution: float


@dataclass(frozen=True)
class Breakdown:
    """The logit of a text, taken apart: logit = bias + before + the sum of the tokens' contributions.

    Attributes:
        text: the text, as the user wrote it.
        logit: of the text, before the temperature.
        bias: of the last layer, the same for every text.
        before: what stands before the first word adds: the paddings in front of the text, where the network reads any,
            and the mark that starts it. With the tutorials' network it depends on how long the text is, not on what it
            says; the flagship reads backward, too, and has seen the text when it comes to the mark.
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
        """The words that moved the verdict most towards one side, the strongest first.

        Args:
            side: "positive" or "negative".
            count: most words to give; fewer where fewer moved it there.
        """
        sign = 1 if side == "positive" else -1
        moved = [token for token in self.tokens if sign * token.contribution > 0]
        return sorted(moved, key=lambda token: -sign * token.contribution)[:count]

    def strongest_sentences(self, count: int) -> list[Sentence]:
        """The sentences that moved the verdict most towards either side, the strongest first."""
        return sorted(self.sentences, key=lambda sentence: -abs(sentence.contribution))[:count]

    @cached_property
    def sentences(self) -> list[Sentence]:
        """The sentences of the text, in order; see `imdbsent.text.sentences`."""
        spans = sentence_spans(self.text)
        starts = [start for start, _ in spans]
        sums = [0.0] * len(spans)
        for token in self.tokens:
            sums[bisect_right(starts, token.start) - 1] += token.contribution
        return [Sentence(start, end, contribution) for (start, end), contribution in zip(spans, sums)]

    @cached_property
    def largest(self) -> float:
        """The size of the strongest contribution of a token; 0 where none was read."""
        return max((abs(token.contribution) for token in self.tokens), default=0.0)

    @property
    def of_words(self) -> float:
        """The sum of the tokens' contributions."""
        return sum(token.contribution for token in self.tokens)

    def count(self, status: Status) -> int:
        """How many tokens have a status."""
        return sum(token.status == status for token in self.tokens)


@dataclass(frozen=True)
class Explanation:
    """A verdict with its reasons.

    Attributes:
        prediction: the verdict, that of `Classifier.classify`.
        breakdown: its reasons; None where there is no verdict.
    """

    prediction: Prediction
    breakdown: Breakdown | None

    @property
    def label(self) -> Label | None:
        """The label of the prediction."""
        return self.prediction.label


class Explainer:
    """Says why a classifier judges as it does.

    Args:
        classifier: the model.

    Raises:
        ModelUnexplainable: its network does not show what its verdicts are made of.
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self._attribute = attributor(classifier.engine)

    def explain(
        self,
        records: Iterable[Record],
        *,
        threshold: float | None = None,
        neutral: tuple[float, float] | None = None,
    ) -> Iterator[Explanation]:
        """Explain a stream of records, in bounded memory.

        Args:
            records: what was read.
            threshold: as `Classifier.predict`.
            neutral: as `Classifier.predict`.

        Yields:
            An explanation for each record, in order.
        """
        for window in windows(records, WINDOW):
            yield from self.explain_window(window, threshold=threshold, neutral=neutral)

    def explain_window(
        self,
        records: Sequence[Record],
        *,
        threshold: float | None = None,
        neutral: tuple[float, float] | None = None,
        batch_size: int | None = None,
    ) -> Iterator[Explanation]:
        """Explain some records together.

        Args:
            records: as `explain`.
            threshold: as `explain`.
            neutral: as `explain`.
            batch_size: texts a run of the network; None for the fastest.

        Yields:
            An explanation for each record, in order.
        """
        predictions = self.classifier.classify_window(
            records, threshold=threshold, neutral=neutral, batch_size=batch_size
        )
        judged = [
            self.classifier.tokenizer.encode(prediction.text)
            for prediction in predictions
            if prediction.label is not None
        ]
        # The network runs a second time, which is little beside what becomes of its numbers.
        attributions = zip(judged, self._attribute(judged, batch_size or BATCH_SIZE))
        for prediction in predictions:
            parts = None if prediction.label is None else self._breakdown(prediction.text, *next(attributions))
            yield Explanation(prediction, parts)

    def _breakdown(self, text: str, ids: Sequence[int], attribution: Attribution) -> Breakdown:
        tokenizer = self.classifier.tokenizer
        contributions = attribution.contributions.tolist()
        marks = int(ids[0] == START_ID)  # cut off, too, of a text that is
        before = attribution.padding + sum(contributions[:marks])
        tokens = tuple(_explained(tokenizer.tokens(text), tokenizer.spans(text), contributions[marks:]))
        temperature = self.classifier.bundle.card.temperature
        return Breakdown(text, attribution.logit, attribution.bias, before, temperature, tokens)


def strength(contribution: float, largest: float) -> int:
    """How strongly to colour a contribution, beside the largest of its text.

    Returns:
        From 0 for one below an eighth of it, over 1 (below three eighths) and 2 and 3, to 4 (seven eighths and more).
    """
    return min(int(abs(contribution) / largest * 4 + 0.5), 4) if largest else 0


def _explained(
    tokens: Sequence[Token], spans: Sequence[tuple[int, int]], contributions: Sequence[float]
) -> Iterator[ExplainedToken]:
    """The tokens with their contributions, which are those of the last tokens that have an id."""
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
