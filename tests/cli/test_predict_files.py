"""`imdbsent predict` on tables: what comes in, what goes out, and what is wrong with either."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from imdbsent import __version__
from imdbsent.bundle.bundle import Bundle
from imdbsent.errors import ExitCode
from imdbsent.reading.labeled import parse_rules, read_examples, read_labeled

TABLE = 'id,stars,text\na,5,great movie\nb,1,"awful,\nmovie"\nc,3,\n'


@pytest.fixture
def predict(run, tiny_bundle: Bundle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run `imdbsent predict` with the three-word model, in a folder of its own."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return lambda *arguments, stdin=b"": run("predict", "--model", str(tiny_bundle.directory), *arguments, stdin=stdin)


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_table_is_read_by_its_name_as_a_file_or_an_argument(predict) -> None:
    Path("a.csv").write_text(TABLE)
    for arguments in (["--file", "a.csv"], ["a.csv"]):
        result = predict(*arguments)
        assert result.code == ExitCode.DONE, result.err
        assert [line.split("\t")[::2] for line in result.out.splitlines()] == [
            ["positive", "great movie"],
            ["negative", r"awful,\nmovie"],
            ["", "[blank]"],
        ]
        assert result.err.startswith("3 texts read, 2 answered, 1 failed:")


def test_ids_and_columns_are_carried_through(predict) -> None:
    Path("a.csv").write_text(TABLE)
    result = predict("-f", "a.csv", "--id-column", "id", "--keep", "stars", "--keep", "text", "--format", "csv")
    found = rows(result.out)
    assert list(found[0]) == [
        "id", "label", "probability", "tokens", "truncated", "unknown", "problem", "stars", "input_text", "text"
    ]  # fmt: skip
    assert [(row["id"], row["label"], row["stars"], row["tokens"], row["problem"]) for row in found] == [
        ("a", "positive", "5", "2", ""),
        ("b", "negative", "1", "2", ""),
        ("c", "", "3", "0", "blank"),
    ]


@pytest.mark.parametrize("name", ["csv", "csv.gz", "csv.zst", "jsonl", "jsonl.gz", "parquet", "tsv"])
def test_standard_input_is_what_it_is_said_to_be(predict, name: str) -> None:
    records = [{"text": "great"}, {"text": "awful"}]
    if name.startswith("jsonl"):
        content = "".join(json.dumps(record) + "\n" for record in records).encode()
    elif name == "parquet":
        arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
        parquet.write_table(arrow.Table.from_pylist(records), "x")
        content = Path("x").read_bytes()
    else:
        content = b"text\ngreat\nawful\n"
    if name.endswith(".gz"):
        content = gzip.compress(content)
    if name.endswith(".zst"):
        arrow = pytest.importorskip("pyarrow", reason="zstd needs pyarrow")
        content = arrow.compress(content, codec="zstd", asbytes=True)
    result = predict("-", "--input-format", name, stdin=content)
    assert result.code == ExitCode.DONE, result.err
    assert [line.split("\t")[0] for line in result.out.splitlines()] == ["positive", "negative"]


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "tsv", "jsonl", "json", "parquet", "jsonl.zst"])
def test_a_file_has_the_rows_that_standard_output_would_have(predict, suffix: str) -> None:
    if suffix.endswith(("parquet", "zst")):
        pytest.importorskip("pyarrow", reason="Parquet and zstd need pyarrow")
    Path("a.csv").write_text(TABLE)
    result = predict("a.csv", "-o", f"out.{suffix}")
    assert (result.code, result.out) == (ExitCode.DONE, ""), result.err
    assert f"wrote 3 rows to out.{suffix}" in result.err
    if suffix == "parquet":
        again = predict("out.parquet", "--format", "csv")
        assert [row["text"] for row in rows(again.out)] == ["great movie", "awful,\nmovie", ""]
        return
    content = Path(f"out.{suffix}").read_bytes()
    if suffix.endswith("gz"):
        content = gzip.decompress(content)
    if suffix.endswith("zst"):
        again = predict(f"out.{suffix}", "--format", "csv")
        assert len(rows(again.out)) == 3
        return
    assert content.decode() == predict("a.csv", "--format", suffix.split(".", maxsplit=1)[0]).out


def test_a_table_may_be_written_over_itself_with_everything_that_is_in_it(predict) -> None:
    Path("a.csv").write_text(TABLE)
    assert predict("a.csv", "-o", "a.csv", "--keep", "all").code == ExitCode.DONE
    found = rows(Path("a.csv").read_text())
    assert [(row["id"], row["stars"]) for row in found] == [("a", "5"), ("b", "1"), ("c", "3")]


@pytest.mark.parametrize(
    "options",
    [
        ["-o", "a.csv"],
        ["-o", "./a.csv", "--keep", "stars"],
        ["-o", "link.csv"],
        ["-o", "a.csv", "--keep", "all", "--only", "positive"],
        ["-o", "a.csv", "--sort", "uncertain"],
        ["--explain", "--html", "a.csv"],
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "./*.csv", "../work"])
def test_what_would_replace_a_table_that_is_read_is_refused(predict, options: list[str], name: str) -> None:
    Path("a.csv").write_text(TABLE)
    Path("link.csv").symlink_to("a.csv")
    result = predict("--file", name, *options)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert "is also read, and what is in it would be lost. Type: -" in result.err
    assert Path("a.csv").read_text() == TABLE


def test_results_of_results_keep_every_column(predict) -> None:
    Path("a.csv").write_text("label,text\npos,great movie\n")
    assert predict("a.csv", "--keep", "all", "-o", "b.csv").code == ExitCode.DONE
    assert predict("b.csv", "--keep", "all", "-o", "c.csv").code == ExitCode.DONE
    (row,) = rows(Path("c.csv").read_text())
    assert (row["label"], row["input_input_label"], row["input_label"]) == ("positive", "positive", "pos")


@pytest.mark.parametrize("name", ["v.csv.zip", "v.jsonl.zip"])
def test_a_zip_is_refused_before_the_work(predict, name: str) -> None:
    Path("a.csv").write_text(TABLE)
    result = predict("a.csv", "-o", name)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert f"Type: -o '{name.removesuffix('zip')}gz'" in result.err
    assert predict("a.csv", "-o", f"{name.removesuffix('zip')}gz").code == ExitCode.DONE


def test_a_category_of_pandas_is_kept_in_parquet(predict) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    kinds = arrow.array(["x", "y"]).dictionary_encode()
    parquet.write_table(arrow.table({"text": ["great movie", "awful"], "kind": kinds}), "a.parquet")
    assert predict("a.parquet", "--keep", "all", "-o", "b.parquet").code == ExitCode.DONE
    assert parquet.read_table("b.parquet").column("kind").to_pylist() == ["x", "y"]


def test_the_table_of_a_terminal_has_the_id_and_what_is_kept(predict) -> None:
    Path("a.csv").write_text(TABLE)
    out = predict("a.csv", "--format", "table", "--id-column", "id", "--keep", "stars").out
    assert "stars" in out
    assert [line.split("│")[1].strip() for line in out.splitlines() if line.startswith("│")] == ["a", "b", "c"]


def damaged_gzip() -> bytes:
    content = gzip.compress("".join(f"{random.Random(i).random()} great\n" for i in range(20_000)).encode())
    return content[: len(content) // 2]


def half_parquet() -> bytes:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    stream = io.BytesIO()
    parquet.write_table(arrow.table({"text": ["great"] * 1000}), stream)
    return stream.getvalue()[: len(stream.getvalue()) // 2]


BAD_FILES: list[tuple[str, Any, list[str], list[str]]] = [
    ("a.txt.gz", damaged_gzip, [], ["after line ", "ended before the end-of-stream marker"]),
    ("a.parquet", half_parquet, [], ["a.parquet", "footer"]),
    ("a.csv", "text,n\ngreat,1\nawful\n", [], ["line 3 has 1 field, the header has 2", "--skip-bad"]),
    ("a.csv", 'text\ngreat\n"awful\n', [], ["line 3: a quotation mark opens a field that does not end"]),
    ("a.jsonl", '{"text": "great"}\nawful\n', [], ["line 2 is not JSON", "--skip-bad"]),
    ("a.csv", "who,when\ngreat,now\n", [], ["no column 'text' (there are: who, when)", "--text-column who"]),
    ("a.jsonl", '{"text": "great"}\n{"body": 1}\n', [], ["line 2 has no column 'text' (there are: body)"]),
    ("a.csv", "id,text\n1,great\n1,awful\n", ["--id-column", "id"], ["line 3 has the id '1', which line 2 of 'a.csv'"]),
    ("a.csv", "text\n", ["--keep", "stars"], ["no column 'stars' (there are: text)", "--keep text"]),
]


@pytest.mark.parametrize(("name", "content", "options", "parts"), BAD_FILES)
def test_a_bad_file_is_one_line_with_the_row_and_the_output_is_as_it_was(
    predict, name: str, content: Any, options: list[str], parts: list[str]
) -> None:
    data = content() if callable(content) else content.encode()
    Path(name).write_bytes(data)
    Path("out.csv").write_text("old")
    result = predict("--file", name, *options, "-o", "out.csv")
    assert result.code == ExitCode.USAGE, result
    assert result.out == ""
    *notes, error = result.err.splitlines()
    for part in parts:
        assert part in error
    assert Path("out.csv").read_text() == "old"
    left = set(os.listdir()) - {name, "out.csv"}
    if notes:  # records answered before the damage are kept, to be resumed
        assert "the results are in 'out.csv.part'" in " ".join(notes)
        assert left == {"out.csv.part", "out.csv.part.checkpoints"}
    else:
        assert left == set()
    assert len(notes) <= 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "text,n\n" + "great,1\n" * 300 + "awful\n"),
        ("a.jsonl", '{"text": "great"}\n' * 300 + "{oops\n"),
        ("a.csv", "text\n" + "great\n" * 300 + '"open'),
    ],
)
def test_what_came_before_a_bad_row_is_out_before_the_error(predict, name: str, content: str) -> None:
    Path(name).write_text(content)
    result = predict("--file", name)
    assert result.code == ExitCode.USAGE
    assert result.out.count("\n") == 300
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("index", [2, 3, 4, 6, 7])
def test_with_skip_bad_a_bad_row_is_a_row_with_its_reason(predict, index: int) -> None:
    name, content, options, parts = BAD_FILES[index]
    Path(name).write_text(content)
    result = predict("--file", name, *options, "--skip-bad", "--format", "csv")
    assert result.code == ExitCode.DONE, result.err
    first, failed = rows(result.out)
    assert (first["label"], first["problem"]) == ("positive", "")
    assert (failed["label"], failed["probability"]) == ("", "")
    assert parts[0] in failed["problem"]
    strict = predict("--file", name, *options, "--skip-bad", "--strict", "--format", "csv")
    assert (strict.code, strict.out) == (ExitCode.RECORDS_FAILED, result.out)


@pytest.mark.parametrize("index", [0, 1])
def test_what_cannot_be_read_on_is_an_error_with_skip_bad_too(predict, index: int) -> None:
    name, content, _, parts = BAD_FILES[index]
    Path(name).write_bytes(content() if callable(content) else content.encode())
    result = predict("--file", name, "--skip-bad")
    assert result.code == ExitCode.USAGE
    assert parts[0] in result.err


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file may grow beyond 64 kB: what a full disk is to a writer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_fills_is_one_line_and_the_output_is_as_it_was(predict, small_files: None) -> None:
    Path("out.csv").write_text("old")
    result = predict("-", "-o", "out.csv", stdin=b"great movie, awful movie\n" * 3_000)
    assert result.code == ExitCode.FAILED
    note, error = result.err.splitlines()
    assert "are in 'out.csv.part'; to resume, run the same command with --resume" in note
    assert error.startswith("imdbsent: cannot write the output: ")
    assert error.endswith("out.csv: File too large. Free some space, then run the same command again")
    assert Path("out.csv").read_text() == "old"
    assert sorted(os.listdir()) == ["out.csv", "out.csv.part", "out.csv.part.checkpoints"]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["a.csv", "--keep", "stars"], ["TSV has only label, probability and text", "--format csv"]),
        (["great", "--keep", "stars"], ["a TEXT has no columns"]),
        (["a.csv", "-o", "out"], ["does not say its format", "-o FILE.csv"]),
        (["a.csv", "-o", "none/out.csv"], ["no folder 'none'", "mkdir -p"]),
        (["a.csv", "-o", "out.csv", "--format", "table"], ["a table is for the terminal"]),
        (["-", "--input-format", "docx"], ["'docx' is not an input format", "--input-format"]),
        (["a.csv", "--keep", "stars", "--keep", "stars", "--format", "csv"], ["called 'stars'", "once"]),
    ],
)
def test_what_cannot_be_done_is_told_before_the_model_is_loaded(
    run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], parts: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text(TABLE)
    result = run("predict", *arguments)
    assert result.code == ExitCode.USAGE
    assert (result.out, result.err.count("\n")) == ("", 1), result.err
    for part in parts:
        assert part in result.err


def test_results_say_which_model_made_them(predict, tiny_bundle: Bundle) -> None:
    Path("a.csv").write_text("id,model,text\na,mine,great movie\nb,yours,\n")
    ask = ["a.csv", "--id-column", "id", "--keep", "model", "--add-columns", "model, version,sha256"]
    facts = (tiny_bundle.card.name, str(tiny_bundle.card.version), tiny_bundle.sha256)
    found = rows(predict(*ask, "--format", "csv").out)
    assert list(found[0])[-5:] == ["input_model", "model", "version", "sha256", "text"]
    assert [(row["model"], row["version"], row["sha256"]) for row in found] == [facts, facts]  # the blank one as well
    assert [row["input_model"] for row in found] == ["mine", "yours"]
    for line in predict(*ask, "--format", "jsonl").out.splitlines():
        assert json.loads(line)["version"] == tiny_bundle.card.version
    table = predict("great movie", "--add-columns", "version", "--format", "table").out
    assert "│ version │" in table.replace("┃", "│")
    explained = predict("great movie", "--add-columns", "model", "--explain", "--format", "jsonl")
    assert json.loads(explained.out)["model"] == tiny_bundle.card.name


def test_what_cannot_be_added_is_refused(predict) -> None:
    unknown = predict("great movie", "--add-columns", "model,date")
    assert unknown.code == ExitCode.USAGE
    assert unknown.err.endswith("no column 'date' to add. Type: --add-columns model,version,sha256\n")
    tsv = predict("great movie", "--add-columns", "model", "--format", "tsv")
    assert tsv.code == ExitCode.USAGE
    assert tsv.err.endswith("--keep or --add-columns. Type: --format csv\n")


@pytest.mark.parametrize("way", [[], ["--workers", "2"], ["--resume"]])
def test_parquet_says_which_model_and_options_made_it(predict, tiny_bundle: Bundle, way: list[str]) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    Path("a.csv").write_text(TABLE)
    assert predict("a.csv", "-o", "out.parquet", "--neutral", "0.4:0.6", "--add-columns", "version", *way).code == 0
    found = {key.decode(): value.decode() for key, value in parquet.read_metadata("out.parquet").metadata.items()}
    assert found["imdbsent.model"] == tiny_bundle.card.name
    assert found["imdbsent.model_version"] == str(tiny_bundle.card.version)
    assert found["imdbsent.sha256"] == tiny_bundle.sha256
    assert found["imdbsent.version"] == __version__
    assert json.loads(found["imdbsent.options"])["--neutral"] == "0.4:0.6"
    assert parquet.read_table("out.parquet")["version"].to_pylist() == [tiny_bundle.card.version] * 3


def test_a_run_is_not_resumed_with_other_columns_about_the_model(predict) -> None:
    Path("a.csv").write_text("text\n" + "great\n" * 200 + '"never closed')
    assert predict("a.csv", "-o", "out.csv", "--add-columns", "model").code == ExitCode.USAGE
    assert "was started with --add-columns model" in predict("a.csv", "-o", "out.csv", "--resume").err


POOL = """id,body,shop,label
1,great great movie,a,
2,great awful,b,1
3,"great  awful
movie",c,
4,,d,
5,great  awful,e,
6,"a ""movie"", awful",f,
7,zebra,g,
8,=great,h,
"""
"""Texts to label: one has a label already, two are the same, and two have no verdict."""


@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl", "json", "csv.gz", "parquet"])
def test_texts_to_label_are_a_file_that_training_reads(predict, suffix: str, caplog: pytest.LogCaptureFixture) -> None:
    if suffix == "parquet":
        pytest.importorskip("pyarrow", reason="pyarrow is not installed in the light environment")
    caplog.set_level("INFO")
    Path("pool.csv").write_text(POOL)
    arguments = ("pool.csv", "--text-column", "body", "--sort", "uncertain", "--id-column", "id", "--keep", "shop")
    result = predict(*arguments, "--keep", "label", "-o", f"to_label.{suffix}")
    assert result.code == ExitCode.DONE, result.err
    assert "wrote 5 rows to" in result.err
    assert f"the column 'label', then type: imdbsent train to_label.{suffix}\n" in result.err
    (labeled,) = read_examples(f"to_label.{suffix}", parse_rules(), allow_blank=False, allow_one_class=True)
    assert (labeled.text, labeled.label) == ("great awful", 1)
    assert "4 rows of" in caplog.messages[-1]
    texts = [one.text for one in read_labeled(f"to_label.{suffix}")]
    assert sorted(texts) == sorted(
        ["great great movie", "great awful", "great  awful\nmovie", 'a "movie", awful', "=great"]
    )


def test_texts_to_label_have_the_verdict_beside_an_empty_label_and_the_least_certain_come_first(predict) -> None:
    Path("pool.csv").write_text(POOL)
    arguments = ("pool.csv", "--text-column", "body", "--sort", "uncertain", "--safe-csv")
    found = rows(predict(*arguments, "--format", "csv", "--add-columns", "model").out)
    assert list(found[0]) == ["label", "text", "verdict", "probability", "record", "model"]
    assert {row["label"] for row in found} == {""}
    distances = [abs(float(row["probability"]) - 0.5) for row in found]
    assert distances == sorted(distances)
    assert {row["verdict"] for row in found} == {"positive", "negative"}
    assert {(row["text"], row["record"]) for row in found} >= {("'=great", "8"), ("great awful", "2")}
    top = list(csv.reader(io.StringIO(predict(*arguments, "--top", "2").out, newline=""), delimiter="\t"))
    assert top[0] == ["label", "text", "verdict", "probability", "record"]
    assert [row[-1] for row in top[1:]] == ["2", "3"]


def test_texts_that_have_a_label_come_last_and_keep_it_when_a_file_is_written_over_itself(predict) -> None:
    Path("pool.csv").write_text(POOL)
    arguments = ("--sort", "uncertain", "-o", "labels.csv")
    assert predict("pool.csv", "--text-column", "body", "--id-column", "id", *arguments).code == ExitCode.DONE
    first = rows(Path("labels.csv").read_text())
    assert first[0]["label"] == ""
    lines = Path("labels.csv").read_text().replace("\n" + first[0]["id"] + ",,", "\n" + first[0]["id"] + ",positive,")
    Path("labels.csv").write_text(lines)
    assert predict("labels.csv", "--id-column", "id", "--keep", "label", *arguments).code == ExitCode.DONE
    again = rows(Path("labels.csv").read_text())
    assert [row["id"] for row in again] == [row["id"] for row in [*first[1:], first[0]]]
    assert [row["label"] for row in again] == [""] * (len(first) - 1) + ["positive"]


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--resume", "-o", "a.csv"], "--sort cannot be combined with --resume"),
        (["--engine", "ray", "-o", "out/"], "--sort cannot be combined with --engine ray"),
        (["--explain", "-o", "a.jsonl"], "cannot hold explanations. Type: the command without --explain"),
    ],
)
def test_what_texts_to_label_cannot_be_combined_with_is_one_line(predict, options: list[str], part: str) -> None:
    Path("pool.csv").write_text(POOL)
    result = predict("pool.csv", "--text-column", "body", "--sort", "uncertain", *options)
    assert result.code == ExitCode.USAGE
    assert part in result.err
    assert result.err.count("\n") == 1


def test_texts_to_label_are_the_same_with_any_number_of_workers(predict) -> None:
    texts = [f"{'great ' * (i % 7)}movie {'awful ' * (i % 5)}" for i in range(3_000)]
    Path("pool.txt").write_text("\n".join(texts) + "\n")
    one, two = (predict("pool.txt", "--sort", "uncertain", "--workers", n, "--format", "csv").out for n in "12")
    assert one == two
    assert len(rows(one)) == 35


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["-o", "u.csv", "--summary", "./u.csv"], "is what -o writes, too. Type: --summary with another name"),
        (["-o", "u.csv", "--resume", "--summary", "u.csv.part"], "is what -o writes, too"),
        (["-o", "u.csv", "--summary", "a.csv"], "'a.csv' is also read"),
        (["-o", "u.csv", "--file", "../work", "--summary", "a.csv"], "'a.csv' is also read"),
        (["--explain", "-o", "u.jsonl", "--html", "u.jsonl"], "Type: --html with another name"),
        (["--explain", "--html", "u.html", "--summary", "u.html"], "is what --html writes, too"),
    ],
)
def test_no_file_of_a_run_replaces_another_one_of_it(predict, options: list[str], part: str) -> None:
    Path("a.csv").write_text(TABLE)
    result = predict("a.csv", *options)
    assert (result.code, result.out) == (ExitCode.USAGE, "")
    assert part in result.err
    assert {path.name for path in Path().iterdir()} == {"a.csv"}


def test_a_file_of_the_shell_is_not_replaced_by_a_summary(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(TABLE)
    command = [sys.executable, "-m", "imdbsent", "predict", "--model", str(tiny_bundle.directory)]
    with (tmp_path / "night.log").open("wb") as log:
        log.write(b"of yesterday\n")
        log.flush()
        arguments = [str(tmp_path / "a.csv"), "-o", str(tmp_path / "b.csv"), "--summary", "/dev/stderr"]
        done = subprocess.run([*command, *arguments], stderr=log, check=False)
    assert done.returncode == ExitCode.USAGE
    first, second = (tmp_path / "night.log").read_text().splitlines()
    assert first == "of yesterday"
    assert "is a file that the shell has opened" in second


@pytest.mark.parametrize("name", ["out.csv", "out.csv.gz", "out.parquet"])
def test_a_file_that_is_replaced_keeps_its_permissions(predict, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    Path("a.csv").write_text(TABLE)
    Path(name).touch(mode=0o600)
    assert predict("a.csv", "-o", name).code == ExitCode.DONE
    assert Path(name).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("options", [[], ["--log-format", "json"], ["-o", "out.csv"]])
@pytest.mark.parametrize("errors", ["gone", "/dev/full"])
def test_who_no_longer_reads_the_messages_stops_no_work(
    tiny_bundle: Bundle, tmp_path: Path, options: list[str], errors: str
) -> None:
    (tmp_path / "a.csv").write_text("text\n" + "great movie\n" * 3_000)
    command = [sys.executable, "-m", "imdbsent", "predict", "--model", str(tiny_bundle.directory), "a.csv"]
    command += ["--progress-interval", "0.01", "--summary", "run.json", "--format", "csv", *options]
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer if errors == "gone" else errors, "wb") as stream:  # noqa: PTH123 (it may be a descriptor)
        done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=stream, check=False)
        missing = subprocess.run([*command[:4], "nowhere.csv"], cwd=tmp_path, stderr=stream, check=False)
    assert done.returncode == ExitCode.DONE
    out = (tmp_path / "out.csv").read_bytes() if "-o" in options else done.stdout
    assert out.count(b"\n") == 3_001
    assert json.loads((tmp_path / "run.json").read_text())["rows"]["written"] == 3_000
    assert missing.returncode == ExitCode.USAGE
