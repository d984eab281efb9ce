from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imdbsent.bundle.bundle import LARGEST_FILE, Bundle, read_bundle, write_card
from imdbsent.bundle.card import CARD, CARD_FORMAT, MODEL, VOCABULARY, Epoch
from imdbsent.errors import BundleInvalid, ExitCode
from imdbsent.models.store import PRETRAINED
from tests.hostile.cards import GOOD, HostileCard, hostile_cards


def damage(bundle: Bundle, change: dict[str, Any]) -> Path:
    path = bundle.directory / CARD
    path.write_text(json.dumps({**GOOD, **change}))
    return bundle.directory


def test_a_card_comes_back_as_it_was_written(tiny_bundle: Bundle) -> None:
    card = replace(tiny_bundle.card, temperature=1.5, history=(Epoch(1, 2.0, 0.5, 0.8, 0.6, 0.7),), versions={"a": "1"})
    assert write_card(tiny_bundle.directory, card).card == card


def test_a_whole_bundle_verifies(tiny_bundle: Bundle) -> None:
    assert tiny_bundle.verify() is tiny_bundle


@pytest.mark.parametrize("file", [MODEL, VOCABULARY])
def test_one_changed_byte_is_found(tiny_bundle: Bundle, file: str) -> None:
    path = tiny_bundle.directory / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(BundleInvalid, match=f"{file} is damaged") as caught:
        tiny_bundle.read(file)
    assert caught.value.exit_code is ExitCode.NETWORK_OR_INTEGRITY


def test_a_missing_file_is_found(tiny_bundle: Bundle) -> None:
    (tiny_bundle.directory / MODEL).unlink()
    with pytest.raises(BundleInvalid, match="model.onnx: No such file"):
        tiny_bundle.verify()


def test_a_folder_without_a_card_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid, match="card.json: No such file"):
        read_bundle(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"[" * 100_000, b"null"])
def test_a_card_that_is_no_card_is_an_error(tiny_bundle: Bundle, content: bytes) -> None:
    (tiny_bundle.directory / CARD).write_bytes(content)
    with pytest.raises(BundleInvalid, match="card.json"):
        read_bundle(tiny_bundle.directory)


def test_a_huge_card_is_refused_before_it_is_parsed(tiny_bundle: Bundle) -> None:
    (tiny_bundle.directory / CARD).write_bytes(b" " * (2**20 + 1))
    with pytest.raises(BundleInvalid, match="larger than"):
        read_bundle(tiny_bundle.directory)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"format": 3}, "made by a newer imdbsent"),
        ({"num_words": "many"}, "card.num_words is str, not int"),
        ({"num_words": True}, "card.num_words is bool, not int"),
        ({"maximum_length": 0}, "maximum_length has an invalid value"),
        ({"temperature": 0}, "temperature has an invalid value"),
        ({"temperature": float("nan")}, "temperature has an invalid value"),
        ({"threshold": 1.5}, "threshold has an invalid value"),
        ({"tokenizer": "bpe"}, "tokenizer has an invalid value"),
        ({"name": ""}, "name has an invalid value"),
        ({"name": "\x1b[31m"}, "name has an invalid value"),
        ({"files": {MODEL: "0"}}, "files has an invalid value"),
        ({"files": {MODEL: "0", VOCABULARY: "0", "../escape": "0"}}, "files has an invalid value"),
        ({"files": []}, "card.files is list"),
        ({"layers": [{"name": "x"}]}, r"card.layers\[0\] lacks kind"),
        ({"metrics": [{"split": "test", "n": 1, "accuracy": "high", "loss": 0}]}, r"metrics\[0\].accuracy is str"),
    ],
)
def test_a_card_with_values_of_no_sense_is_an_error(tiny_bundle: Bundle, change: dict[str, Any], reason: str) -> None:
    with pytest.raises(BundleInvalid, match=reason):
        read_bundle(damage(tiny_bundle, change))


@pytest.mark.parametrize("card", hostile_cards(), ids=lambda card: card.name)
def test_a_card_from_a_stranger_is_one_short_error(tiny_bundle: Bundle, card: HostileCard) -> None:
    (tiny_bundle.directory / CARD).write_bytes(card.content)
    with pytest.raises(BundleInvalid, match=card.reason) as caught:
        read_bundle(tiny_bundle.directory)
    assert len(caught.value.reason) < 250
    assert caught.value.exit_code is ExitCode.NETWORK_OR_INTEGRITY


@pytest.mark.parametrize("file", [CARD, MODEL, VOCABULARY])
def test_a_named_pipe_is_not_waited_for(tiny_bundle: Bundle, file: str) -> None:
    path = tiny_bundle.directory / file
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(BundleInvalid, match=f"{file}: it is not a plain file"):
        read_bundle(tiny_bundle.directory).verify()


@pytest.mark.parametrize("target", ["/dev/zero", "/dev"])
def test_a_link_to_what_has_no_end_is_refused(tiny_bundle: Bundle, target: str) -> None:
    path = tiny_bundle.directory / MODEL
    path.unlink()
    path.symlink_to(target)
    with pytest.raises(BundleInvalid, match="not a plain file"):
        tiny_bundle.read(MODEL)


def test_a_file_too_large_is_not_read(tiny_bundle: Bundle) -> None:
    with (tiny_bundle.directory / MODEL).open("r+b") as stream:
        stream.truncate(LARGEST_FILE + 1)  # a hole: it takes no space
    with pytest.raises(BundleInvalid, match="larger than 1,073,741,824 bytes"):
        tiny_bundle.read(MODEL)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=st.dictionaries(st.sampled_from(sorted(GOOD)), JSON, min_size=1, max_size=2))
def test_whatever_stands_in_a_field_is_a_card_or_one_error(tiny_bundle: Bundle, change: dict[str, Any]) -> None:
    path = damage(tiny_bundle, change)
    with suppress(BundleInvalid):
        assert write_card(path, read_bundle(path).card).card.name


@pytest.mark.parametrize(("scheme", "architecture"), [("keras", "classic"), ("words", "flagship")])
def test_a_card_of_an_older_version_is_read_and_written_in_the_new_format(
    tiny_bundle: Bundle, scheme: str, architecture: str
) -> None:
    others = {key: value for key, value in GOOD.items() if key not in ("tokenizer", "architecture")}
    (tiny_bundle.directory / CARD).write_text(json.dumps({**others, "scheme": scheme, "format": 1}))
    card = read_bundle(tiny_bundle.directory).card
    assert (card.tokenizer, card.architecture, card.format) == (scheme, architecture, CARD_FORMAT)
    assert replace(card, tokenizer="keras", architecture="classic") == tiny_bundle.card
    assert write_card(tiny_bundle.directory, card).card == card
    assert "scheme" not in json.loads((tiny_bundle.directory / CARD).read_bytes())


@pytest.mark.parametrize("scheme", ["bpe", 1, None, ["keras"]])
def test_a_card_of_an_older_version_with_another_scheme_is_an_error(tiny_bundle: Bundle, scheme: Any) -> None:
    others = {key: value for key, value in GOOD.items() if key not in ("tokenizer", "architecture")}
    (tiny_bundle.directory / CARD).write_text(json.dumps({**others, "scheme": scheme, "format": 1}))
    with pytest.raises(BundleInvalid, match="scheme has an invalid value"):
        read_bundle(tiny_bundle.directory)


def test_a_model_that_ships_has_a_card_of_an_older_version() -> None:
    bundle = read_bundle(PRETRAINED / "classic")
    assert json.loads((bundle.directory / CARD).read_bytes())["format"] == 1
    assert bundle.card.architecture == "classic"


def test_a_field_that_this_version_does_not_know_is_no_error(tiny_bundle: Bundle) -> None:
    assert read_bundle(damage(tiny_bundle, {"mood": "good"})).card == tiny_bundle.card
