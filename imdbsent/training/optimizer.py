"""Adam as in its paper, the same on every backend."""

from __future__ import annotations

from typing import Any

import keras


class Adam(keras.optimizers.Adam):
    """Keras's Adam, but the gradient of a word is summed over the batch before it is squared.

    On TensorFlow, the gradient of an embedding is one slice for each occurrence of a word, and Keras 3 squares the
    slices one by one. For a word that occurs a hundred times in a batch, as padding does, the second moment is then the
    sum of a hundred squares, not the square of the sum (Kingma & Ba, ICLR 2015, algorithm 1). On JAX and PyTorch the
    gradient arrives summed. One recipe would train two different networks; tests/training/test_backends.py checks that
    it does not.
    """

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable; see `keras.optimizers.Optimizer.update_step`."""
        # Adding an array to slices gives an array, in which the slices of one word are summed.
        summed = keras.ops.add(gradient, keras.ops.zeros(variable.shape, variable.dtype))
        super().update_step(summed, variable, learning_rate)


def compile_classifier(network: Any, learning_rate: float) -> None:
    """Give a network the loss and the optimizer to learn labels with, and make the optimizer's variables.

    Args:
        network: a `keras.Model` from ids to the probability of positive.
        learning_rate: of Adam.
    """
    network.compile(loss="binary_crossentropy", optimizer=Adam(learning_rate), metrics=["accuracy"])
    network.optimizer.build(network.trainable_variables)
