"""Whether explanations add up, and whether the words they name matter, on real reviews.

python -m benchmarks.explain [--data PATH] [--model NAME|PATH ...] [--seed 0]

Sum: on 1,000 test reviews, the largest distance of bias + before + contributions from the logit that the engine gives
without explaining anything.

Deletion: of 500 test reviews on which the model is confident, the 5 words that moved the verdict most towards itself
are taken out of the text, and 5 words at random of another copy; both copies are judged again. What is compared is how
far the logit moves, in either direction, on average. (Erasure, as in Li, Monroe & Jurafsky, arXiv:1612.08220, 2016.)
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks import data_argument, labeled_reviews, machine
from imdbsent import load
from imdbsent.explain.explain import Explainer
from imdbsent.records import Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from imdbsent.classify.classifier import Classifier
    from imdbsent.explain.explain import Breakdown, ExplainedToken

SUM_BAR = 1e-4
SUM_REVIEWS = 1_000
REVIEWS = 500
WORDS = 5
FEWEST_WORDS = 20  # of a review; of a shorter one 5 at random are a large part of it
CONFIDENT = 0.9  # probability of the verdict


@dataclass(frozen=True)
class Deletion:
    """What taking words out did to the logits.

    Attributes:
        moved: mean distance between the logits before and after.
        drop: mean distance by which the logit moved away from the verdict; below 0 where it moved further into it.
        flipped: share of the verdicts that turned.
    """

    moved: float
    drop: float
    flipped: float


def logits_of(classifier: Classifier, texts: Sequence[str]) -> list[float]:
    """The logits as `predict` computes them, with nothing explained."""
    logits: list[float] = classifier.engine.logits([classifier.tokenizer.encode(text) for text in texts]).tolist()
    return logits


def breakdowns(classifier: Classifier, texts: Sequence[str]) -> list[Breakdown]:
    """The logit of each text, taken apart; each text has a verdict."""
    explained = Explainer(classifier).explain(map(Record, texts))
    return [explanation.breakdown for explanation in explained if explanation.breakdown is not None]


def largest_gap(classifier: Classifier, texts: Sequence[str]) -> float:
    """The largest distance of a sum from its logit."""
    parts = breakdowns(classifier, texts)
    sums = [part.bias + part.before + part.of_words for part in parts]
    return max(abs(total - logit) for total, logit in zip(sums, logits_of(classifier, texts), strict=True))


def confident_texts(classifier: Classifier, texts: Sequence[str], seed: int) -> list[str]:
    """Texts of some length that the model is sure of, drawn at random."""
    sure = [
        text
        for text, prediction in zip(texts, classifier.predict(texts))
        if prediction.probability is not None
        and max(prediction.probability, 1 - prediction.probability) >= CONFIDENT
        and len(classifier.tokenizer.encode(text)) > FEWEST_WORDS
    ]
    return random.Random(seed).sample(sure, min(REVIEWS, len(sure)))


def without(text: str, tokens: Iterable[ExplainedToken]) -> str:
    """A text without some of its words."""
    for token in sorted(tokens, key=lambda token: -token.start):
        text = text[: token.start] + text[token.end :]
    return text


def deletions(classifier: Classifier, texts: Sequence[str], seed: int) -> tuple[Deletion, Deletion]:
    """What it does to take the strongest words out, and words at random."""
    draw = random.Random(seed)
    parts = breakdowns(classifier, texts)
    strongest, drawn = [], []
    for part in parts:
        read = [token for token in part.tokens if token.status in ("known", "rare")]
        sign = 1 if part.logit > 0 else -1
        strongest.append(without(part.text, sorted(read, key=lambda token: -sign * token.contribution)[:WORDS]))
        drawn.append(without(part.text, draw.sample(read, WORDS)))
    before = logits_of(classifier, texts)
    first, second = (compare(before, logits_of(classifier, changed)) for changed in (strongest, drawn))
    return first, second


def compare(before: Sequence[float], after: Sequence[float]) -> Deletion:
    """The figures of logits before and after."""
    pairs = list(zip(before, after, strict=True))
    return Deletion(
        moved=statistics.mean(abs(old - new) for old, new in pairs),
        drop=statistics.mean(old - new if old > 0 else new - old for old, new in pairs),
        flipped=statistics.mean((old > 0) != (new > 0) for old, new in pairs),
    )


def report(classifier: Classifier, texts: Sequence[str], seed: int) -> bool:
    """Print the figures of a model; whether it reaches its targets."""
    print(f"{classifier.bundle.card.name}:")
    some = texts[:: len(texts) // SUM_REVIEWS][:SUM_REVIEWS]
    gap = largest_gap(classifier, some)
    print(f"{len(some):,} reviews: the sums are at most {gap:.1e} from the logits (target: {SUM_BAR:g})")
    confident = confident_texts(classifier, texts, seed)
    if not confident:
        print(f"it is on no review as sure as {CONFIDENT:g}")
        return False
    strong, drawn = deletions(classifier, confident, seed)
    print(f"{len(confident):,} confident reviews, {WORDS} words taken out of each:")
    for name, figures in (("the strongest", strong), ("at random", drawn)):
        print(
            f"  {name:14} the logit moves by {figures.moved:.3f}, away from the verdict by {figures.drop:.3f}; "
            f"{figures.flipped:.1%} of the verdicts turn"
        )
    print(f"factor: {strong.moved / drawn.moved:.1f} (target: more than 1)")
    return gap <= SUM_BAR and strong.moved > drawn.moved


def main() -> int:
    """Print the figures of each model; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data_argument(parser)
    parser.add_argument("--model", nargs="+", default=["classic", "flagship"], help="names or folders of models")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    texts = [review.text for review in labeled_reviews(arguments.data, "test")]
    print(machine())
    reached = [report(load(model), texts, arguments.seed) for model in arguments.model]
    return int(not all(reached))


if __name__ == "__main__":
    sys.exit(main())
