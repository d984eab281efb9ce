"""Batches of a split: their order follows from the seed and the epoch alone, so that a run can go on in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.tokenizer import PAD_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    Indices = npt.NDArray[np.int64]

EVALUATION_BATCH: Final = 256  # reviews; only the speed depends on it

_POOL: Final = 50
"""Batches that are sorted by length together: 3,200 reviews of 64 a batch make 2 % padding, and a batch of like
length still differs from epoch to epoch."""
_LENGTH_STEP: Final = 8
"""Batches of like length are padded to multiples of this: a backend that compiles a program for each length, as JAX
does, compiles 63 of them and not 500."""


@dataclass(frozen=True)
class Split:
    """Encoded texts and their labels.

    Attributes:
        ids: the ids of each text as the network reads them, 1 to `maximum_length` of them, shape (length,), int32.
        labels: 1 positive, 0 negative, shape (texts,), float32.
        maximum_length: ids that a text is cut to, and padded to where batches are not of like length.
        bucketed: whether batches are of like length; see `imdbsent.training.recipes.Recipe`.
    """

    ids: tuple[npt.NDArray[np.int32], ...]
    labels: npt.NDArray[np.float32]
    maximum_length: int
    bucketed: bool

    def __len__(self) -> int:
        """Texts."""
        return len(self.ids)

    def shuffled(self, batch_size: int, seed: int, epoch: int) -> list[Indices]:
        """The batches of an epoch in the order in which they are trained on.

        Args:
            batch_size: texts a batch; the last one of all may have fewer.
            seed: with the epoch, it decides the order.
            epoch: from 1.

        Returns:
            Indices of the texts of each batch.
        """
        generator = np.random.default_rng([seed, epoch])
        order = generator.permutation(len(self))
        if not self.bucketed:
            return _cut(order, batch_size)
        pools = (self._by_length(pool) for pool in _cut(order, batch_size * _POOL))
        batches = [batch for pool in pools for batch in _cut(pool, batch_size)]
        return [batches[i] for i in generator.permutation(len(batches))]

    def in_order(self, batch_size: int = EVALUATION_BATCH) -> list[Indices]:
        """The batches of a look at every text; by length where they are to be of like length."""
        order = np.arange(len(self))
        return _cut(self._by_length(order) if self.bucketed else order, batch_size)

    def batch(self, batch: Indices) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float32]]:
        """The ids and labels of a batch.

        Args:
            batch: indices of its texts, shape (B,).

        Returns:
            Ids, shape (B, T), and labels, shape (B, 1). Of like length, padding stands behind a text and T is the
            longest one's length, rounded up to a multiple of 8; else it stands in front and T is `maximum_length`.
        """
        texts = [self.ids[index] for index in batch]
        if self.bucketed:
            longest = max(map(len, texts))
            width = min(-(-longest // _LENGTH_STEP) * _LENGTH_STEP, self.maximum_length)
        else:
            width = self.maximum_length
        padded = np.full((len(texts), width), PAD_ID, np.int32)
        for row, text in zip(padded, texts):
            place = slice(0, len(text)) if self.bucketed else slice(width - len(text), width)
            row[place] = text
        return padded, self.labels[batch, None]

    def steps(self, batch_size: int, seed: int, epochs: int) -> int:  # noqa: ARG002 (other sources need them)
        """How many batches an epoch has."""
        return batches_of(len(self), batch_size)

    def _by_length(self, indices: Indices) -> Indices:
        lengths = np.fromiter((len(self.ids[index]) for index in indices), np.int64, len(indices))
        return indices[np.argsort(lengths, kind="stable")]


def _cut(order: npt.NDArray[Any], size: int) -> list[Indices]:
    return [order[start : start + size] for start in range(0, len(order), size)]


def batches_of(texts: int, batch_size: int) -> int:
    """How many batches a number of texts makes."""
    return -(-texts // batch_size)


def cut_to(ids: Sequence[int], maximum_length: int) -> npt.NDArray[np.int32]:
    """The last ids of a text, as an array."""
    return np.array(ids[-maximum_length:], np.int32)
