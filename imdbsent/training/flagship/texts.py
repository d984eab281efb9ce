"""Texts as one long array of ids: what every stage reads."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.text.tokenizer import INDEX_FROM, Vocabulary
from imdbsent.text.words import split_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from imdbsent.text.tokenizer import Tokenizer

UNLABELLED: Final = -1
"""The label of a review without one."""
SENTENCE_ENDS: Final = (b".", b"!", b"!!", b"?", b"?!", b"...", b"<br />")
"""Tokens that a sentence ends with."""


@dataclass(frozen=True)
class Texts:
    """Encoded texts, one behind another.

    Attributes:
        ids: uint16 or int32 (tokens,): the ids of all texts, without start marks.
        starts: int64 (texts + 1,): where each text starts, and where the last one ends.
    """

    ids: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Texts."""
        return len(self.starts) - 1

    def __getitem__(self, text: int) -> npt.NDArray[np.int32]:
        """The ids of one text, shape (length,)."""
        return self.ids[self.starts[text] : self.starts[text + 1]]

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each text, shape (texts,)."""
        return np.diff(self.starts)

    def text_of_token(self) -> npt.NDArray[np.int64]:
        """The text that each token stands in, shape (tokens,)."""
        return np.repeat(np.arange(len(self)), self.lengths)


@dataclass(frozen=True)
class Reviews:
    """The training reviews of IMDB, encoded. No test review is among them.

    Attributes:
        texts: labelled and unlabelled ones.
        labels: int8 (texts,): 1 positive, 0 negative, `UNLABELLED`.
        held_out: bool (texts,): labelled reviews of held-out titles, whose labels nothing learns from.
        folds: int64 (texts,): the part of the titles that each review is in, from 0.
        vocabulary: the words that ids stand for.
    """

    texts: Texts
    labels: npt.NDArray[np.int8]
    held_out: npt.NDArray[np.bool_]
    folds: npt.NDArray[np.int64]
    vocabulary: Vocabulary

    @property
    def labelled(self) -> npt.NDArray[np.int64]:
        """Places of the labelled reviews that may be learned from."""
        return np.flatnonzero((self.labels != UNLABELLED) & ~self.held_out)

    @property
    def validation(self) -> npt.NDArray[np.int64]:
        """Places of the reviews of held-out titles."""
        return np.flatnonzero(self.held_out)

    @property
    def readable(self) -> npt.NDArray[np.int64]:
        """Places of all reviews whose words may be learned from: labelled or not, but not held out."""
        return np.flatnonzero(~self.held_out)


def encode_texts(tokenizer: Tokenizer, texts: Iterable[str]) -> Texts:
    """Encode texts whole, without their start marks."""
    encoded = [np.array(tokenizer.encode_whole(text)[1:], np.int32) for text in texts]
    ids = np.concatenate(encoded) if encoded else np.zeros(0, np.int32)
    return Texts(ids, np.cumsum([0, *map(len, encoded)], dtype=np.int64))


def joined(first: Texts, second: Texts) -> Texts:
    """Some texts, and others behind them."""
    starts = np.concatenate([first.starts, len(first.ids) + second.starts[1:]])
    return Texts(np.concatenate([first.ids, second.ids]), starts)


def most_frequent_words(texts: Iterable[str], count: int) -> Vocabulary:
    """The words of texts by the scheme "words", the most frequent first; ties by the alphabet.

    Args:
        texts: what is counted.
        count: words to keep at the most.
    """
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(split_words(text))
    ranked: Sequence[str] = sorted(counts, key=lambda word: (-counts[word], word))[:count]
    return Vocabulary(tuple(word.encode("utf-8", "surrogatepass") for word in ranked))


def ids_of(vocabulary: Vocabulary, words: Sequence[bytes]) -> tuple[int, ...]:
    """The ids of those of some words that a vocabulary has."""
    return tuple(id_ for id_, word in enumerate(vocabulary.words, INDEX_FROM + 1) if word in words)
