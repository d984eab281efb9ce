from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import NETWORK, Bundle, read_bundle, write_card
from imdbsent.bundle.card import CARD, MODEL
from imdbsent.errors import (
    BundleInvalid,
    DownloadFailed,
    ExitCode,
    InputUnreadable,
    ModelsUnwritable,
    NameTaken,
    UsageProblem,
)
from imdbsent.files import file_sha256
from imdbsent.models import publish, store
from imdbsent.models.export import ExportFormat, export_file
from imdbsent.models.install import install
from imdbsent.models.resolve import resolve
from tests.faults.site import Site
from tests.server import bytes_of, in_turn, serving


@pytest.fixture
def tar(tiny_bundle: Bundle, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.tar"
    export_file(tiny_bundle, ExportFormat.TAR, path, replace=False)
    return path


def installed(home: Path) -> list[str]:
    """Everything below the models' folder and the cache, but for the lock."""
    return sorted(
        str(path.relative_to(home))
        for folder in ("models", "cache")
        for path in (home / folder).rglob("*")
        if path.is_file() and path.name != ".lock"
    )


def hashes(directory: Path) -> dict[str, str]:
    return {path.name: file_sha256(path) for path in directory.iterdir()}


WHOLE = ["models/tiny/card.json", "models/tiny/model.onnx", "models/tiny/vocabulary.txt"]


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".tgz"])
def test_what_is_exported_and_installed_again_has_the_same_hashes(
    tiny_bundle: Bundle, tmp_path: Path, home: Path, ending: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"a{ending}"
    export_file(tiny_bundle, ExportFormat.TAR, path, replace=False)
    bundle = install(str(path))
    assert bundle.directory == home / "models" / "tiny"
    assert hashes(bundle.directory) == hashes(tiny_bundle.directory)
    assert caplog.messages == [f"installed the model 'tiny' in {bundle.directory}"]
    assert resolve("tiny") == bundle
    assert installed(home) == WHOLE
    again = tmp_path / f"b{ending}"
    export_file(bundle, ExportFormat.TAR, again, replace=False)
    assert again.read_bytes() == path.read_bytes()


def test_the_classic_model_goes_out_and_in_with_its_network(tmp_path: Path) -> None:
    classic = store.locate("classic")
    export_file(classic, ExportFormat.TAR, tmp_path / "c.tar", replace=False)
    bundle = install(str(tmp_path / "c.tar"), name="my-classic")
    assert bundle.verify().card == replace(classic.card, name="my-classic")
    assert NETWORK in bundle.card.files


def test_a_folder_is_installed_without_what_lies_beside_the_bundle(tiny_bundle: Bundle, home: Path) -> None:
    (tiny_bundle.directory / "notes.txt").write_text("mine")
    install(str(tiny_bundle.directory))
    assert installed(home) == WHOLE


def test_standard_input_is_installed(tar: Path, home: Path) -> None:
    install("-", stdin=io.BytesIO(tar.read_bytes()), sha256=file_sha256(tar))
    assert installed(home) == WHOLE


def test_a_named_pipe_is_read_once(tar: Path, tmp_path: Path, home: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=lambda: (tmp_path / "pipe").write_bytes(tar.read_bytes()))
    writer.start()
    install(str(tmp_path / "pipe"))
    writer.join()
    assert installed(home) == WHOLE


@pytest.mark.parametrize("beside", [True, False])
def test_an_address_is_installed_by_its_hash(
    tar: Path, home: Path, beside: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sha256 = file_sha256(tar).upper()
    with serving(bytes_of(tar.read_bytes())) as address:
        url = f"{address}/tiny.tar"
        install(url if beside else f"{url}#sha256={sha256}", sha256=sha256 if beside else None)
    assert caplog.messages[0] == f"downloading a model from {url}"
    assert installed(home) == WHOLE


def test_another_name_changes_the_card_alone(tar: Path, home: Path, tiny_bundle: Bundle) -> None:
    bundle = install(str(tar), name="other")
    assert bundle.directory == home / "models" / "other"
    assert bundle.verify().card == replace(tiny_bundle.card, name="other")
    assert {**hashes(bundle.directory), CARD: ""} == {**hashes(tiny_bundle.directory), CARD: ""}


def test_another_name_leaves_fields_that_this_version_does_not_know(tiny_bundle: Bundle) -> None:
    path = tiny_bundle.directory / CARD
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "license": "mine"}))
    bundle = install(str(tiny_bundle.directory), name="other")
    assert json.loads((bundle.directory / CARD).read_bytes())["license"] == "mine"


def test_a_name_that_is_there_needs_a_word(tar: Path, home: Path, tiny_bundle: Bundle) -> None:
    install(str(tar))
    write_card(tiny_bundle.directory, replace(tiny_bundle.card, version=2))
    with pytest.raises(NameTaken, match="--replace"):
        install(str(tiny_bundle.directory))
    assert store.locate("tiny").card.version == 1
    install(str(tiny_bundle.directory), replace=True)
    assert store.locate("tiny").verify().card.version == 2
    assert installed(home) == WHOLE


@pytest.mark.parametrize("given", [True, False])
def test_the_name_of_a_shipped_model_stays_its_own(tiny_bundle: Bundle, home: Path, given: bool) -> None:
    if not given:
        write_card(tiny_bundle.directory, replace(tiny_bundle.card, name="classic"))
    with pytest.raises(NameTaken, match="Type: --name my-classic"):
        install(str(tiny_bundle.directory), name="classic" if given else None, replace=True)
    assert installed(home) == []


@pytest.mark.parametrize("name", ["../up", "a b", ".hidden", "", "x" * 65, "a/b"])
def test_a_name_that_cannot_be_one_is_refused(tar: Path, home: Path, name: str) -> None:
    with pytest.raises(UsageProblem, match="is not a valid name for a model"):
        install(str(tar), name=name)
    assert installed(home) == []


def test_a_card_whose_name_leads_elsewhere_is_refused(tiny_bundle: Bundle, home: Path) -> None:
    write_card(tiny_bundle.directory, replace(tiny_bundle.card, name="../../escape"))
    with pytest.raises(UsageProblem, match="is not a valid name for a model"):
        install(str(tiny_bundle.directory))
    assert installed(home) == []
    assert install(str(tiny_bundle.directory), name="safe").verify()


def test_a_wrong_hash_is_refused_and_says_what_came(tar: Path, home: Path) -> None:
    with pytest.raises(BundleInvalid, match=f"its SHA-256 is {file_sha256(tar)}, not {'0' * 64}") as caught:
        install(str(tar), sha256="0" * 64)
    assert caught.value.exit_code is ExitCode.NETWORK_OR_INTEGRITY
    assert str(tar) in str(caught.value)
    assert installed(home) == []


@pytest.mark.parametrize(
    ("source", "sha256", "reason"),
    [
        ("http://127.0.0.1:9/a.tar", None, "--sha256"),
        ("http://127.0.0.1:9/a.tar#part", None, "not a SHA-256"),
        ("http://127.0.0.1:9/a.tar", "12ab", "not a SHA-256"),
        ("http://127.0.0.1:9/a.tar#sha256=" + "1" * 64, "2" * 64, "differ"),
        ("ftp://127.0.0.1/a.tar", "0" * 64, "cannot download"),
        ("file:///etc/passwd", "0" * 64, "cannot download"),
    ],
)
def test_an_address_that_cannot_be_trusted_is_refused_before_it_is_asked(
    source: str, sha256: str | None, reason: str, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(UsageProblem, match=reason):
        install(source, sha256=sha256)
    assert installed(home) == []
    assert not caplog.messages


def test_offline_no_address_is_asked(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setenv("IMDBSENT_OFFLINE", "1")
    with pytest.raises(DownloadFailed, match="IMDBSENT_OFFLINE is set"):
        install("http://127.0.0.1:9/a.tar", sha256="0" * 64)
    assert not caplog.messages


def test_a_download_that_was_cut_off_is_gone_on_with_and_an_old_one_goes(
    tar: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    site, cache = Site(tar.read_bytes()), home / "cache"
    sha256 = hashlib.sha256(site.content).hexdigest()
    with serving(in_turn(site.closes(1000), site.status(404))) as address, pytest.raises(DownloadFailed, match="404"):
        install(f"{address}/a.tar", sha256=sha256)
    assert (cache / f"model-{sha256}.tar.part").stat().st_size == 1000
    old = cache / "model-old.tar.part"
    old.touch()
    os.utime(old, (0, 0))
    with serving(site.whole) as address:
        install(f"{address}/a.tar", sha256=sha256).verify()
    assert site.ranges()[-1] == "bytes=1000-"
    assert os.listdir(cache) == []


def test_a_download_that_is_something_else_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # between the tries
    with serving(bytes_of(b"something else")) as address, pytest.raises(DownloadFailed, match="SHA-256"):
        install(f"{address}/a.tar", sha256="0" * 64)
    content = b"not a tar"
    with serving(bytes_of(content)) as address, pytest.raises(BundleInvalid, match=f"'{address}/a.tar'.*not a tar"):
        install(f"{address}/a.tar", sha256=hashlib.sha256(content).hexdigest())
    assert os.listdir(home / "cache") == []
    assert installed(home) == []


@pytest.mark.parametrize("damage", ["bytes", "missing", "foreign", "card", "cut"])
def test_a_damaged_bundle_is_refused_by_the_name_of_its_source(
    tiny_bundle: Bundle, home: Path, tmp_path: Path, damage: str
) -> None:
    folder, source = tiny_bundle.directory, str(tiny_bundle.directory)
    if damage == "bytes":
        (folder / MODEL).write_bytes(b"damaged")
    elif damage == "missing":
        (folder / MODEL).unlink()
    elif damage == "foreign":
        write_card(folder, replace(tiny_bundle.card, files={**tiny_bundle.card.files, "code.pkl": "0" * 64}))
    elif damage == "card":
        (folder / CARD).write_text("{")
    else:
        source = str(tmp_path / "cut.tar")
        export_file(tiny_bundle, ExportFormat.TAR, Path(source), replace=False)
        content = Path(source).read_bytes()
        Path(source).write_bytes(content[:2_000])
    with pytest.raises(BundleInvalid) as caught:
        install(source)
    assert f"'{source}'" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert installed(home) == []


@pytest.mark.parametrize("source", ["nowhere.tar", "a\0b", "/dev/null/x"])
def test_a_source_that_is_not_there_is_told(source: str, home: Path) -> None:
    with pytest.raises(InputUnreadable, match="imdbsent models install --help") as caught:
        install(source)
    assert caught.value.exit_code is ExitCode.USAGE
    assert installed(home) == []


def test_a_folder_has_no_hash(tiny_bundle: Bundle) -> None:
    with pytest.raises(UsageProblem, match="is a folder"):
        install(str(tiny_bundle.directory), sha256="0" * 64)


def test_a_data_directory_that_cannot_be_written_is_one_error(tar: Path, home: Path) -> None:
    home.touch()
    with pytest.raises(ModelsUnwritable, match="IMDBSENT_HOME=FOLDER"):
        install(str(tar))


def test_eight_processes_installing_and_removing_at_once_leave_a_whole_bundle_or_none(tar: Path, home: Path) -> None:
    program = f"""
import sys
from imdbsent.errors import ModelMissing
from imdbsent.models import install as installing, inventory
for i in range(8):
    if (i + int(sys.argv[1])) % 3:
        installing.install({str(tar)!r}, replace=True)
    else:
        try:
            inventory.remove(inventory.plan("tiny"))
        except ModelMissing:
            pass
"""
    environment = {**os.environ, "IMDBSENT_HOME": str(home)}
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(i)], env=environment, stderr=subprocess.PIPE, text=True)
        for i in range(8)
    ]
    model = home / "models" / "tiny"
    seen = {True: 0, False: 0}
    while any(process.poll() is None for process in processes):
        with publish.locked():
            if there := model.exists():
                read_bundle(model).verify()
            seen[there] += 1
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 8, errors
    assert sum(seen.values()) > 1
    assert set(os.listdir(home / "models")) <= {".lock", "tiny"}
    assert installed(home) in ([], WHOLE)


def test_a_process_killed_while_it_installs_leaves_the_old_model(tar: Path, home: Path, tiny_bundle: Bundle) -> None:
    before = install(str(tar))
    program = f"""
import os, signal
from imdbsent.models import install as installing, publish
publish.swap = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
installing.install({str(tar)!r}, replace=True)
"""
    environment = {**os.environ, "IMDBSENT_HOME": str(home)}
    result = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert result.returncode == -9
    assert store.names()[-1] == "tiny"
    assert store.locate("tiny").verify() == before
    shutil.rmtree(before.directory)
    assert install(str(tar)).verify()  # the lock died with the process
