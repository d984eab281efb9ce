"""Short sentences with negations and contrasts, made of the reviews' own words and clauses, to learn from.

A negated sentence is rare in a review, and the review's label seldom turns on it, so a network learns little of it from
reviews. Here it is put together: a word that is said of films ("very X", "so X") and whose side the labelled reviews
show, in a frame that keeps its side or turns it over; and two clauses of reviews on different sides, joined by a word
that says which of them counts. Nothing of it comes from a test split, and no sentence that the frames make stands in
tests/negation.py, where what was learned is tried on others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.tokenizer import INDEX_FROM
from imdbsent.training.flagship.linear import log_count_ratios
from imdbsent.training.flagship.ngrams import words_in
from imdbsent.training.flagship.texts import Texts, encode_texts
from imdbsent.words import WordsTokenizer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from imdbsent.training.flagship.texts import Reviews

    Floats = npt.NDArray[np.float32]

DEGREES: Final = ("very", "so", "really", "pretty", "too", "quite", "extremely", "incredibly")
"""Words that stand before what is said of a film."""
FEWEST: Final = 25
"""Times that a word must stand behind one of them, in all reviews; and what share of all its times that must be."""
SHARE: Final = 0.02
CLEAR: Final = 0.45
"""Log-count ratio from which on a word has a side."""
SURE, NEGATED, CONTRASTED = 0.95, 0.88, 0.88
"""Probabilities of the side that a plain, a negated and a contrasted sentence is on: people soften what they negate."""

EVIDENT: Final = {
    **dict.fromkeys(("good", "nice", "interesting", "funny", "entertaining", "clever", "original", "exciting"), True),
    **dict.fromkeys(("fun", "cool", "smart", "enjoyable", "pleasant", "impressive"), True),
    **dict.fromkeys(("slow", "long", "cheap", "obvious", "confusing", "tedious"), False),
}
"""Words on whose side everyone is, but which stand in reviews of both kinds, because they are negated so often."""

_THINGS: Final = ("picture", "show", "dialogue", "ending", "direction", "plot", "movie", "film", "cast", "humor")
_SUBJECTS: Final = (
    "the picture", "the show", "the dialogue", "the ending", "the direction", "the plot", "that movie", "that film",
    "the cast", "the humor", "it", "this", "this movie", "this one", "everything",
)  # fmt: skip
_KEEPING: Final = ("{s} is {d} {w}", "{s} was {w}", "{d} {w}", "what a {w} {t}", "{w} {t}", "{s} seemed {w} to me")
_TURNING: Final = (
    "{s} is not {w}", "{s} was not {d} {w}", "{s} isn't {w}", "{s} wasn't {d} {w}", "not {w}",
    "not {d} {w}", "{s} is neither new nor {w}", "{s} was hardly {w}", "{s} is anything but {w}", "not a {w} {t}",
    "it isn't a {w} {t}", "{s} never gets {w}", "{s} was never {w}", "i did not find {s} {w}", "nothing {w} here",
    "{s} could have been {w}", "i wouldn't call {s} {w}", "{s} is far from being {w}", "{s} ain't {w}",
)  # fmt: skip
_LIKING: Final = ("like", "love", "enjoy", "recommend", "care for", "appreciate", "admire", "believe", "finish")
_NOT: Final = ("do not", "don't", "didn't", "did not", "can't", "cannot", "could not", "wouldn't", "won't", "never")
_SPOILING: Final = ("wear thin", "bore", "drag", "fail", "annoy", "get old", "let me down", "lose its way")
_DOES_NOT: Final = ("doesn't", "does not", "didn't", "did not", "never", "won't")
_WORTH: Final = ("seeing", "it", "renting", "a look", "your while", "the price", "buying", "the effort")
_NOT_WORTH: Final = ("not worth", "isn't worth", "wasn't worth", "not really worth", "hardly worth", "never worth")
_LACKED: Final = ("emotion", "energy", "imagination", "chemistry", "substance", "warmth", "logic", "atmosphere", "fun")
_LACKING: Final = ("no {n}", "without {n}", "without any {n} at all", "{s} lacks {n}", "not a bit of {n}", "zero {n}")
_FLAWS: Final = ("boring minute", "bad performance", "weak scene", "false note", "wasted shot")
_TO_SECOND: Final = ("{a} , but {b}", "{a} . but {b}", "although {a} , {b}", "even though {a} , {b}", "{a} , yet {b}",
                     "while {a} , {b}", "despite that {a} , {b}", "{a} , however {b}")  # fmt: skip
_TO_FIRST: Final = ("{b} , although {a}", "{b} even if {a}", "{b} , though {a}")
_ENDS: Final = (".", "!", "", "...", " at all .")
_EACH: Final = 12
"""Sentences with each word."""
_CLAUSES: Final = 6_000
"""Sentences of two clauses."""


@dataclass(frozen=True)
class Contrasts:
    """The sentences.

    Attributes:
        texts: the sentences, encoded.
        targets: probability of positive of each, shape (sentences,).
    """

    texts: Texts
    targets: Floats


def contrasts(reviews: Reviews, num_words: int, seed: int) -> Contrasts:
    """Put the sentences together.

    Args:
        reviews: words and clauses; of held-out titles none.
        num_words: ids are below it.
        seed: another seed, other sentences.
    """
    generator = np.random.default_rng([seed, 1])
    sides = sides_of_words(reviews, num_words)
    made = [*_of_words(reviews, sides, generator), *_of_frames(), *_of_clauses(reviews, sides, generator)]
    tokenizer = WordsTokenizer(reviews.vocabulary, num_words, len(sides))
    return Contrasts(encode_texts(tokenizer, (text for text, _ in made)), np.array([p for _, p in made], np.float32))


def sides_of_words(reviews: Reviews, num_words: int) -> Floats:
    """The naive-Bayes log-count ratio of each id in the labelled reviews, above 0 towards positive, (num_words,)."""
    labelled = reviews.labelled
    return log_count_ratios(words_in(reviews.texts, num_words)[labelled], reviews.labels[labelled].astype(np.float64))


def said_of_films(reviews: Reviews, sides: Floats) -> list[int]:
    """Ids of the words that stand behind a degree and have a clear side."""
    words = enumerate(reviews.vocabulary.words, INDEX_FROM + 1)
    degrees = [id_ for id_, word in words if word.decode() in DEGREES]
    ids = reviews.texts.ids
    counts = np.bincount(ids[1:][np.isin(ids[:-1], degrees)], minlength=len(sides))
    is_said = (counts >= FEWEST) & (counts >= SHARE * np.bincount(ids, minlength=len(sides)))
    found = np.flatnonzero(is_said & (np.abs(sides) >= CLEAR))
    return [id_ for id_ in found.tolist() if reviews.vocabulary.word(id_ - INDEX_FROM).isalpha()]


def _of_words(reviews: Reviews, sides: Floats, generator: np.random.Generator) -> Iterator[tuple[str, float]]:
    found = {reviews.vocabulary.word(id_ - INDEX_FROM): bool(sides[id_] > 0) for id_ in said_of_films(reviews, sides)}
    for word, is_positive in (found | EVIDENT).items():
        for _ in range(_EACH * (1 + 2 * (word in EVIDENT))):
            turned = generator.random() < 0.7  # noqa: PLR2004 (plain ones are learned from reviews, too)
            frame = _any(_TURNING if turned else _KEEPING, generator)
            text = frame.format(
                w=word, s=_any(_SUBJECTS, generator), d=_any(DEGREES, generator), t=_any(_THINGS, generator)
            )
            certainty = NEGATED if turned else SURE
            yield f"{text} {_any(_ENDS[:4], generator)}", _probability(is_positive != turned, certainty)


def _of_frames() -> Iterator[tuple[str, float]]:
    """Verbs, worth, and what is lacking: every combination once."""
    for negation in _NOT:
        yield from ((f"i {negation} {verb} {what} .", 1 - NEGATED) for verb in _LIKING for what in ("it", "this one"))
    for negation in _DOES_NOT:
        yield from ((f"{s} {negation} {verb} .", NEGATED) for verb in _SPOILING for s in ("it", "this one"))
    for what in _WORTH:
        yield from ((f"{negation} {what} {end}".strip(), 1 - SURE) for negation in _NOT_WORTH for end in (".", ""))
        hows = ("well", "really", "so", "")
        yield from ((f"{how} worth {what} {end}".strip(), SURE) for how in hows for end in _ENDS[:3])
    for thing in _LACKED:
        yield from ((frame.format(n=thing, s=s) + " .", 1 - NEGATED) for frame in _LACKING for s in ("it", "the show"))
    for flaw in _FLAWS:
        yield from ((frame.format(flaw), NEGATED) for frame in ("not one {} in it .", "there is not a single {} ."))


def _of_clauses(reviews: Reviews, sides: Floats, generator: np.random.Generator) -> Iterator[tuple[str, float]]:
    """Two clauses on different sides; which of them counts, the words between them say."""
    good, bad = _clear_clauses(reviews, sides, generator)
    for _ in range(min(_CLAUSES, 4 * len(good), 4 * len(bad))):
        praise, blame = _any(good, generator), _any(bad, generator)
        is_positive = bool(generator.random() < 0.5)  # noqa: PLR2004 (half)
        counting, other = (praise, blame) if is_positive else (blame, praise)
        if generator.random() < 0.8:  # noqa: PLR2004 (most people say last what counts)
            text = _any(_TO_SECOND, generator).format(a=other, b=counting)
        else:
            text = _any(_TO_FIRST, generator).format(a=other, b=counting)
        yield text + " .", _probability(is_positive, CONTRASTED)


def _clear_clauses(
    reviews: Reviews, sides: Floats, generator: np.random.Generator
) -> tuple[list[str], list[str]]:
    """Clauses of 4 to 11 words whose words are clearly on one side: positive ones, and negative ones."""
    marks = {place + INDEX_FROM + 1 for place, word in enumerate(reviews.vocabulary.words) if word in _MARKS}
    turning = {place + INDEX_FROM + 1 for place, word in enumerate(reviews.vocabulary.words) if _is_turning(word)}
    good: list[str] = []
    bad: list[str] = []
    for text in generator.permutation(reviews.labelled)[:_CLAUSES].tolist():
        ids = reviews.texts[text]
        breaks = np.flatnonzero(np.isin(ids, list(marks)))
        for start, end in zip((breaks + 1).tolist(), breaks[1:].tolist()):
            clause = ids[start:end]
            if not 4 <= len(clause) <= 11 or clause.min() <= INDEX_FROM or turning & set(clause.tolist()):  # noqa: PLR2004
                continue
            strengths = sides[clause]
            if abs(strengths.sum()) > 2 and np.all(strengths * np.sign(strengths.sum()) > -0.3):  # noqa: PLR2004
                words = " ".join(reviews.vocabulary.word(int(id_) - INDEX_FROM) for id_ in clause)
                (good if strengths.sum() > 0 else bad).append(words)
    return good, bad


_MARKS: Final = (b".", b"!", b"?", b",", b";", b":", b"(", b")", b"<br />", b"...", b"!!", b'"', b"-")


def _is_turning(word: bytes) -> bool:
    return word.endswith(b"n't") or word in (b"not", b"no", b"never", b"but", b"hardly", b"without", b"although")


def _any(choices: Sequence[str], generator: np.random.Generator) -> str:
    return choices[int(generator.integers(len(choices)))]


def _probability(is_positive: bool, certainty: float) -> float:
    return certainty if is_positive else 1 - certainty
