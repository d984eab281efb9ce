"""Document vectors: a second teacher, which sees what a review is about and not only which n-grams it holds.

Each review and each n-gram gets a vector, and the cosine between a review's and those of its n-grams is made large,
the cosine to other n-grams small. No label is needed, so the 50,000 unlabelled reviews count as much as the others; a
logistic regression on the vectors then reads the verdict off them. This is DV-ngrams-cosine of Thongtan &
Phienthrakul ("Sentiment Classification using Document Embeddings trained with Cosine Similarity", ACL SRW 2019) with
fewer numbers a vector and fewer epochs. Nothing of the test split is read.

The threads write to the n-grams' vectors without waiting for each other (Niu et al., "Hogwild!", NeurIPS 2011), so two
runs with one seed differ in their last digits, and more the longer they go on.

Which n-grams of 1, 2 and 3 words stand in which text, as a sparse matrix of zeros and ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.text.tokenizer import OOV_ID
from imdbsent.training.backend import import_library

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from imdbsent.training.flagship.texts import Texts

    Keys = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float32]


BITS: Final = 20
"""Bits of an id in the key of an n-gram: three ids fit into one number of 64 bits."""


def presence_matrix(texts: Texts, counted: npt.NDArray[np.int64], fewest_texts: Sequence[int]) -> Any:
    """The n-grams of texts.

    An n-gram with a word outside the vocabulary does not count.

    Args:
        texts: the texts.
        counted: places of the texts whose n-grams are kept.
        fewest_texts: of n-grams of 1, 2, ... words, how many of the `counted` texts they must stand in.

    Returns:
        `scipy.sparse.csr_matrix`, float32 (texts, n-grams): 1 where the n-gram stands in the text.

    Raises:
        TrainingUnavailable: scipy is not installed.
    """
    sparse = import_library("scipy.sparse")
    is_counted = np.zeros(len(texts), bool)
    is_counted[counted] = True
    blocks = []
    for words, fewest in enumerate(fewest_texts, 1):
        keys, rows = _distinct(*_keys(texts, words))
        kept, counts = np.unique(keys[is_counted[rows]], return_counts=True)
        kept = kept[counts >= fewest]
        columns = np.searchsorted(kept, keys)
        found = columns < len(kept)
        found[found] = kept[columns[found]] == keys[found]
        ones = np.ones(int(found.sum()), np.float32)
        blocks.append(sparse.csr_matrix((ones, (rows[found], columns[found])), shape=(len(texts), len(kept))))
    return sparse.hstack(blocks).tocsr()


def words_in(texts: Texts, num_words: int) -> Any:
    """The words of texts, each in the column of its id.

    Returns:
        `scipy.sparse.csr_matrix`, float32 (texts, num_words): 1 where the word stands in the text.
    """
    ids, rows = _distinct(texts.ids.astype(np.int64), texts.text_of_token())
    sparse = import_library("scipy.sparse")
    return sparse.csr_matrix((np.ones(len(ids), np.float32), (rows, ids)), shape=(len(texts), num_words))


def _keys(texts: Texts, words: int) -> tuple[Keys, Keys]:
    """The key and the text of every n-gram of so many words that lies within one text and has no unknown word."""
    ids = texts.ids.astype(np.int64)
    text = texts.text_of_token()
    count = max(0, len(ids) - words + 1)
    keys = np.zeros(count, np.int64)
    good = text[:count] == text[len(ids) - count :] if count else np.zeros(0, bool)
    for place in range(words):
        part = ids[place : place + count]
        keys |= part << (BITS * place)
        good &= part != OOV_ID
    return keys[good], text[:count][good]


def _distinct(keys: Keys, rows: Keys) -> tuple[Keys, Keys]:
    """Each n-gram once a text."""
    order = np.lexsort((keys, rows))
    keys, rows = keys[order], rows[order]
    first = np.ones(len(keys), bool)
    first[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
    return keys[first], rows[first]

SHARPNESS: Final = 6.0
"""What the cosine is multiplied by before the sigmoid, as in the paper."""
NEGATIVES: Final = 5
"""Other n-grams for each of a review's own, drawn by their frequency to the power of 0.75 as in word2vec."""

_DRAWS: Final = 1 << 22  # of other n-grams, made once and gone through at random
_LAST_RATE: Final = 0.02  # of the first


class DocumentVectors:
    """The vectors of some reviews and of their n-grams, and how to train them.

    Args:
        presence: sparse (texts, n-grams), the n-grams of each review.
        size: numbers a vector.
        seed: of the first vectors, and of the order.

    Raises:
        TrainingUnavailable: numba is not installed.
    """

    def __init__(self, presence: Any, size: int, seed: int) -> None:
        generator = np.random.default_rng([seed, 0])
        texts, ngrams = presence.shape
        self.documents = _unit_scale(generator, texts, size)
        self.ngrams = _unit_scale(generator, ngrams, size)
        self._seed = seed
        self._starts = presence.indptr.astype(np.int64)
        self._members = presence.indices.astype(np.int32)
        frequency = np.bincount(self._members, minlength=ngrams) ** 0.75
        shares = np.cumsum(frequency / frequency.sum())
        self._draws = np.minimum(np.searchsorted(shares, generator.random(_DRAWS)), ngrams - 1).astype(np.int32)
        self._pass = _compiled_pass()

    def train(self, epochs: int, rate: float, done: Callable[[int], None]) -> None:
        """Train the vectors.

        Args:
            epochs: times through all reviews.
            rate: learning rate of the first epoch; it falls in a line.
            done: is told of each epoch, from 1.
        """
        texts = len(self.documents)
        for epoch in range(epochs):
            order = np.random.default_rng([self._seed, epoch + 1]).permutation(texts)
            step = np.float32(rate * max(1 - epoch / epochs, _LAST_RATE))
            self._pass(
                self.documents, self.ngrams, self._starts, self._members, self._draws, order, step, epoch * 2 + 1
            )
            done(epoch + 1)

    def scaled(self) -> Floats:
        """The document vectors, each of length `SHARPNESS`, shape (texts, size)."""
        lengths = np.linalg.norm(self.documents, axis=1, keepdims=True)
        return np.asarray(SHARPNESS * self.documents / np.maximum(lengths, 1e-9), np.float32)


def _unit_scale(generator: np.random.Generator, count: int, size: int) -> Floats:
    vectors = generator.standard_normal((count, size), np.float32)
    vectors /= np.float32(np.sqrt(size))
    return vectors


def _compiled_pass() -> Any:  # noqa: C901 (one loop that numba compiles whole)
    """One pass through all reviews, compiled to machine code: half a billion dot products."""
    numba = import_library("numba")
    threads = numba.get_num_threads()

    @numba.njit(fastmath=True, parallel=True)  # type: ignore[untyped-decorator]
    def run(
        documents: Any, ngrams: Any, starts: Any, members: Any, draws: Any, order: Any, rate: Any, seed: int
    ) -> None:
        size = documents.shape[1]
        sharpness = np.float32(SHARPNESS)
        one = np.float32(1)
        for thread in numba.prange(threads):
            state = np.uint64(seed * 7919 + thread * 104729 + 12345)
            change = np.zeros(size, np.float32)
            for place in range(thread, len(order), threads):
                document = documents[order[place]]
                for member in range(starts[order[place]], starts[order[place] + 1]):
                    square = np.float32(0)
                    for k in range(size):
                        square += document[k] * document[k]
                        change[k] = 0
                    for draw in range(NEGATIVES + 1):
                        target = one if draw == 0 else np.float32(0)
                        if draw:  # xorshift (Marsaglia 2003)
                            state ^= state << np.uint64(13)
                            state ^= state >> np.uint64(7)
                            state ^= state << np.uint64(17)
                            ngram = ngrams[draws[np.int64(state >> np.uint64(20)) % len(draws)]]
                        else:
                            ngram = ngrams[members[member]]
                        product = np.float32(0)
                        other_square = np.float32(0)
                        for k in range(size):
                            product += document[k] * ngram[k]
                            other_square += ngram[k] * ngram[k]
                        scale = one / np.sqrt(square * other_square)
                        cosine = product * scale
                        slope = rate * sharpness * (target - one / (one + np.exp(-sharpness * cosine)))
                        # d cos(a, b) / d a = b / (|a| |b|) - cos(a, b) a / |a|^2
                        along, own, others = slope * scale, slope * cosine / square, slope * cosine / other_square
                        for k in range(size):
                            change[k] += along * ngram[k] - own * document[k]
                            ngram[k] += along * document[k] - others * ngram[k]
                    for k in range(size):
                        document[k] += change[k]

    return run
