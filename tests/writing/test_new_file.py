from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from imdbsent.files import new_file


def test_a_file_has_its_name_and_its_rights_only_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    with new_file(path) as place:
        place.write_text("new")
        assert place.parent == path.parent
        assert path.read_text() == "old"
    assert path.read_text() == "new"
    other = tmp_path / "other"
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode
    assert sorted(tmp_path.iterdir()) == [other, path]


def test_where_the_writing_fails_nothing_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), new_file(path) as place:
        place.write_text("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    path, link = tmp_path / "report.html", tmp_path / "link.html"
    link.symlink_to(path)
    with new_file(link) as place:
        place.write_text("new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_a_named_pipe_is_written_as_it_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with new_file(tmp_path / "pipe") as place:
        assert place == tmp_path / "pipe"


def test_what_a_killed_process_left_goes_a_day_later_and_nothing_else_does(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    names = (".report.html.imdbsent-1", ".report.html.imdbsent-2", ".report.html-20240101")
    left, at_work, own = (tmp_path / name for name in names)
    for file in (left, at_work, own):
        file.write_text("half")
    long_ago = time.time() - 25 * 3600
    for file in (left, own):
        os.utime(file, (long_ago, long_ago))
    with new_file(path) as place:
        place.write_text("new")
    assert sorted(tmp_path.iterdir()) == sorted([at_work, own, path])


def test_what_a_killed_process_left_of_a_path_that_is_held_goes_at_once(tmp_path: Path) -> None:
    path, part = tmp_path / "out.csv", tmp_path / "out.csv.part"
    left, of_others = tmp_path / ".out.csv.part.imdbsent-1", tmp_path / ".out.csv.imdbsent-1"
    for file in (left, of_others):
        file.write_text("half")
    with new_file(path, held=part) as place:
        assert place.name.startswith(".out.csv.part.imdbsent-")
        place.write_text("new")
    assert path.read_text() == "new"
    assert sorted(tmp_path.iterdir()) == sorted([of_others, path])


def test_a_file_that_came_meanwhile_is_not_replaced_unless_it_may_be(tmp_path: Path) -> None:
    path = tmp_path / "model.tar"
    with pytest.raises(FileExistsError), new_file(path, replace=False) as place:
        place.write_text("ours")
        path.write_text("theirs")
    assert path.read_text() == "theirs"
    assert list(tmp_path.iterdir()) == [path]
