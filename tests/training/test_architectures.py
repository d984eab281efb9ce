"""What every architecture owes: a network, a graph with the same logits, and its size in advance."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imdbsent.bundle.bundle import read_bundle
from imdbsent.bundle.card import MODEL, TOKENIZERS
from imdbsent.classify.engine import Engine
from imdbsent.errors import BundleInvalid, UsageProblem
from imdbsent.models import store
from imdbsent.training.architectures import ARCHITECTURES, architecture
from imdbsent.training.recipes import CLASSIC, FLAGSHIP, RECIPES, problem_of_size

SMALL = {
    "classic": replace(CLASSIC, vocabulary_size=50, maximum_length=40, embedding_size=5, units=7),
    "flagship": replace(FLAGSHIP, vocabulary_size=60, embedding_size=4, units=3),
}


def graph(name: str):
    pytest.importorskip("keras", reason="keras is not installed in the light environment")
    pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
    kind, recipe = architecture(name), SMALL[name]
    return kind.to_onnx(kind.without_training_parts(kind.build(recipe), recipe), recipe)


def test_every_architecture_is_known_by_the_name_of_its_module_and_has_a_tokenizer() -> None:
    assert ARCHITECTURES == ("classic", "flagship")
    assert {recipe.architecture for recipe in RECIPES.values()} == {*ARCHITECTURES}
    assert all(architecture(name).tokenizer in TOKENIZERS for name in ARCHITECTURES)


def test_an_architecture_that_there_is_not_is_an_error_with_the_next_step() -> None:
    with pytest.raises(UsageProblem, match="no architecture 'os.path'. Type: pip install -U imdbsent"):
        architecture("os.path")


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_size_in_advance_is_that_of_the_weights_in_the_graph(name: str) -> None:
    numpy_helper = pytest.importorskip("onnx.numpy_helper", reason="onnx is not installed in the light environment")
    arrays = [numpy_helper.to_array(tensor) for tensor in graph(name).graph.initializer]
    weights = sum(array.nbytes for array in arrays)
    assert architecture(name).size(SMALL[name]) == pytest.approx(weights, abs=200)  # less a few constants


def test_the_flagship_is_sized_by_its_own_formula_and_not_by_that_of_classic() -> None:
    """Its embeddings take one byte per number, and it has pairs of words but no table of states after padding."""
    shipped = (store.PRETRAINED / "flagship" / MODEL).stat().st_size
    assert architecture("flagship").size(FLAGSHIP) == pytest.approx(shipped, rel=0.01)
    assert problem_of_size(replace(FLAGSHIP, embedding_size=4_096, units=1)) is None
    problem = problem_of_size(replace(FLAGSHIP, embedding_size=4_096, units=4_096))
    assert problem is not None
    assert "1.8 GB" in problem


def test_the_flagship_reads_no_padding() -> None:
    problem = problem_of_size(replace(FLAGSHIP, bucketed=False))
    assert problem == "the architecture 'flagship' does not read padding; set bucketed to true"


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_rebuilt_graph_gives_the_same_logits(name: str, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
    bundle = read_bundle(store.PRETRAINED / name)
    onnx.save(architecture(bundle.card.architecture).rebuild_onnx(bundle), str(tmp_path / MODEL))
    texts = [np.random.default_rng(length).integers(1, 9_000, length).tolist() for length in (1, 63, 64, 65, 200)]
    one, other = (Engine(path).logits(texts) for path in (bundle.directory / MODEL, tmp_path / MODEL))
    np.testing.assert_array_equal(one, other)


def test_weights_that_do_not_fit_together_are_a_damaged_model(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
    from tests.training.test_re_export import with_model

    shipped = store.PRETRAINED / "flagship"
    model = onnx.load(shipped / MODEL)
    (scales,) = [tensor for tensor in model.graph.initializer if tensor.name == "embedding_scales"]
    scales.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(scales)[:-1], scales.name))
    damaged = with_model(shipped, tmp_path, model)
    with pytest.raises(BundleInvalid, match="do not fit together"):
        architecture("flagship").rebuild_onnx(damaged)


def test_recipes_requests_and_sizes_import_neither_keras_nor_onnx_nor_onnx_runtime() -> None:
    program = (
        "import sys; from imdbsent.training import recipes, request;"
        "assert all(recipes.problem_of_size(recipe) is None for recipe in recipes.RECIPES.values());"
        "request.TrainingRequest(recipes.FLAGSHIP).validation_split;"
        "assert not {'keras', 'tensorflow', 'onnx', 'onnxruntime'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
