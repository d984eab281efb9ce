from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
from pathlib import Path
from typing import get_args

import pytest

from imdbsent.cli.dataset import ExportSplit, ReviewFormat
from imdbsent.dataset import download
from imdbsent.dataset.aclimdb import LABELED, content_sha256, read_reviews
from imdbsent.dataset.export import FOLDERS_OF_SPLIT, TableFormat
from imdbsent.errors import ExitCode
from tests.server import bytes_of, serving
from tests.test_processes import on_terminal

CONTENT = b"an archive"


@pytest.fixture
def whole_tree(tiny_tree: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tiny tree with unlabeled reviews, and a data set that has no more."""
    folder = tiny_tree / "train" / "unsup"
    folder.mkdir()
    for i in range(5):
        (folder / f"{i}_0.txt").write_text(f"Unlabeled {i}, with “quotes”", encoding="utf-8")
    expected = dict.fromkeys(("train/pos", "train/neg", "train/unsup", "test/pos", "test/neg"), 5)
    monkeypatch.setattr("imdbsent.dataset.download.FOLDERS", expected)
    return tiny_tree


@pytest.fixture
def cached(home: Path) -> Path:
    path = home / "cache" / "aclImdb_v1.tar.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return path


def test_path_prints_the_path_alone_and_the_rest_on_standard_error(run, cached: Path, tiny_tree: Path) -> None:
    result = run("dataset", "path")
    assert (result.code, result.out) == (ExitCode.DONE, f"{cached}\n")
    assert result.err == "an archive of 0.0 kB, from the cache\n"
    result = run("dataset", "path", "--data", str(tiny_tree))
    assert (result.out, result.err) == (f"{tiny_tree}\n", "a folder, from --data\n")


def test_path_follows_the_variable(run, tiny_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDBSENT_ACLIMDB", str(tiny_tree))
    result = run("dataset", "path")
    assert (result.out, result.err) == (f"{tiny_tree}\n", "a folder, from IMDBSENT_ACLIMDB\n")


@pytest.mark.parametrize("command", ["path", "verify"])
def test_where_the_reviews_are_not_here_the_next_command_is_named(run, command: str) -> None:
    result = run("dataset", command)
    assert (result.code, result.out) == (ExitCode.MISSING, "")
    assert result.err == "imdbsent: the IMDB reviews are not on this machine. Type: imdbsent dataset download\n"


def test_download_fetches_once_and_prints_the_path(run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = home / "cache" / "aclImdb_v1.tar.gz"
    monkeypatch.setattr(download, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    with serving(bytes_of(CONTENT)) as address:
        monkeypatch.setattr(download, "URL", address + "/aclImdb_v1.tar.gz")
        result = run("dataset", "download")
    assert (result.code, result.out, target.read_bytes()) == (ExitCode.DONE, f"{target}\n", CONTENT)
    assert "downloading" in result.err
    again = run("dataset", "download")  # the server is gone
    assert (again.code, again.out) == (ExitCode.DONE, f"{target}\n")
    assert "are in" in again.err


def test_download_replaces_an_archive_that_is_not_whole(run, cached: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached.write_bytes(CONTENT[:5])
    monkeypatch.setattr(download, "SHA256", hashlib.sha256(CONTENT).hexdigest())
    with serving(bytes_of(CONTENT)) as address:
        monkeypatch.setattr(download, "URL", address + "/aclImdb_v1.tar.gz")
        assert run("dataset", "download").code == ExitCode.DONE
    assert cached.read_bytes() == CONTENT


def test_download_offline_is_exit_3(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDBSENT_OFFLINE", "1")
    assert run("dataset", "download").code == ExitCode.MISSING


def test_verify_of_a_whole_tree_shows_each_folder_and_the_hash_that_cards_have(run, whole_tree: Path) -> None:
    result = run("dataset", "verify", "--data", str(whole_tree))
    assert (result.code, result.err) == (ExitCode.DONE, "")
    for folder in ("train/pos", "train/neg", "train/unsup", "test/pos", "test/neg"):
        assert folder in result.out
    assert "incomplete" not in result.out
    assert content_sha256(read_reviews(whole_tree, LABELED)) in result.out


def test_verify_of_half_a_tree_shows_what_is_missing_and_exits_4(run, tiny_tree: Path) -> None:
    (tiny_tree / "test/pos/3_9.txt").unlink()
    result = run("dataset", "verify", "--data", str(tiny_tree))
    assert result.code == ExitCode.NETWORK_OR_INTEGRITY
    assert "incomplete" in result.out
    assert result.err.count("\n") == 1
    assert "train/unsup has 0 of 50,000" in result.err
    assert "test/pos has 4 of 12,500" in result.err


def test_on_a_narrow_terminal_verify_cuts_no_word(run, whole_tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    (whole_tree / "test" / "pos" / "0_9.txt").unlink()
    lines = [line.split() for line in run("dataset", "verify", "--data", str(whole_tree)).out.splitlines()]
    for row in (
        ["folder", "reviews", "expected"],
        ["train/unsup", "5", "5", "complete"],
        ["test/pos", "4", "5", "incomplete"],
        ["total", "24", "25"],
    ):
        assert row in lines


def test_verify_of_something_else_is_one_line(run, cached: Path) -> None:
    result = run("dataset", "verify")
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.MISSING, "", 1)
    assert f"'{cached}' does not contain the IMDB reviews" in result.err


def test_remove_off_a_terminal_needs_a_yes(run, cached: Path) -> None:
    result = run("dataset", "remove")
    assert (result.code, result.err.count("\n")) == (ExitCode.USAGE, 1)
    assert "imdbsent dataset remove --yes" in result.err
    assert cached.exists()


def test_remove_takes_the_archive_and_the_counts_and_nothing_else(
    run, home: Path, cached: Path, tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMDBSENT_ACLIMDB", str(tiny_tree))
    run("stats")
    other = cached.with_name("classic-0123.tar")
    other.write_bytes(b"a model")
    assert (home / "cache" / "statistics").is_dir()
    before = sorted(tiny_tree.rglob("*"))
    result = run("dataset", "remove", "--yes")
    assert result.code == ExitCode.DONE
    assert "removed 2 files" in result.err
    assert list((home / "cache").iterdir()) == [other]
    assert sorted(tiny_tree.rglob("*")) == before
    assert "has no files" in run("dataset", "remove", "--yes").err


@pytest.mark.parametrize(("answer", "stays"), [("n\n", True), ("y\n", False)])
def test_remove_asks_on_a_terminal(cached: Path, answer: str, stays: bool) -> None:
    code, output = on_terminal("dataset", "remove", typed=answer.encode(), environment={"COLUMNS": "300"})
    assert code == ExitCode.DONE
    assert str(cached).encode() in output
    assert b"Remove 1 file" in output
    assert cached.exists() is stays


def test_export_csv_has_a_row_a_review_in_order(run, whole_tree: Path) -> None:
    result = run("dataset", "export", "--split", "all", "--data", str(whole_tree))
    rows = list(csv.DictReader(io.StringIO(result.out)))
    assert len(rows) == 25
    assert rows[0] == {
        "text": "This movie 0 is awful.<br />Really dull!",
        "label": "negative",
        "stars": "2",
        "split": "test",
        "title": "tt0000000",
        "file": "test/neg/0_2.txt",
    }
    unlabeled = [row for row in rows if row["file"].startswith("train/unsup/")]
    assert {(row["label"], row["stars"], row["title"]) for row in unlabeled} == {("", "", "")}


@pytest.mark.parametrize(("split", "folders"), [("train", 2), ("test", 2), ("unsup", 1)])
def test_export_of_a_split_is_that_split(run, whole_tree: Path, split: str, folders: int) -> None:
    result = run("dataset", "export", "--split", split, "--format", "jsonl", "--data", str(whole_tree))
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert len(rows) == 5 * folders
    if split == "unsup":
        assert {(row["label"], row["stars"]) for row in rows} == {(None, None)}
        assert rows[1]["text"] == "Unlabeled 1, with “quotes”"
    else:
        assert {row["split"] for row in rows} == {split}
        assert {(row["label"], row["stars"]) for row in rows} == {("negative", 2), ("positive", 9)}


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_the_name_of_the_file_says_the_format_and_stats_reads_it(
    run, whole_tree: Path, tmp_path: Path, suffix: str
) -> None:
    out = tmp_path / f"train.{suffix}"
    result = run("dataset", "export", "--split", "train", "-o", str(out), "--data", str(whole_tree))
    assert (result.code, result.out) == (ExitCode.DONE, "")
    assert "wrote 10 reviews" in result.err
    assert out.read_text(encoding="utf-8") == run(
        "dataset", "export", "--split", "train", "--format", suffix, "--data", str(whole_tree)
    ).out
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    found = json.loads(run("stats", str(out), "--format", "json").out)
    assert [size["reviews"] for size in found["sizes"]] == [5, 5]
    assert found["classes"] == ["negative", "positive"]


def test_a_file_that_is_there_is_replaced_whole_or_not_at_all(
    run, whole_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "a.csv"
    out.write_text("before", encoding="utf-8")

    def fail(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("imdbsent.dataset.export.write", fail)
        result = run("dataset", "export", "--split", "test", "-o", str(out), "--data", str(whole_tree))
    assert (result.code, out.read_text(encoding="utf-8")) == (ExitCode.FAILED, "before")
    assert "No space left" in result.err
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert run("dataset", "export", "--split", "test", "-o", str(out), "--data", str(whole_tree)).code == ExitCode.DONE
    assert out.read_text(encoding="utf-8").startswith("text,label")


def test_parquet_has_the_same_rows(run, whole_tree: Path, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    out = tmp_path / "all.parquet"
    assert run("dataset", "export", "--split", "all", "-o", str(out), "--data", str(whole_tree)).code == ExitCode.DONE
    lines = run("dataset", "export", "--split", "all", "--format", "jsonl", "--data", str(whole_tree)).out
    assert parquet.read_table(str(out)).to_pylist() == [json.loads(line) for line in lines.splitlines()]


def test_parquet_without_its_extra_names_the_line_to_type(
    run, whole_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = run("dataset", "export", "--split", "all", "-o", str(tmp_path / "a.parquet"), "--data", str(whole_tree))
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert result.err == (
        "imdbsent: Parquet needs an optional library. Type: pip install pyarrow\n"
    )
    assert not (tmp_path / "a.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "--split"),
        (["--split", "dev"], "imdbsent dataset export --help"),
        (["--split", "all", "--format", "parquet"], "-o FILE.parquet"),
        (["--split", "all", "-o", "{folder}"], "is a folder"),
        (["--split", "all", "-o", "{folder}/none/a.csv"], "mkdir -p"),
    ],
)
def test_an_export_that_cannot_be_done_is_one_line_and_exit_2(
    run, tmp_path: Path, arguments: list[str], part: str
) -> None:
    result = run("dataset", "export", *(argument.replace("{folder}", str(tmp_path)) for argument in arguments))
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.USAGE, "", 1)
    assert part in result.err


def test_the_choices_of_the_command_line_are_those_of_the_package() -> None:
    assert {split.value for split in ExportSplit} == set(FOLDERS_OF_SPLIT)
    assert tuple(each.value for each in ReviewFormat) == get_args(TableFormat)


@pytest.mark.real
def test_the_real_archive_is_whole(run, real_archive: Path) -> None:
    result = run("dataset", "verify", "--data", str(real_archive))
    assert (result.code, result.err) == (ExitCode.DONE, "")
    assert result.out.count("12,500") >= 8
    assert result.out.count("50,000") >= 2
