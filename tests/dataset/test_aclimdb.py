from __future__ import annotations

import gzip
import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from imdbsent.dataset.aclimdb import Review, content_sha256, find, incomplete_folders, read_reviews
from imdbsent.errors import DatasetInvalid

LABELED = ("train/neg", "train/pos", "test/neg", "test/pos")


@pytest.fixture
def tiny_archive(tiny_tree: Path, tmp_path: Path) -> Path:
    path = tmp_path / "tiny.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(tiny_tree, "aclImdb")
    return path


def test_a_review_has_its_text_label_stars_and_title(tiny_tree: Path) -> None:
    reviews = read_reviews(tiny_tree, ["test/pos"])
    third = reviews[2]
    assert (third.split, third.number, third.label, third.stars) == ("test", 2, 1, 9)
    assert third.title == "tt0000002"
    assert third.text == "This movie 2 is fun.<br />Really great!"
    assert (third.folder, third.file_name) == ("test/pos", "2_9.txt")


def test_an_archive_and_its_folder_give_the_same_reviews_in_the_same_order(
    tiny_tree: Path, tiny_archive: Path
) -> None:
    from_folder, from_archive = read_reviews(tiny_tree, LABELED), read_reviews(tiny_archive, LABELED)
    assert from_folder == from_archive
    assert content_sha256(from_folder) == content_sha256(from_archive)
    assert [review.folder for review in from_folder[::5]] == ["test/neg", "test/pos", "train/neg", "train/pos"]


def test_reviews_are_ordered_by_number_not_by_name(tiny_tree: Path) -> None:
    (tiny_tree / "train" / "pos" / "10_8.txt").write_text("ten")
    assert [review.number for review in read_reviews(tiny_tree, ["train/pos"])] == [0, 1, 2, 3, 4, 10]


def test_the_folder_above_serves_too(tiny_tree: Path) -> None:
    assert len(read_reviews(tiny_tree.parent, LABELED)) == 20


def test_without_the_list_of_addresses_there_is_no_title(tiny_tree: Path) -> None:
    (tiny_tree / "train" / "urls_neg.txt").unlink()
    assert read_reviews(tiny_tree, ["train/neg"])[0].title == ""


def test_a_folder_that_is_not_whole_is_told(tiny_tree: Path) -> None:
    assert incomplete_folders(read_reviews(tiny_tree, ["train/pos"])) == ["train/pos has 5 of 12,500"]


def test_a_changed_text_changes_the_hash(tiny_tree: Path) -> None:
    before = content_sha256(read_reviews(tiny_tree, LABELED))
    (tiny_tree / "train" / "pos" / "0_9.txt").write_text("other")
    assert content_sha256(read_reviews(tiny_tree, LABELED)) != before


def test_a_missing_folder_is_an_error_that_names_it(tiny_tree: Path) -> None:
    shutil.rmtree(tiny_tree / "test" / "pos")
    with pytest.raises(DatasetInvalid, match="no review in test/pos"):
        read_reviews(tiny_tree, LABELED)


def test_part_of_an_archive_is_an_error_wherever_it_is_cut(tiny_archive: Path) -> None:
    content = tiny_archive.read_bytes()
    for size in (*range(40), *range(40, len(content) - 40, 7), *range(len(content) - 40, len(content))):
        tiny_archive.write_bytes(content[:size])
        with pytest.raises(DatasetInvalid, match="damaged"):
            read_reviews(tiny_archive, LABELED)


def test_an_archive_that_was_cut_before_it_was_compressed_is_an_error(tiny_archive: Path) -> None:
    content = gzip.decompress(tiny_archive.read_bytes())
    end = len(content.rstrip(b"\0"))
    for size in range(0, end, tarfile.BLOCKSIZE):  # before and after each file, and within it
        tiny_archive.write_bytes(gzip.compress(content[:size], 1))
        with pytest.raises(DatasetInvalid, match="damaged"):
            read_reviews(tiny_archive, LABELED)


def test_a_file_that_is_no_archive_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "reviews.txt"
    path.write_text("great movie\n")
    with pytest.raises(DatasetInvalid, match=r"not a \.tar\.gz"):
        read_reviews(path, LABELED)


def test_a_review_that_is_not_utf_8_is_an_error_that_names_it(tiny_tree: Path) -> None:
    (tiny_tree / "train" / "pos" / "0_9.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DatasetInvalid, match=r"0_9\.txt is not UTF-8"):
        read_reviews(tiny_tree, LABELED)


def test_a_bomb_in_an_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo("aclImdb/train/pos/0_9.txt")
        member.size = 17 * 2**20
        archive.addfile(member, io.BytesIO(bytes(member.size)))
    with pytest.raises(DatasetInvalid, match="too large"):
        read_reviews(path, LABELED)


def test_links_and_odd_names_in_an_archive_are_not_read(tiny_tree: Path, tmp_path: Path) -> None:
    path = tmp_path / "odd.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(tiny_tree, "aclImdb")
        link = tarfile.TarInfo("aclImdb/train/pos/7_9.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        archive.addfile(tarfile.TarInfo("aclImdb/train/pos/../../8_9.txt"))
    assert read_reviews(path, LABELED) == read_reviews(tiny_tree, LABELED)


def test_a_path_wins_over_the_variable_and_the_variable_over_the_cache(
    tiny_tree: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find() is None
    cached = home / "cache" / "aclImdb_v1.tar.gz"
    cached.parent.mkdir(parents=True)
    cached.touch()
    assert find() == cached
    monkeypatch.setenv("IMDBSENT_ACLIMDB", str(tiny_tree))
    assert find() == tiny_tree
    assert find(tmp_path) == tmp_path


def test_a_named_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetInvalid, match="does not exist"):
        find(tmp_path / "nowhere")


@pytest.mark.real
def test_the_real_archive_is_whole_and_titles_are_shared_by_no_more_than_one(
    real_reviews: Callable[..., list[Review]],
) -> None:
    reviews = real_reviews(*LABELED)
    assert incomplete_folders(reviews) == []
    train = {review.title for review in reviews if review.split == "train"}
    test = {review.title for review in reviews if review.split == "test"}
    assert (len(train), len(test), len(train & test)) == (3456, 3581, 1)
    assert all((review.stars >= 7) == (review.label == 1) for review in reviews)
