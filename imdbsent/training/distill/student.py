"""The student: the LSTM that ships learns from the teacher's logits.

Soft labels for whole reviews (those with a label of their own mixed with it) and for short texts, as Tang et al. 2019
(arXiv 1903.12136) and Mukherjee & Awadallah 2019 (arXiv 1910.01769) do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import keras
import numpy as np
from keras import ops

from imdbsent.text.tokenizer import INDEX_FROM, OOV_ID, PAD_ID, START_ID
from imdbsent.training.architectures.flagship import SEGMENT, flagship_network, pair_size
from imdbsent.training.optimizer import Adam
from imdbsent.training.word_pairs import BUCKETS, NO_KEY, frequent_pairs

if TYPE_CHECKING:
    import numpy.typing as npt

    from imdbsent.training.distill.config import StudentConfig
    from imdbsent.training.distill.data import EncodedTexts
    from imdbsent.training.recipes import Recipe

    Ids = npt.NDArray[np.int32]
    Floats = npt.NDArray[np.float32]

_SECOND_MOMENT: Final = 0.99  # Adam's usual 0.999 averages over as many steps as an epoch has
_WIDTHS: Final = (8, 16, 24, 32, 48, SEGMENT)
"""Tokens that a batch of short texts is padded to."""


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
        shares: share of the epochs that read each text, float32 (texts,).
        reviews: how many of the first texts are whole reviews, of which parts are cut.
        chosen: indices of the texts that count.
        config: how they are cut and batched.
    """

    texts: EncodedTexts
    targets: Floats
    shares: Floats
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
        is_read = generator.random(len(self.chosen)) < self.shares[self.chosen]
        texts = generator.permutation(self.chosen[is_read])
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
        logits: the teacher's, shape (texts,); NaN where it has none: then the label counts alone, and a text without
            one has no target (NaN).
        labels: 1 positive, 0 negative, -1 for none, shape (texts,).
        config: how much a label counts, and the largest logit.
    """
    certain = np.clip(np.asarray(logits, np.float32), -config.most_certain, config.most_certain)
    soft = 1 / (1 + np.exp(-certain))
    mixed = np.where(np.isfinite(soft), config.label_weight * labels + (1 - config.label_weight) * soft, labels)
    return np.where(labels >= 0, mixed, soft).astype(np.float32)


def student_network(
    recipe: Recipe, seed: int, words: npt.NDArray[np.floating], train: SoftLabeled, config: StudentConfig
) -> Any:
    """The network that learns, compiled: its words begin as the teacher's vectors.

    Args:
        recipe: its sizes, epochs and learning rate.
        seed: of its weights.
        words: initial embeddings of the words of the vocabulary, shape (words, size), of standard deviation 1, the
            directions that matter most first; what the recipe has no room for is left out.
        train: what it will learn from; the pairs of words are counted in it.
        config: how it learns.

    Returns:
        A `keras.Model` from ids (B, T) to logits (B, 1).
    """
    keras.utils.set_random_seed(seed)
    network = flagship_network(recipe, config.dropout)
    embedding = network.get_layer("embedding")
    rows = embedding.get_weights()[0]
    words = words[: len(rows) - INDEX_FROM - 1, : recipe.embedding_size]
    first, last = INDEX_FROM + 1, INDEX_FROM + 1 + len(words)
    rows[first:last, : words.shape[1]] = config.embedding_spread * np.asarray(words, np.float32)
    embedding.set_weights([rows])
    table = frequent_pairs(train.texts, train.chosen, recipe.vocabulary_size, config.fewest_texts_of_pair)
    network.get_layer("pairs").set_weights([table])
    pairs = np.zeros((BUCKETS + 1, pair_size(recipe)), np.float32)
    generator = np.random.default_rng(seed)
    is_pair = table != NO_KEY
    pairs[is_pair] = generator.normal(0, config.embedding_spread / 2, (int(is_pair.sum()), pair_size(recipe)))
    network.get_layer("pair_embedding").set_weights([pairs])
    compile_student(network, recipe, train.steps(recipe.batch_size, seed, recipe.epochs), config)
    return network


def compile_student(network: Any, recipe: Recipe, steps: int, config: StudentConfig) -> None:
    """Give a network the cross-entropy with soft labels as its loss, and Adam with a warm-up and a cosine.

    Args:
        network: from ids to logits.
        recipe: largest learning rate, and epochs.
        steps: batches per epoch.
        config: how the learning rate rises and falls.
    """
    warm_up = max(1, round(config.warm_up * steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate * config.last_rate,
        max(1, steps * recipe.epochs - warm_up),
        alpha=config.last_rate,
        warmup_target=recipe.learning_rate,
        warmup_steps=warm_up,
    )
    network.compile(
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        optimizer=Adam(schedule, beta_2=_SECOND_MOMENT),
        metrics=[accuracy],
        jit_compile=keras.backend.backend() == "jax",  # XLA compiles each shape again, and is slower on a CPU
    )
    network.optimizer.build(network.trainable_variables)


def accuracy(targets: Any, logits: Any) -> Any:
    """Share of logits on the side of the target, which may be a soft label."""
    right = ops.equal(targets[:, 0] > 0.5, logits[:, 0] > 0)  # noqa: PLR2004 (probability)
    return ops.mean(ops.cast(right, "float32"))
