"""The sets of `benchmarks.domains`, from small files in their forms."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from benchmarks.domains import Text, accuracy, distinct, kotzias_sets, own_set, rated, vader_sets


def test_texts_that_people_do_not_agree_on_are_left_out() -> None:
    lines = ["1\t2.7\tso lucky", "2_1\t-1.0\tno picture\tat all ", "3\t0.99\ta repost", "4\t-0.2\tonly audio"]
    assert rated(lines) == [Text("so lucky", 1), Text("no picture\tat all", 0)]


def test_copies_and_what_the_model_has_read_are_left_out() -> None:
    texts = [Text("Great!", 1), Text("great", 1), Text("bad", 0), Text("...", 1), Text("Read before.", 0)]
    assert distinct(texts, frozenset({"read before"})) == [Text("Great!", 1), Text("bad", 0)]


def test_the_zip_of_kotzias_is_read(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("sentences/yelp_labelled.txt", "Crust is not good.\t0\nLoved this\tplace.  \t1\n")
        archive.writestr("sentences/amazon_cells_labelled.txt", "Works\u0085well.\t1\n")
        archive.writestr("__MACOSX/sentences/._yelp_labelled.txt", "\x00")
    assert kotzias_sets(tmp_path / "a.zip") == {
        "products (Kotzias)": [Text("Works\u0085well.", 1)],
        "restaurants": [Text("Crust is not good.", 0), Text("Loved this\tplace.", 1)],
    }


def test_a_labeled_file_is_a_set_and_another_archive_is_none(tmp_path: Path) -> None:
    (tmp_path / "hotels.csv").write_text("label,text\npositive,clean\nnegative,loud\n,empty\n")
    assert own_set(str(tmp_path / "hotels.csv")) == [Text("clean", 1), Text("loud", 0)]
    with pytest.raises(SystemExit, match=r"is not vaderSentiment-3\.3\.2"):
        vader_sets(tmp_path / "hotels.csv")


def test_accuracy_is_the_share_of_right_verdicts() -> None:
    assert accuracy([1, 0, 1, 0], ["positive", "negative", "negative", "positive"]) == 0.5
