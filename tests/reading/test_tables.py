from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import io
import random
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imdbsent.errors import ExitCode, InputUnreadable, UsageProblem
from imdbsent.reading.inputs import Inputs, Source
from imdbsent.reading.options import ReadOptions, format_of_name, parse_format
from imdbsent.reading.tables import Row, open_table

OBJECTS = b'{"id": 1, "text": "a \\"good\\", long\\nfilm"}\n\n{"id": 2, "text": "bad"}\n'
CSV = b'id,text\r\n1,"a ""good"", long\nfilm"\r\n\r\n2,bad\r\n'
TEXTS = ['a "good", long\nfilm', "bad"]


def rows(path: Path, content: bytes | None = None, **options: Any) -> list[Row]:
    if content is not None:
        path.write_bytes(content)
    file_format = format_of_name(path)
    assert file_format is not None
    return list(open_table(str(path), file_format, **options).rows())


def values(path: Path, content: bytes | None = None, **options: Any) -> list[dict[str, Any]]:
    read = rows(path, content, **options)
    assert [row.problem for row in read] == [None] * len(read)
    return [row.values for row in read]


def write_parquet(path: Path, columns: dict[str, Any], **options: Any) -> Path:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow.table(columns), str(path), **options)
    return path


def zstd(content: bytes) -> bytes:
    arrow = pytest.importorskip("pyarrow", reason="zstd needs pyarrow")
    return bytes(arrow.compress(content, codec="zstd", asbytes=True))


TSV = b"\xef\xbb\xbf" + CSV.replace(b",text", b"\ttext").replace(b"1,", b"1\t").replace(b"2,", b"2\t")


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", CSV), ("a.tsv", TSV), ("a.jsonl", OBJECTS), ("a.ndjson", OBJECTS)]
)
def test_each_format_gives_the_same_rows_compressed_or_not(
    tmp_path: Path, name: str, content: bytes, suffix: str
) -> None:
    packed = content if not suffix else gzip.compress(content) if suffix == ".gz" else zstd(content)
    read = values(tmp_path / (name + suffix), packed)
    assert [row["text"] for row in read] == TEXTS
    assert [str(row["id"]) for row in read] == ["1", "2"]


def test_parquet_gives_the_same_rows_compressed_or_not(tmp_path: Path) -> None:
    parquet = write_parquet(tmp_path / "a.parquet", {"id": [1, 2], "text": TEXTS})
    assert values(parquet) == [{"id": 1, "text": TEXTS[0]}, {"id": 2, "text": TEXTS[1]}]
    assert values(tmp_path / "a.parquet.gz", gzip.compress(parquet.read_bytes())) == values(parquet)
    assert values(tmp_path / "a.parquet.zst", zstd(parquet.read_bytes())) == values(parquet)


@pytest.mark.parametrize(("suffix", "pack"), [(".gz", gzip.compress), (".zst", zstd)])
def test_members_one_after_the_other_are_one_file(tmp_path: Path, suffix: str, pack: Any) -> None:
    half = OBJECTS[: OBJECTS.index(b"\n\n") + 2]
    packed = pack(half) + pack(OBJECTS[len(half) :])
    assert [row["text"] for row in values(tmp_path / f"a.jsonl{suffix}", packed)] == TEXTS


def test_a_row_knows_the_line_on_which_it_ends_or_its_row(tmp_path: Path) -> None:
    assert [row.number for row in rows(tmp_path / "a.csv", CSV)] == [3, 5]
    assert [row.number for row in rows(tmp_path / "a.jsonl", OBJECTS)] == [1, 3]
    parquet = write_parquet(tmp_path / "a.parquet", {"text": ["x"] * 1000}, row_group_size=300)
    assert [row.number for row in rows(parquet)] == list(range(1, 1001))


@pytest.mark.parametrize("name", ["a.csv.gz", "a.jsonl", "a.parquet"])
def test_standard_input_is_read_and_stays_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name == "a.parquet":
        content = write_parquet(tmp_path / "a.parquet", {"text": TEXTS}).read_bytes()
    else:
        content = gzip.compress(CSV) if name == "a.csv.gz" else OBJECTS
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    table = open_table("-", parse_format(name.removeprefix("a.")))
    assert [row.values["text"] for row in table.rows()] == TEXTS
    assert not sys.stdin.closed
    assert not sys.stdin.buffer.closed


@pytest.mark.parametrize(
    ("name", "content", "problems"),
    [
        ("a.csv", b"id,text\n1\n2,b\n3,c,d\n", ["line 2 has 1 field", None, "line 4 has 3 fields, the header has 2"]),
        ("a.csv", b'text\n"a"b\nc\n', ["line 2: ',' expected", None]),
        ("a.tsv", b"id\ttext\n1\tcaf\xe9\n2\tb\n", ["line 2 is not valid UTF-8", None]),
        ("a.jsonl", b'{"a": 1}\n{oops\n7\n{}\n', [None, "line 2 is not JSON", "line 3 is not a JSON object", None]),
        ("a.jsonl", b'{"a": "\xff"}\n\n{"a": 2}', ["line 1 is not valid UTF-8", None]),
        ("a.jsonl", b"[" * 100_000 + b"\n" + b"1" * 5000 + b"\n{}\n", ["line 1 is not JSON", "line 2 is not", None]),
    ],
)
def test_a_bad_row_says_where_and_why_and_the_next_is_read(
    tmp_path: Path, name: str, content: bytes, problems: list[str | None]
) -> None:
    read = rows(tmp_path / name, content)
    assert len(read) == len(problems)
    for row, problem in zip(read, problems):
        assert (problem or "None") in str(row.problem)


def test_what_is_not_utf_8_is_shown_as_far_as_it_can_be(tmp_path: Path) -> None:
    (row,) = rows(tmp_path / "a.csv", b"id,text\n1,caf\xe9 \xed\xa0\x80\n")
    assert row.values == {"id": "1", "text": "caf\ufffd \ufffd\ufffd\ufffd"}
    write_parquet(tmp_path / "a.parquet", {"text": ["fine", "x"]})
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes().replace(b"fine", b"fin\xe9"))
    assert values(tmp_path / "a.parquet") == [{"text": b"fin\xe9"}, {"text": b"x"}]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a.csv.gz", ["after line "]),
        ("a.jsonl.gz", ["after line "]),
        ("a.jsonl.zst", ["after line ", "Truncated"]),
        ("a.parquet", ["footer"]),
        ("a.parquet.gz", ["end-of-stream"]),
    ],
)
def test_half_a_file_is_one_line_that_says_how_far_it_could_be_read(
    tmp_path: Path, name: str, parts: list[str]
) -> None:
    texts = [f"{random.Random(i).random()} great" for i in range(20_000)]
    if "parquet" in name:
        content = write_parquet(tmp_path / "whole", {"text": texts}).read_bytes()
    elif "csv" in name:
        content = "".join(f"{text}\n" for text in ["text", *texts]).encode()
    else:
        content = "".join(f'{{"text": "{text}"}}\n' for text in texts).encode()
    packed = gzip.compress(content) if name.endswith(".gz") else zstd(content) if name.endswith(".zst") else content
    (tmp_path / name).write_bytes(packed[: len(packed) * 2 // 3])
    with pytest.raises(InputUnreadable) as caught:
        rows(tmp_path / name)
    message = str(caught.value)
    assert "\n" not in message
    assert name in message
    for part in parts:
        assert part in message
    if "after line" in message:
        (number,) = re.findall(r"after line ([\d,]+):", message)
        assert int(number.replace(",", "")) > 5_000
    with pytest.raises(InputUnreadable):
        rows(tmp_path / name, b"this is no such file")


def test_damage_inside_a_parquet_file_is_told(tmp_path: Path) -> None:
    path = write_parquet(
        tmp_path / "a.parquet", {"text": [f"{i} {'great' * 10}" for i in range(5000)]},
        row_group_size=500, compression="zstd", use_dictionary=False,
    )  # fmt: skip
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = bytes(200)
    path.write_bytes(bytes(content))
    with pytest.raises(InputUnreadable, match=r"after row [1-9],\d00|after row \d"):
        rows(path)


def test_an_open_quotation_mark_costs_one_row_and_swallows_none(tmp_path: Path) -> None:
    first, bad, last = rows(tmp_path / "a.csv", b'text\nfine\n"never closed\nmore\n')
    assert (first.number, bad.number, last.number) == (2, 3, 4)
    assert (first.values, bad.values, last.values) == ({"text": "fine"}, {}, {"text": "more"})
    assert str(bad.problem).startswith("line 3: a quotation mark opens a field that does not end")


def test_columns_are_asked_for_before_the_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("text,stars,stars\n")
    table = open_table(str(tmp_path / "a.csv"), parse_format("csv"))
    table.require({"--text-column": "text", "--id-column": None})
    with pytest.raises(UsageProblem, match="has 2 columns 'stars'. Type: --keep 2 or --keep 3"):
        table.require({"--keep": "stars"})
    with pytest.raises(UsageProblem, match=r"no column 'id' \(there are: text, stars, stars\). Type: --id-column"):
        table.require({"--id-column": "id"})
    table.close()


def test_of_parquet_only_what_is_wanted_is_read(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", {"id": [1], "text": ["x"], "other": ["y"]})
    assert values(path, wanted=["text"]) == [{"text": "x"}]


def test_columns_of_parquet_that_have_one_name_are_told_by_their_numbers(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    columns = [arrow.array(["great", "fine"]), arrow.array(["bad", "awful"]), arrow.array([1, 2])]
    parquet.write_table(arrow.Table.from_arrays(columns, names=["text", "text", "n"]), tmp_path / "a.parquet")
    source = Source(file=str(tmp_path / "a.parquet"))
    with pytest.raises(UsageProblem, match="Type: --text-column 1 or --text-column 2"):
        Inputs([source])
    found = list(Inputs([source], ReadOptions(text_column="2", kept=("1", "n"))).records())
    assert [(record.text, record.kept) for record in found] == [("bad", ("great", 1)), ("awful", ("fine", 2))]


def test_times_of_parquet_are_pythons(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow")
    columns = {
        "at": arrow.array([1_600_000_000_000_000_001], arrow.timestamp("ns", "UTC")),
        "time": arrow.array([1_001], arrow.time64("ns")),
        "took": arrow.array([5_001], arrow.duration("ns")),
        "day": arrow.array([1], arrow.date32()),
    }
    (row,) = values(write_parquet(tmp_path / "a.parquet", columns))
    assert row["at"].isoformat() == "2020-09-13T12:26:40+00:00"
    assert row["time"] == dt.time(0, 0, 0, 1)
    assert row["took"] == dt.timedelta(microseconds=5)
    assert row["day"] == dt.date(1970, 1, 2)


def test_a_time_that_python_has_not_is_told(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    path = write_parquet(tmp_path / "a.parquet", {"day": arrow.array([2**30], arrow.date32())})
    with pytest.raises(InputUnreadable, match="out of range|magnitude"):
        rows(path)


def test_without_pyarrow_the_error_has_the_pip_line(
    tmp_path: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for name, content in (("a.parquet", b"PAR1"), ("a.csv.zst", b"\x28\xb5\x2f\xfd")):
        (tmp_path / name).write_bytes(content)
        result = run("stats", str(tmp_path / name))
        assert result.code == ExitCode.USAGE
        assert result.err.endswith("Type: pip install pyarrow\n")
        assert result.err.count("\n") == 1


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_any_text_comes_back_from_csv_and_tsv(texts: list[str]) -> None:
    import csv
    import tempfile

    for suffix, delimiter in ((".csv", ","), (".tsv", "\t")):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"a{suffix}")
            with path.open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream, delimiter=delimiter)
                writer.writerows([["text", "n"], *([text, i] for i, text in enumerate(texts))])
            assert [row["text"] for row in values(path)] == texts


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".csv.gz", ".jsonl.zst", ".parquet"])
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_bytes_a_file_has_they_are_rows_or_one_error(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, data: st.DataObject
) -> None:
    """Damage anywhere in a good file, and no file at all, end in rows or in an error of ours."""
    path = tmp_path_factory.mktemp("damaged") / f"a{suffix}"
    if suffix == ".parquet":
        whole = write_parquet(path, {"text": ["great", "awful"] * 50, "n": list(range(100))}).read_bytes()
    else:
        packs: dict[str, Callable[[bytes], bytes]] = {"gz": gzip.compress, "st": zstd}
        pack = packs.get(suffix[-2:], bytes)
        whole = pack(OBJECTS if "jsonl" in suffix else CSV)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 8)))
    damaged = whole[:start] + data.draw(st.binary(max_size=8)) + whole[end:]
    with contextlib.suppress(InputUnreadable):
        numbers = [row.number for row in rows(path, damaged)]
        assert numbers == sorted(set(numbers))


@pytest.mark.parametrize(
    ("name", "kind", "compression"),
    [
        ("a.csv", "csv", ""),
        ("a.b.TSV.GZ", "tsv", "gz"),
        ("x/a.ndjson.zst", "jsonl", "zst"),
        ("a.txt", "txt", ""),
    ],
)
def test_the_name_says_what_a_file_is(name: str, kind: str, compression: str) -> None:
    found = format_of_name(name)
    assert found is not None
    assert (found.kind.value, found.compression.value) == (kind, compression)


@pytest.mark.parametrize("name", ["reviews", "a.md", "a.gz", "csv", ""])
def test_other_names_say_nothing(name: str) -> None:
    assert format_of_name(name) is None


@pytest.mark.parametrize("name", ["docx", "gz", "", "csv.rar"])
def test_a_format_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UsageProblem, match="is not an input format"):
        parse_format(name)


def test_the_only_column_of_parquet_may_be_nested(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    parquet.write_table(arrow.table({"user": [{"text": "a"}, {"text": "b"}]}), str(tmp_path / "a.parquet"))
    assert [record.text for record in Inputs([Source(file=str(tmp_path / "a.parquet"))]).records()] == ["a", "b"]
