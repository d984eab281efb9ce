"""The student: the LSTM that ships learns from the teacher's logits.

Soft labels for whole reviews (those with a label of their own mixed with it) and for short texts, as Tang et al. 2019
(arXiv 1903.12136) and Mukherjee & Awadallah 2019 (arXiv 1910.01769) do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.text.tokenizer import OOV_ID, PAD_ID, START_ID
from imdbsent.training.architectures.flagship import SEGMENT

if TYPE_CHECKING:
    import numpy.typing as npt

    from imdbsent.training.distill.data import EncodedTexts

    Ids = npt.NDArray[np.int32]
    Floats = npt.NDArray[np.float32]

_WIDTHS: Final = (8, 16, 24, 32, 48, SEGMENT)
"""Tokens that a batch of short texts is padded to."""


@dataclass(frozen=True)
class StudentConfig:
    """How the student learns.

    Attributes:
        label_weight: how much the label of a labeled review counts in its target; the rest is the teacher's.
        most_certain: largest logit that a target has, either side of zero: no teacher is surer than it is right.
        part_share: share of the reviews of an epoch of which only a part is read, so that none is learned by heart.
        smallest_part: share of a review that is its smallest part.
        longest: tokens of the longest part of a review that is trained on; longer ones are cut at random.
        word_dropout: share of the tokens of a review that are read as out of the vocabulary.
        dropout: share of the numbers of a word's embedding, and of what is pooled, that are zeroed.
        tokens: tokens per batch, padding included.
        most_texts: texts per batch at most.
    """

    label_weight: float = 0.5
    most_certain: float = 4.0
    part_share: float = 0.5
    smallest_part: float = 0.5
    longest: int = 447
    word_dropout: float = 0.05
    dropout: float = 0.2
    tokens: int = 40_960
    most_texts: int = 512


@dataclass(frozen=True)
class Batch:
    """Parts of texts that are read together.

    Attributes:
        texts: index of each one's text, shape (B,).
        starts: its first token within the text, shape (B,).
        lengths: its tokens, shape (B,).
        width: tokens that it is padded to, the start mark included.
        noise: seeds of which tokens are read as unknown; None for none of them.
    """

    texts: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    width: int
    noise: tuple[int, ...] | None = None

    def __len__(self) -> int:
        """Texts."""
        return len(self.texts)


@dataclass(frozen=True)
class SoftLabeled:
    """Texts with soft labels, in batches: `imdbsent.training.loop.BatchSource`.

    Attributes:
        texts: all texts; the reviews first.
        targets: probability of positive of each text, float32 (texts,).
        reviews: how many of the first texts are whole reviews, of which parts are cut.
        chosen: indices of the texts that count.
        config: how they are cut and batched.
    """

    texts: EncodedTexts
    targets: Floats
    reviews: int
    chosen: npt.NDArray[np.int64]
    config: StudentConfig

    def __len__(self) -> int:
        """Texts that count."""
        return len(self.chosen)

    def shuffled(self, batch_size: int, seed: int, epoch: int) -> list[Batch]:
        """The batches of an epoch in the order in which they are trained on.

        Args:
            batch_size: texts per batch at most; fewer where they are long.
            seed: with the epoch, it decides where reviews are cut, and the order.
            epoch: from 1.
        """
        generator = np.random.default_rng([seed, epoch])
        config = self.config
        texts = generator.permutation(self.chosen)
        lengths = self.texts.lengths[texts]
        is_review = texts < self.reviews
        is_part = is_review & (generator.random(len(texts)) < config.part_share)
        shares = generator.uniform(config.smallest_part, 1, len(texts))
        kept = np.where(is_part, np.ceil(shares * lengths), lengths).astype(np.int64)
        kept = np.minimum(kept, config.longest)
        # The verdict is often at the end: half of the parts are the end of their review.
        at_end = generator.random(len(texts)) < 0.5  # noqa: PLR2004 (half)
        anywhere = (generator.random(len(texts)) * (lengths - kept + 1)).astype(np.int64)
        starts = np.where(at_end, lengths - kept, anywhere)
        batches = self._batches(texts, starts, kept, batch_size)
        return [
            Batch(batch.texts, batch.starts, batch.lengths, batch.width, (seed, epoch, number))
            for number, batch in enumerate(batches[index] for index in generator.permutation(len(batches)))
        ]

    def in_order(self) -> list[Batch]:
        """The batches of a look at every text, whole."""
        order = self.chosen[np.argsort(self.texts.lengths[self.chosen], kind="stable")]
        lengths = self.texts.lengths[order]
        return self._batches(order, np.zeros_like(order), lengths, self.config.most_texts)

    def steps(self, batch_size: int, seed: int, epochs: int) -> int:
        """The most batches that one of so many epochs has."""
        return max(len(self.shuffled(batch_size, seed, epoch)) for epoch in range(1, epochs + 1))

    def batch(self, batch: Batch) -> tuple[Ids, Floats]:
        """What the network reads of a batch: ids (B, width), padding after the words, and targets (B, 1)."""
        ids = np.full((len(batch), batch.width), PAD_ID, np.int32)
        ids[:, 0] = START_ID
        columns = np.arange(batch.width - 1)
        is_token = columns < batch.lengths[:, None]
        firsts = self.texts.starts[batch.texts] + batch.starts
        positions = np.minimum(firsts[:, None] + columns, max(0, len(self.texts.ids) - 1))
        ids[:, 1:][is_token] = self.texts.ids[positions[is_token]]
        if batch.noise is not None and self.config.word_dropout:
            dropped = np.random.default_rng(batch.noise).random(ids.shape) < self.config.word_dropout
            dropped &= (batch.texts < self.reviews)[:, None]  # a word of a short text may be all that it says
            ids[dropped & (ids > START_ID)] = OOV_ID
        return ids, self.targets[batch.texts, None]

    def _batches(
        self,
        texts: npt.NDArray[np.int64],
        starts: npt.NDArray[np.int64],
        lengths: npt.NDArray[np.int64],
        most: int,
    ) -> list[Batch]:
        """Batches of parts of the same width, each in the order given."""
        widths = width_of(lengths + 1)
        batches = []
        for width in np.unique(widths):
            rows = np.flatnonzero(widths == width)
            size = min(most, max(1, self.config.tokens // int(width)))
            for first in range(0, len(rows), size):
                part = rows[first : first + size]
                batches.append(Batch(texts[part], starts[part], lengths[part], int(width)))
        return batches


def width_of(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The width that texts of some lengths, start mark included, are padded to."""
    whole = -(-lengths // SEGMENT) * SEGMENT
    short = np.asarray(_WIDTHS)[np.searchsorted(_WIDTHS, np.minimum(lengths, SEGMENT))]
    return np.where(lengths <= SEGMENT, short, whole)


def soft_targets(
    logits: npt.NDArray[np.floating], labels: npt.NDArray[np.int8], config: StudentConfig
) -> Floats:
    """The probability of positive that each text is to have.

    Args:
        logits: the teacher's, shape (texts,).
        labels: 1 positive, 0 negative, -1 for none, shape (texts,).
        config: how much a label counts, and the largest logit.
    """
    certain = np.clip(np.asarray(logits, np.float32), -config.most_certain, config.most_certain)
    soft = 1 / (1 + np.exp(-certain))
    mixed = config.label_weight * labels + (1 - config.label_weight) * soft
    return np.where(labels >= 0, mixed, soft).astype(np.float32)
