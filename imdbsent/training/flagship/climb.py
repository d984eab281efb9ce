"""The ladder of the flagship, stage by stage: each teaches the next, and the last one ships.

1. A linear teacher over n-grams learns from the labelled reviews (`linear`).
2. Document vectors of all reviews, labelled or not, and a linear teacher over them (`documents`).
   Every network begins with embeddings made of these vectors (`beginning`).
3. Both together give every review a soft label; that of a labelled one comes from teachers that have not seen it, mixed
   with its label. Networks of the flagship's kind learn from those, whole reviews and short spans (`teaching`).
4. A language model reads all reviews, and a large network that begins with its weights, the reader, learns from the
   labels and from what must not change what it says (`language`, `reader`, `reading`).
5. The teachers, the networks and the reader together give the soft labels of the last stage.
6. The student, which ships, learns from those.

The whole ladder has no networks of stage 3, and that of `--no-reader` has them in the reader's place. No test review is
read. What each stage is worth is measured on reviews of held-out titles.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.training.flagship.batches import Spans, sentence_borders
from imdbsent.training.flagship.beginning import beginning, first_words
from imdbsent.training.flagship.contrasts import contrasts
from imdbsent.training.flagship.documents import DocumentVectors, presence_matrix
from imdbsent.training.flagship.ladder import of_networks
from imdbsent.training.flagship.linear import cross_fitted, logistic_regression, ngram_teacher, vector_teacher
from imdbsent.training.flagship.reader import Reading
from imdbsent.training.flagship.teaching import Run, logits_of, student_network, teach, without_topics
from imdbsent.training.flagship.texts import SENTENCE_ENDS, ids_of, joined

if TYPE_CHECKING:
    import numpy.typing as npt

    from imdbsent.bundle.card import Epoch
    from imdbsent.training.flagship.beginning import Beginning
    from imdbsent.training.flagship.contrasts import Contrasts
    from imdbsent.training.flagship.ladder import Ladder
    from imdbsent.training.flagship.run import Workspace
    from imdbsent.training.flagship.texts import Reviews
    from imdbsent.training.recipes import Recipe

    Floats = npt.NDArray[np.float64]

logger = logging.getLogger(__name__)

_VECTOR_PENALTY = 1.0
_MIX_PENALTY = 100.0
_SHORT = 1e-2  # added to a length before it divides
_MOST_CERTAIN = 4.0
"""Logit that a soft label has at the most: 98 %. No teacher is surer than it is right."""


@dataclass(frozen=True)
class Material:
    """What every network of a run learns from besides soft labels.

    Attributes:
        first: the embeddings to begin with.
        topics: document vectors to give, shape (texts, size).
        made: negations and contrasts.
        borders: of the sentences of the reviews (`imdbsent.training.flagship.batches.sentence_borders`).
    """

    first: Beginning
    topics: npt.NDArray[np.float32]
    made: Contrasts
    borders: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Climb:
    """One run of the ladder.

    Attributes:
        reviews: what there is to learn from.
        recipe: sizes of the student.
        ladder: settings of the stages.
        seed: of everything that is drawn.
        run: what the networks share.
        workspace: where the stages are kept.
    """

    reviews: Reviews
    recipe: Recipe
    ladder: Ladder
    seed: int
    run: Run
    workspace: Workspace

    def student(self, seed: int | None = None) -> tuple[Any, tuple[Epoch, ...]]:
        """Climb the ladder.

        Args:
            seed: of the student alone, to see how much of its figures is chance; left out, that of the run.

        Returns:
            The student, a `keras.Model` from ids to logits, and its epochs.

        Raises:
            TrainingStopped: it was asked to stop; what is done is kept.
            TrainingUnavailable: a library that a stage needs is not installed.
        """
        vectors = self._vectors()
        linear = self._mixed([self._ngrams(), self._documents(vectors)])
        first = beginning(self.reviews, vectors, self.recipe, self.ladder)
        made = contrasts(self.reviews, self.recipe.vocabulary_size, self.seed)
        borders = sentence_borders(self.reviews.texts, ids_of(self.reviews.vocabulary, SENTENCE_ENDS))
        material = Material(first, topics_of(vectors), made, borders)
        others = []
        if self.ladder.teachers:
            others.append(self._networks(linear, material))
        if self.ladder.readers:
            others.append(self._reader(vectors))
        train = self._spans(self._joined(linear, others), material)
        own = () if seed in (None, self.seed) else (seed,)
        seed = self.seed if seed is None else seed
        network = student_network(self.recipe, seed, train, first)
        checkpoint = self.workspace.checkpoint("student", (self.recipe, self.ladder, *own))
        history = teach(network, self.recipe, seed, train, self._shown(), run=self.run, checkpoint=checkpoint)
        return without_topics(network, self.recipe), history

    def _ngrams(self) -> Floats:
        """Stage 1: logits of the n-gram teacher."""

        def work() -> Floats:
            learn = ngram_teacher(self._presence(), self.reviews.labels, self.ladder.penalty)
            return self._cross_fitted(learn)

        return self.workspace.stage("n-gram teacher", (*self._counted, self.ladder.penalty), work, self._figure)

    def _vectors(self) -> npt.NDArray[np.float32]:
        """The document vectors that stage 2 reads, shape (texts, size)."""

        def work() -> npt.NDArray[np.float32]:
            vectors = DocumentVectors(self._presence(), self.ladder.document_size, self.seed)
            vectors.train(self.ladder.document_epochs, self.ladder.document_rate, self._pass_done)
            return vectors.scaled().astype(np.float16)  # they are noisier than that

        settings = (*self._counted, *self._document_settings)
        found = self.workspace.stage("document vectors", settings, work, lambda found: f"{found.shape[1]} numbers each")
        return found.astype(np.float32)

    def _documents(self, vectors: npt.NDArray[np.float32]) -> Floats:
        """Stage 2: logits of the teacher over document vectors."""

        def work() -> Floats:
            return self._cross_fitted(vector_teacher(vectors, self.reviews.labels, _VECTOR_PENALTY))

        settings = (*self._counted, *self._document_settings)
        return self.workspace.stage("document teacher", settings, work, self._figure)

    def _networks(self, labels: Floats, material: Material) -> Floats:
        """Stage 3: what the networks say to all reviews, their mean."""
        said = [self._network(number, labels, material) for number in range(1, self.ladder.teachers + 1)]
        return np.asarray(np.mean(said, axis=0), np.float64)

    def _network(self, number: int, labels: Floats, material: Material) -> Floats:
        """What one network says to all reviews."""
        recipe = replace(self.recipe, units=self.ladder.teacher_units, epochs=self.ladder.teacher_epochs)
        name = f"network teacher {number}"
        settings = (recipe, of_networks(self.ladder), number, len(material.made.texts))

        def work() -> Floats:
            train, seed = self._spans(labels, material), self.seed + number
            network = student_network(recipe, seed, train, material.first)
            checkpoint = self.workspace.checkpoint(name, settings)
            teach(network, recipe, seed, train, self._shown(), run=self.run, checkpoint=checkpoint)
            return logits_of(without_topics(network, recipe), self._all())

        return self.workspace.stage(name, settings, work, self._figure)

    def _reader(self, vectors: npt.NDArray[np.float32]) -> Floats:
        """Stage 4: what the reader says to all reviews."""

        def words() -> npt.NDArray[np.float32]:
            return first_words(self.reviews, vectors, self.recipe)

        reading = Reading(self.reviews, self.recipe, self.ladder, self.seed, self.run, self.workspace, words)
        return reading.verdicts(self._figure)

    def _mixed(self, teachers: list[Floats]) -> Floats:
        """One logit a review from those of the linear teachers: their weights are fitted on the labelled reviews.

        That is fair because each of these logits comes from a teacher that has not seen the review.
        """
        logits = np.stack(teachers, axis=1).astype(np.float32)
        labelled = self.reviews.labelled
        targets = self.reviews.labels[labelled].astype(np.float64)
        weights = logistic_regression(logits[labelled], targets, _MIX_PENALTY)
        mixed = np.asarray(logits @ weights[:-1] + weights[-1], np.float64)
        logger.info(f"linear teachers together: {self._figure(mixed)}")
        return mixed

    def _joined(self, linear: Floats, others: list[Floats]) -> Floats:
        """The mean of the linear teachers' logits and the others', on the scale of the former.

        No weights are fitted here: the others have learned from the labels that they would be fitted on.

        Args:
            linear: what the linear teachers say, shape (texts,).
            others: what the network teachers and the reader say, of the same shape each.
        """
        if not others:
            return linear
        scaled = [other * (linear.std() / other.std()) for other in others]
        joined = np.asarray(np.mean([linear, *scaled], axis=0), np.float64)
        logger.info(f"all teachers together: {self._figure(joined)}")
        return joined

    def _spans(self, labels: Floats, material: Material) -> Spans:
        """What a network learns from: soft labels, mixed with the labels where there are some; and contrasts."""
        targets = _probabilities(labels)
        labelled, weight = self.reviews.labelled, self.ladder.label_weight
        targets[labelled] = weight * self.reviews.labels[labelled] + (1 - weight) * targets[labelled]
        made, topics = material.made, material.topics
        count = len(made.texts)
        return Spans(
            joined(self.reviews.texts, made.texts),
            np.concatenate([self.reviews.readable, len(self.reviews.texts) + np.arange(count)]),
            np.concatenate([targets, made.targets]).astype(np.float32),
            self.ladder,
            np.concatenate([topics, np.zeros((count, topics.shape[1]), np.float32)]),
            count,
            material.borders,
        )

    def _shown(self) -> Spans:
        """Reviews of held-out titles, with their labels."""
        targets = np.maximum(self.reviews.labels, 0).astype(np.float32)
        return Spans(self.reviews.texts, self.reviews.validation, targets, self.ladder)

    def _all(self) -> Spans:
        return replace(self._shown(), places=np.arange(len(self.reviews.texts)))

    @property
    def _counted(self) -> tuple[object, ...]:
        return ("n-grams", self.ladder.fewest_texts)

    @property
    def _document_settings(self) -> tuple[object, ...]:
        ladder = self.ladder
        return ("documents", ladder.document_size, ladder.document_epochs, ladder.document_rate)

    def _presence(self) -> Any:
        return presence_matrix(self.reviews.texts, self.reviews.readable, self.ladder.fewest_texts)

    def _cross_fitted(self, learn: Any) -> Floats:
        reviews = self.reviews
        others = np.setdiff1d(np.arange(len(reviews.texts)), reviews.labelled)
        return cross_fitted(learn, reviews.labelled, others, reviews.folds, len(reviews.texts))

    def _pass_done(self, epoch: int) -> None:
        logger.info(f"document vectors: epoch {epoch} of {self.ladder.document_epochs}")

    def _figure(self, logits: Floats) -> str:
        validation = self.reviews.validation
        right = (logits[validation] > 0) == (self.reviews.labels[validation] == 1)
        return f"{np.mean(right):.2%} right on {len(validation):,} reviews of held-out titles"


def topics_of(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Document vectors as the networks are to give them: less their mean, each of length 1, shape (texts, size)."""
    centred = vectors - vectors.mean(axis=0)
    return np.asarray(centred / (np.linalg.norm(centred, axis=1, keepdims=True) + _SHORT), np.float32)


def _probabilities(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -_MOST_CERTAIN, _MOST_CERTAIN))), np.float64)
