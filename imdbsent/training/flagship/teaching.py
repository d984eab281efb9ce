"""One network of the ladder: trained on soft labels, from the beginning or from a checkpoint, and what it then says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imdbsent.training.architectures.flagship import flagship_network
from imdbsent.training.backend import import_library
from imdbsent.training.checkpoint import Checkpoint, Head, Variables, read_checkpoint, write_checkpoint
from imdbsent.training.loop import Loop, State

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.bundle.card import Epoch
    from imdbsent.training.flagship.batches import Spans
    from imdbsent.training.flagship.beginning import Beginning
    from imdbsent.training.loop import BatchSource
    from imdbsent.training.progress import TrainingProgress
    from imdbsent.training.recipes import Recipe
    from imdbsent.training.request import TrainingRequest

WARM_UP: Final = 0.25
"""Share of the first epoch in which the learning rate grows; then it falls by half a cosine to `LAST_RATE` of it."""
LAST_RATE: Final = 0.02
SECOND_MOMENT: Final = 0.99
"""Adam's beta 2: its usual 0.999 averages over as many steps as a whole run of the ladder has in an epoch."""


@dataclass(frozen=True)
class Run:
    """What every network of one run of the ladder shares.

    Attributes:
        request: what was asked for.
        data_sha256: hash of the reviews.
        versions: the Python and the libraries.
        progress: is told of each batch and epoch.
        stop: whether someone has asked to stop.
    """

    request: TrainingRequest
    data_sha256: str
    versions: dict[str, str]
    progress: TrainingProgress
    stop: Callable[[], bool]


def teach(
    network: Any, recipe: Recipe, seed: int, train: BatchSource, shown: BatchSource, *, run: Run, checkpoint: Path
) -> tuple[Epoch, ...]:
    """Train a network.

    Args:
        network: a compiled `keras.Model`, as `imdbsent.training.loop.Loop` takes it.
        recipe: its epochs, and most texts a batch.
        seed: of the order, and of where texts are cut.
        train: what it learns from.
        shown: what it looks at after each epoch; nothing is chosen by it here.
        run: what the networks share.
        checkpoint: where it is kept after each epoch and before a stop, and gone on from where it is there.

    Returns:
        Its epochs.

    Raises:
        TrainingStopped: it was asked to stop; a checkpoint has been saved.
        CheckpointInvalid: the checkpoint is damaged, or of another network.
    """
    state = State()
    if checkpoint.exists():
        start = read_checkpoint(checkpoint)
        state = start.head.state
        start.variables.assign_to(network)

    def save(state: State) -> None:
        request = replace(run.request, recipe=recipe, seed=seed)
        head = Head(request, run.data_sha256, run.versions, state)
        write_checkpoint(checkpoint, Checkpoint(head, Variables.of(network)))

    return Loop(network, recipe, seed, train, shown, progress=run.progress, save=save, stop=run.stop).run(state)


def student_network(recipe: Recipe, seed: int, train: Spans, first: Beginning) -> Any:
    """The network that learns to answer, compiled.

    Args:
        recipe: its sizes, epochs and learning rate.
        seed: of its weights.
        train: what it will learn from.
        first: the embeddings to begin with.

    Returns:
        A `keras.Model` from ids to a logit and topics.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    import_library("keras").utils.set_random_seed(seed)
    topics = 0 if train.topics is None else train.topics.shape[1]
    network = flagship_network(recipe, train.ladder.dropout, topics)
    first.give_to(network)
    compile_network(network, recipe, train.steps(recipe.batch_size, seed, recipe.epochs), train.ladder.topic_weight)
    return network


def without_topics(network: Any, recipe: Recipe) -> Any:
    """The network that answers: the same weights, and a logit alone."""
    answering = flagship_network(recipe)
    for name in ("embedding", "pair_embedding", "pairs", "forward", "backward", "dense"):
        answering.get_layer(name).set_weights(network.get_layer(name).get_weights())
    return answering


def compile_network(network: Any, recipe: Recipe, steps: int, topic_weight: float) -> None:
    """Give a network its loss and optimizer.

    Args:
        network: from ids to logits.
        recipe: learning rate and epochs.
        steps: batches an epoch.
        topic_weight: how much the topics count in the loss, where the network gives them.
    """
    keras = import_library("keras")
    ops = keras.ops

    cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)

    def loss(targets: Any, said: Any) -> Any:
        """Cross-entropy of the verdicts, and 1 - cosine of the topics of those texts that have any."""
        of_verdicts = cross_entropy(targets[:, :1], said[:, :1])
        if targets.shape[1] == 1:  # what is looked at has no topics
            return of_verdicts
        topics, found = targets[:, 1:], said[:, 1:]
        cosine = ops.sum(topics * found, axis=1) * ops.rsqrt(ops.sum(found * found, axis=1) + 1e-6)
        has_topics = ops.cast(ops.any(ops.not_equal(topics, 0.0), axis=1), "float32")
        return of_verdicts + topic_weight * ops.mean(has_topics * (1.0 - cosine))

    def accuracy(targets: Any, said: Any) -> Any:
        """Share of verdicts on the side of the target, which may be a soft label."""
        right = ops.equal(targets[:, 0] > 0.5, said[:, 0] > 0)  # noqa: PLR2004 (probability)
        return ops.mean(ops.cast(right, "float32"))

    network.compile(
        loss=loss,
        optimizer=optimizer_of(recipe, steps),
        metrics=[accuracy],
        jit_compile=keras.backend.backend() == "jax",  # XLA compiles each shape anew, and is slower on a CPU
    )
    network.optimizer.build(network.trainable_variables)


def optimizer_of(recipe: Recipe, steps: int, clip_norm: float | None = None) -> Any:
    """Adam, whose learning rate grows at first and then falls by half a cosine.

    Args:
        recipe: largest learning rate, and epochs.
        steps: batches an epoch.
        clip_norm: the longest gradient, over all weights together; a longer one is shortened. None for any length.
    """
    warm_up = max(1, round(WARM_UP * steps))
    schedule = import_library("keras").optimizers.schedules.CosineDecay(
        recipe.learning_rate * LAST_RATE,
        max(1, steps * recipe.epochs - warm_up),
        alpha=LAST_RATE,
        warmup_target=recipe.learning_rate,
        warmup_steps=warm_up,
    )
    from imdbsent.training.optimizer import Adam

    return Adam(schedule, beta_2=SECOND_MOMENT, global_clipnorm=clip_norm)


def logits_of(network: Any, spans: Spans) -> npt.NDArray[np.float64]:
    """What a network says to texts, whole.

    Args:
        network: from ids to logits.
        spans: the texts; those that count are asked about.

    Returns:
        A logit at the place of each text, 0 for those that do not count, shape (texts,).
    """
    logits = np.zeros(len(spans.texts))
    for batch in spans.in_order():
        ids, _ = spans.batch(batch)
        logits[[piece.text for piece in batch.pieces]] = network.predict_on_batch(ids)[:, 0]
    return logits
