"""Whatever is written comes back, in every format, delimiter, encoding and quoting that can carry it."""

from __future__ import annotations

import bz2
import codecs
import contextlib
import csv
import gzip
import io
import json
import lzma
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from imdbsent.errors import ImdbsentError
from imdbsent.reading.columns import is_missing
from imdbsent.reading.inputs import Inputs, Source
from imdbsent.reading.labeled import parse_rules, read_examples, read_labeled
from imdbsent.reading.options import Escape, Quoting, ReadOptions
from imdbsent.records import Record
from tests.reading.files import ods, xls, xlsx, zipped

DELIMITERS = st.sampled_from([",", ";", "\t", "|"])
ANY = st.characters(codec="utf-8", exclude_characters="\0")
NASTY = st.sampled_from('ab "\'\\,;|\t\n\r=-{}[]\u00e9\u2028\ufeff\U0001f600')
TEXTS = st.lists(st.text(ANY | NASTY) | st.text(NASTY), min_size=1, max_size=8)
WORDS = st.lists(st.text(st.sampled_from("ab c,.\"'\\;!?")), min_size=1, max_size=8)
ENCODINGS = ["cp1252", "latin-1", "cp1250", "cp1251", "koi8-r", "mac_roman", "cp437", "shift_jis", "gb18030", "big5",
             "euc_kr", "utf-7", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp037"]  # fmt: skip
PACKED: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zip": lambda content: zipped(a=content),
}  # fmt: skip
with contextlib.suppress(ImportError):  # zstd needs pyarrow
    import pyarrow as pa

    PACKED["zst"] = lambda content: pa.compress(content, "zstd", asbytes=True)


@contextlib.contextmanager
def file(content: bytes, name: str) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(content)
        yield str(path)


def read(content: bytes, name: str = "a.csv", **options: Any) -> list[Record]:
    with file(content, name) as path:
        return list(Inputs([Source(file=path)], ReadOptions(**options)).records())


def texts(content: bytes, name: str = "a.csv", **options: Any) -> list[str]:
    records = read(content, name, **options)
    for record in records:
        assert record.problem is None or is_missing(record.text), record.problem
    return [record.text for record in records]


def written(rows: list[str], delimiter: str, **dialect: Any) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, **dialect)
    writer.writerow(["id", "text"])
    writer.writerows(enumerate(rows, start=1))
    return stream.getvalue()


@given(TEXTS, DELIMITERS, st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
       st.sampled_from(["\n", "\r\n"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))  # fmt: skip
def test_tables_with_standard_quoting(
    rows: list[str], delimiter: str, quoting: int, end: str, encoding: str
) -> None:
    if (quoting, end) == (csv.QUOTE_MINIMAL, "\n"):  # csv before Python 3.13 leaves a lone CR without quotes there
        rows = [row.replace("\r", " ") for row in rows]
    content = written(rows, delimiter, quoting=quoting, lineterminator=end).encode(encoding)
    assert texts(content, delimiter=delimiter, quoting=Quoting.STANDARD) == rows
    assert texts(gzip.compress(content), "a.csv.gz", delimiter=delimiter, quoting=Quoting.STANDARD) == rows


@given(WORDS, DELIMITERS, st.sampled_from(["utf-8", "utf-16"]))
@example(['a "quoted" word', '"', '""', 'a"', '"a'], "\t", "utf-8")
@example(["\\", '\\"', 'a\\"b'], ",", "utf-8")
def test_tables_that_say_nothing_of_themselves(rows: list[str], delimiter: str, encoding: str) -> None:
    content = written(rows, delimiter).encode(encoding)
    for name in ("a.csv", "a.tsv", "a.txt", "a"):
        assert texts(content, name) == rows


@given(WORDS, DELIMITERS)
def test_rows_that_end_with_a_line_feed_are_found_by_number_without_a_header(rows: list[str], delimiter: str) -> None:
    content = "".join(written(rows, delimiter).splitlines(keepends=True)[1:])
    assert texts(content.encode(), header=False, text_column="2", delimiter=delimiter) == rows


@given(TEXTS, DELIMITERS)
def test_tables_without_quoting(rows: list[str], delimiter: str) -> None:
    rows = [re.sub(rf"[\r\n{re.escape(delimiter)}]", " ", row) for row in rows]
    content = "\n".join([f"id{delimiter}text", *(f"{i}{delimiter}{row}" for i, row in enumerate(rows))]) + "\n"
    assert texts(content.encode(), delimiter=delimiter, quoting=Quoting.NONE) == rows


@given(st.lists(st.text(NASTY), min_size=1, max_size=8), DELIMITERS)
def test_tables_with_backslash_escapes(rows: list[str], delimiter: str) -> None:
    rows = [row.replace("\r", " ") for row in rows]
    content = written(rows, delimiter, doublequote=False, escapechar="\\", quoting=csv.QUOTE_ALL)
    assert texts(content.encode(), delimiter=delimiter, escape=Escape.BACKSLASH, quoting=Quoting.STANDARD) == rows


@given(st.data(), st.sampled_from(ENCODINGS), DELIMITERS)
def test_tables_in_the_encodings_of_the_world(data: st.DataObject, encoding: str, delimiter: str) -> None:
    rows = data.draw(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1))
    rows = [row.encode(encoding, "ignore").decode(encoding) for row in rows]  # what the encoding can carry
    content = written(rows, delimiter, quoting=csv.QUOTE_ALL).encode(encoding)
    assert texts(content, encoding=encoding, quoting=Quoting.STANDARD, delimiter=delimiter) == rows
    lines = [re.sub(r"[\r\n\x85]", " ", row) for row in rows]
    assert texts("".join(f"{line}\n" for line in lines).encode(encoding), "a.txt", encoding=encoding,
                 input_format="txt") == lines  # fmt: skip
    if encoding.startswith("utf"):
        objects = json.dumps([{"text": row} for row in rows], ensure_ascii=False).encode(encoding)
        assert texts(objects, "a.json", encoding=encoding) == rows


@given(TEXTS, st.sampled_from(list(PACKED)))
def test_what_is_compressed_comes_back(rows: list[str], packed: str) -> None:
    content = "".join(json.dumps({"text": row}) + "\n" for row in rows).encode()
    for name in (f"a.jsonl.{packed}", "a.jsonl", "a"):
        assert texts(PACKED[packed](content), name) == rows


@given(TEXTS, st.sampled_from([None, 2]), st.booleans())
def test_json_of_all_shapes(rows: list[str], indent: int | None, ascii_only: bool) -> None:
    objects = [{"text": row, "n": {"x": number}} for number, row in enumerate(rows)]
    array = json.dumps(objects, indent=indent, ensure_ascii=ascii_only).encode()
    lines = "".join(json.dumps(value, ensure_ascii=ascii_only) + "\n" for value in objects).encode()
    for content in (array, lines):
        for name in ("a.json", "a.jsonl", "a.txt", "a.csv", "a"):
            assert texts(content, name) == rows
    assert [record.kept for record in read(array, "a.json", kept=("n.x",))] == [(i,) for i in range(len(rows))]


PRINTED = st.characters(min_codepoint=32, codec="utf-8", exclude_categories=["Cc", "Cn", "Co"])


@given(st.lists(st.text(PRINTED), min_size=1))
def test_spreadsheets(rows: list[str]) -> None:
    pytest.importorskip("python_calamine", reason="spreadsheets need python-calamine")
    rows = [row.strip() for row in rows]
    table: list[list[object]] = [["id", "text"], *([i, row] for i, row in enumerate(rows, start=1))]
    assert texts(xlsx(("Sheet", table)), "a.xlsx") == rows
    marks = codecs.BOM_UTF8, codecs.BOM_UTF16_LE
    if not any(row.encode("utf-16-le").startswith(marks) for row in rows):  # which calamine drops from a cell of .xls
        assert texts(xls([["id", "text"], *([str(i), row] for i, row in enumerate(rows, start=1))]), "a.xls") == rows
    if all(row and "  " not in row for row in rows):  # OpenDocument folds blanks
        assert texts(ods([["id", "text"], *([str(i), row] for i, row in enumerate(rows))]), "a.ods") == rows


@given(TEXTS)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_parquet(rows: list[str]) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    stream = io.BytesIO()
    parquet.write_table(arrow.table({"id": list(range(len(rows))), "text": rows}), stream)
    assert texts(stream.getvalue(), "a.parquet") == texts(stream.getvalue(), "a") == rows


@given(TEXTS)
def test_lines(rows: list[str]) -> None:
    rows = [re.sub(r"[\r\n]", " ", row) for row in rows]
    content = "".join(row + "\n" for row in rows)
    assert texts(b"\xef\xbb\xbf" + content.encode(), "a.txt", input_format="txt") == rows
    assert texts(("\ufeff" + content).encode("utf-16-le"), "a.csv", input_format="txt") == rows


@given(st.lists(st.tuples(st.sampled_from(["1", "2"]), st.text(NASTY, min_size=1)), min_size=1))
def test_fasttext(rows: list[tuple[str, str]]) -> None:
    rows = [(label, re.sub(r"[\r\n\t, ]", "-", text)) for label, text in rows]
    content = "".join(f"__label__{label} {text}\n" for label, text in rows).encode()
    with file(content, "a.txt") as path:
        assert [(record.label, record.text) for record in read_labeled(path)] == [
            (f"__label__{label}", text) for label, text in rows
        ]


NAMES = ["a", "a.txt", "a.csv", "a.tsv", "a.jsonl", "a.json", "a.xlsx", "a.parquet", "a.csv.gz", "a.zip", "a.ft"]
BYTES = st.binary(max_size=300) | st.lists(
    st.sampled_from([b'"', b"\\", b",", b"\t", b"\n", b"\r\n", b"text", b"id", b"1", b"{", b'{"text": "a"}', b"[", b"]",
                     b"\xff\xfe", b"\xe9", b"\0", b"PK\x03\x04", b"\x1f\x8b", b"__label__1 ", b"sep=;", b" "])
).map(b"".join)  # fmt: skip


@given(BYTES, st.sampled_from(NAMES), st.booleans(), st.sampled_from([None, "text", "2", "a.b"]))
def test_any_bytes_are_records_or_one_error(content: bytes, name: str, skip_bad: bool, column: str | None) -> None:
    with contextlib.suppress(ImdbsentError):
        records = read(content, name, skip_bad=skip_bad, text_column=column)
        assert len(records) <= 1 + sum(content.count(mark) for mark in (b"\n", b"\r", b"{", b'"'))
        assert all(record.text.encode() is not None for record in records)
    with contextlib.suppress(ImdbsentError), file(content, name) as path:
        read_examples(path, parse_rules("1", "2"), ReadOptions(skip_bad=skip_bad), allow_blank=True)


@given(BYTES)
def test_any_bytes_have_as_many_records_as_lines(content: bytes) -> None:
    with contextlib.suppress(ImdbsentError):
        assert len(read(content, input_format="txt", encoding="utf-8")) == len(io.BytesIO(content).readlines())


@given(BYTES, DELIMITERS)
def test_any_bytes_have_as_many_rows_as_there_are_without_quoting(content: bytes, delimiter: str) -> None:
    content = b"id" + delimiter.encode() + b"text\n" + content
    rows = [line for line in re.split(rb"\r\n|\r|\n", content) if line]
    with contextlib.suppress(ImdbsentError):
        options: dict[str, Any] = {"quoting": Quoting.NONE, "escape": Escape.NONE, "encoding": "utf-8"}
        assert len(read(content, skip_bad=True, delimiter=delimiter, **options)) == len(rows) - 1


@given(st.lists(st.tuples(st.integers(1, 99), st.text(st.sampled_from('ab "')), st.booleans()), min_size=1), DELIMITERS)
def test_stray_quotation_marks_never_swallow_rows(rows: list[tuple[int, str, bool]], delimiter: str) -> None:
    """However texts open and close quotation marks, each line that needs no quoting is a record of its own."""
    lines = [f"{number}{delimiter}{text}{delimiter}{int(label)}" for number, text, label in rows]
    content = "\n".join([delimiter.join(["id", "text", "label"]), *lines]) + "\n"
    found = read(content.encode(), skip_bad=True, delimiter=delimiter)
    numbers = {record.number for record in found}
    for number, line in enumerate(lines, start=2):
        assert '"' in line or number in numbers
