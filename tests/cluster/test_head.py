from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from imdbsent.cluster.paths import InputFiles, columns_read, find_files, read_head
from imdbsent.errors import InputUnreadable, UsageProblem
from imdbsent.reading.options import Columns

pa = pytest.importorskip("pyarrow", reason="pyarrow is not installed")


@pytest.fixture
def files(tmp_path: Path):
    """Make a file, and find it."""

    def make(name: str, content: bytes) -> InputFiles:
        (tmp_path / name).write_bytes(content)
        return find_files([str(tmp_path / name)])

    return make


@pytest.mark.parametrize(
    ("name", "content", "columns"),
    [
        ("a.csv", b"id,stars,text\n1,2,x\n", ("id", "stars", "text")),
        ("a.tsv.gz", gzip.compress(b"id\ttext\n", mtime=0), ("id", "text")),
        ("a.jsonl", b'{"text": "x"}\nbroken\n{"text": "y", "late": 1}\n', ("text", "late")),
        ("a.txt", b"a line\n", ()),
    ],
)
def test_the_columns_are_those_of_the_first_file(files, name: str, content: bytes, columns: tuple[str, ...]) -> None:
    head = read_head(files(name, content))
    assert head.names == columns
    assert head.rows is None


def test_of_parquet_the_rows_are_known_too(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    for number in (1, 2):
        pq.write_table(pa.table({"text": ["great"] * number}), tmp_path / f"{number}.parquet")
    head = read_head(find_files([str(tmp_path)]))
    assert (head.names, head.rows) == (("text",), 3)


def test_a_file_without_anything_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    found = find_files([str(tmp_path)])
    assert columns_read(found, read_head(found), Columns("body"), keep_all=True) == Columns("body")
    (tmp_path / "b.csv").write_text("body,n\n")
    assert read_head(find_files([str(tmp_path)])).names == ("body", "n")


@pytest.mark.parametrize(("name", "content"), [("a.parquet", b"none"), ("a.csv.gz", b"none"), ("a.csv", b'"open\n')])
def test_a_first_file_that_is_damaged_is_an_error_before_the_work(files, name: str, content: bytes) -> None:
    with pytest.raises(InputUnreadable, match="cannot read"):
        read_head(files(name, content))


def test_all_other_columns_are_carried_through_unless_some_are_named(files) -> None:
    found = files("a.csv", b"id,stars,text\n")
    head = read_head(found)
    assert columns_read(found, head, None, keep_all=True) == Columns("text", None, ("id", "stars"))
    assert columns_read(found, head, Columns("text", "id"), keep_all=True).kept == ("stars",)
    assert columns_read(found, head, Columns("text", None, ("id",)), keep_all=False).kept == ("id",)


def test_a_column_that_is_not_there_is_an_error_with_those_that_are(files) -> None:
    found = files("a.csv", b"id,stars,text\n")
    head = read_head(found)
    for columns, option in ((Columns("body"), "--text-column"), (Columns("text", "no"), "--id-column"),
                            (Columns("text", None, ("no",)), "--keep")):  # fmt: skip
        with pytest.raises(UsageProblem, match=rf"there are: id, stars, text\). Type: {option} (id|text)"):
            columns_read(found, head, columns, keep_all=False)
    found = files("a.txt", b"")
    with pytest.raises(UsageProblem, match="has no columns"):
        columns_read(found, read_head(found), Columns("body"), keep_all=True)
