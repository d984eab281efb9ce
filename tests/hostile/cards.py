"""Cards from strangers: what is wrong with each, and its text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from imdbsent.bundle.card import CARD, MODEL, VOCABULARY
from tests.tiny import TINY

GOOD: dict[str, Any] = json.loads((TINY / CARD).read_bytes())
_LAYER = {"name": "x", "kind": "x", "output_shape": [None, 1], "parameters": 1}
_METRICS = {"split": "test", "n": 1, "accuracy": 0.5, "loss": 0.5}
_EPOCH = {"number": 1, "seconds": 1, "loss": 1, "accuracy": 1, "test_loss": 1, "test_accuracy": 1}


@dataclass(frozen=True)
class HostileCard:
    """A card that is refused.

    Attributes:
        name: what is wrong with it.
        content: the bytes of `card.json`.
        reason: a regular expression that the error holds.
    """

    name: str
    content: bytes
    reason: str


def hostile_cards() -> list[HostileCard]:
    changed = [HostileCard(f"{key}: {_short(change)}", _text(change), why) for key, change, why in _changes()]
    return [*_broken(), *changed]


def _broken() -> list[HostileCard]:
    text = json.dumps(GOOD)
    long_seed = text.replace('"seed": 0', '"seed": ' + "9" * 5_000)
    twice = text.replace(f'"{MODEL}"', f'"{MODEL}": "0", "{MODEL}"')
    return [
        HostileCard("empty", b"", "Expecting value"),
        HostileCard("cut off", text[:-1].encode(), "Expecting"),
        HostileCard("a list", b"[]", "card is list"),
        HostileCard("no UTF-8", b"\xff" + text.encode(), "utf-8|UTF-8"),
        HostileCard("brackets in brackets", b"[" * 100_000, "recursion"),
        HostileCard("two megabytes", text.encode() + b" " * 2**21, "larger than"),
        HostileCard("the same field twice", text.replace("{", '{"seed": 1, ', 1).encode(), "'seed' appears twice"),
        HostileCard("a file twice", twice.encode(), "appears twice"),
        HostileCard("a number of 5,000 digits", long_seed.encode(), "digits"),
        HostileCard("a pickle", b"\x80\x04cos\nsystem\n(S'id'\ntR.", "utf-8|UTF-8"),
    ]


def _changes() -> list[tuple[str, dict[str, Any], str]]:
    """The field, the change, and the reason."""
    huge, sha256 = 10**400, "0" * 64
    files = {MODEL: sha256, VOCABULARY: sha256}
    of_fields: dict[str, list[tuple[Any, str]]] = {
        "format": [(3, "made by a newer imdbsent"), (huge, "made by a newer"), (1, "format"), (0, "format"),
                   (-1, "format"), (True, "bool")],
        "name": [("", "name"), ("\x1b[2J", "name"), ("\u202ea", "name"), ("x" * 10_000, "name"), (None, "NoneType")],
        "version": [(-1, "version"), (huge, "version"), (1.5, "float, not int")],
        "tokenizer": [("bpe", "tokenizer"), ("__import__('os')", "tokenizer"), (1, "int, not str")],
        "architecture": [("../x", "architecture"), ("", "architecture"), ("A" * 99, "architecture"), (1, "not str")],
        "num_words": [(4, "num_words"), (10**7 + 1, "num_words"), (-5, "num_words"), ("7", "str, not int")],
        "maximum_length": [(0, "maximum_length"), (10**6 + 1, "maximum_length"), (huge, "maximum_length")],
        "temperature": [(v, "temperature|too large") for v in (0, -1, 1e-300, 1e300, float("nan"), float("inf"), huge)],
        "threshold": [(v, "threshold|too large") for v in (-0.1, 1.1, float("nan"), float("-inf"), huge, "0.5")],
        "layers": [({}, "dict"), ([1], "int, not an object"), ([{**_LAYER, "parameters": -1}], "layers"),
                   ([{**_LAYER, "output_shape": "x"}], "output_shape"), ([_LAYER] * 10_001, "layers")],
        "metrics": [([{**_METRICS, "accuracy": 1.1}], "metrics"), ([{**_METRICS, "n": -1}], "metrics"),
                    ([{**_METRICS, "accuracy": huge}], "accuracy"), ([{**_METRICS, "split": 1}], "split")],
        "history": [([{**_EPOCH, "seconds": huge}], "seconds"), ([{**_EPOCH, "number": "1"}], "number"),
                    ([{**_EPOCH, "number": huge}], "history"), ([{**_EPOCH, "seconds": -1}], "history")],
        "recipe": [([], "list"), ({"a": [1]}, "recipe.a"), ({"a": None}, "recipe.a")],
        "versions": [({"a": 1}, "versions.a"), ("1", "str")],
        "data_sha256": [(1, "int, not str"), ("x" * 64, "data_sha256")],
        "files": [([], "list"), ({}, "files"), ({MODEL: sha256}, "files"), ({**files, "../x": sha256}, "files"),
                  ({**files, "/etc/passwd": sha256}, "files"), ({**files, "C:x": sha256}, "files"),
                  ({**files, "a\\b": sha256}, "files"), ({**files, "x\0": sha256}, "files"),
                  ({**files, MODEL: "0"}, "files"), ({**files, MODEL: 0}, "int, not str")],
    }  # fmt: skip
    return [(key, {key: value}, why) for key, found in of_fields.items() for value, why in found]


def _text(change: dict[str, Any]) -> bytes:
    return json.dumps({**GOOD, **change}).encode()


def _short(change: dict[str, Any]) -> str:
    return ascii(next(iter(change.values())))[:40]
