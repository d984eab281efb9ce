from __future__ import annotations

import csv
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.bundle.card import MODEL
from imdbsent.errors import ExitCode
from imdbsent.models import store


@pytest.fixture
def predict(run, tiny_bundle: Bundle):
    """Run `imdbsent predict` with the three-word model."""
    return lambda *arguments, stdin=b"": run("predict", "--model", str(tiny_bundle.directory), *arguments, stdin=stdin)


def labels(result) -> list[str]:
    assert result.code == ExitCode.DONE, result.err
    return [line.split("\t")[0] for line in result.out.splitlines()]


def test_arguments_get_a_table_even_in_a_pipe(predict) -> None:
    result = predict("great movie", "awful")
    assert result.code == ExitCode.DONE
    assert "positive" in result.out
    assert "great movie" in result.out
    assert "█" in result.out
    assert "\x1b" not in result.out
    assert result.err == ""


def test_standard_input_in_a_pipe_gets_tsv_and_a_summary(predict) -> None:
    result = predict("-", stdin=b"great\nawful\nmovie\n")
    assert labels(result) == ["positive", "negative", "positive"]
    assert result.err.startswith("3 texts read, 3 answered, 0 failed: 2 positive (66.7%), 1 negative")


def test_without_arguments_a_pipe_is_read(predict) -> None:
    assert labels(predict(stdin=b"awful\n")) == ["negative"]


def test_texts_stdin_and_files_come_in_order(predict, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("great a\n")
    (tmp_path / "b").write_text("great b1\ngreat b2")
    result = predict(
        "great 1", "-", "great 2", "-f", str(tmp_path / "b"), "--file", str(tmp_path / "a"), "--format", "csv",
        stdin=b"great stdin\n",
    )  # fmt: skip
    texts = [row["text"] for row in csv.DictReader(io.StringIO(result.out))]
    assert texts == ["great 1", "great stdin", "great 2", "great b1", "great b2", "great a"]


@pytest.mark.parametrize(
    ("stdin", "expected"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"great\n\nawful\n", ["positive", "", "negative"]),
        (b"great\r\nawful\r\n", ["positive", "negative"]),
        (b"\xef\xbb\xbfgreat\nawful", ["positive", "negative"]),
        (b"great\nbad \xff byte\nawful\n", ["positive", "", "negative"]),
        (b"great\0\nnul \0 great\nawful\n", ["", "", "negative"]),
        ("😀 great\n😀\n".encode(), ["positive", ""]),
        (b"great " * 180_000 + b"\nawful\n", ["positive", "negative"]),
        (b"great \xed\xa0\x80\n", [""]),
    ],
)
def test_as_many_results_as_records_whatever_comes(predict, stdin: bytes, expected: list[str]) -> None:
    assert labels(predict("-", stdin=stdin)) == expected


def test_empty_input_says_so(predict) -> None:
    assert predict("-").err == "no texts were read\n"
    assert predict("-", "--format", "json").out == "[]\n"


def test_whole_takes_a_file_as_one_text(predict, tmp_path: Path) -> None:
    path = tmp_path / "review.txt"
    path.write_text("awful\nawful\ngreat great great\n")
    (record,) = json.loads(predict("--file", str(path), "--whole", "--format", "json").out)
    assert record["label"] == "positive"
    assert record["text"] == path.read_text()
    assert labels(predict("-", "--whole", stdin=b"great\ngreat\n")) == ["positive"]


def test_a_text_that_is_the_name_of_a_file_is_refused_with_both_commands(
    predict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("great movie").write_text("awful")
    Path("great").mkdir()
    for name in ("great movie", "great"):
        result = predict(name)
        assert (result.code, result.out, result.err.count("\n")) == (ExitCode.USAGE, "", 1)
        assert "--file" in result.err
        assert "--text" in result.err
    assert labels(predict("--text", "great movie", "--format", "tsv")) == ["positive"]
    assert labels(predict("--file", "great movie")) == ["negative"]


def test_names_of_files_are_read_in_order_and_never_judged(
    predict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("one.txt").write_text("great\n")
    Path("two.txt").write_text("awful\n")
    Path("three.csv").write_text("text\nmovie\n")
    Path("comments").mkdir()
    Path("comments/a.txt").write_text("great\nmovie\n")
    Path("comments/b.csv").write_text("text\nawful\ngreat\n")
    for arguments in (["one.txt", "two.txt"], ["-f", "one.txt", "two.txt"], ["./one.txt", "-f", "two.txt"]):
        assert sorted(labels(predict(*arguments))) == ["negative", "positive"]
    assert labels(predict("-f", "one.txt", "two.txt")) == ["positive", "negative"]
    assert labels(predict("*.txt")) == ["positive", "negative"]
    assert labels(predict("./comments/")) == ["positive", "negative", "positive"]
    assert labels(predict("three.csv", "--text", "awful")) == ["positive", "negative"]


@pytest.mark.parametrize("name", ["revews.csv", "reviews.cvs", "nowhere/", "./notes", "*.jsonl", "report.pdf"])
def test_a_name_of_nothing_is_an_error_and_no_text(
    predict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = predict(name, "--format", "jsonl")
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.USAGE, "", 1)
    assert f"{name!r}: no such file or folder" in result.err
    assert f"imdbsent predict --text {shlex.quote(name)}" in result.err


def test_texts_that_look_like_options_come_after_a_double_dash(predict) -> None:
    result = predict("--format", "jsonl", "--", "--great", "-x awful")
    assert [json.loads(line)["text"] for line in result.out.splitlines()] == ["--great", "-x awful"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["-1 star, awful"],
        ["-great movie"],
        ["-fine movie, great"],
        ["--great movie"],
        ["--format", "jsonl", "-awful"],
        ["great", "-5 stars"],
        ["-1/10"],
    ],
)
def test_a_text_that_begins_with_a_dash_gets_the_command_that_works(predict, arguments: list[str]) -> None:
    text = next(one for one in arguments if one.startswith("-") and one != "--format")
    result = predict(*arguments)
    assert (result.code, result.out, result.err.count("\n")) == (ExitCode.USAGE, "", 1)
    assert f"imdbsent predict -- {shlex.quote(text)}" in result.err
    again = predict("--format", "tsv", "--", text)
    assert (again.code, again.out.count("\n")) == (ExitCode.DONE, 1)
    assert labels(predict("--format", "tsv", "--text", "-5 stars, great")) == ["positive"]
    assert labels(predict("--format", "tsv", "--text=-5 stars, great")) == ["positive"]


def test_what_comes_after_a_double_dash_is_a_text(
    predict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("great.csv").write_text("text\nawful\n")
    result = predict("great.csv", "--format", "jsonl", "--", "great.csv", "-", "great/awful")
    assert [json.loads(line)["text"] for line in result.out.splitlines()] == ["awful", "great.csv", "-", "great/awful"]


def test_an_option_that_is_mistyped_is_told_as_one(predict) -> None:
    result = predict("great", "--formt", "csv")
    assert result.code == ExitCode.USAGE
    assert "--format" in result.err


def test_all_columns_are_kept_in_their_order(predict, tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("stars;text;site\n5;great;x\n1;awful;y\n")
    result = predict(str(path), "--keep", "all", "--format", "csv")
    found = list(csv.DictReader(io.StringIO(result.out)))
    assert [[row[name] for name in ("stars", "site", "label")] for row in found] == [
        ["5", "x", "positive"],
        ["1", "y", "negative"],
    ]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (b"5|great\n1|awful\n", ["--no-header", "--delimiter", "pipe", "--text-column", "2", "--input-format", "csv"]),
        ("text\ngreat café\nawful\n".encode("cp1252"), ["--encoding", "cp1252", "--input-format", "csv"]),
        (b'text\tn\n"great\t1\nawful"\t2\n', ["--quoting", "none", "--input-format", "tsv"]),
        (b'[{"user": {"said": "great"}}, {"user": {"said": "awful"}}]', ["--text-column", "user.said"]),
        (b"Review,n\ngreat,1\nawful,2\n", ["--text-column", "review"]),
        (b"great\nawful\n", ["--input-format", "txt"]),
    ],
)
def test_every_input_option_reaches_the_reader(predict, tmp_path: Path, content: bytes, options: list[str]) -> None:
    path = tmp_path / "texts"
    path.write_bytes(content)
    assert labels(predict("-f", str(path), *options)) == ["positive", "negative"]
    assert labels(predict("-", *options, stdin=content)) == ["positive", "negative"]


def test_what_was_written_as_json_is_read_again(predict, tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    assert predict("great", "awful", "-o", str(path)).code == ExitCode.DONE
    assert labels(predict(str(path))) == ["positive", "negative"]


def test_strict_fails_after_writing_every_row(predict) -> None:
    result = predict("-", "--strict", stdin=b"great\n\n")
    assert result.code == ExitCode.RECORDS_FAILED
    assert len(result.out.splitlines()) == 2
    assert "1 of 2 texts got no verdict" in result.err
    assert predict("-", "--strict", stdin=b"great\n").code == ExitCode.DONE


def test_quiet_says_nothing_on_standard_error(predict) -> None:
    assert predict("-", "-q", stdin=b"great\n").err == ""


def test_the_threshold_moves_the_label(predict) -> None:
    assert labels(predict("-", "--threshold", "1", stdin=b"great\n")) == ["negative"]


def test_the_batch_size_changes_no_verdict(predict) -> None:
    stdin = b"great\nawful movie\nmovie\n" * 30
    assert predict("-", "--batch-size", "1", stdin=stdin).out == predict("-", "--batch-size", "64", stdin=stdin).out


def test_what_could_steer_the_terminal_is_shown_and_not_sent(predict) -> None:
    result = predict("great \x1b[31mred\x1b[0m [bold]x[/bold] \u202e reversed \u009b")
    assert "\x1b" not in result.out
    assert r"\x1b[31mred" in result.out
    assert "[bold]x[/bold]" in result.out
    assert r"\u202e" in result.out
    assert r"\x9b" in result.out


def test_color_is_there_when_forced_and_gone_when_unwanted(predict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32m" in predict("great").out
    assert "\x1b[32m" not in predict("great", "--no-color").out
    assert "\x1b" not in predict("-", "--format", "tsv", stdin=b"great\n").out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in predict("great").out


def test_a_table_of_many_comes_page_by_page(predict, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINES", "24")
    result = predict("-", "--format", "table", stdin=b"great\n" * 50)
    assert result.out.count("verdict") == 3
    assert result.out.count("positive │") == 50


@pytest.mark.parametrize("columns", ["34", "40", "60"])
@pytest.mark.parametrize("stdin", [b"", b"great movie\nawful\n"])
def test_a_narrow_table_keeps_its_text(
    predict, monkeypatch: pytest.MonkeyPatch, columns: str, stdin: bytes
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    out = predict(*(["-", "--format", "table"] if stdin else ["great movie", "awful"]), stdin=stdin).out
    assert all(len(line) <= int(columns) for line in out.splitlines())
    assert "awful" in out
    assert "great" in out
    assert "positive" in out
    assert ("█" in out) == (columns == "60")


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (["--file", "missing.txt"], ExitCode.USAGE, "no such file"),
        (["--file", "."], ExitCode.USAGE, "holds no files of texts"),
        (["--model", "nowhere", "great"], ExitCode.MISSING, "no model 'nowhere'"),
        (["--model", "./nowhere", "great"], ExitCode.MISSING, "no model './nowhere'"),
        (["--model", ".", "great"], ExitCode.NETWORK_OR_INTEGRITY, "card.json: No such file"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_nothing_is_written(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: ExitCode, reason: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("predict", *arguments)
    assert result.code == code
    assert result.out == ""
    assert result.err.count("\n") == 1
    assert reason in result.err
    assert "imdbsent" in result.err.removeprefix("imdbsent:") or code == ExitCode.NETWORK_OR_INTEGRITY


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret.txt"
    path.write_text("great")
    path.chmod(0)
    return path


def test_a_file_one_may_not_read_is_told(run, secret: Path, unprivileged: None) -> None:
    result = run("predict", "--file", str(secret))
    assert result.code == ExitCode.USAGE
    assert "Permission denied" in result.err
    assert result.err.count("\n") == 1


def test_a_damaged_model_in_the_data_directory_names_the_way_out(run, home: Path, tiny_bundle: Bundle) -> None:
    model = Path(shutil.copytree(tiny_bundle.directory, home / "models" / "mine"))
    (model / MODEL).write_bytes(b"damaged")
    result = run("predict", "--model", "mine", "great")
    assert result.code == ExitCode.NETWORK_OR_INTEGRITY
    assert result.err.count("\n") == 1
    assert "Type: imdbsent models remove mine, then install or train it again" in result.err


def test_the_first_run_says_where_the_model_went(
    run, tiny_bundle: Bundle, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PRETRAINED", tmp_path / "wheel")
    shutil.copytree(tiny_bundle.directory, tmp_path / "wheel" / "flagship")
    assert run("predict", "great").err == f"installed the model 'flagship' in {home / 'models' / 'flagship'}\n"
    assert run("predict", "great").err == ""


def test_off_a_terminal_a_model_that_could_be_trained_is_an_error_with_the_command(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PRETRAINED", tmp_path / "wheel")
    result = run("predict", "great")
    assert result.code == ExitCode.MISSING
    assert "imdbsent train --recipe flagship --name flagship" in result.err


def in_process(
    *arguments: str, before: str = "", after: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run a command line in a process of its own, from a shell."""
    command = shlex.join([sys.executable, "-m", "imdbsent", *arguments])
    environment = {**os.environ, **variables}
    return subprocess.run(
        ["bash", "-c", f"{before} {command} {after}"],
        env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    "arguments",
    [["predict", "great"], ["predict", "great", "--explain"], ["models", "list"], ["models", "path"], ["check"]],
)
def test_a_closed_standard_output_is_told_in_a_line(tiny_bundle: Bundle, arguments: list[str]) -> None:
    result = in_process(*arguments, after=">&-", IMDBSENT_MODEL=str(tiny_bundle.directory))
    assert result.returncode == ExitCode.FAILED
    assert result.stderr.startswith("imdbsent: cannot write the output: standard output is closed")
    assert result.stderr.count("\n") == 1


def test_with_a_closed_standard_output_a_file_is_written(tiny_bundle: Bundle, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    result = in_process("predict", "great", "-o", str(out), after=">&-", IMDBSENT_MODEL=str(tiny_bundle.directory))
    assert result.returncode == ExitCode.DONE, result.stderr
    assert out.read_text().count("\n") == 2


def test_little_memory_is_no_damaged_model(tiny_bundle: Bundle) -> None:
    for kilobytes in (60_000, 150_000, 180_000, 210_000):
        before = f"export OPENBLAS_NUM_THREADS=1; ulimit -v {kilobytes};"
        result = in_process("predict", "great", before=before, IMDBSENT_MODEL=str(tiny_bundle.directory))
        assert "cannot be used" not in result.stderr
        assert "unexpected" not in result.stderr
        assert "Traceback" not in result.stderr


def test_help_into_a_reader_that_goes_ends_quietly() -> None:
    for arguments in (["--help"], ["predict", "--help"]):
        result = in_process(*arguments, after="| head -1; exit ${PIPESTATUS[0]}")
        assert (result.returncode, result.stderr) == (ExitCode.DONE, "")


def test_without_a_home_and_a_name_the_model_of_the_package_answers(
    run, tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "PRETRAINED", tmp_path / "wheel")
    shutil.copytree(tiny_bundle.directory, tmp_path / "wheel" / "flagship")
    for name in ("HOME", "IMDBSENT_HOME", "USER", "LOGNAME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    pwd = pytest.importorskip("pwd", reason="Windows has no names of user ids")

    def nameless(_number: int) -> None:
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", nameless)
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    result = run("predict", "great", "--format", "tsv")
    assert labels(result) == ["positive"]
    assert "answering from the package" in result.err
    assert sorted(tmp_path.iterdir()) == before


def test_a_dash_as_the_output_is_standard_output(run, tiny_bundle: Bundle, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = run("predict", "great movie", "--model", str(tiny_bundle.directory), "-o", "-", "--format", "csv")
    assert result.code == ExitCode.DONE, result.err
    assert result.out.splitlines()[0].startswith("label,probability")
    assert not Path("-").exists()
