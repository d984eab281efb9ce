"""Bundles from strangers: every hash is right, and something else is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imdbsent.bundle.card import CARD, MODEL, VOCABULARY
from tests.hostile.graphs import GOOD, hostile_graphs
from tests.hostile.texts import STEERING
from tests.tiny import TINY

_CARD: dict[str, Any] = json.loads((TINY / CARD).read_bytes())
_WORDS = (TINY / VOCABULARY).read_bytes()
_EPOCH = {"number": 1, "seconds": 1, "loss": 1, "accuracy": 1, "test_loss": 1, "test_accuracy": 1}


@dataclass(frozen=True)
class HostileBundle:
    """A bundle whose hashes are right.

    Attributes:
        name: what is wrong with it.
        model: bytes of `model.onnx`.
        vocabulary: bytes of `vocabulary.txt`.
        card: what its card says otherwise than a sound one.
    """

    name: str
    model: bytes = GOOD
    vocabulary: bytes = _WORDS
    card: dict[str, Any] | None = None

    def write(self, folder: Path) -> Path:
        """Write it into a new folder."""
        folder.mkdir(parents=True)
        (folder / MODEL).write_bytes(self.model)
        (folder / VOCABULARY).write_bytes(self.vocabulary)
        files = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in (MODEL, VOCABULARY)}
        (folder / CARD).write_text(json.dumps({**_CARD, "files": files, **(self.card or {})}), "utf-8")
        return folder


def hostile_bundles() -> list[HostileBundle]:
    graphs = [HostileBundle(graph.name, model=graph.content) for graph in hostile_graphs() if graph.is_run]
    return [*graphs, *_vocabularies(), *_cards()]


def _vocabularies() -> Iterator[HostileBundle]:
    yield HostileBundle("no words", vocabulary=b"")
    yield HostileBundle("one word", vocabulary=b"movie\n")
    yield HostileBundle("no line feed at the end", vocabulary=_WORDS[:-1])
    yield HostileBundle("words that are no UTF-8", vocabulary=b"movie\n\xff\xfe\nawful\n\xc3\n")
    yield HostileBundle("the same word again", vocabulary=b"movie\n" * 9)
    yield HostileBundle("empty words", vocabulary=b"\n" * 9)
    yield HostileBundle("words with markup", vocabulary=b"movie\n[bold]\n[/red]\n[link=http://evil]\n")
    steering = STEERING.replace("\n", "").encode()
    yield HostileBundle("words that steer", vocabulary=b"movie\n" + steering + b"\nawful\nrare\n")
    yield HostileBundle("a word of a megabyte", vocabulary=b"movie\n" + b"a" * 2**20 + b"\n")


def _cards() -> Iterator[HostileBundle]:
    named = "[/red][link=http://evil]x"
    yield HostileBundle("a name with markup", card={"name": named})
    yield HostileBundle("the steepest temperature", card={"temperature": 1e-6})
    yield HostileBundle("the flattest temperature", card={"temperature": 1e6})
    yield HostileBundle("more ids than the embedding", card={"num_words": 10_000_000})
    yield HostileBundle("a longer text than the paddings", card={"maximum_length": 1_000_000})
    for what, text in (("markup", named), ("what steers", STEERING)):
        metrics = [{"split": text, "n": 1, "accuracy": 0.5, "loss": float("nan")}]
        card = {
            "metrics": metrics,
            "chosen_by": text,
            "history": [_EPOCH, {**_EPOCH, "loss": float("inf"), "test_loss": -1e9}, _EPOCH],
            "layers": [{"name": text, "kind": text, "output_shape": [None], "parameters": 0}],
            "recipe": {text: text},
            "versions": {text: text},
        }
        yield HostileBundle(f"a card with {what}", card=card)
