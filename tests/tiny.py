"""A tiny real model: three words, a state of two numbers, weights set by hand.

`python -m tests.tiny` writes it to tests/data/tiny (it needs onnx; the tests that use it do not).
The first unit adds up what the words say, great +1 and awful -1; the second forgets, so that nothing is symmetric.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from imdbsent.bundle.bundle import Bundle, write_card
from imdbsent.bundle.card import MODEL, VOCABULARY, Layer, Metrics, ModelCard
from imdbsent.files import file_sha256
from imdbsent.text.tokenizer import Vocabulary

TINY = Path(__file__).parent / "data" / "tiny"
WORDS = (b"movie", b"great", b"awful", b"rare")  # ids 4, 5, 6, and 2 for the one beyond num_words
NUM_WORDS = 7
MAXIMUM_LENGTH = 8


def tiny_network() -> SimpleNamespace:
    """Has of a keras.Sequential what the export reads."""
    embedding = np.array([[0], [0], [0], [0], [0.1], [1.5], [-1.5]], np.float32)
    # gates in Keras's order: input, forget, cell, output; two units each
    kernel = np.array([[0, 0, 0, 0, 1, 0.5, 0, 0]], np.float32)
    recurrent = np.array([[0, 0, 0, 0, 0, 0.3, 0, 0], [0, 0, 0, 0, 0, 0, 0.1, 0]], np.float32)
    bias = np.array([3, 2, 4, -1, 0.01, 0.02, 3, 1], np.float32)
    dense = [np.array([[4], [0.5]], np.float32), np.array([0.05], np.float32)]
    layers = [[embedding], [kernel, recurrent, bias], dense]
    return SimpleNamespace(
        name="tiny",
        layers=[SimpleNamespace(get_weights=lambda weights=weights: weights, mask_zero=False) for weights in layers],
    )


def write_tiny_bundle(directory: Path) -> Bundle:
    """Write the bundle into an empty folder; it needs onnx."""
    import onnx

    from imdbsent.training.architectures.classic import classic_to_onnx

    onnx.save(classic_to_onnx(tiny_network(), MAXIMUM_LENGTH), str(directory / MODEL))
    Vocabulary(WORDS).write(directory / VOCABULARY)
    return write_card(
        directory,
        ModelCard(
            name="tiny",
            version=1,
            tokenizer="keras",
            architecture="classic",
            num_words=NUM_WORDS,
            maximum_length=MAXIMUM_LENGTH,
            temperature=1.0,
            threshold=0.5,
            layers=(
                Layer("embedding", "Embedding", (None, MAXIMUM_LENGTH, 1), 7),
                Layer("lstm", "LSTM", (None, 2), 32),
                Layer("dense", "Dense", (None, 1), 3),
            ),
            metrics=(Metrics("test", 10, 0.9, 0.3),),
            chosen_by="by hand",
            history=(),
            recipe={"name": "tiny"},
            seed=0,
            data_sha256="0" * 64,
            versions={},
            files={file: file_sha256(directory / file) for file in (MODEL, VOCABULARY)},
        ),
    )


def write_tiny_tree(root: Path) -> Path:
    """Write a tree of aclImdb with ten reviews a split."""
    for split in ("train", "test"):
        for kind, stars, words in (("pos", 9, "great superb fun"), ("neg", 2, "awful dull poor")):
            folder = root / split / kind
            folder.mkdir(parents=True)
            for i in range(5):
                text = f"This movie {i} is {words.split()[i % 3]}.<br />Really {words.split()[(i + 1) % 3]}!"
                (folder / f"{i}_{stars}.txt").write_text(text, encoding="utf-8")
            addresses = "".join(f"http://www.imdb.com/title/tt{i:07}/usercomments\n" for i in range(5))
            (root / split / f"urls_{kind}.txt").write_text(addresses, encoding="utf-8")
    return root


if __name__ == "__main__":
    shutil.rmtree(TINY, ignore_errors=True)
    TINY.mkdir(parents=True)
    write_tiny_bundle(TINY)
