"""The ladder: what each stage of the flagship's recipe is set to, beside the sizes of the network that ships."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from imdbsent.training.recipes import Recipe
    from imdbsent.training.request import TrainingRequest


@dataclass(frozen=True)
class Ladder:
    """The settings of the stages. docs/training.md says what each of them gave, and what was left out.

    Attributes:
        held_out: share of the labelled training reviews, whole titles of them, that nothing learns from: what is chosen
            is chosen on them, and the temperature is fitted on them.
        folds: parts of the titles; the soft label of a labelled review comes from teachers that have not seen its part.
        fewest_texts: texts that an n-gram of 1, 2, 3 words must stand in to count.
        fewest_texts_of_pair: texts that a pair of words must stand in to have an embedding.
        penalty: of the linear teacher, the inverse strength of its L2 penalty.
        document_size: numbers a document vector, and a word vector.
        document_epochs: times through all reviews for them.
        document_rate: learning rate of the first of these epochs; it falls to a fiftieth.
        teachers: networks of the flagship's kind that are trained before the student, each with a seed of its own.
        teacher_epochs: times through all reviews for each.
        teacher_units: size of their LSTM's state, a direction.
        readers: 1 for a reader before the student, 0 for none.
        reader_embedding: numbers a word of the language model and of the reader, which begins with its weights.
        reader_units: size of the state of their LSTMs, a direction.
        reader_dropout: share of a word's numbers, and of what is pooled, that the reader's training zeroes.
        window: tokens that the language model reads at once.
        drawn_words: words that the next one is found among.
        language_batch: windows a batch.
        language_epochs: times that the language model reads all reviews.
        language_rate: its largest learning rate.
        language_dropout: share of the numbers of its words and of its states that its training zeroes.
        reader_epochs: times through all reviews for the reader.
        reader_longest: tokens of the longest part of a review that the reader is trained on.
        reader_segments: segments a batch of it.
        reader_rate: its largest learning rate.
        labelled_times: times that each labelled review is read where an unlabelled one is read once.
        adversarial_norm: length of the disturbance of the embeddings, for each token; a word's own is the root of
            `reader_embedding`.
        adversarial_weight: how much it counts in the loss what the disturbance changes.
        label_weight: how much the label of a labelled review counts in its soft label; the rest is the teachers'.
        span_share: share of the texts of an epoch that are short spans of a review, in the place of the whole.
        shortest: tokens of the shortest span.
        longest_span: tokens of the longest span, and of the longest sentence.
        sentence_share: share of the texts of an epoch of which a sentence is read besides.
        part_share: share of the texts that are not short spans of which only a part is read, so that none is learned by
            heart.
        smallest_part: share of a text that is its smallest part.
        longest: tokens of the longest part of a review that is trained on; longer reviews are cut at random.
        word_dropout: share of the tokens that are read as out of the vocabulary.
        dropout: share of the numbers of a word's embedding, and of what is pooled, that are zeroed.
        topic_weight: how much it counts in the loss that a network gives the document vector of a review, too. What a
            review is about is 128 numbers to learn from, its verdict one.
        segments: segments of 64 tokens a batch: 640 are about 150 whole reviews.
        reviews: reviews read of each folder; 0 for all.
    """

    held_out: float = 0.1
    folds: int = 5
    fewest_texts: tuple[int, int, int] = (3, 4, 6)
    fewest_texts_of_pair: int = 15
    penalty: float = 30.0
    document_size: int = 128
    document_epochs: int = 8
    document_rate: float = 0.05
    teachers: int = 0
    teacher_epochs: int = 3
    teacher_units: int = 64
    readers: int = 1
    reader_embedding: int = 256
    reader_units: int = 512
    reader_dropout: float = 0.4
    window: int = 96
    drawn_words: int = 8_192
    language_batch: int = 512
    language_epochs: int = 6
    language_rate: float = 0.003
    language_dropout: float = 0.25
    reader_epochs: int = 7
    reader_longest: int = 255
    reader_segments: int = 1_280
    reader_rate: float = 0.001
    labelled_times: int = 3
    adversarial_norm: float = 0.3
    adversarial_weight: float = 1.0
    label_weight: float = 0.5
    span_share: float = 0.3
    shortest: int = 1
    longest_span: int = 60
    sentence_share: float = 0.4
    part_share: float = 0.5
    smallest_part: float = 0.5
    longest: int = 447
    word_dropout: float = 0.08
    dropout: float = 0.2
    topic_weight: float = 0.5
    segments: int = 640
    reviews: int = 0


FULL: Final = Ladder()
"""What `imdbsent train --recipe flagship` climbs."""

SMOKE: Final = Ladder(
    held_out=0.25,
    folds=2,
    fewest_texts=(1, 1, 1),
    document_size=8,
    document_epochs=2,
    teachers=1,
    teacher_epochs=1,
    teacher_units=4,
    reader_embedding=8,
    reader_units=5,
    window=32,
    drawn_words=64,
    language_batch=32,
    language_epochs=1,
    reader_epochs=1,
    reader_longest=127,
    reader_segments=16,
    longest=127,
    segments=64,
    reviews=200,
)
"""All stages on the first reviews of each folder, in a minute or two: to see that they run (`--smoke`)."""

_OF_NETWORKS: Final = ("teachers", "teacher_epochs", "teacher_units", "label_weight", "dropout", "topic_weight")
_OF_READER: Final = (
    "readers", "reader_embedding", "reader_units", "reader_dropout", "window", "drawn_words", "language_batch",
    "language_epochs", "language_rate", "language_dropout", "reader_epochs", "reader_longest", "reader_segments",
    "reader_rate", "labelled_times", "adversarial_norm", "adversarial_weight",
)  # fmt: skip


def of_networks(ladder: Ladder) -> Ladder:
    """The ladder that network teachers depend on: what only the reader and its language model read, as in `FULL`."""
    return _as_full(ladder, _OF_READER)


def of_reader(ladder: Ladder) -> Ladder:
    """The ladder that the reader depends on: what only networks of the flagship's kind read, as in `FULL`."""
    return _as_full(ladder, _OF_NETWORKS)


def _as_full(ladder: Ladder, names: tuple[str, ...]) -> Ladder:
    return replace(ladder, **{name: getattr(FULL, name) for name in names})


def small(recipe: Recipe) -> Recipe:
    """The recipe with sizes that a smoke run takes a minute or two for; smaller ones stay."""
    return replace(
        recipe,
        vocabulary_size=min(recipe.vocabulary_size, 3_000),
        embedding_size=min(recipe.embedding_size, 8),
        units=min(recipe.units, 4),
        epochs=min(recipe.epochs, 2),
    )


def ladder_of(request: TrainingRequest) -> Ladder:
    """The ladder that was asked for; with `--no-reader` a small network teaches in the place of the reader."""
    ladder = SMOKE if request.smoke else FULL
    return ladder if request.reader else replace(ladder, teachers=1, readers=0)
