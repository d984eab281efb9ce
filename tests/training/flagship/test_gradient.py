from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("keras", reason="keras is not installed in the light environment")
import keras

from imdbsent.training.flagship.reader import gradient

AT = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -0.25]], np.float32)


def test_of_the_sum_of_squares_it_is_twice_where_it_is_taken() -> None:
    ops = keras.ops
    found, besides = gradient(lambda at: (ops.sum(at**2), at[0] + 1.0), ops.convert_to_tensor(AT))
    np.testing.assert_allclose(ops.convert_to_numpy(found), 2 * AT, atol=1e-6)
    np.testing.assert_allclose(ops.convert_to_numpy(besides), AT[0] + 1, atol=1e-6)


class Learner(keras.Model):
    """Its output is 3 w, or the gradient of w x² with respect to x, which is 2 w x; and w x²."""

    def __init__(self, *, through: bool) -> None:
        super().__init__()
        self.through = through

    def build(self, _: object) -> None:
        self.weight = self.add_weight(shape=(), initializer="ones", name="weight")
        self.built = True

    def call(self, x):
        ops = keras.ops
        if not self.through:
            return 3.0 * self.weight * ops.ones_like(x)
        found, besides = gradient(lambda at: (ops.sum(self.weight * at**2), self.weight * at**2), x)
        return found + besides + 0.0 * self.weight


@pytest.mark.parametrize("through", [False, True])
def test_nothing_is_learned_through_it(through: bool) -> None:
    network = Learner(through=through)
    network.build((None, 1))
    network.compile(optimizer=keras.optimizers.SGD(0.1), loss="mean_squared_error")
    x, y = np.full((4, 1), 2.0, np.float32), np.zeros((4, 1), np.float32)
    said = network.predict_on_batch(x)
    np.testing.assert_allclose(said, 8.0 if through else 3.0, atol=1e-5)  # 2 w x + w x², or 3 w
    network.train_on_batch(x, y)
    (weight,) = network.get_weights()
    assert (float(weight) == 1.0) == through
