"""Adam, as its paper has it, on every backend."""

from __future__ import annotations

from typing import Any

from imdbsent.training import import_library


def adam(learning_rate: Any, *, beta_2: float = 0.999, clip_norm: float | None = None) -> Any:
    """Keras's Adam, that sums the gradient of a word over its places in a batch before it squares it.

    On TensorFlow the gradient of an embedding comes as one slice for each place, and Keras 3 squares the slices one by
    one: the second moment of a word that stands in a batch a hundred times, as padding does, is the sum of a hundred
    squares and not the square of the sum (Kingma & Ba 2015, algorithm 1). On JAX and PyTorch the gradient comes summed.
    So one recipe would train two different networks; tests/training/test_backends.py holds that it does not.

    Args:
        learning_rate: the step size, or a Keras schedule of it.
        beta_2: decay of the second moment.
        clip_norm: the longest gradient, over all weights together; a longer one is shortened. None for any length.

    Returns:
        A `keras.optimizers.Adam`.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")

    class Adam(keras.optimizers.Adam):  # type: ignore[misc, name-defined]
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            # Slices plus an array are an array, in which the slices of one word have been added up.
            summed = keras.ops.add(gradient, keras.ops.zeros(variable.shape, variable.dtype))
            super().update_step(summed, variable, learning_rate)

    return Adam(learning_rate, beta_2=beta_2, global_clipnorm=clip_norm)
