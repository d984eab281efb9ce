"""The same recipe on each of Keras's backends that is here: three steps from the same weights, the same losses."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("keras", reason="keras is not installed in the light environment")

pytestmark = pytest.mark.slow

THREE_STEPS = """
import json
from dataclasses import replace
import numpy as np
from imdbsent.training.loop import Split
from imdbsent.training.architectures.flagship import flagship_network
from imdbsent.training.distill.config import StudentConfig
from imdbsent.training.distill.student import compile_student
from imdbsent.training.architectures import architecture
from imdbsent.training.optimizer import compile_classifier, compiled_steps
from imdbsent.training.recipes import RECIPES

losses = {}
for name in ("classic", "bucketed"):
    recipe = replace(
        RECIPES[name], vocabulary_size=40, maximum_length=12, embedding_size=4, units=5, learning_rate=0.05
    )
    generator = np.random.default_rng(11)
    ids = tuple(generator.integers(1, 40, length).astype(np.int32) for length in range(1, 13))
    texts = Split(ids, (np.arange(12) % 2).astype(np.float32), 12, recipe.bucketed)
    network = architecture(recipe.architecture).build(recipe)
    compile_classifier(network, recipe.learning_rate)
    network.set_weights([generator.normal(0, 0.5, weight.shape) for weight in network.get_weights()])
    losses[name] = []
    learn, _ = compiled_steps(network, texts.batch(np.arange(1)))
    for batch in (texts.shuffled(6, 7, 1) + texts.shuffled(6, 7, 2))[:3]:
        network.reset_metrics()
        losses[name].append(float(learn(*texts.batch(batch))["loss"]))

recipe = replace(RECIPES["flagship"], vocabulary_size=40, embedding_size=4, units=5, learning_rate=0.05, epochs=2)
generator = np.random.default_rng(11)
network = flagship_network(recipe)
network.set_weights([
    generator.normal(0, 0.5, weight.shape) if weight.dtype == np.float32 else generator.integers(0, 1_600, weight.shape)
    for weight in network.get_weights()
])
compile_student(network, recipe, 3, StudentConfig())
losses["flagship"] = []
for width in (64, 128, 64):
    ids = generator.integers(1, 40, (6, width)) * (np.arange(width) < generator.integers(1, width, (6, 1)))
    targets = generator.random((6, 1)).astype(np.float32)
    network.reset_metrics()
    losses["flagship"].append(float(network.train_on_batch(ids.astype(np.int32), targets, return_dict=True)["loss"]))
print(json.dumps(losses))
"""

EXPECTED = {
    "classic": [0.6454171538352966, 0.7733619213104248, 0.7242414355278015],
    "bucketed": [0.6919218897819519, 0.6818873882293701, 0.6606147289276123],
    "flagship": [0.7521777749061584, 0.7905717492103577, 0.9532997608184814],
}
"""What TensorFlow 2.21, JAX 0.10 and PyTorch 2.13 gave on a CPU; of the flagship, TensorFlow 2.21 and PyTorch 2.13."""


def losses_on(backend: str) -> dict[str, list[float]]:
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed" + (": make teacher" if backend == "torch" else ""))
    result = subprocess.run(
        [sys.executable, "-c", THREE_STEPS], capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2],
        env={**os.environ, "KERAS_BACKEND": backend, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    losses: dict[str, list[float]] = json.loads(result.stdout)
    return losses


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_three_steps_give_the_same_losses_on_every_backend(backend: str) -> None:
    for recipe, losses in losses_on(backend).items():
        assert losses == pytest.approx(EXPECTED[recipe], abs=1e-5), recipe


def test_tensorflow_compiles_a_step_once_for_batches_of_every_size() -> None:
    import numpy as np

    from imdbsent.training.architectures.flagship import flagship_network
    from imdbsent.training.optimizer import compile_classifier, compiled_steps
    from imdbsent.training.recipes import FLAGSHIP

    network = flagship_network(replace(FLAGSHIP, vocabulary_size=40, embedding_size=4, units=5))
    compile_classifier(network, 0.01, gives_logits=True)
    compiled = []

    def noted(name: str) -> Any:
        step = getattr(network, name)

        def run(data: Any) -> Any:
            compiled.append(name)
            return step(data)

        return run

    for name in ("train_step", "test_step"):
        setattr(network, name, noted(name))
    batches = [(np.ones((n, width), np.int32), np.ones((n, 1), np.float32)) for n, width in ((4, 8), (4, 16), (3, 8))]
    for step in compiled_steps(network, batches[0]):
        for batch in batches:
            assert float(step(*batch)["loss"]) > 0
    assert compiled == ["train_step", "test_step"]
