from __future__ import annotations

from pathlib import Path

import pytest

from imdbsent.errors import OutputFailed, UsageProblem

pytest.importorskip("pyarrow", reason="pyarrow is not installed")
pytest.importorskip("ray.data", reason="Ray is not installed")

from imdbsent.cluster.job import COMPLETE, output_folder

pytestmark = pytest.mark.slow


def content(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("is_address", [False, True])
def test_a_folder_is_made_filled_and_marked_as_complete(tmp_path: Path, is_address: bool) -> None:
    folder = tmp_path / "new" / "verdicts"
    output = output_folder(f"{folder.as_uri() if is_address else folder}/")
    assert not folder.exists()
    with output.writing() as (filesystem, path):
        filesystem.open_output_stream(f"{path}/a.csv").close()
        assert content(folder) == ["a.csv"]
    assert content(folder) == [COMPLETE, "a.csv"]


@pytest.mark.parametrize("was_there", [False, True])
def test_after_an_error_the_results_are_gone_and_all_else_is_as_it_was(tmp_path: Path, was_there: bool) -> None:
    folder = tmp_path / "verdicts"
    if was_there:
        folder.mkdir()
    output = output_folder(str(folder))
    with pytest.raises(KeyboardInterrupt), output.writing():
        (folder / "a.csv").write_text("half")
        raise KeyboardInterrupt
    assert folder.exists() == was_there
    assert not was_there or content(folder) == []


def test_what_is_there_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("mine")
    with pytest.raises(UsageProblem, match=r"is a file, but --engine ray writes a folder. Type: -o FOLDER/"):
        output_folder(str(tmp_path / "a.csv"))
    with pytest.raises(UsageProblem, match=r"not empty. Type: -o with another FOLDER"):
        output_folder(str(tmp_path))


def test_a_place_that_cannot_be_written_is_an_error_of_the_output(tmp_path: Path) -> None:
    output = output_folder(str(tmp_path / "there" / "verdicts"))
    (tmp_path / "there").write_text("in the way")
    with pytest.raises(OutputFailed, match="cannot write the output"), output.writing():
        pass
