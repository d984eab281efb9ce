from __future__ import annotations

import logging
from pathlib import Path

import pytest

from imdbsent.errors import InputUnreadable, UsageProblem
from imdbsent.reading.inputs import Inputs, Source, find_sources


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(*names: str, content: str = "x\n") -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(content)


@pytest.mark.parametrize(
    "text",
    [
        "great movie", "great", "great.", "So... great!", "what?", "great*", "10/10", "8.5/10", ":/", "", " ",
        "a.csv is bad", "and / or", "one\ttwo", "Mr.T", "no.", "ok.I", "3.5", "$5.99", "\udce9.csv movie", "nul\0",
        "x" * 10_000,
    ],
)  # fmt: skip
def test_a_text_is_a_text(text: str) -> None:
    assert find_sources([text]) == [Source(text=text)]


@pytest.mark.parametrize(
    "name", ["a.csv", "a.txt", "b/a.txt", "./a", "/tmp/none", "a.cvs", "a.tvs", "a.xslx", "a.csv.gz", "a.gz", "a.pdf",
             "*.csv", "b/*", "a.JSON", "~/a", "n/a"],
)  # fmt: skip
def test_what_looks_like_a_file_and_is_not_there_is_an_error_with_the_way_out(name: str) -> None:
    with pytest.raises(InputUnreadable, match="no such file") as caught:
        find_sources([name])
    typed = str(caught.value).split("imdbsent predict ")[1].split(". See")[0]
    assert typed.startswith("--text ")
    assert find_sources([], texts=[name]) == [Source(text=name)]


def test_names_of_things_that_are_there_are_never_judged() -> None:
    write("great", "my notes", "reviews/a.txt")
    for name in ("great", "my notes", "reviews"):
        with pytest.raises(UsageProblem, match="may be a text. Type: imdbsent predict --file .* --text ") as caught:
            find_sources([name])
        assert name in str(caught.value)
        assert find_sources([], [name])[0].file is not None
        assert find_sources([], texts=[name]) == [Source(text=name)]
    assert find_sources(["great movie"]) == [Source(text="great movie")]


def test_files_patterns_and_folders_are_read() -> None:
    write("a.csv", "b.csv", "c/1.txt", "c/2.txt", "c/.hidden.txt", "c/notes.md", "c/_success.txt", "c/more/3.csv")
    assert find_sources(["a.csv"]) == [Source(file="a.csv")]
    assert find_sources(["*.csv"]) == find_sources([], ["*.csv"]) == [Source(file="a.csv"), Source(file="b.csv")]
    assert find_sources(["c/"]) == [
        Source(file="c/1.txt", whole=True), Source(file="c/2.txt", whole=True), Source(file="c/more/3.csv")
    ]  # fmt: skip
    assert find_sources(["c/*.txt"]) == [
        Source(file=f"c/{name}") for name in ("1.txt", "2.txt", "_success.txt")
    ]
    assert find_sources(["-"], ["-"]) == [Source(file="-"), Source(file="-")]
    write("d/notes.md", "a[1].csv")
    assert find_sources(["a[1].csv"]) == [Source(file="a[1].csv")]
    with pytest.raises(InputUnreadable, match="holds no files of texts"):
        find_sources(["d/"])


def test_a_folder_is_one_text_per_file_and_that_is_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    write("c/1.txt", "c/2.txt", content="one\ntwo\n")
    assert [record.text for record in Inputs(find_sources(["c/"])).records()] == ["one\ntwo\n"] * 2
    assert caplog.messages == ["'c/': 2 files, one text each. --file 'c/*.txt' reads each line as a text"]


def test_the_order_is_that_of_the_command_line() -> None:
    write("a.txt", "b.txt")
    assert find_sources(["b.txt"], ["a.txt"]) == [Source(file="a.txt"), Source(file="b.txt")]
    assert find_sources(["good film"], ["a.txt"], ["c"]) == [
        Source(text="good film"), Source(file="a.txt"), Source(text="c")
    ]  # fmt: skip
