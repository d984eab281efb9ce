"""A corpus as counts: what every figure about it is computed from, whatever its vocabulary is cut to.

Counting 50,000 reviews takes seconds, and the counts are small, so they are what is cached; the texts are not kept.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.dataset.keras_ids import learn_vocabulary
from imdbsent.tokenizer import split_words

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence

    import numpy.typing as npt

    from imdbsent.dataset.aclimdb import Review

CLASS_NAMES: Final = {0: "negative", 1: "positive", None: None}
"""What the labels of the IMDB reviews are called."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text to count.

    Attributes:
        split: "train", "test", or "file" for a user's own.
        label: its class; None where it has none.
        text: the text.
        number: its number in its split and class.
        stars: the writer's rating, 1 to 10; 0 where there is none.
        title: number in IMDB's id of the film; 0 where it is not known.
    """

    split: str
    label: str | None
    text: str
    number: int
    stars: int = 0
    title: int = 0


@dataclass(frozen=True, eq=False)
class Group:
    """The texts of one split and class, one place a text in each array, and how often they use each word.

    Attributes:
        split: "train", "test" or "file".
        label: the class; None for texts without one.
        lengths: int32 (texts,): ids of a text, the start mark included, words without a rank left out.
        numbers: int32 (texts,): number of the text.
        stars: int8 (texts,): its rating; 0 where it has none.
        titles: int32 (texts,): number in IMDB's id of the film; 0 where it is not known.
        counts: int32 (words,): how often each word of the corpus occurs.
    """

    split: str
    label: str | None
    lengths: npt.NDArray[np.int32]
    numbers: npt.NDArray[np.int32]
    stars: npt.NDArray[np.int8]
    titles: npt.NDArray[np.int32]
    counts: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Corpus:
    """All the words of some texts, and the groups that use them.

    Attributes:
        words: the word of rank r at place r - 1; behind them, the words that have no rank.
        ranked: how many words have a rank: those of the texts that the vocabulary was learned from.
        groups: in the order of the figures: by split, then by class.
    """

    words: tuple[bytes, ...]
    ranked: int
    groups: tuple[Group, ...]


@dataclass
class _Tally:
    counts: Counter[bytes] = field(default_factory=Counter)
    rows: list[tuple[int, int, int, int]] = field(default_factory=list)  # length, number, stars, title


_Tallies = dict[tuple[str, "str | None"], _Tally]


def count_reviews(reviews: Iterable[Review]) -> Corpus:
    """Count the labelled IMDB reviews; the vocabulary is that of the training split, ranked as Keras ranks it."""
    by_split: dict[str, list[Review]] = {"train": [], "test": []}
    for review in reviews:
        by_split[review.split].append(review)
    vocabulary = learn_vocabulary(by_split["train"]).words
    tallies = _tally(map(_as_text, by_split["train"]))
    tallies.update(_tally(map(_as_text, by_split["test"]), set(vocabulary)))
    return _corpus(tallies, vocabulary)


def count_texts(texts: Iterable[Text]) -> Corpus:
    """Count texts whose vocabulary is their own: every word has a rank, the most frequent first, ties as they came."""
    return _corpus(_tally(texts), ())


def _as_text(review: Review) -> Text:
    title = int(review.title.removeprefix("tt") or 0)
    return Text(review.split, CLASS_NAMES[review.label], review.text, review.number, review.stars, title)


def _tally(texts: Iterable[Text], known: Container[bytes] | None = None) -> _Tallies:
    tallies: _Tallies = {}
    for text in texts:
        words = split_words(text.text)
        tally = tallies.setdefault((text.split, text.label), _Tally())
        tally.counts.update(words)
        length = 1 + (len(words) if known is None else sum(map(known.__contains__, words)))
        tally.rows.append((length, text.number, text.stars, text.title))
    return tallies


def _corpus(tallies: _Tallies, vocabulary: Sequence[bytes]) -> Corpus:
    total: Counter[bytes] = Counter()
    for tally in tallies.values():
        total.update(tally.counts)
    ranks = dict.fromkeys(vocabulary)
    words = (*vocabulary, *(word for word, _ in total.most_common() if word not in ranks))
    groups = tuple(
        _group(split, label, tallies[split, label], words) for split, label in sorted(tallies, key=_group_order)
    )
    return Corpus(words, len(vocabulary) or len(words), groups)


def _group(split: str, label: str | None, tally: _Tally, words: Sequence[bytes]) -> Group:
    lengths, numbers, stars, titles = _columns(tally.rows)
    return Group(
        split,
        label,
        lengths=np.array(lengths, np.int32),
        numbers=np.array(numbers, np.int32),
        stars=np.array(stars, np.int8),
        titles=np.array(titles, np.int32),
        counts=np.array([tally.counts[word] for word in words], np.int32),
    )


def _columns(rows: list[tuple[int, int, int, int]]) -> Iterator[tuple[int, ...]]:
    return iter(zip(*rows))


def _group_order(key: tuple[str, str | None]) -> tuple[bool, bool, str]:
    """Train before test; classes by name; texts without a class last."""
    split, label = key
    return split == "test", label is None, label or ""
