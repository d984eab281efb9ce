"""Texts, names and columns from strangers, through every command that shows them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from imdbsent.errors import ExitCode
from tests.hostile.results import check_errors, check_shown
from tests.hostile.texts import EMOJI, FORMULAS, MARKUP, PLANES, STEERING, TERMINAL_TEXTS
from tests.tiny import TINY

MODEL = ["--model", str(TINY)]
def beginning(text: str) -> str:
    """What a test is called after."""
    return ascii(text)[:30]


SHOWING = {
    "table": ["predict"],
    "explain": ["predict", "--explain"],
    "trace": ["inspect", "trace"],
    "encode": ["inspect", "encode"],
}


@pytest.mark.parametrize("command", SHOWING)
@pytest.mark.parametrize("text", [*TERMINAL_TEXTS, *MARKUP, *FORMULAS, PLANES, EMOJI], ids=beginning)
def test_no_text_steers_the_terminal(text: str, command: str, run) -> None:
    check_shown(run(*SHOWING[command], *MODEL, "--", text))


@pytest.mark.parametrize("text", MARKUP[:6])
def test_markup_is_text(text: str, run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    assert text in run("predict", *MODEL, "--", text).out
    assert text in run("predict", "--explain", *MODEL, "--", text).out


def test_emoji_that_are_joined_stay_joined(run) -> None:
    assert "\U0001f468\u200d\U0001f469\u200d\U0001f467" in run("predict", *MODEL, EMOJI).out


def name_of(text: str) -> str:
    """A text as the name of a file: without what no name has."""
    return text.replace("/", "").replace("\0", "")[:60]


@pytest.mark.parametrize("text", [*TERMINAL_TEXTS, *MARKUP], ids=beginning)
def test_no_name_steers_the_terminal(text: str, run, tmp_path: Path) -> None:
    path = str(tmp_path / name_of(text))
    for arguments in (
        ["predict", *MODEL, "--file", path],
        ["predict", "--model", path, "great"],
        ["models", "install", path],
        ["stats", path + ".csv"],
        ["evaluate", path + ".csv"],
        ["predict", f"--{text}"],
        [text],
        ["predict", *MODEL, "great", "-o", path],
        ["inspect", "word", "--model", str(TINY), text],
        ["inspect", "decode", *MODEL, text],
    ):
        result = run(*arguments)
        check_shown(result)
        is_word = arguments[:2] == ["inspect", "word"]  # "[great" has one, which is known
        assert is_word or result.code in (ExitCode.USAGE, ExitCode.MISSING), arguments


@pytest.mark.parametrize("text", [*TERMINAL_TEXTS, *MARKUP], ids=beginning)
def test_no_column_steers_the_terminal(text: str, run, tmp_path: Path) -> None:
    path = tmp_path / f"{name_of(text)}.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["text", "label", text], ["great", "pos", text], ["awful " + text, "neg", text]])
    ask = ["predict", *MODEL, "-f", str(path)]
    for result in (
        run(*ask, "--keep", text, "--id-column", text, "--skip-bad", "--format", "table"),
        run(*ask, "--text-column", "nothing"),
        run(*ask, "--id-column", text, "--format", "table"),
        run("evaluate", str(path), *MODEL),
        run("stats", str(path), "--label-column", text, *MODEL),
    ):
        check_shown(result)


@pytest.mark.parametrize("text", [*TERMINAL_TEXTS, *MARKUP, *FORMULAS, PLANES], ids=beginning)
def test_data_formats_carry_a_text_as_it_is(text: str, run) -> None:
    for chosen in ("json", "jsonl", "csv"):
        result = run("predict", *MODEL, "--format", chosen, "--", text)
        check_errors(result)
        assert text_of(result.out, chosen) == text


def text_of(out: str, chosen: str) -> str:
    """The text in an output of one record."""
    if chosen == "csv":
        (row,) = csv.DictReader(io.StringIO(out, newline=""))
        return row["text"]
    value = json.loads(out)
    return str((value[0] if chosen == "json" else value)["text"])


@pytest.mark.parametrize("at", [0, 1, 2, 3])
def test_bytes_that_are_no_utf8_at_the_end_of_a_buffer(at: int, run, tmp_path: Path) -> None:
    """Four bytes of an emoji, whole and not, across every border of 8 and 64 kibibytes and a mebibyte."""
    lines: list[bytes] = []
    for border in (2**13, 2**16, 2**20):
        emoji = "\U0001f600".encode()
        so_far = len(b"\n".join([*lines, b""]))
        lines.append(b"great " + b"x" * (border - so_far - 6 - at) + emoji)
        lines.append(b"awful " + emoji[:3])
    path = tmp_path / "borders.txt"
    path.write_bytes(b"\n".join(lines))
    result = run("predict", *MODEL, "-f", str(path), "--format", "jsonl", "-q")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [row["label"] for row in rows] == ["positive", None] * 3
    assert all(row["text"].endswith("\U0001f600") for row in rows[::2])
    assert all(row["problem"].startswith("not valid UTF-8 at byte 6") for row in rows[1::2])


def test_many_empty_lines_are_as_many_rows(run) -> None:
    ask = ["predict", *MODEL, "-", "--format", "tsv", "-q", "--workers", "1"]
    result = run(*ask, stdin=b"\n" * 20_000 + b"great\n")
    rows = result.out.splitlines()
    assert len(rows) == 20_001
    assert set(rows[:-1]) == {"\t\t[blank]"}
    assert rows[-1].startswith("positive\t")


def test_a_long_line_is_one_row(run) -> None:
    result = run("predict", *MODEL, "-", "--format", "tsv", "-q", stdin=b"awful " + b"great " * 400_000 + b"\nawful\n")
    labels = [row.split("\t")[0] for row in result.out.splitlines()]
    assert labels == ["positive", "negative"]


def test_a_steering_text_on_a_page_is_escaped_and_isolated(run, tmp_path: Path) -> None:
    page = tmp_path / "why.html"
    text = f"great <script>alert(1)</script> {STEERING} <img src=x onerror=alert(1)>"
    check_shown(run("predict", "--explain", "--html", str(page), *MODEL, "--", text))
    content = page.read_text("utf-8")
    assert "<script" not in content
    assert "<img" not in content
    assert "default-src 'none'" in content
