from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from imdbsent.cluster.paths import find_files, locate
from imdbsent.errors import InputUnreadable, StorageUnreachable, UsageProblem
from imdbsent.reading.options import Kind

pytest.importorskip("pyarrow", reason="pyarrow is not installed")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files by name, some in folders below, some hidden."""
    names = "b.csv a.csv a[1].csv deep/c.csv deep/er/d.csv deep/_SUCCESS _tmp/e.csv notes.md"
    for name in names.split():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("text\ngreat\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "data"


def names(*locations: str) -> list[str]:
    """The files found, relative to the folder "data"."""
    return [path.partition("/data/")[2] for path in find_files(locations).paths]


@pytest.mark.parametrize(
    ("location", "found"),
    [
        ("data/a.csv", ["a.csv"]),
        ("data/a[1].csv", ["a[1].csv"]),
        ("data/*.csv", ["a.csv", "a[1].csv", "b.csv"]),
        ("data/?.csv", ["a.csv", "b.csv"]),
        ("data/[!a].csv", ["b.csv"]),
        ("data/*/*.csv", ["_tmp/e.csv", "deep/c.csv"]),
        ("data/deep/**/*.csv", ["deep/c.csv", "deep/er/d.csv"]),
        ("data", ["a.csv", "a[1].csv", "b.csv", "deep/c.csv", "deep/er/d.csv"]),
        ("data/", ["a.csv", "a[1].csv", "b.csv", "deep/c.csv", "deep/er/d.csv"]),
    ],
)
@pytest.mark.usefixtures("tree")
def test_files_folders_and_patterns_are_found_in_order(location: str, found: list[str]) -> None:
    assert names(location) == found


def test_an_address_is_found_as_a_path_is(tree: Path) -> None:
    files = find_files([f"{tree.as_uri()}/*.csv"])
    assert [Path(path).name for path in files.paths] == ["a.csv", "a[1].csv", "b.csv"]
    assert files.first == files.paths[0]
    assert files.format.kind is Kind.CSV


@pytest.mark.usefixtures("tree")
def test_a_file_named_twice_is_read_once() -> None:
    assert names("data/*.csv", "data/a.csv") == ["a.csv", "a[1].csv", "b.csv"]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize("location", ["data/none.csv", "data/*.parquet", "none/*.csv", "data/deep/er/none/"])
def test_nothing_there_is_an_error_that_names_it(location: str) -> None:
    with pytest.raises(InputUnreadable, match="there is no such file"):
        find_files([location])


@pytest.mark.usefixtures("tree")
def test_several_formats_are_refused_and_an_unknown_one_is_lines_of_text() -> None:
    Path("data/a.jsonl").write_text("{}")
    with pytest.raises(UsageProblem, match=r"is jsonl.*Type: a pattern of one format, for example '\*.csv'"):
        find_files(["data/*.csv", "data/a.jsonl"])
    assert find_files(["data/notes.md"]).format.kind is Kind.TXT
    Path("data/a.parquet.gz").write_text("")
    with pytest.raises(UsageProblem, match="compressed as a whole"):
        find_files(["data/a.parquet.gz"])


def test_what_is_no_address_is_an_error_that_says_so() -> None:
    with pytest.raises(InputUnreadable, match="nonsense"):
        locate("nonsense://there/a.csv")


def test_storage_that_does_not_answer_is_an_error_of_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_file_info(_path: str) -> None:
        raise OSError("connection refused")

    dead = SimpleNamespace(get_file_info=get_file_info)
    monkeypatch.setattr("imdbsent.cluster.paths.locate", lambda _location: (dead, "bucket"))
    with pytest.raises(StorageUnreachable, match=r"cannot reach 's3://bucket/\*.csv': connection refused.*credentials"):
        find_files(["s3://bucket/*.csv"])
