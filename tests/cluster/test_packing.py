from __future__ import annotations

import os
import pickle
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import NETWORK, Bundle, write_settings
from imdbsent.bundle.card import CARD, MODEL, VOCABULARY
from imdbsent.classify.classifier import Classifier
from imdbsent.cluster.batches import BatchClassifier, PackedModel, pack
from imdbsent.errors import BundleInvalid, ModelMissing


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The temporary folder of the system, as a worker finds it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def test_what_is_unpacked_answers_as_what_was_packed(tiny_bundle: Bundle) -> None:
    bundle = pack(tiny_bundle).unpack()
    texts = ["great movie", "awful", ""]
    assert bundle.directory != tiny_bundle.directory
    assert Classifier(bundle).predict(texts) == Classifier(tiny_bundle).predict(texts)


def test_a_model_is_found_by_its_folder_and_by_its_name(tiny_bundle: Bundle) -> None:
    assert pack(str(tiny_bundle.directory)) == pack(tiny_bundle)
    assert {name for name, _ in pack("classic").files} == {CARD, MODEL, VOCABULARY}
    with pytest.raises(ModelMissing):
        pack("none-of-that-name")


def test_what_only_training_reads_stays_at_home() -> None:
    packed = pack("classic")
    assert NETWORK not in dict(packed.files)
    assert packed.unpack().card.name == "classic"


def test_it_is_unpacked_once_under_the_hash_of_its_content(tiny_bundle: Bundle) -> None:
    packed = pack(tiny_bundle)
    folder = packed.unpack().directory
    assert folder.name == packed.sha256
    before = (folder / MODEL).stat().st_mtime_ns
    assert pickle.loads(pickle.dumps(packed)).unpack().directory == folder
    assert (folder / MODEL).stat().st_mtime_ns == before
    assert [path.name for path in folder.parent.iterdir()] == [packed.sha256]


def test_a_copy_that_lost_a_file_is_unpacked_again(tiny_bundle: Bundle) -> None:
    packed = pack(tiny_bundle)
    (packed.unpack().directory / VOCABULARY).unlink()
    assert packed.unpack().verify().card.name == "tiny"


def test_a_copy_with_other_bytes_never_answers(tiny_bundle: Bundle) -> None:
    packed = pack(tiny_bundle)
    (packed.unpack().directory / VOCABULARY).write_text("good\n")
    with pytest.raises(BundleInvalid, match="damaged"):
        Classifier(packed.unpack())


@pytest.mark.parametrize("file", [CARD, MODEL, VOCABULARY])
def test_bytes_that_changed_on_the_way_are_refused(tiny_bundle: Bundle, file: str, temporary: Path) -> None:
    packed = pack(tiny_bundle)
    files = tuple((name, content + b" " if name == file else content) for name, content in packed.files)
    with pytest.raises(BundleInvalid):
        PackedModel(packed.name, packed.sha256, files).unpack()
    assert not [path for path in temporary.rglob("*") if path.is_file()]


def test_a_folder_that_others_can_write_is_not_used(tiny_bundle: Bundle) -> None:
    packed = pack(tiny_bundle)
    shared = packed.unpack().directory.parent
    shared.chmod(0o777)
    elsewhere = packed.unpack().directory.parent
    assert elsewhere != shared
    assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700


def test_a_worker_needs_no_home_and_finds_no_models(tiny_bundle: Bundle, tmp_path: Path, temporary: Path) -> None:
    from imdbsent.cluster.batches import BatchClassifier

    (tmp_path / "job").write_bytes(pickle.dumps(BatchClassifier(pack(tiny_bundle))))
    program = (
        "import pickle, sys, socket; socket.socket = None; "
        "job = pickle.load(open(sys.argv[1], 'rb')); print(job.judge(['great']).columns['label'])"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IMDBSENT_")}
    environment |= {"HOME": "/nonexistent", "TMPDIR": str(temporary)}
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        environment.pop(name, None)
    command = [sys.executable, "-c", program, str(tmp_path / "job")]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert result.stdout == "['positive']\n"


def test_the_threshold_that_was_set_is_packed_too(tiny_bundle: Bundle) -> None:
    write_settings(tiny_bundle.directory, 0.999)
    packed = pickle.loads(pickle.dumps(pack(str(tiny_bundle.directory))))
    assert packed.unpack().threshold == 0.999
    assert BatchClassifier(packed).judge(["great movie"]).columns["label"] == ["negative"]
    write_settings(tiny_bundle.directory, None)
    assert BatchClassifier(str(tiny_bundle.directory)).judge(["great movie"]).columns["label"] == ["positive"]
