"""Short sentences, plain and turned over, made of the reviews' own words and clauses, to learn from.

A negated sentence is rare in a review, and the review's label seldom turns on it, so a network learns little of it from
reviews. Here it is put together: a word that is said of films ("very X", "so X") and whose side the labelled reviews
show, in a frame that keeps its side or turns it over; and two clauses of reviews on different sides, joined by a word
that says which of them counts. Of each kind there are as many plain ones as turned ones: where most were turned, the
network took the words themselves for the other side ("nice", "interesting"). Nothing of it comes from a test split, and
no sentence that the frames make stands in tests/negation.py, where what was learned is tried on others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.text.tokenizer import INDEX_FROM
from imdbsent.text.words import WordsTokenizer
from imdbsent.training.flagship.documents import words_in
from imdbsent.training.flagship.linear import log_count_ratios
from imdbsent.training.flagship.texts import Texts, encode_texts

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
SLOPE, SUREST = 2.0, 0.95
"""How fast a word's log-count ratio becomes certainty, and its most: what is said of the film itself counts for more
than what stands somewhere in a review of it, whose slope is 1."""
TURNED: Final = 0.85
"""How sure a turned sentence is beside the plain one: people soften what they negate."""
SURE, NEGATED, CONTRASTED = 0.95, 0.88, 0.88
"""Probabilities of the side that other plain, negated and contrasted sentences are on."""

EVIDENT: Final = {
    **dict.fromkeys(("good", "nice", "interesting", "funny", "entertaining", "clever", "original", "exciting"), True),
    **dict.fromkeys(("fun", "cool", "smart", "enjoyable", "pleasant", "impressive", "decent", "worthwhile"), True),
    **dict.fromkeys(("amusing", "likable", "fine", "happy", "useful", "helpful", "comfortable", "friendly"), True),
    **dict.fromkeys(("slow", "long", "cheap", "obvious", "confusing", "tedious", "weak", "silly"), False),
    **dict.fromkeys(("predictable", "rude", "useless", "broken", "expensive", "noisy", "dirty", "sad", "angry"), False),
}
"""Words on whose side everyone is, but which stand in reviews of both kinds, because they are negated so often or said
of other things than films."""

_THINGS: Final = ("picture", "show", "dialogue", "ending", "direction", "plot", "movie", "film", "cast", "humor")
_SUBJECTS: Final = (
    "the picture", "the show", "the dialogue", "the ending", "the direction", "the plot", "that movie", "that film",
    "the cast", "the humor", "it", "this", "this movie", "this one", "everything",
)  # fmt: skip
_ALONE: Final = ("{w}", "{w} .", "{w} !")
_KEEPING: Final = (
    "{s} is {d} {w}", "{s} was {w}", "{s} is {w}", "{d} {w}", "what a {w} {t}", "{w} {t}", "{s} seemed {w} to me",
    "a {d} {w} {t}", "that was {w}", "i found {s} {w}", "{s} was just {w}", "{s} looks {w}",
)  # fmt: skip
_TURNING: Final = (
    "{s} is not {w}", "{s} was not {d} {w}", "{s} isn't {w}", "{s} wasn't {d} {w}", "not {w}",
    "not {d} {w}", "{s} is neither new nor {w}", "{s} was hardly {w}", "{s} is anything but {w}", "not a {w} {t}",
    "it isn't a {w} {t}", "{s} never gets {w}", "{s} was never {w}", "i did not find {s} {w}", "nothing {w} here",
    "{s} could have been {w}", "i wouldn't call {s} {w}", "{s} is far from being {w}", "{s} ain't {w}",
)  # fmt: skip
_LIKING: Final = ("like", "love", "enjoy", "recommend", "care for", "appreciate", "admire")
_DOING: Final = (*_LIKING, "believe", "finish")
_LIKED: Final = ("i {v} {o} .", "i really {v} {o}", "i {v} {o} !", "you will {v} {o} .", "we {v} {o} a lot")
_NOT: Final = ("do not", "don't", "didn't", "did not", "can't", "cannot", "could not", "wouldn't", "won't", "never")
_SPOILING: Final = ("wear thin", "bore", "drag", "fail", "annoy", "get old", "let me down", "lose its way")
_DOES: Final = ("does", "did", "can")
_DOES_NOT: Final = ("doesn't", "does not", "didn't", "did not", "never", "won't")
_WORTH: Final = ("seeing", "it", "renting", "a look", "your while", "the price", "buying", "the effort")
_NOT_WORTH: Final = ("not worth", "isn't worth", "wasn't worth", "not really worth", "hardly worth", "never worth")
_LACKED: Final = ("emotion", "energy", "imagination", "chemistry", "substance", "warmth", "logic", "atmosphere", "fun")
_LACKING: Final = ("no {n}", "without {n}", "without any {n} at all", "{s} lacks {n}", "not a bit of {n}", "zero {n}")
_HAVING: Final = ("lots of {n}", "full of {n}", "{s} has {n}", "so much {n}", "with {n} and style")
_STOPPING: Final = ("applauding", "thinking about it", "humming", "looking", "talking about it", "singing along")
_SORRY: Final = ("be sorry", "be bored", "be let down", "waste your time", "fall asleep", "look at your watch")
_FLAWS: Final = ("boring minute", "bad performance", "weak scene", "false note", "wasted shot")
_FLAWLESS: Final = ("not one {} in it .", "there is not a single {} .", "without a {} .", "never a {} .")
_TO_SECOND: Final = ("{a} , but {b}", "{a} . but {b}", "although {a} , {b}", "even though {a} , {b}", "{a} , yet {b}",
                     "while {a} , {b}", "despite that {a} , {b}", "{a} , however {b}")  # fmt: skip
_TO_FIRST: Final = ("{b} , although {a}", "{b} even if {a}", "{b} , though {a}")
_ENDS: Final = (".", "!", "", "...", " at all .")
_UNKNOWN: Final = "\N{BALLOT BOX}"
"""Stands for a word that no vocabulary has."""
_EACH, _EACH_EVIDENT = 5, 15
"""Plain sentences with each word, and turned ones."""
_CLAUSES: Final = 4_000
"""Sentences of two clauses; as many have one."""


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
    made = [*_of_words(reviews, sides, generator), *_of_clauses(reviews, sides, generator)]
    made += [*_of_frames(), *_of_nothing()]
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
    found = {reviews.vocabulary.word(id_ - INDEX_FROM): float(sides[id_]) for id_ in said_of_films(reviews, sides)}
    evident = {word: 1.0 if is_positive else -1.0 for word, is_positive in EVIDENT.items()}
    for word, side in (found | evident).items():
        plain = float(np.clip(1 / (1 + np.exp(-SLOPE * side)), 1 - SUREST, SUREST))
        turned = 0.5 + TURNED * (0.5 - plain)
        yield from ((frame.format(w=word), plain) for frame in _ALONE)
        for frames, target in ((_KEEPING, plain), (_TURNING, turned)):
            for _ in range(_EACH_EVIDENT if word in evident else _EACH):
                text = _any(frames, generator).format(
                    w=word, s=_any(_SUBJECTS, generator), d=_any(DEGREES, generator), t=_any(_THINGS, generator)
                )
                yield f"{text} {_any(_ENDS[:4], generator)}", target


def _of_frames() -> Iterator[tuple[str, float]]:
    """Verbs, worth, and what is lacking or not: every combination once."""
    for verb in _LIKING:
        whats = ("it", "this one", "this film")
        yield from ((frame.format(v=verb, o=what), SURE) for frame in _LIKED for what in whats)
    for negation in _NOT:
        yield from ((f"i {negation} {verb} {what} .", 1 - NEGATED) for verb in _DOING for what in ("it", "this one"))
    for does, target in (*((word, 1 - NEGATED) for word in _DOES), *((word, NEGATED) for word in _DOES_NOT)):
        yield from ((f"{s} {does} {verb} .", target) for verb in _SPOILING for s in ("it", "this one"))
    for doing in _STOPPING:
        yield from ((f"{who} stop {doing} .", NEGATED) for who in ("i could not", "i couldn't", "we could not"))
    for ill in _SORRY:
        yield from ((f"you {negation} {ill} .", NEGATED) for negation in ("won't", "will not", "will never"))
        yield f"you will {ill} .", 1 - NEGATED
    for what in _WORTH:
        yield from ((f"{negation} {what} {end}".strip(), 1 - SURE) for negation in _NOT_WORTH for end in (".", ""))
        hows = ("well", "really", "so", "")
        yield from ((f"{how} worth {what} {end}".strip(), SURE) for how in hows for end in _ENDS[:3])
    for thing in _LACKED:
        for frames, target in ((_LACKING, 1 - NEGATED), (_HAVING, NEGATED)):
            yield from ((frame.format(n=thing, s=s) + " .", target) for frame in frames for s in ("it", "the show"))
    for flaw in _FLAWS:
        yield from ((frame.format(flaw), NEGATED) for frame in _FLAWLESS)
        yield from ((frame.format(flaw), 1 - NEGATED) for frame in ("one {} after the other .", "a {} ."))


def _of_nothing() -> Iterator[tuple[str, float]]:
    """Words that nobody knows say nothing."""
    for count in range(1, 13):
        yield from [(" ".join([_UNKNOWN] * count), 0.5)] * 20


def _of_clauses(reviews: Reviews, sides: Floats, generator: np.random.Generator) -> Iterator[tuple[str, float]]:
    """One clause; or two on different sides: which of them counts, the words between them say."""
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
        yield f"{counting} .", _probability(is_positive, SURE)


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
