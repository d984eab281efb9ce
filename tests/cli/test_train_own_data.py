"""`imdbsent train FILE`: what is wrong with a user's own texts is one line, and no file changes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from imdbsent.errors import ExitCode

TABLE = "body,stars,film\n" + "".join(f"text {i},{1 + i % 10},film {i // 4}\n" for i in range(40))
COLUMNS = ["--text-column", "body", "--label-column", "stars", "--positive", ">=7"]


@pytest.mark.skipif(
    any(importlib.util.find_spec(library) is None for library in ("keras", "onnx")),
    reason="keras is not installed in the light environment",
)
@pytest.mark.parametrize(
    ("content", "arguments", "parts"),
    [
        (TABLE, ["--text-column", "text"], ["no column 'text' (there are: body, stars, film)", "--text-column body"]),
        (TABLE, [*COLUMNS, "--group-column", "movie"], ["no column 'movie'", "--group-column film"]),
        (TABLE, [*COLUMNS[:-1], ">=11"], ["all 40 labels", "are negative", "--positive '>=7'"]),
        (TABLE + "text,many,film\n", COLUMNS, ["line 42: the label 'many' is not a number", "'>=7' --negative '<=4'"]),
        (TABLE + " ,1,film\n,1,film\n", COLUMNS, ["line 42: the text is blank (and 1 more)"]),
        (TABLE + "text,1\n", COLUMNS, ["line 42 has 2 fields, the header has 3"]),
        (TABLE + "text,1,\n", [*COLUMNS, "--group-column", "film"], ["line 42: 'film' is empty"]),
        ("\n".join(TABLE.splitlines()[:13]), COLUMNS, ["has 12 texts; at least 20 are needed"]),
        (TABLE, [*COLUMNS, "--validation", "mine.csv"], ["the text of line 2", "(and 39 more)", "leave --validation"]),
        (TABLE, [*COLUMNS, "--validation", "none.csv"], ["none.csv", "no such file", "imdbsent train --help"]),
        (TABLE, [*COLUMNS, "--validation", ".", "--validation-fraction", "0.2"], ["Type one of them"]),
        (TABLE, [*COLUMNS, "--validation-fraction", "0.9"], ["0.9", "--validation-fraction"]),
        (TABLE, [*COLUMNS, "--data", "x"], ["--data cannot be combined with FILE"]),
        (TABLE, [*COLUMNS, "--resume"], ["cannot be combined with --resume"]),
    ],
)
def test_what_is_wrong_is_one_line_and_changes_no_file(
    run,
    tmp_path: Path,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: str,
    arguments: list[str],
    parts: list[str],
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Path("mine.csv").write_text(content)
    result = run("train", "mine.csv", *arguments)
    assert result.code == ExitCode.USAGE
    assert result.out == ""
    assert result.err.count("\n") == 1
    for part in parts:
        assert part in result.err
    assert [path.name for path in folder.iterdir()] == ["mine.csv"]
    assert not home.exists()
    assert Path("mine.csv").read_text() == content
