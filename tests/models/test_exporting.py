from __future__ import annotations

import io
import json
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import HISTORY, NETWORK, Bundle, read_bundle, write_card
from imdbsent.bundle.card import MODEL, Epoch
from imdbsent.errors import BundleInvalid, OutputFailed, UsageProblem
from imdbsent.files import file_sha256
from imdbsent.models import export, install, store
from imdbsent.models.export import ExportFormat, export_file, export_stream, format_of
from imdbsent.training.progress import write_history


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("a.onnx", ExportFormat.ONNX),
        ("A.ONNX", ExportFormat.ONNX),
        ("a.keras", ExportFormat.KERAS),
        ("history.json", ExportFormat.HISTORY),
        ("a.tar", ExportFormat.TAR),
        ("a.tar.gz", ExportFormat.TAR),
        ("-", ExportFormat.TAR),
        ("model", ExportFormat.TAR),
    ],
)
def test_the_name_of_the_output_asks_for_a_format(output: str, expected: ExportFormat) -> None:
    assert format_of(output) is expected


@pytest.mark.parametrize(("export_format", "file"), [(ExportFormat.ONNX, MODEL), (ExportFormat.KERAS, NETWORK)])
def test_the_network_is_exported_byte_for_byte(export_format: ExportFormat, file: str, tmp_path: Path) -> None:
    classic = store.locate("classic")
    export_file(classic, export_format, tmp_path / "out", replace=False)
    assert (tmp_path / "out").read_bytes() == (classic.directory / file).read_bytes()
    assert os.listdir(tmp_path) == ["out"]


def test_an_exported_onnx_answers_in_onnxruntime(tiny_bundle: Bundle, tmp_path: Path) -> None:
    import onnxruntime

    export_file(tiny_bundle, ExportFormat.ONNX, tmp_path / "tiny.onnx", replace=False)
    session = onnxruntime.InferenceSession(str(tmp_path / "tiny.onnx"), providers=["CPUExecutionProvider"])
    assert session.get_inputs()


def test_a_bundle_without_a_keras_network_says_so(tiny_bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match=r"has no network.keras.*--format onnx"):
        export_file(tiny_bundle, ExportFormat.KERAS, tmp_path / "a.keras", replace=False)
    assert not (tmp_path / "a.keras").exists()


def with_history(bundle: Bundle) -> Bundle:
    """The bundle with a history.json, as training writes one."""
    epochs = (Epoch(1, 61.2, 0.5, 0.75, 0.4, 0.8125),)
    write_history(bundle.directory / HISTORY, epochs)
    files = {**bundle.card.files, HISTORY: file_sha256(bundle.directory / HISTORY)}
    return write_card(bundle.directory, replace(bundle.card, history=epochs, files=files))


def test_the_history_is_exported_alone_and_with_the_rest(tiny_bundle: Bundle, tmp_path: Path) -> None:
    bundle = with_history(tiny_bundle)
    export_file(bundle, ExportFormat.HISTORY, tmp_path / "history.json", replace=False)
    assert json.loads((tmp_path / "history.json").read_text("utf-8"))["val_accuracy"] == [0.8125]
    export_file(bundle, ExportFormat.TAR, tmp_path / "a.tar", replace=False)
    (tmp_path / "again").mkdir()
    install.unpack(tmp_path / "a.tar", tmp_path / "again", "a.tar")
    assert read_bundle(tmp_path / "again").verify().card == bundle.card
    assert (tmp_path / "again" / HISTORY).read_bytes() == (tmp_path / "history.json").read_bytes()


def test_a_bundle_without_a_history_says_so_and_is_exported_all_the_same(tiny_bundle: Bundle, tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match=r"has no history.json.*imdbsent inspect model --format json"):
        export_file(tiny_bundle, ExportFormat.HISTORY, tmp_path / "a.json", replace=False)
    export_file(tiny_bundle, ExportFormat.TAR, tmp_path / "a.tar", replace=False)
    assert not (tmp_path / "a.json").exists()


def test_a_file_that_is_there_stays_unless_it_may_be_replaced(tiny_bundle: Bundle, tmp_path: Path) -> None:
    output = tmp_path / "a.onnx"
    output.write_text("mine")
    with pytest.raises(UsageProblem, match="already exists. Type: -o OTHER, or --replace"):
        export_file(tiny_bundle, ExportFormat.ONNX, output, replace=False)
    assert output.read_text() == "mine"
    export_file(tiny_bundle, ExportFormat.ONNX, output, replace=True)
    assert output.read_bytes() == (tiny_bundle.directory / MODEL).read_bytes()
    other = tmp_path / "other"
    other.touch()
    assert output.stat().st_mode == other.stat().st_mode


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_comes_while_it_is_written_stays(
    tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    output = tmp_path / "a.onnx"
    monkeypatch.setattr(export, "export_stream", lambda *_, **__: output.write_text("theirs"))
    if not links:  # as on FAT

        def refuse(*_: object) -> None:
            raise PermissionError(1, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(UsageProblem, match="already exists"):
        export_file(tiny_bundle, ExportFormat.ONNX, output, replace=False)
    assert output.read_text() == "theirs"
    assert sorted(os.listdir(tmp_path)) == ["a.onnx", "tiny"]


def test_a_link_keeps_pointing_at_what_is_replaced(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    export_file(tiny_bundle, ExportFormat.ONNX, tmp_path / "link", replace=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == (tiny_bundle.directory / MODEL).read_bytes()


@pytest.mark.parametrize(
    ("output", "reason"),
    [("folder", "is a folder"), ("nowhere/a.tar", "there is no folder"), ("pipe", "is not a plain file")],
)
def test_an_output_that_cannot_be_written_is_refused(
    tiny_bundle: Bundle, tmp_path: Path, output: str, reason: str
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageProblem, match=reason):
        export_file(tiny_bundle, ExportFormat.TAR, tmp_path / output, replace=True)


def test_a_full_disk_is_one_error_and_leaves_no_file(
    tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "export_stream", fill)
    with pytest.raises(OutputFailed, match="No space left"):
        export_file(tiny_bundle, ExportFormat.TAR, tmp_path / "a.tar", replace=False)
    assert os.listdir(tmp_path) == ["tiny"]


def test_a_damaged_model_is_not_exported_and_leaves_no_file(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tiny_bundle.directory / MODEL).write_bytes(b"damaged")
    for export_format in (ExportFormat.TAR, ExportFormat.ONNX):
        with pytest.raises(BundleInvalid, match="model.onnx is damaged"):
            export_file(tiny_bundle, export_format, tmp_path / "out", replace=False)
    (tiny_bundle.directory / MODEL).unlink()
    with pytest.raises(BundleInvalid, match="No such file"):
        export_file(tiny_bundle, ExportFormat.TAR, tmp_path / "out", replace=False)
    assert os.listdir(tmp_path) == ["tiny"]


def test_a_name_that_leads_elsewhere_gets_no_folder_in_the_tar(tiny_bundle: Bundle) -> None:
    bundle = write_card(tiny_bundle.directory, replace(tiny_bundle.card, name="../../escape"))
    stream = io.BytesIO()
    export_stream(bundle, ExportFormat.TAR, stream)
    stream.seek(0)
    with tarfile.open(fileobj=stream) as tar:
        assert tar.getnames() == ["model/card.json", "model/model.onnx", "model/vocabulary.txt"]
