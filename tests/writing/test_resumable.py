from __future__ import annotations

import errno
import json
import os
import random
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from imdbsent.bundle.bundle import Bundle, write_card
from imdbsent.errors import ExitCode
from imdbsent.writing.resume import ResumableOutput

FORMATS = ("csv", "tsv", "jsonl", "json", "csv.gz", "parquet", "jsonl.zst")
WINDOWS = 5  # of 1,000 records: 64, 128, 256, 512, 40


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    path = tmp_path / "reviews.jsonl"
    random.seed(0)
    words = ("great", "awful", "movie", "rare", "zebra", 'a "quoted", word', "two\nlines", "tab\there", "")
    rows = [{"id": i, "stars": i % 10, "text": " ".join(random.choices(words, k=i % 12))} for i in range(1_000)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def predict(run, tiny_bundle: Bundle, reviews: Path):
    """Run `imdbsent predict` over the reviews, into a file in their folder."""

    def predict_into(name: str, *options: str):
        if name.endswith(("parquet", "zst")):
            pytest.importorskip("pyarrow", reason="pyarrow is not installed in the light environment")
        columns = [] if "tsv" in name else ["--id-column", "id", "--keep", "stars"]
        out = str(reviews.parent / name)
        return run(
            "predict", "--model", str(tiny_bundle.directory), "-f", str(reviews), *columns, "-o", out, *options
        )

    return predict_into


@pytest.fixture
def stopped(predict, monkeypatch: pytest.MonkeyPatch):
    """Run `imdbsent predict` until so many windows are written, and stop it with an error or Ctrl-C."""

    def stop(name: str, windows: int, *options: str, error: type[BaseException] = KeyboardInterrupt):
        def until_then(work):
            def work_some(self: ResumableOutput, *arguments) -> None:
                if self.reached.windows == windows:
                    raise error
                work(self, *arguments)

            return work_some

        with monkeypatch.context() as patch:
            patch.setattr(ResumableOutput, "write", until_then(ResumableOutput.write))
            patch.setattr(ResumableOutput, "end", until_then(ResumableOutput.end))
            return predict(name, *options)

    return stop


def beside(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if ".part" in path.name or path.name.startswith((".out", ".whole"))}


@pytest.mark.parametrize("windows", [1, 3, WINDOWS])
@pytest.mark.parametrize("name", FORMATS)
def test_a_resumed_run_writes_the_bytes_of_one_that_was_not_stopped(
    predict, stopped, reviews: Path, name: str, windows: int
) -> None:
    whole = predict(f"whole.{name}")
    assert whole.code == ExitCode.DONE, whole.err
    assert stopped(f"out.{name}", windows).code == ExitCode.INTERRUPTED
    assert not (reviews.parent / f"out.{name}").exists()
    result = predict(f"out.{name}", "--resume")
    assert result.code == ExitCode.DONE
    assert "resuming after" in result.err
    assert (reviews.parent / f"out.{name}").read_bytes() == (reviews.parent / f"whole.{name}").read_bytes()
    assert whole.err.partition(" texts")[0] == "1,000"
    assert whole.err.partition(":")[2].partition("·")[0] in result.err  # the same counts
    assert not beside(reviews.parent)


def test_wherever_a_signal_stops_a_write_what_is_said_is_what_is_kept(predict, reviews: Path) -> None:
    """It is raised before each line of `write` and of what it calls there, as Python raises it between two lines."""
    reviews.write_text("".join(reviews.read_text().splitlines(keepends=True)[:80]))  # two windows
    predict("whole.csv")
    code, lines = ResumableOutput.write.__code__, 0

    def interrupt(at: int):
        left = iter(range(at))

        def trace(frame, event: str, _argument):
            if frame.f_code.co_filename != code.co_filename or frame.f_code.co_name not in ("write", "_append"):
                return None
            if event == "line" and next(left, None) is None:
                sys.settrace(None)
                raise KeyboardInterrupt
            return trace

        return trace

    while True:
        sys.settrace(interrupt(lines))
        try:
            stopped = predict("out.csv", "--summary", str(reviews.parent / "out.json"))
        finally:
            sys.settrace(None)
        if stopped.code == ExitCode.DONE:
            break
        lines += 1
        kept = json.loads((reviews.parent / "out.json").read_text())["rows"]["read"]
        said = f"stopped after {kept} records" if kept else ""
        assert said in stopped.err
        resumed = predict("out.csv", "--resume")
        assert (f"resuming after {kept} records" if kept else "there is no unfinished") in resumed.err
        assert (reviews.parent / "out.csv").read_bytes() == (reviews.parent / "whole.csv").read_bytes()
    assert lines > 20


@pytest.mark.parametrize("name", FORMATS)
def test_whatever_a_kill_leaves_behind_the_last_checkpoint_is_cut_off(
    predict, stopped, reviews: Path, name: str
) -> None:
    predict(f"whole.{name}")
    stopped(f"out.{name}", 3)
    partial, log = (reviews.parent / f"out.{name}.part{ending}" for ending in ("", ".checkpoints"))
    with partial.open("ab") as stream:
        stream.write(b"half a li")
    with log.open("ab") as stream:
        stream.write(b'{"windows": 4, "reco')
    assert "resuming after 448 records" in predict(f"out.{name}", "--resume").err
    assert (reviews.parent / f"out.{name}").read_bytes() == (reviews.parent / f"whole.{name}").read_bytes()


@pytest.mark.parametrize("name", ["csv", "parquet"])
@pytest.mark.parametrize("kept", [0, 1, 0.5, 0.9])
def test_a_partial_output_that_lost_its_end_is_continued_from_where_it_is_good(
    predict, stopped, reviews: Path, name: str, kept: float
) -> None:
    predict(f"whole.{name}")
    stopped(f"out.{name}", 4)
    partial = reviews.parent / f"out.{name}.part"
    content = partial.read_bytes()
    size = kept if isinstance(kept, int) else int(len(content) * kept)
    partial.write_bytes(content[:size] + b"\0" * (len(content) - size))  # what a machine without power leaves
    assert "is damaged" in predict(f"out.{name}", "--resume").err
    assert (reviews.parent / f"out.{name}").read_bytes() == (reviews.parent / f"whole.{name}").read_bytes()


@pytest.mark.parametrize("name", ["csv", "csv.gz", "parquet"])
def test_what_stops_while_the_file_is_made_of_the_partial_output_can_be_resumed(
    predict, reviews: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    predict(f"whole.{name}")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse if name == "csv" else Path.replace)
        patch.setattr("imdbsent.files.umask", refuse if name != "csv" else lambda: 0)
        patch.setattr("imdbsent.writing.resume.replace_content", Path.write_bytes)
        result = predict(f"out.{name}")
    assert result.code == ExitCode.FAILED
    assert "No space left" in result.err
    assert "stopped after 1,000 records" in result.err
    assert predict(f"out.{name}", "--resume").code == ExitCode.DONE
    assert (reviews.parent / f"out.{name}").read_bytes() == (reviews.parent / f"whole.{name}").read_bytes()


def refuse(*_arguments: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_run_can_be_stopped_again_and_again(predict, stopped, reviews: Path) -> None:
    predict("whole.csv")
    for windows in (1, 2, 2, 4):
        stopped("out.csv", windows, "--resume")
    predict("out.csv", "--resume")
    assert (reviews.parent / "out.csv").read_bytes() == (reviews.parent / "whole.csv").read_bytes()


def test_what_stopped_says_what_there_is_and_how_to_resume(stopped, reviews: Path) -> None:
    result = stopped("out.csv", 2)
    assert result.err == (
        "stopped after 192 records; the results are in 'out.csv.part'; to resume, run the same command with --resume\n"
    )
    assert beside(reviews.parent) == {"out.csv.part", "out.csv.part.checkpoints"}
    assert stopped("other.csv", 2, "-q").err == ""


def test_a_run_that_is_stopped_before_anything_is_done_leaves_nothing(stopped, reviews: Path) -> None:
    before = set(reviews.parent.iterdir())
    assert stopped("out.csv", 0).err == ""
    assert set(reviews.parent.iterdir()) == before


def test_without_resume_a_run_starts_again_and_says_so(predict, stopped, reviews: Path) -> None:
    stopped("out.csv", 2)
    result = predict("out.csv")
    assert "starting over: 'out.csv.part', with 192 records of a run that was interrupted, is replaced" in result.err
    assert result.code == ExitCode.DONE
    predict("whole.csv")
    assert (reviews.parent / "out.csv").read_bytes() == (reviews.parent / "whole.csv").read_bytes()


def test_with_nothing_to_resume_a_run_starts_with_the_first_record(predict, reviews: Path) -> None:
    assert "there is no unfinished 'out.csv': starting with the first record" in predict("out.csv", "--resume").err
    assert "starting with the first" in predict("out.csv", "--resume").err  # the file is there, and complete


@pytest.mark.parametrize(
    ("then", "now", "difference"),
    [
        ((), ("--threshold", "0.7"), "was started without --threshold"),
        (("--threshold", "0.7"), (), "was started with --threshold 0.7"),
        (("--batch-size", "8"), ("--batch-size", "4"), "was started with --batch-size 8"),
        ((), ("--format", "jsonl"), "was started with --format csv"),
        ((), ("--keep", "id"), "was started with --keep stars"),
    ],
)
def test_other_options_are_an_error_that_loses_nothing(
    predict, stopped, reviews: Path, then: tuple[str, ...], now: tuple[str, ...], difference: str
) -> None:
    stopped("out.csv", 2, *then)
    before = {path: path.read_bytes() for path in reviews.parent.glob("out.*")}
    result = predict("out.csv", "--resume", *now)
    assert result.code == ExitCode.USAGE
    assert difference in result.err
    assert result.err.count("\n") == 1
    assert {path: path.read_bytes() for path in reviews.parent.glob("out.*")} == before
    assert predict("out.csv", "--resume", *then).code == ExitCode.DONE


def test_another_model_is_an_error(predict, stopped, tiny_bundle: Bundle) -> None:
    stopped("out.csv", 2)
    card = tiny_bundle.card
    write_card(tiny_bundle.directory, type(card)(**{**vars(card), "temperature": 2.0}))
    result = predict("out.csv", "--resume")
    assert result.code == ExitCode.USAGE
    assert "was started with another model" in result.err


def test_other_records_are_an_error_that_loses_nothing(predict, stopped, reviews: Path) -> None:
    predict("whole.csv")
    stopped("out.csv", 2)
    content = reviews.read_text()
    reviews.write_text(content.replace("great", "awful", 1))
    result = predict("out.csv", "--resume")
    assert result.code == ExitCode.USAGE
    assert "the input up to record 192 differs from that of '" in result.err
    assert result.err.count("\n") == 1
    reviews.write_text("")
    assert predict("out.csv", "--resume").code == ExitCode.USAGE
    reviews.write_text(content)
    assert predict("out.csv", "--resume").code == ExitCode.DONE
    assert (reviews.parent / "out.csv").read_bytes() == (reviews.parent / "whole.csv").read_bytes()


def test_records_that_were_added_after_the_answered_ones_are_answered(predict, stopped, reviews: Path) -> None:
    stopped("out.csv", 2)
    with reviews.open("a") as stream:
        stream.write('{"id": 1000, "stars": 1, "text": "great"}\n')
    assert predict("out.csv", "--resume").code == ExitCode.DONE
    predict("whole.csv")
    assert (reviews.parent / "out.csv").read_bytes() == (reviews.parent / "whole.csv").read_bytes()


def test_a_run_that_a_bad_row_stopped_can_be_resumed_when_it_is_corrected(predict, reviews: Path) -> None:
    predict("whole.csv")
    content = reviews.read_text()
    lines = content.splitlines(keepends=True)
    reviews.write_text("".join([*lines[:700], "no json\n", *lines[701:]]))
    result = predict("out.csv")
    assert result.code == ExitCode.USAGE
    assert "line 701 is not JSON" in result.err
    assert "stopped after 448 records" in result.err
    reviews.write_text(content)
    assert predict("out.csv", "--resume").code == ExitCode.DONE
    assert (reviews.parent / "out.csv").read_bytes() == (reviews.parent / "whole.csv").read_bytes()


def test_a_run_on_standard_input_can_be_resumed(run, stopped, predict, tiny_bundle: Bundle, reviews: Path) -> None:
    predict("whole.csv")
    stopped("out.csv", 3)
    result = run(
        "predict", "--model", str(tiny_bundle.directory), "-", "--input-format", "jsonl", "--id-column", "id",
        "--keep", "stars", "-o", str(reviews.parent / "out.csv"), "--resume", stdin=reviews.read_bytes(),
    )  # fmt: skip
    assert result.code == ExitCode.DONE
    assert (reviews.parent / "out.csv").read_bytes() == (reviews.parent / "whole.csv").read_bytes()


def test_two_runs_do_not_write_one_file(predict, stopped, reviews: Path) -> None:
    stopped("out.csv", 2)
    before = (reviews.parent / "out.csv.part").read_bytes()
    with FileLock(reviews.parent / "out.csv.part.lock"):
        result = predict("out.csv")
    assert result.code == ExitCode.USAGE
    assert "another run is writing" in result.err
    assert (reviews.parent / "out.csv.part").read_bytes() == before


def test_a_log_that_cannot_be_read_is_an_error_with_resume_and_nothing_without(
    predict, stopped, reviews: Path
) -> None:
    stopped("out.csv", 2)
    (reviews.parent / "out.csv.part.checkpoints").write_bytes(b"\0\0\0")
    result = predict("out.csv", "--resume")
    assert result.code == ExitCode.USAGE
    assert "has no readable checkpoint log" in result.err
    assert predict("out.csv").code == ExitCode.DONE


def test_a_partial_output_of_an_older_version_is_an_error_that_loses_nothing(predict, stopped, reviews: Path) -> None:
    stopped("out.csv", 2)
    log = reviews.parent / "out.csv.part.checkpoints"
    log.rename(reviews.parent / "out.csv.part.journal")
    before = (reviews.parent / "out.csv.part").read_bytes()
    assert "has no readable checkpoint log" in predict("out.csv", "--resume").err
    assert (reviews.parent / "out.csv.part").read_bytes() == before


def test_resume_needs_a_file(run, tiny_bundle: Bundle) -> None:
    result = run("predict", "--model", str(tiny_bundle.directory), "-", "--resume", stdin=b"great\n")
    assert result.code == ExitCode.USAGE
    assert "-o FILE" in result.err
