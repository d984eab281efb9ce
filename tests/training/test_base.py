from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle, write_card
from imdbsent.bundle.card import MODEL
from imdbsent.errors import BundleInvalid, ModelMissing
from imdbsent.files import file_sha256
from imdbsent.training.base import read_base, start_from
from imdbsent.training.recipes import CLASSIC, SIZES

CLASSIC_BUNDLE = Path(__file__).parents[2] / "imdbsent" / "pretrained" / "classic"


def test_the_weights_of_a_model_are_those_that_keras_wrote() -> None:
    keras = pytest.importorskip("keras", reason="keras is not installed in the light environment")
    base, _ = start_from(str(CLASSIC_BUNDLE), CLASSIC)
    network = keras.saving.load_model(CLASSIC_BUNDLE / "network.keras", safe_mode=True)
    for ours, theirs in zip(read_base(base).weights, network.get_weights()):
        assert ours.tobytes() == theirs.tobytes()
        assert ours.shape == theirs.shape


def test_a_recipe_gets_the_sizes_of_the_model_and_keeps_the_rest(tiny_bundle: Bundle) -> None:
    recipe = replace(CLASSIC, epochs=3, learning_rate=0.5)
    base, sizes = start_from(str(tiny_bundle.directory), recipe)
    assert base.model == str(tiny_bundle.directory.absolute())
    card = tiny_bundle.card
    assert (sizes.vocabulary_size, sizes.maximum_length) == (card.num_words, card.maximum_length)
    embedding, _, recurrent, *_ = read_base(base).weights
    assert embedding.shape == (sizes.vocabulary_size, sizes.embedding_size)
    assert recurrent.shape == (sizes.units, 4 * sizes.units)
    changed = {name for name in vars(recipe) if getattr(recipe, name) != getattr(sizes, name)}
    assert changed <= set(SIZES)
    assert not sizes.bucketed


def test_a_model_that_does_not_read_padding_goes_on_not_reading_it(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="onnx is not installed in the light environment")
    pytest.importorskip("keras", reason="keras is not installed in the light environment")
    from imdbsent.text.tokenizer import Vocabulary
    from imdbsent.training.architectures.classic import exported_network
    from imdbsent.training.export import Trained, write_bundle

    del onnx
    recipe = replace(CLASSIC, vocabulary_size=9, maximum_length=5, embedding_size=2, units=3, bucketed=True)
    trained = Trained(recipe, 1, exported_network(recipe), Vocabulary((b"a", b"b")), ())
    write_bundle(tmp_path, trained, name="masked", data_sha256="", measure=lambda _: ())
    assert start_from(str(tmp_path), CLASSIC)[1] == replace(recipe, name="classic")


def test_a_model_that_has_changed_is_not_gone_on_from(tiny_bundle: Bundle) -> None:
    base, _ = start_from(str(tiny_bundle.directory), CLASSIC)
    model = tiny_bundle.directory / MODEL
    model.write_bytes(model.read_bytes() + b"\0")
    files = {**tiny_bundle.card.files, MODEL: file_sha256(model)}
    write_card(tiny_bundle.directory, replace(tiny_bundle.card, files=files))
    assert read_bundle(tiny_bundle.directory).card.files[MODEL] != base.sha256
    with pytest.raises(BundleInvalid, match="began with"):
        read_base(base)


def test_a_model_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ModelMissing):
        start_from("nobody", CLASSIC)
