from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imdbsent.cli import app
from tests.hostile.texts import EMOJI, PLANES, WIDE
from tests.tiny import TINY

COMMANDS = {
    "predict": ["predict", "--model", str(TINY)],
    "explain": ["predict", "--explain", "--model", str(TINY)],
    "trace": ["inspect", "trace", "--model", str(TINY)],
    "encode": ["inspect", "encode", "--model", str(TINY)],
}
ENCODINGS = ("ascii", "latin-1", "cp437", "utf-16", "utf-8")


def shown(monkeypatch: pytest.MonkeyPatch, *arguments: str, encoding: str) -> tuple[int, str, str]:
    """Exit code and standard streams of a command where these have an encoding."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True) for _ in range(2))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    code = app.run(arguments)
    streams = [stream.buffer for stream in (out, err)]
    written = [stream.getvalue() for stream in streams if isinstance(stream, io.BytesIO)]
    return int(code), written[0].decode(encoding), written[1].decode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_text_that_the_terminal_cannot_show_ends_no_command(
    command: str, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = f"great caf\xe9 {WIDE} {EMOJI} {PLANES} {'movie ' * 60}"
    code, out, err = shown(monkeypatch, *COMMANDS[command], text, encoding=encoding)
    assert (code, err) == (0, "")
    assert "movie" in out


def test_a_table_in_ascii_keeps_its_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["great caf\xe9", "\u6620\u753b great", "e\u0301 great", "great " * 40]
    _, out, _ = shown(monkeypatch, "predict", "--model", str(TINY), *texts, encoding="ascii")
    lines = out.splitlines()
    assert len({len(line) for line in lines}) == 1
    cells = [line.split("|")[-2].strip() for line in lines if "great" in line]
    assert cells[:3] == ["great caf?", "???? great", "e great"]


def test_an_error_about_a_name_that_ascii_has_not_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    code, _, err = shown(monkeypatch, "predict", "--file", "caf\xe9.txt", encoding="ascii")
    assert code == 2
    assert err.startswith("imdbsent: cannot read 'caf?.txt'")


def test_data_are_utf8_whatever_the_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "texts.txt").write_text("great caf\xe9\n", "utf-8")
    ask = ["predict", "--model", str(TINY), "-f", str(tmp_path / "texts.txt"), "-q"]
    _, out, _ = shown(monkeypatch, *ask, encoding="latin-1")
    assert out.encode("latin-1").decode().split("\t")[2] == "great caf\xe9\n"


def test_a_process_whose_terminal_is_ascii_ends_well() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "imdbsent", "predict", "--model", str(TINY), "great caf\xe9"]
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    assert b"caf?" in done.stdout
