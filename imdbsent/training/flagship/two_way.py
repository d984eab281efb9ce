"""Two LSTMs side by side, one for each direction: the layer of the language model and of the reader.

Keras's own LSTMs run one after the other, and multiply the input step by step. Here both directions take each step
together, and the product with the input stands before the loop, for all steps at once: on a GPU, whose time such a loop
is, five times as fast (docs/training.md).

Shapes: D = 2 directions, B texts a batch, T tokens a text, E numbers a word, H units of either direction.
"""

from __future__ import annotations

from typing import Any

from imdbsent.training import import_library


def two_way_lstm(units: int) -> Any:
    """A layer from words (D, B, T, E), those of the second direction in reverse, and is_token (D, B, T), to states.

    The gates are Keras's: input, forget, candidate, output. Where no token is, the state stays as it was.

    Args:
        units: H.

    Returns:
        A Keras layer, which gives the states (D, B, T, H).

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    layers, ops, initializers = keras.layers, keras.ops, keras.initializers

    def stacked(weights: Any) -> Any:
        return ops.stack([weight.value for weight in weights])  # TensorFlow stacks none of Keras's own

    class TwoWayLSTM(layers.Layer):  # type: ignore[misc, name-defined]
        def build(self, size: int) -> None:
            def weights(name: str, shape: tuple[int, int], initializer: Any) -> Any:
                return [self.add_weight(shape=shape, initializer=initializer, name=f"{name}_{way}") for way in (0, 1)]

            self.kernels = weights("kernel", (size, 4 * units), initializers.GlorotUniform())
            self.recurrent = weights("recurrent", (units, 4 * units), initializers.Orthogonal())
            self.biases = weights("bias", (1, 4 * units), initializers.Zeros())
            self.built = True

        def call(self, words: Any, is_token: Any) -> Any:
            _, batch, length, size = ops.shape(words)
            seen = ops.matmul(ops.reshape(words, (2, batch * length, size)), stacked(self.kernels))
            seen = ops.reshape(seen + stacked(self.biases), (2, batch, length, 4 * units))
            recurrent = stacked(self.recurrent)  # (D, H, 4 H)

            def step(state: tuple[Any, Any], inputs: Any) -> tuple[tuple[Any, Any], Any]:
                hidden, cell = state  # (D, B, H)
                of_input, is_here = inputs[..., :-1], inputs[..., -1:]
                gates = ops.split(of_input + ops.matmul(hidden, recurrent), 4, axis=-1)
                # 1 is added to the forget gate, so that a new network remembers (Jozefowicz et al., ICML 2015).
                new_cell = ops.sigmoid(gates[1] + 1.0) * cell + ops.sigmoid(gates[0]) * ops.tanh(gates[2])
                new_hidden = ops.sigmoid(gates[3]) * ops.tanh(new_cell)
                state = tuple(old + is_here * (new - old) for old, new in zip(state, (new_hidden, new_cell)))
                return state, state  # Keras on TensorFlow can give nothing of another structure than the state's

            start = ops.zeros((2, batch, units), dtype=words.dtype)
            # One array, for on TensorFlow Keras cannot take two apart whose length it does not know.
            inputs = ops.concatenate([seen, is_token[..., None]], axis=-1)
            _, (states, _) = ops.scan(step, (start, start), ops.transpose(inputs, (2, 0, 1, 3)))
            return ops.transpose(states, (1, 2, 0, 3))

    return TwoWayLSTM(name="lstm")
