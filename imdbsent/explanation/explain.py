"""Texts to explanations: one number a word of the user's own text, which add up to the logit."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal

from imdbsent.classifier import windows
from imdbsent.explanation.attribution import attributor
from imdbsent.explanation.sentences import sentence_spans
from imdbsent.tokenizer import OOV_ID, START_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imdbsent.classifier import Classifier
    from imdbsent.explanation.attribution import Attribution
    from imdbsent.records import Prediction, Record
    from imdbsent.tokenizer import Token

Status = Literal["known", "rare", "unseen", "cut"]

_WINDOW_RECORDS: Final = 128


@dataclass(frozen=True, slots=True)
class ExplainedToken:
    """A word of a text and what it added to the logit.

    Attributes:
        start: where it starts in the text, in characters.
        end: where it ends: `text[start:end]` is the word as it is written.
        word: the word as the model has it, its ASCII letters lower-cased.
        id: what stands for it in the vocabulary; None where nothing does.
        status: "known"; "rare", where the network reads it as any word outside its vocabulary; "unseen", where no
            training review holds it and it is left out; "cut", where the network does not read so far back.
        contribution: what it added to the logit, above 0 towards positive; 0 where it was not read.
    """

    start: int
    end: int
    word: str
    id: int | None
    status: Status
    contribution: float


@dataclass(frozen=True, slots=True)
class WordSum:
    """What all occurrences of a word added together.

    Attributes:
        word: the word, its ASCII letters lower-cased.
        count: how often it was read.
        contribution: the sum of its tokens'.
    """

    word: str
    count: int
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
        before: what the network holds before it reads the first word: the paddings in front of the text, and the mark
            that starts it. It depends on how long the text is, not on what it says.
        temperature: probability = sigmoid(logit / temperature).
        tokens: every word of the text, in order, read or not.
    """

    text: str
    logit: float
    bias: float
    before: float
    temperature: float
    tokens: tuple[ExplainedToken, ...]

    @cached_property
    def words(self) -> list[WordSum]:
        """The words that were read, each once, from the one most against positive to the one most for it."""
        sums: dict[str, tuple[int, float]] = {}
        for token in self.tokens:
            if token.status in ("known", "rare"):
                count, contribution = sums.get(token.word, (0, 0.0))
                sums[token.word] = count + 1, contribution + token.contribution
        found = [WordSum(word, count, contribution) for word, (count, contribution) in sums.items()]
        return sorted(found, key=lambda word: word.contribution)

    @cached_property
    def sentences(self) -> list[Sentence]:
        """The sentences of the text, in order; see `imdbsent.explanation.sentences`."""
        spans = sentence_spans(self.text)
        starts = [start for start, _ in spans]
        sums = [0.0] * len(spans)
        for token in self.tokens:
            sums[bisect_right(starts, token.start) - 1] += token.contribution
        return [Sentence(start, end, contribution) for (start, end), contribution in zip(spans, sums)]

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
        self, records: Iterable[Record], *, threshold: float | None = None, window: int | None = None
    ) -> Iterator[Explanation]:
        """Explain a stream of records, in bounded memory.

        Args:
            records: what was read.
            threshold: probability of positive from which the label is "positive"; None for the model's own.
            window: most records to wait for before the first of them is answered; None for as many as make batches.

        Yields:
            An explanation for each record, in order.
        """
        classifier = self.classifier
        for part in windows(records, window or _WINDOW_RECORDS):
            encoded = [classifier.encode(record) for record in part]
            attributions = iter(self._attribute([ids for ids in encoded if not isinstance(ids, str)]))
            for record, ids in zip(part, encoded):
                if isinstance(ids, str):
                    yield Explanation(classifier.verdict(record, None, threshold, problem=ids), None)
                else:
                    attribution = next(attributions)
                    prediction = classifier.verdict(record, attribution.logit, threshold)
                    yield Explanation(prediction, self._breakdown(record.text, ids, attribution))

    def _breakdown(self, text: str, ids: Sequence[int], attribution: Attribution) -> Breakdown:
        tokenizer = self.classifier.tokenizer
        contributions = attribution.contributions.tolist()
        marks = int(ids[0] == START_ID)  # cut off, too, of a text that is
        before = attribution.padding + sum(contributions[:marks])
        tokens = tuple(_explained(tokenizer.tokens(text), tokenizer.spans(text), contributions[marks:]))
        temperature = self.classifier.bundle.card.temperature
        return Breakdown(text, attribution.logit, attribution.bias, before, temperature, tokens)


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
