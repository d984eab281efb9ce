from __future__ import annotations

import gzip
import io
import os
import re
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from imdbsent.errors import ExitCode, ImdbsentError, InputUnreadable, RowUnreadable, UsageProblem
from imdbsent.reading.inputs import Inputs, Source, find_sources
from imdbsent.reading.options import ReadOptions
from imdbsent.records import Record

WITH_ID = ReadOptions(id_column="id", kept=("stars",))


def inputs(files: list[Path], options: ReadOptions | None = None) -> Inputs:
    return Inputs([Source(file=str(file)) for file in files], options)


def records(files: list[Path], options: ReadOptions | None = None) -> list[Record]:
    return list(inputs(files, options).records())


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_texts_lines_and_tables_come_in_order(tmp_path: Path) -> None:
    lines = write(tmp_path / "a", "line\n")
    packed = write(tmp_path / "b.gz", gzip.compress(b"packed\n"))
    table = write(tmp_path / "c.csv", "stars,text\n5,row\n")
    sources = [Source(text="text"), *(Source(file=str(file)) for file in (table, lines, packed))]
    found = list(Inputs(sources).records())
    assert [record.text for record in found] == ["text", "row", "line", "packed"]
    assert [record.number for record in found] == [None, 2, 1, 1]


def test_ids_and_kept_columns_are_what_the_file_holds(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"id": 7, "text": "x", "stars": [1]}\n{"text": null, "id": null}\n')
    assert records([path], WITH_ID) == [Record("x", None, 7, 1, ([1],)), Record("", None, None, 2, (None,))]


@pytest.mark.parametrize("kept", [("all",), ("3", "4"), ("city", "stars")])
def test_the_columns_of_a_later_table_are_found_by_name_wherever_they_are(
    tmp_path: Path, kept: tuple[str, ...]
) -> None:
    one = write(tmp_path / "a.csv", "id,text,city,stars\n1,x,Rome,5\n")
    other = write(tmp_path / "b.jsonl", '{"stars": 1, "text": "y", "id": 2, "city": "Oslo"}\n')
    found = records([one, other], ReadOptions(id_column="id", kept=kept))
    assert [record.kept for record in found] == [("Rome", "5"), ("Oslo", 1)]


def test_what_a_later_table_lacks_is_null_and_what_it_has_more_is_said(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = write(tmp_path / "a.csv", "text,city,stars\nx,Rome,5\n")
    files = [
        write(tmp_path / "b.csv", "country,text,stars\nItaly,y,1\n"),
        write(tmp_path / "c.jsonl", '{"text": "z"}\n{"text": "w", "city": "Oslo"}\n'),
    ]
    found = records([first, *files], ReadOptions(kept=("all",)))
    assert [record.kept for record in found] == [("Rome", "5"), (None, "1"), (None, None), ("Oslo", None)]
    told = [message.partition("' ")[2] for message in caplog.messages if re.search(" also has | lacks ", message)]
    assert told == [
        "lacks city: its rows have no value there",
        "also has country, which is not copied",
    ]


@pytest.mark.parametrize("kept", [("all",), ("id", "stars")])
def test_a_key_that_the_first_object_lacks_is_kept_too(tmp_path: Path, kept: tuple[str, ...]) -> None:
    path = write(tmp_path / "a.jsonl", '{"id": 1, "text": "x"}\n{"id": 2, "text": "y", "stars": 1}\n')
    assert [record.kept for record in records([path], ReadOptions(kept=kept))] == [(1, None), (2, 1)]


def test_a_folder_is_read_without_the_locks_of_office(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "text\nx\n")
    write(tmp_path / "~$b.xlsx", b"lock")
    assert find_sources((), [str(tmp_path)]) == [Source(file=str(tmp_path / "a.csv"))]


def test_whole_no_file_is_a_table(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "text\nx\n")
    packed = write(tmp_path / "a.txt.gz", gzip.compress(b"one\ntwo\n"))
    assert [record.text for record in records([path, packed], ReadOptions(whole=True))] == ["text\nx\n", "one\ntwo\n"]


def test_the_format_that_is_named_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.txt", "text\nx\n")
    assert [record.text for record in records([path], ReadOptions(input_format="csv"))] == ["x"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(gzip.compress(b'{"text": "x"}\n'))))
    assert [record.text for record in records([Path("-")], ReadOptions(input_format="ndjson.gz"))] == ["x"]


FIRST, LAST = '{"id": 1, "text": "a", "stars": 5}\n', '\n{"id": 3, "text": "c"}\n'
BAD = [
    ("a.csv", "id,text,stars\n1,a,5\n2,b\n3,c,5\n", "line 3 has 2 fields, the header has 3"),
    ("a.csv", 'id,text,stars\n1,a,5\n"2"x,b,\n3,c,5\n', "line 3: ',' expected after '\"'"),
    ("a.csv", "id,text,stars\n1,a,5\n1,b,5\n3,c,5\n", "line 3 has the id '1', which line 2 of "),
    ("a.jsonl", f"{FIRST}{{oops{LAST}", "line 2 is not JSON"),
    ("a.jsonl", f'{FIRST}{{"id": 2}}{LAST}', "line 2 has no column 'text' (there are: id)"),
    ("a.jsonl", f'{FIRST}{{"text": "b"}}{LAST}', "line 2 has no column 'id' (there are: text)"),
    ("a.jsonl", f'{FIRST}{{"text": 7, "id": 2}}{LAST}', "line 2: 'text' is int, not a text"),
]


@pytest.mark.parametrize(("name", "content", "problem"), BAD)
def test_a_bad_row_ends_it_with_its_place_or_is_a_failed_record(
    tmp_path: Path, name: str, content: str, problem: str
) -> None:
    path = write(tmp_path / name, content)
    stream = inputs([path], WITH_ID).records()
    assert next(stream).text == "a"
    with pytest.raises(RowUnreadable) as caught:
        next(stream)
    assert problem in str(caught.value)
    assert str(path) in str(caught.value)
    assert "--skip-bad" in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE
    before, failed, after = records([path], replace(WITH_ID, skip_bad=True))
    assert (before.text, before.problem, after.text, after.problem) == ("a", None, "c", None)
    assert problem in str(failed.problem)


def test_an_id_must_not_come_twice_in_all_files_but_null_may(tmp_path: Path) -> None:
    one = write(tmp_path / "a.csv", "id,text\nx,a\n,b\n,c\n7,d\n")
    two = write(tmp_path / "b.jsonl", '{"id": 7, "text": "e"}\n')
    assert [record.id for record in records([one], ReadOptions(id_column="id"))] == ["x", None, None, "7"]
    with pytest.raises(RowUnreadable, match=r"line 1 has the id 7, which line 5 of '.*a.csv' has"):
        records([one, two], ReadOptions(id_column="id"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ReadOptions(text_column="body"),
            r"'.*b.csv' has no column 'body' \(there are: id, text\). Type: --text-column text",
        ),
        (ReadOptions(id_column="key"), "no column 'key'.*Type: --id-column (id|text)"),
        (ReadOptions(kept=("id", "stars")), "no column 'stars'.*Type: --keep (id|text)"),
    ],
)
def test_a_column_that_is_missing_is_found_before_the_work_in_whatever_file(
    tmp_path: Path, options: ReadOptions, message: str
) -> None:
    one = write(tmp_path / "a.csv", "id,text,body,key,stars\n1,a,a,1,5\n")
    two = write(tmp_path / "b.csv", "id,text\n1,a\n")
    with pytest.raises(UsageProblem, match=message):
        inputs([one, two], options)


def test_the_first_object_must_have_what_is_kept(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"text": "x"}\n')
    with pytest.raises(UsageProblem, match=r"line 1 of '.*a.jsonl' has no column 'stars'.*--keep text"):
        records([path], ReadOptions(kept=("stars",)))


def test_a_wrong_name_is_found_in_the_first_object(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"who": "x"}\n')
    with pytest.raises(UsageProblem, match=r"line 1 of '.*' has no column .text. .*--text-column who"):
        records([path])
    (failed,) = records([path], ReadOptions(skip_bad=True))
    assert failed.problem == "line 1 has no column 'text' (there are: who)"


def test_a_file_that_is_one_text_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="--whole"):
        inputs([write(tmp_path / "a", "text\n")], ReadOptions(whole=True, input_format="csv"))


def test_lines_and_texts_have_no_columns(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem, match="with one text per line, has no columns. Type: --input-format"):
        inputs([write(tmp_path / "a.txt", "x\n")], ReadOptions(id_column="id"))
    with pytest.raises(UsageProblem, match="a TEXT has no columns"):
        Inputs([Source(text="great movie")], ReadOptions(id_column="id"))


def test_a_table_without_rows_or_without_anything_has_no_records(tmp_path: Path) -> None:
    assert records([write(tmp_path / "a.csv", "text\n"), write(tmp_path / "b.csv", "")]) == []
    assert records([write(tmp_path / "a.jsonl", "\n"), write(tmp_path / "b.jsonl.gz", b"")]) == []


def test_bytes_that_are_not_utf_8_cost_a_row_its_verdict_and_no_more(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"text\ncaf\xe9\nfine\n")
    failed, fine = records([path])
    assert failed == Record("caf\ufffd", "line 2 is not valid UTF-8", number=2)
    assert fine == Record("fine", number=3)


def test_a_pipe_is_opened_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("text\nx\n",))
    writer.start()
    assert [record.text for record in records([pipe])] == ["x"]
    writer.join()


def test_half_a_compressed_file_of_lines_says_how_far_it_could_be_read(tmp_path: Path) -> None:
    lines = "".join(f"{i} {os.urandom(20).hex()}\n" for i in range(5_000)).encode()
    path = write(tmp_path / "a.txt.gz", gzip.compress(lines)[:-5000])
    with pytest.raises(InputUnreadable, match=r"after line [\d,]+: Compressed file ended"):
        records([path])


def test_types_are_those_that_all_tables_agree_on(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    for name, stars in (("a", arrow.int8()), ("b", arrow.int64())):
        columns = {"id": ["x" + name], "stars": arrow.array([5], stars), "text": ["t"]}
        parquet.write_table(arrow.table(columns), str(tmp_path / f"{name}.parquet"))
    one, both = ([tmp_path / f"{name}.parquet" for name in names] for names in ("a", "ab"))
    assert inputs(one, WITH_ID).types == {"id": arrow.string(), "stars": arrow.int8(), "text": arrow.string()}
    assert inputs(both, WITH_ID).types == {"id": arrow.string(), "text": arrow.string()}
    assert [record.kept for record in records(both, WITH_ID)] == [(5,), (5,)]


def test_a_parquet_column_of_another_type_is_no_text(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    parquet.write_table(arrow.table({"text": [7]}), str(tmp_path / "a.parquet"))
    with pytest.raises(ImdbsentError, match="row 1: 'text' is int, not a text"):
        records([tmp_path / "a.parquet"])
