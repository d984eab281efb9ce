"""Every number that decides what the teacher and the student of the flagship learn, beyond the sizes of the network."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from imdbsent.training.distill.texts import TextConfig

if TYPE_CHECKING:
    from imdbsent.training.recipes import Recipe


@dataclass(frozen=True)
class TeachingStage:
    """One pass of the teacher over some labeled texts.

    Attributes:
        reviews: whole labeled reviews, drawn at random; all of them if there are fewer.
        spans: spans of one to three sentences, with the label of their review (`labeled_spans`).
        batch_size: texts per step.
        learning_rate: of AdamW at its largest.
    """

    reviews: int
    spans: int
    batch_size: int
    learning_rate: float


@dataclass(frozen=True)
class TeacherConfig:
    """How the teacher is fine-tuned.

    Attributes:
        rank: of the adapters' matrices.
        scale: what the adapters' product is multiplied by.
        frozen_layers: blocks at the bottom of the transformer that get no adapters.
        longest: word pieces read of a review, the two special ones included; of a longer one, its head and its tail.
        warmup: share of the steps of a stage in which the learning rate rises; then it falls linearly to 0.
        weight_decay: of AdamW.
        stages: what it learns from, one after another.
        averaged: stages, the last ones, the mean of whose adapters labels short texts. The last stage alone, which
            knows whole reviews best, labels those.
    """

    rank: int = 16
    scale: float = 2.0
    frozen_layers: int = 4
    longest: int = 256
    warmup: float = 0.06
    weight_decay: float = 0.01
    stages: tuple[TeachingStage, ...] = (
        TeachingStage(reviews=15_728, spans=0, batch_size=16, learning_rate=4e-4),
        TeachingStage(reviews=1_200, spans=14_000, batch_size=32, learning_rate=1.5e-4),
        TeachingStage(reviews=16_000, spans=8_000, batch_size=16, learning_rate=3e-4),
    )
    averaged: int = 2


@dataclass(frozen=True)
class StudentConfig:
    """How the student learns.

    Attributes:
        label_weight: how much the label of a labeled review counts in its target; the rest is the teacher's.
        most_certain: largest logit that a target has, either side of zero: no teacher is surer than it is right.
        review_share: share of the reviews that an epoch reads, drawn again for each.
        text_share: the same of the short texts that the teacher labeled; those that have their label by rule are few,
            and each epoch reads all of them.
        part_share: share of the reviews of an epoch of which only a part is read, so that none is learned by heart.
        smallest_part: share of a review that is its smallest part.
        longest: tokens of the longest part of a review that is trained on; longer ones are cut at random.
        word_dropout: share of the tokens of a review that are read as out of the vocabulary.
        dropout: share of the numbers of a word's embedding, and of what is pooled, that are zeroed.
        tokens: tokens per batch, padding included.
        most_texts: texts per batch of a validation.
        fewest_texts_of_pair: texts that a pair of words must occur in to have an embedding.
        embedding_spread: standard deviation of the initial embeddings.
        warm_up: share of the first epoch in which the learning rate rises; then it falls by half a cosine.
        last_rate: share of the learning rate that is left at the end.
    """

    label_weight: float = 0.5
    most_certain: float = 4.0
    review_share: float = 0.7
    text_share: float = 0.5
    part_share: float = 0.5
    smallest_part: float = 0.5
    longest: int = 447
    word_dropout: float = 0.05
    dropout: float = 0.2
    tokens: int = 40_960
    most_texts: int = 512
    fewest_texts_of_pair: int = 15
    embedding_spread: float = 0.1
    warm_up: float = 0.25
    last_rate: float = 0.02


@dataclass(frozen=True)
class DistillationConfig:
    """Everything that the stages of a distilled recipe need to know.

    Attributes:
        held_out: share of the labeled training reviews, as whole titles, from which nothing learns.
        seed: of the titles that are held out, of the short texts, and of the teacher. It is not the seed of the
            student: the labels belong to these texts, and students of other seeds learn from the same ones.
        most_reviews: reviews to read of each folder; 0 for all.
        texts: how many short texts of each family.
        ruled: short texts to draw that have their label by rule.
        teacher: how the teacher is fine-tuned.
        student: how the student learns.
    """

    held_out: float = 0.1
    seed: int = 7
    most_reviews: int = 0
    texts: TextConfig = field(default_factory=TextConfig)
    ruled: int = 80_000
    teacher: TeacherConfig = field(default_factory=TeacherConfig)
    student: StudentConfig = field(default_factory=StudentConfig)


FULL: Final = DistillationConfig()
"""What `imdbsent train --recipe flagship` does."""

SMOKE: Final = DistillationConfig(
    held_out=0.25,
    most_reviews=60,
    texts=TextConfig(
        sentences=60, clauses=40, spans=20, words=60, swapped=60, negated=60, joined=40, framed=120, noisy=40
    ),
    ruled=40,
    teacher=TeacherConfig(
        rank=2,
        frozen_layers=1,
        longest=32,
        stages=(TeachingStage(40, 0, 16, 1e-2), TeachingStage(10, 40, 16, 1e-2)),
    ),
    student=StudentConfig(longest=127, tokens=4_096, fewest_texts_of_pair=2),
)
"""Every stage on a few reviews, taught by a transformer of two layers, in a minute: to see that they run."""


def small(recipe: Recipe) -> Recipe:
    """A recipe with sizes that a smoke run takes a minute for; smaller ones stay."""
    return replace(
        recipe,
        vocabulary_size=min(recipe.vocabulary_size, 4_000),
        embedding_size=min(recipe.embedding_size, 8),
        units=min(recipe.units, 4),
        epochs=min(recipe.epochs, 2),
    )
