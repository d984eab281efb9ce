from __future__ import annotations

import json
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.cli.check import examine


def test_a_good_installation_exits_with_0_and_says_what_answers(run, home: Path) -> None:
    result = run("check", "--format", "json")
    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert found["ok"] is True
    assert found["model"].startswith("flagship@sha256:")
    assert found["answers"]["great movie"] > 0.5 > found["answers"]["terrible movie"]
    assert found["folders"]["models"] == {"path": str(home / "models"), "writable": True}
    assert set(found["versions"]) >= {"imdbsent", "python", "numpy", "onnxruntime"}
    assert found["cores"] >= 1


def test_for_people_there_is_a_line_for_each_fact(run) -> None:
    lines = run("check").out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["model", "answer", "answer"]
    assert any(line.startswith("versions ") and "imdbsent" in line for line in lines)


@pytest.mark.parametrize("output_format", ["json", "table"])
def test_a_damaged_model_exits_with_4(run, tiny_bundle: Bundle, output_format: str) -> None:
    (tiny_bundle.directory / "model.onnx").write_bytes(b"")
    result = run("check", "--model", str(tiny_bundle.directory), "--format", output_format)
    assert result.code == 4
    assert "model.onnx is damaged" in result.err
    if output_format == "json":
        found = json.loads(result.out)
        assert (found["ok"], found["exit_code"], found["model"]) == (False, 4, None)


def test_a_model_that_is_not_there_exits_with_3(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDBSENT_MODEL", "nope")
    assert run("check").code == 3


def test_what_is_left_out_is_named_with_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "pyarrow" else object())
    found, error = examine()
    assert error is None
    assert found["left_out"] == {"pyarrow": {"for": "Parquet and zstd", "install": "pip install pyarrow"}}


def test_a_light_installation_says_what_it_cannot_do_a_line_for_each_command_to_type(
    run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    lines = [line for line in run("check").out.splitlines() if line.startswith("left out ")]
    assert lines == [
        "left out     imdbsent train (1.9 GB installed): pip install tensorflow onnx",
        "left out     Parquet and zstd: pip install pyarrow",
        "left out     Excel: pip install python-calamine",
        "left out     --engine ray: pip install 'ray[data]' pyarrow",
    ]


def test_a_home_that_cannot_be_written_is_said_and_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("IMDBSENT_HOME", str(tmp_path / "file"))
    found, error = examine()
    assert error is None
    assert found["folders"]["models"]["writable"] is False
