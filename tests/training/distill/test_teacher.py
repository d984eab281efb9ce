from __future__ import annotations

import os
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest

from imdbsent.errors import DownloadFailed
from imdbsent.files import file_sha256
from imdbsent.training.distill.config import TeacherConfig, TeachingStage
from tests.server import bytes_of, serving

if "IMDBSENT_TEACHER_TESTS" not in os.environ:
    pytest.skip("PyTorch in a process of its own: make teacher", allow_module_level=True)
from safetensors.torch import load_file
from transformers import AutoModel

from imdbsent.training.distill import teacher as module
from imdbsent.training.distill.teacher import Teacher, find_or_fetch, fine_tune, step_batches, tiny_transformer

pytestmark = pytest.mark.slow

GOOD, BAD = "a great film , superb", "an awful film , dull"
TEXTS = [f"{GOOD if number % 2 else BAD} {'really ' * (number % 7)}" for number in range(40)]
LABELS = [number % 2 for number in range(40)]
CONFIG = TeacherConfig(rank=2, frozen_layers=0, longest=24)
STAGE = TeachingStage(reviews=40, spans=0, batch_size=8, learning_rate=0.02)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_transformer(tmp_path_factory.mktemp("teacher") / "transformer", TEXTS, seed=3)


def taught(folder: Path, checkpoint: Path, stop: Callable[[], bool] = lambda: False) -> tuple[Teacher, bool]:
    teacher = Teacher(folder, CONFIG, seed=5)
    done = fine_tune(teacher, TEXTS * 4, LABELS * 4, stage=STAGE, seed=1, checkpoint=checkpoint, stop=stop)
    return teacher, done


def test_a_teacher_that_was_taught_tells_the_classes_apart(folder: Path, tmp_path: Path) -> None:
    assert not Teacher(folder, CONFIG, seed=5).logits(TEXTS).any()  # its head begins at zero
    teacher, done = taught(folder, tmp_path / "checkpoint")
    assert done
    logits = teacher.logits(TEXTS)
    assert ((logits > 0) == np.array(LABELS)).all()
    assert teacher.logits(TEXTS[::-1])[::-1] == pytest.approx(logits, abs=1e-3)
    assert teacher.logits([]).shape == (0,)


def test_fine_tuning_that_was_stopped_ends_as_it_would_have(folder: Path, tmp_path: Path) -> None:
    whole, _ = taught(folder, tmp_path / "whole")
    asked = iter(range(100))
    _, done = taught(folder, tmp_path / "stopped", lambda: next(asked) == 6)
    assert not done
    resumed, done = taught(folder, tmp_path / "stopped")
    assert done
    assert resumed.logits(TEXTS) == pytest.approx(whole.logits(TEXTS), abs=1e-4)


def test_a_merged_teacher_answers_as_before(folder: Path, tmp_path: Path) -> None:
    teacher, _ = taught(folder, tmp_path / "checkpoint")
    before = teacher.logits(TEXTS)
    teacher.merge()
    assert teacher.logits(TEXTS) == pytest.approx(before, abs=0.05)  # bfloat16, where the processor has it


def test_adapters_are_read_as_they_were_saved(folder: Path, tmp_path: Path) -> None:
    teacher, _ = taught(folder, tmp_path / "checkpoint")
    teacher.save(tmp_path / "adapters.safetensors")
    again = Teacher(folder, CONFIG, seed=6)
    again.load(tmp_path / "adapters.safetensors")
    assert again.logits(TEXTS) == pytest.approx(teacher.logits(TEXTS), abs=0.05)  # saved in float16


def test_of_several_files_the_mean_is_taken(folder: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"{seed}.safetensors" for seed in (5, 6)]
    for seed, file in zip((5, 6), files):
        teacher = Teacher(folder, CONFIG, seed)
        teacher.head.bias.data.fill_(seed)
        teacher.save(file)
    teacher = Teacher(folder, CONFIG, seed=7)
    teacher.load(*files)
    name, found = next(iter(teacher.learned().items()))
    stored = [load_file(file) for file in files]
    assert found.detach().numpy() == pytest.approx((stored[0][name] + stored[1][name]).numpy() / 2, abs=1e-3)
    assert teacher.logits(TEXTS[:2]) == pytest.approx([5.5, 5.5])  # the rest of the head is zero


def test_attention_in_one_operator_answers_as_that_of_transformers(folder: Path) -> None:
    teacher = Teacher(folder, CONFIG, seed=5)
    plain = AutoModel.from_pretrained(folder, add_pooling_layer=False).eval()
    for texts in (TEXTS[:1], TEXTS[:7]):  # without padding, and with it
        ids, mask = teacher.padded(teacher.pieces(texts))
        hidden = plain(input_ids=ids, attention_mask=mask).last_hidden_state
        expected = (hidden * mask.unsqueeze(-1)).sum(1) / mask.sum(1, keepdim=True)
        assert teacher.vectors(texts) == pytest.approx(expected.detach().numpy(), abs=0.05)  # bfloat16, perhaps


def test_of_a_long_text_head_and_tail_are_read(folder: Path) -> None:
    teacher = Teacher(folder, CONFIG, seed=5)
    (whole,) = teacher.tokenizer(["film great " * 50], add_special_tokens=False)["input_ids"]
    (found,) = teacher.pieces(["film great " * 50])
    assert len(found) == CONFIG.longest
    assert found[1:-1] == whole[:11] + whole[-11:]


def test_a_word_has_a_vector_of_its_own_whatever_it_stands_beside(folder: Path) -> None:
    teacher = Teacher(folder, CONFIG, seed=5)
    vectors = teacher.vectors(["film", "great", "an awful film , really"])
    assert vectors.shape == (3, 32)
    assert teacher.vectors(["great"])[0] == pytest.approx(vectors[1], abs=0.01)
    assert "film" in teacher.whole_words()
    assert not [word for word in teacher.whole_words() if not word.isalpha()]


def test_each_text_is_in_one_batch_of_like_lengths() -> None:
    lengths = np.random.default_rng(0).integers(1, 200, 1_000).tolist()
    batches = step_batches(lengths, 16, seed=2)
    assert sorted(np.concatenate(batches).tolist()) == list(range(1_000))
    spread = [max(lengths[i] for i in batch) - min(lengths[i] for i in batch) for batch in batches]
    assert np.mean(spread) < 10


def test_the_transformer_is_downloaded_once_under_its_hashes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {path.name: file_sha256(path) for path in sorted(folder.iterdir())}
    monkeypatch.setattr(module, "FILES", files)

    def answer(request: BaseHTTPRequestHandler) -> None:
        bytes_of((folder / request.path.rpartition("/")[2]).read_bytes())(request)

    with serving(answer) as url:
        found = find_or_fetch(tmp_path / "mpnet", None, url)
    assert found == find_or_fetch(tmp_path / "mpnet", None, "http://127.0.0.1:9")  # nothing is asked again
    texts = ["an awful film"]
    assert Teacher(found, CONFIG, 5).vectors(texts) == pytest.approx(Teacher(folder, CONFIG, 5).vectors(texts))


def test_other_bytes_than_expected_are_refused(folder: Path, tmp_path: Path) -> None:
    with serving(bytes_of(b"something else")) as url, pytest.raises(DownloadFailed):
        find_or_fetch(tmp_path / "mpnet", None, url)
    assert not (tmp_path / "mpnet").exists()
