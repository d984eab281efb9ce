"""The stages of the reader: the language model that it begins with, its training, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.training import import_library
from imdbsent.training.flagship.batches import Spans
from imdbsent.training.flagship.ladder import of_reader
from imdbsent.training.flagship.language import (
    Windows,
    chances_of,
    compile_language_model,
    frequencies_of,
    give_weights,
    language_model,
    stream_of,
    weights_of,
)
from imdbsent.training.flagship.reader import compile_reader, reader_network
from imdbsent.training.flagship.teaching import logits_of, optimizer_of, teach

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from imdbsent.training.flagship.ladder import Ladder
    from imdbsent.training.flagship.stages import Workspace
    from imdbsent.training.flagship.teaching import Run
    from imdbsent.training.flagship.texts import Reviews
    from imdbsent.training.recipes import Recipe

    Floats = npt.NDArray[np.float32]

LONGEST_GRADIENT: Final = 1.0
"""Of both networks, through hundreds of steps; Miyato et al. have it as well."""
_SMALLEST_DEVIATION: Final = 1e-9
_WIDTHS: Final = (1, 2, 4, 8, 16, 32)
"""Segments of the reader's batches: few, because its training compiles for long."""


@dataclass(frozen=True)
class Reading:
    """The stages of the reader in one run of the ladder.

    Attributes:
        reviews: what it reads.
        recipe: of the student; the sizes are the ladder's.
        ladder: its settings.
        seed: of everything that is drawn.
        run: what the networks share.
        workspace: where the stages are kept.
        words: makes what the embedding of the language model begins with, for each id, (V, any size up to its own); the
            rest of its numbers are drawn.
    """

    reviews: Reviews
    recipe: Recipe
    ladder: Ladder
    seed: int
    run: Run
    workspace: Workspace
    words: Callable[[], Floats]

    def verdicts(self, figure: Callable[[Any], str]) -> npt.NDArray[np.float64]:
        """What the reader says.

        Args:
            figure: says in a clause how good logits of the reviews are.

        Returns:
            Logits of the reviews, shape (texts,).

        Raises:
            TrainingStopped: it was asked to stop; what is done is kept.
            TrainingUnavailable: Keras or its backend is not installed.
        """
        return self.workspace.stage("reader", self._settings, self._read, figure)

    @property
    def _settings(self) -> tuple[object, ...]:
        """What the reader depends on."""
        return (self._recipe, of_reader(self._batches))

    @property
    def _recipe(self) -> Recipe:
        return replace(
            self.recipe,
            name="reader",
            embedding_size=self.ladder.reader_embedding,
            units=self.ladder.reader_units,
            epochs=self.ladder.reader_epochs,
            learning_rate=self.ladder.reader_rate,
        )

    def _language(self) -> Floats:
        """The weights of the language model."""
        ladder = self.ladder
        recipe = replace(
            self._recipe,
            name="language model",
            epochs=ladder.language_epochs,
            batch_size=ladder.language_batch,
            learning_rate=ladder.language_rate,
        )
        of_words = (ladder.fewest_texts, ladder.document_size, ladder.document_epochs, ladder.document_rate)
        settings = (recipe, ladder.window, ladder.drawn_words, ladder.language_dropout, *of_words)

        def work() -> Floats:
            stream = self._stream()
            frequencies = frequencies_of(stream, recipe.vocabulary_size)
            windows = Windows(stream, ladder, chances_of(frequencies), self.seed)
            import_library("keras").utils.set_random_seed(self.seed)
            network = language_model(recipe, ladder, frequencies)
            network.build([(None, ladder.window), (None, ladder.drawn_words)])
            self._begin(network.embedding)
            steps = windows.steps(recipe.batch_size, self.seed, recipe.epochs)
            compile_language_model(network, optimizer_of(recipe, steps, clip_norm=LONGEST_GRADIENT))
            checkpoint = self.workspace.checkpoint("language model", settings)
            history = teach(network, recipe, self.seed, windows, windows, run=self.run, checkpoint=checkpoint)
            self.workspace.note(f"language model: {history[-1].loss:.3f} nats a word, among those drawn")
            return weights_of(network)

        return self.workspace.stage("language model", settings, work, lambda found: f"{len(found):,} weights")

    def _begin(self, embedding: Any) -> None:
        """Give the first numbers of each word, with the spread of those that are drawn."""
        (drawn,) = embedding.get_weights()
        known = self.words()[:, : drawn.shape[1]]
        drawn[:, : known.shape[1]] = known / max(float(known.std()), _SMALLEST_DEVIATION)
        embedding.set_weights([drawn])

    def _read(self) -> npt.NDArray[np.float64]:
        """Train the reader; what it says to the reviews."""
        language, recipe = self._language(), self._recipe
        train = self._train()
        import_library("keras").utils.set_random_seed(self.seed)
        frequencies = frequencies_of(self._stream(), recipe.vocabulary_size).astype(np.float32)
        network = reader_network(recipe, self.ladder, frequencies)
        network.build((None, None))
        give_weights(network, language)
        steps = train.steps(recipe.batch_size, self.seed, recipe.epochs)
        compile_reader(network, optimizer_of(recipe, steps, clip_norm=LONGEST_GRADIENT))
        checkpoint = self.workspace.checkpoint("reader", self._settings)
        teach(network, recipe, self.seed, train, self._shown(), run=self.run, checkpoint=checkpoint)
        return logits_of(network, replace(self._shown(), places=np.arange(len(self.reviews.texts))))

    @property
    def _batches(self) -> Ladder:
        """The ladder with the reader's own cuts and batches: whole reviews, or long parts of them."""
        ladder = self.ladder
        return replace(
            ladder, longest=ladder.reader_longest, segments=ladder.reader_segments, span_share=0.0, sentence_share=0.0
        )

    def _stream(self) -> npt.NDArray[np.int32]:
        return stream_of(self.reviews.texts, self.reviews.readable)

    def _train(self) -> Spans:
        """All reviews, with their labels where they have one."""
        reviews = self.reviews
        again = np.tile(reviews.labelled, self.ladder.labelled_times - 1)
        places = np.concatenate([reviews.readable, again])
        return Spans(reviews.texts, places, reviews.labels.astype(np.float32), self._batches, widths=_WIDTHS)

    def _shown(self) -> Spans:
        """Reviews of held-out titles, with their labels."""
        targets = np.maximum(self.reviews.labels, 0).astype(np.float32)
        return Spans(self.reviews.texts, self.reviews.validation, targets, self._batches, widths=_WIDTHS)
