"""Adam as in its paper, the same on every backend, and with a rate of its own for each part of a trained network.

And a step of it that TensorFlow compiles once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import keras

from imdbsent.training.loop import on_batches

if TYPE_CHECKING:
    import numpy.typing as npt

    from imdbsent.training.loop import Step
    from imdbsent.training.recipes import FineTuning

_HEAD: Final = "dense"
_EMBEDDING: Final = "embedding"


class Adam(keras.optimizers.Adam):
    """Keras's Adam, but the gradient of a word is summed over the batch before it is squared.

    On TensorFlow, the gradient of an embedding is one slice for each occurrence of a word, and Keras 3 squares the
    slices one by one. For a word that occurs a hundred times in a batch, as padding does, the second moment is then the
    sum of a hundred squares, not the square of the sum (Kingma & Ba, ICLR 2015, algorithm 1). On JAX and PyTorch the
    gradient arrives summed. One recipe would train two different networks; tests/training/test_backends.py checks that
    it does not.

    TensorFlow updates a variable and its moments in one pass over their numbers. Keras makes a pass for each product
    and sum; as the embeddings of the flagship have millions of numbers, its batches of short texts took 1.3 times as
    long.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable; see `keras.optimizers.Optimizer.update_step`."""
        has_one_rate = not keras.ops.shape(learning_rate)
        if keras.backend.backend() == "tensorflow" and has_one_rate:
            self._update_in_one_pass(gradient, variable, learning_rate)
            return
        # Adding an array to slices gives an array, in which the slices of one word are summed.
        summed = keras.ops.add(gradient, keras.ops.zeros(variable.shape, variable.dtype))
        super().update_step(summed, variable, learning_rate)

    def _update_in_one_pass(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """What `update_step` does, by the operator that TensorFlow has for it."""
        import tensorflow as tf

        index = self._get_variable_index(variable)
        step = keras.ops.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=_tensorflow_variable(self._momentums[index]).handle,
            v=_tensorflow_variable(self._velocities[index]).handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=keras.ops.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.convert_to_tensor(gradient),  # sums the slices of one word
        )


class TuningAdam(Adam):
    """`Adam` for a network that is trained already: the head learns first, and the embeddings at a rate of their own.

    Args:
        learning_rate: of the head and the LSTMs, a number or a schedule.
        head_steps: steps in which only the head learns.
        embedding_share: share of the rate that the embeddings have.
        added: number of words at the end of the vocabulary that have the whole rate, because they are new.
    """

    def __init__(self, learning_rate: Any, head_steps: int, embedding_share: float, added: int = 0) -> None:
        super().__init__(learning_rate)
        self.head_steps, self.embedding_share, self.added = head_steps, embedding_share, added

    def build(self, variables: Any) -> None:
        """Make the moments of each variable, and note which part of the network it belongs to."""
        self.paths = [variable.path for variable in variables]
        super().build(variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable at its own rate."""
        path = self.paths[self._get_variable_index(variable)]
        if not path.startswith(_HEAD):
            # one graph for both phases, so that no state is lost between them
            begun = keras.ops.cast(self.iterations >= self.head_steps, learning_rate.dtype)
            learning_rate = learning_rate * begun * self._share(path, variable)
        super().update_step(gradient, variable, learning_rate)

    def _share(self, path: str, variable: Any) -> Any:
        """The share of the rate that a variable has, or each row of it, shape (rows, 1)."""
        if _EMBEDDING not in path:
            return 1.0
        if not self.added or not path.startswith(_EMBEDDING):
            return self.embedding_share
        is_new = keras.ops.arange(variable.shape[0]) >= variable.shape[0] - self.added
        return keras.ops.where(is_new, 1.0, self.embedding_share)[:, None]


def compiled_steps(network: Any, batch: tuple[npt.NDArray[Any], ...]) -> tuple[Step, Step]:
    """What learns a batch, and what measures one, each compiled once for batches of every size.

    With TensorFlow, `train_on_batch` compiles a function for the first size of a batch, another for the second, and
    maybe a third for all: seconds each, which is most of the time that a hundred texts take to learn.

    Args:
        network: compiled.
        batch: any batch, which tells the types of the arrays, and whether texts have weights.

    Returns:
        Two functions from the arrays of a batch to its metrics by name.
    """
    if keras.backend.backend() != "tensorflow":
        return on_batches(network)
    import tensorflow as tf

    sizes = ((None, None), (None, 1), (None,))  # ids, labels, weights
    signature = [tf.TensorSpec(size, array.dtype) for size, array in zip(sizes, batch)]
    train = tf.function(lambda *arrays: network.train_step(arrays), input_signature=signature)
    test = tf.function(lambda *arrays: network.test_step(arrays), input_signature=signature)
    return train, test


def _tensorflow_variable(variable: Any) -> Any:
    """The variable of TensorFlow within one of Keras."""
    return variable.value if isinstance(variable, keras.Variable) else variable


def compile_classifier(network: Any, learning_rate: float, *, gives_logits: bool = False) -> None:
    """Give a network the loss and the optimizer to learn labels with, and make the optimizer's variables.

    Args:
        network: a `keras.Model` from ids to the probability of positive, or to its logit.
        learning_rate: of Adam.
        gives_logits: whether it gives the logit.
    """
    _compile(network, Adam(learning_rate), gives_logits=gives_logits)


def compile_tuning(
    network: Any,
    learning_rate: float,
    tuning: FineTuning,
    steps: int,
    epochs: int,
    *,
    gives_logits: bool,
    added: int = 0,
) -> None:
    """Give a trained network the loss and the optimizer to learn more labels with.

    Args:
        network: a `keras.Model` from ids to the probability of positive, or to its logit.
        learning_rate: the largest; it falls along a cosine.
        tuning: how the parts of the network learn.
        steps: batches per epoch.
        epochs: at most.
        gives_logits: whether it gives the logit.
        added: number of words at the end of the vocabulary that it has not learned yet.
    """
    if not tuning.embedding_share:
        for layer in network.layers:
            layer.trainable = _EMBEDDING not in layer.name
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps * epochs, alpha=tuning.last_rate)
    optimizer = TuningAdam(rate, tuning.head_epochs * steps, tuning.embedding_share, added)
    _compile(network, optimizer, gives_logits=gives_logits)


def _compile(network: Any, optimizer: Any, *, gives_logits: bool) -> None:
    network.compile(
        loss=keras.losses.BinaryCrossentropy(from_logits=gives_logits),
        optimizer=optimizer,
        metrics=[keras.metrics.BinaryAccuracy("accuracy", threshold=0.0 if gives_logits else 0.5)],
    )
    network.optimizer.build(network.trainable_variables)
