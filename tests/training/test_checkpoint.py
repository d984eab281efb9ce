from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imdbsent.bundle.card import Epoch
from imdbsent.errors import CheckpointInvalid
from imdbsent.files import write_arrays
from imdbsent.reading.options import Escape, Quoting, ReadOptions
from imdbsent.training.checkpoint import Checkpoint, Head, Variables, read_checkpoint, write_checkpoint
from imdbsent.training.loop import Means, State
from imdbsent.training.progress import Position
from imdbsent.training.recipes import CLASSIC
from imdbsent.training.request import BaseModel, OwnData, TrainingRequest

STATE = State(Position(2, 5), Means(1 / 3, 2.0, 20), 1.25, (Epoch(1, 2.0, 0.7, 0.5, 0.6, 0.625),))
READ = ReadOptions(text_column="body", delimiter="tab", encoding="cp1252", quoting=Quoting.NONE, escape=Escape.NONE)
OWN = OwnData("/reviews.csv", READ, (">=7", "good"), ("1-3",), "film", None, 0.1)
REQUEST = TrainingRequest(CLASSIC, 7, "mine", own=OWN, base=BaseModel("classic", "a" * 64))
CHECKPOINT = Checkpoint(
    Head(REQUEST, "d" * 64, {"python": "3"}, STATE),
    Variables(
        (np.array([[1.5, -0.0], [np.nan, 1e-38]], np.float32), np.array([3, 4], np.uint32)),
        (np.array(12, np.int64),),
    ),
)


def test_what_is_written_is_read_bit_for_bit(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    write_checkpoint(path, CHECKPOINT)
    again = read_checkpoint(path)
    assert again.head == CHECKPOINT.head
    for kind in ("network", "optimizer"):
        ours, theirs = getattr(CHECKPOINT.variables, kind), getattr(again.variables, kind)
        assert [a.tobytes() for a in ours] == [a.tobytes() for a in theirs]
        assert [(a.shape, a.dtype) for a in ours] == [(a.shape, a.dtype) for a in theirs]
    assert list(tmp_path.iterdir()) == [path]


def test_a_request_for_the_reviews_of_imdb_has_none_of_its_own(tmp_path: Path) -> None:
    request = TrainingRequest(replace(CLASSIC, bucketed=True), 7, "mine", output="/out", data="/aclImdb")
    head = replace(CHECKPOINT.head, request=request)
    write_checkpoint(tmp_path / "a.npz", replace(CHECKPOINT, head=head))
    assert read_checkpoint(tmp_path / "a.npz").head.request == request


def write_with_head(path: Path, head: object) -> None:
    """The checkpoint of this test, with another head."""
    arrays = {f"{kind}-{i}": a for kind, many in vars(CHECKPOINT.variables).items() for i, a in enumerate(many)}
    write_arrays(path, {"head.json": np.frombuffer(json.dumps(head).encode(), np.uint8), **arrays})


def test_a_checkpoint_of_the_version_before_is_refused_in_one_clear_line(tmp_path: Path) -> None:
    """Its request names the columns of the file, and says nothing else about how to read it."""
    head = json.loads(json.dumps(asdict(CHECKPOINT.head)))
    head["format"] = 1
    head["request"]["own"] = {**head["request"]["own"], "text_column": "body", "label_column": "stars", "positive": "1"}
    del head["request"]["own"]["read"]
    write_with_head(tmp_path / "mine.npz", head)
    with pytest.raises(CheckpointInvalid, match="another version of imdbsent wrote it.*--replace") as caught:
        read_checkpoint(tmp_path / "mine.npz")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "read",
    [{"quoting": "some"}, {"delimiter": "ab"}, {"encoding": "none such"}, {"input_format": "docx"}, {"sheet": 2}],
)
def test_options_that_no_command_line_can_give_are_damage(tmp_path: Path, read: dict[str, Any]) -> None:
    head = json.loads(json.dumps(asdict(CHECKPOINT.head)))
    head["request"]["own"]["read"] |= read
    write_with_head(tmp_path / "mine.npz", head)
    with pytest.raises(CheckpointInvalid, match="the original command with --replace"):
        read_checkpoint(tmp_path / "mine.npz")


def test_every_damage_is_an_error_with_the_next_command(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    write_checkpoint(path, CHECKPOINT)
    whole = path.read_bytes()
    for damaged in (b"", b"no zip", whole[: len(whole) // 2], whole[:100] + b"x" + whole[101:]):
        path.write_bytes(damaged)
        with pytest.raises(CheckpointInvalid, match="the original command with --replace"):
            read_checkpoint(path)


@pytest.mark.slow
def test_any_flipped_bit_of_the_zip_file_is_an_error_or_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    write_checkpoint(path, CHECKPOINT)
    whole = path.read_bytes()
    refused = 0
    for place in (*range(60), *range(len(whole) - 400, len(whole))):
        for bit in range(8):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            try:
                read_checkpoint(path)
            except CheckpointInvalid:
                refused += 1
    assert refused > 1000


@pytest.mark.parametrize(
    "head", [[], {}, {"format": 1}, {"format": 2}, {"format": 2, "request": {}, "data_sha256": 3}, "text"]
)
def test_a_head_that_is_none_is_an_error(tmp_path: Path, head: object) -> None:
    arrays: dict[str, Any] = {"head.json": np.frombuffer(json.dumps(head).encode(), np.uint8)}
    with (tmp_path / "mine.npz").open("wb") as stream:
        np.savez(stream, **arrays)
    with pytest.raises(CheckpointInvalid):
        read_checkpoint(tmp_path / "mine.npz")


def test_nothing_is_unpickled(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    arrays: dict[str, Any] = {"head.json": np.array([Trap()], object)}
    with (tmp_path / "mine.npz").open("wb") as stream:
        np.savez(stream, **arrays)
    with pytest.raises(CheckpointInvalid):
        read_checkpoint(tmp_path / "mine.npz")
    assert not (tmp_path / "sprung").exists()
