# ruff: noqa: RUF001 (signs as Windows writes them)
from __future__ import annotations

import bz2
import contextlib
import errno
import gzip
import io
import logging
import lzma
import os
import pickle
import sys
from pathlib import Path

import pytest

from imdbsent.errors import ExitCode, ImdbsentError, InputUnreadable, UsageProblem
from imdbsent.reading.detect import detect
from imdbsent.reading.inputs import Inputs, Source
from imdbsent.reading.options import FileFormat, Kind, ReadOptions
from imdbsent.reading.streams import Compression, open_bytes
from tests.reading.files import ods, xlsx, zipped

A, B = "I loved it, truly wonderful", "Terrible film, a waste of time"
OBJECTS = b'{"text": "I loved it, truly wonderful"}\n{"text": "Terrible film, a waste of time"}\n'
CSV = f'id,text\n1,"{A}"\n2,"{B}"\n'.encode()
SHEET: list[list[object]] = [["id", "text"], [1, A], [2, B]]


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO)


def texts(name: str, content: bytes, **options: object) -> list[str]:
    Path(name).write_bytes(content)
    records = list(Inputs([Source(file=name)], ReadOptions(**options)).records())  # type: ignore[arg-type]
    assert [record.problem for record in records] == [None] * len(records)
    return [record.text for record in records]


def format_of(name: str, content: bytes, **options: object) -> FileFormat:
    Path(name).write_bytes(content)
    found = detect(open_bytes(name), name, ReadOptions(**options))  # type: ignore[arg-type]
    found.close()
    return found.format


FILES = [
    # the name says it
    ("a.csv", CSV, None),
    ("a.tsv", f"id\ttext\n1\t{A}\n2\t{B}\n".encode(), None),
    ("a.jsonl", OBJECTS, None),
    ("a.json", b"[" + OBJECTS.replace(b"}\n{", b"},\n{") + b"]", None),
    ("a.txt", f"{A}\n{B}\n".encode(), None),
    ("a", f"{A}\n{B}\n".encode(), None),
    ("a.csv.gz", gzip.compress(CSV, mtime=0), None),
    ("a.csv.bz2", bz2.compress(CSV), None),
    ("a.csv.xz", lzma.compress(CSV), None),
    ("a.csv.zip", zipped(a__csv=CSV), None),
    ("a.zip", zipped(a__csv=CSV, __MACOSX=b""), "zip archive holds 2 files"),
    ("a.zip", zipped(a__csv=CSV), None),
    ("a.json", OBJECTS, None),
    # the bytes say something else
    ("a.csv", gzip.compress(CSV, mtime=0), "compressed with gzip"),
    ("a.txt", lzma.compress(f"{A}\n{B}\n".encode()), "compressed with xz"),
    ("a.csv.gz", CSV, "is not compressed"),
    ("a.csv", OBJECTS, "JSON, one object per line. --input-format"),
    ("a.txt", OBJECTS, "JSON, one object per line. --input-format"),
    ("a.txt", b"[" + OBJECTS.replace(b"}\n{", b"},\n{") + b"]", "JSON. --input-format"),
    ("a.jsonl", b"[" + OBJECTS.replace(b"}\n{", b"},\n{") + b"]", "one JSON document. --input-format"),
    ("a.txt", CSV, "columns id, text. --input-format"),
    ("a.dat", CSV.replace(b",", b"|").replace(b"it|", b"it,").replace(b"film|", b"film,"), "--input-format"),
    ("a.xls", f"id\ttext\n1\t{A}\n2\t{B}\n".encode(), "columns id, text. --input-format"),
    ("a.csv", f'id;text\n1;"{A}"\n2;"{B}"\n'.encode(), "semicolon-delimited. --delimiter"),
    ("a.csv", f"id\ttext\n1\t{A}\n2\t{B}\n".encode(), "tab-delimited. --delimiter"),
    ("a.tsv", CSV, "comma-delimited. --delimiter"),
    ("a.csv", f'sep=;\r\nid;text\r\n1;"{A}"\r\n2;"{B}"\r\n'.encode(), "--delimiter"),
    ("a.txt", f"__label__1 {A}\n__label__2 __label__3 {B}\n".encode(), "fastText, each text after its label"),
    ("a.txt", f"1\t{A}\n0\t{B}\n".encode(), "the text is column 2. --input-format txt"),
    ("a.txt", f"{A}\tpos\n{B}\tneg\n".encode(), "the text is column 1. --input-format txt"),
    # encodings
    ("a.csv", b"\xef\xbb\xbf" + CSV, None),
    ("a.csv", ("\ufeff" + CSV.decode()).encode("utf-16-le"), None),
    ("a.csv", ("\ufeff" + CSV.decode()).encode("utf-16-be"), None),
    ("a.csv", ("\ufeff" + CSV.decode()).encode("utf-32-le"), None),
    ("a.csv", CSV.decode().encode("utf-16-le"), "utf-16-le. --encoding"),
    ("a.txt", f"{A}\n{B}\n".encode("utf-16-be"), "utf-16-be. --encoding"),
]


@pytest.mark.parametrize(("name", "content", "said"), FILES)
def test_the_bytes_decide_and_what_the_name_does_not_say_is_said(
    name: str, content: bytes, said: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    if said is not None and "holds" in said:
        with pytest.raises(InputUnreadable, match=said):
            texts(name, content)
        return
    assert texts(name, content) == [A, B]
    assert [said in message for message in caplog.messages] == [True] if said else caplog.messages == []


@pytest.mark.parametrize(("name", "content", "said"), FILES)
def test_standard_input_is_told_by_its_bytes_too(
    name: str, content: bytes, said: str | None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    if said is not None and "holds" in said:
        return
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    options = ReadOptions(input_format="csv" if b"sep=" in content else None)
    assert [record.text for record in Inputs([Source(file="-")], options).records()] == [A, B]
    is_lines = content.startswith(A.encode()) and b"\t" not in content
    assert is_lines or any("standard input" in message for message in caplog.messages)


def test_spreadsheets_are_told_whatever_their_name() -> None:
    pytest.importorskip("python_calamine", reason="spreadsheets need python-calamine")
    for name, content in (("a.xlsx", xlsx(("One", SHEET))), ("b.csv", xlsx(("One", SHEET))), ("c", ods([["text"]]))):
        assert format_of(name, content).kind is Kind.EXCEL
    assert texts("a.xlsx", xlsx(("One", SHEET))) == [A, B]
    assert texts("a.xlsx.gz", gzip.compress(xlsx(("One", SHEET)))) == [A, B]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pdf", b"%PDF-1.7\n...", "a PDF document"),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0", "a PNG picture"),
        ("a.txt", b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG picture"),
        ("a.csv", b"GIF89a\x01\0\x01\0", "a GIF picture"),
        ("a.csv", b"SQLite format 3\0\x10", "an SQLite database"),
        ("a.csv", pickle.dumps(["text"]), "a pickle"),
        ("a.csv", pickle.dumps({"text": "x"}, 2), "a pickle"),
        ("a.xlsx", b"PK\x03\x04" + bytes(range(256)), "zip archive"),
        ("a.csv.zip", b"PK\x03\x04\x14" + b"\0" * 200, "zip archive"),
        ("a.zip", zipped(a__csv=CSV, b__csv=CSV), "holds 2 files .a.csv, b.csv."),
        ("a.zip", zipped(), "holds no file"),
        ("a.docx", zipped(**{"word/document__xml": b"x", "[Content_Types]__xml": b"x"}), "a Word document"),
        ("a.odt", zipped(mimetype=b"application/vnd.oasis.opendocument.text", a=b""), "a document"),
        ("a.txt.Z", b"\x1f\x9d\x90abc", "compressed with compress"),
        ("a.tar", b"a.txt".ljust(257, b"\0") + b"ustar\x0000", "a tar archive"),
        ("a.csv.gz", gzip.compress(gzip.compress(CSV, mtime=0), mtime=0), "compressed twice"),
        ("a.html", b"<!DOCTYPE html>\n<html>", "an HTML or XML page.*--input-format txt"),
        ("a.txt", b"\0\x01\x02\x03" * 40 + b"\xff", "NUL bytes.*--encoding"),
        ("a.csv", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "Git LFS"),
        ("a.xlsx", b"one line of text\n", "named like a spreadsheet.*--input-format"),
        ("a.parquet", b"id,text\n1,great\n", "named like Parquet.*--input-format csv"),
        ("a.jsonl", b"id,text\n1,great\n", "named like JSON.*--input-format csv"),
        ("a.json", b"id,text\n1,great\n", "named like JSON.*--input-format csv"),
        ("a.txt.gz", gzip.compress(CSV, mtime=0)[:-9], "ended before"),
    ],
)
def test_what_holds_no_texts_is_named(name: str, content: bytes, words: str) -> None:
    with pytest.raises(InputUnreadable, match=words) as caught:
        texts(name, content)
    assert caught.value.exit_code is ExitCode.USAGE
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)


DAMAGED = {
    "a.csv.gz": gzip.compress(CSV, mtime=0)[:-20],
    "a.csv.bz2": bz2.compress(CSV)[:-20],
    "a.csv.xz": lzma.compress(CSV)[:-40],
    "a.zip": zipped(a__csv=CSV)[:-30],
    "a.json": b"[" + OBJECTS.replace(b"}\n{", b"},\n{"),
    "more.json": b"[" + OBJECTS.replace(b"}\n{", b"},\n{") + b"] more",
    "a.xlsx": xlsx(("One", SHEET))[:-30],
    "a.parquet": b"PAR1" + bytes(100),
    "a.csv.zst": b"(\xb5/\xfd" + bytes(100),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_for_a_damaged_file_the_next_step_is_to_get_it_again(name: str) -> None:
    if name.endswith((".parquet", ".zst")):
        pytest.importorskip("pyarrow", reason="Parquet and zstd need pyarrow")
    with pytest.raises(InputUnreadable) as caught:
        texts(name, DAMAGED[name])
    told = str(caught.value)
    assert told.startswith(f"cannot read {name!r}: ")
    assert "--help" not in told
    assert ".." not in told
    assert any(step in told for step in ("copy or download it again, then", "Fix the file, then", "Open it in a"))


def test_a_file_without_access_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    Path("a.csv").write_bytes(CSV)
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(InputUnreadable) as caught:
        open_bytes("a.csv")
    assert str(caught.value) == "cannot read 'a.csv': Permission denied. Check the permissions"


def test_a_parquet_file_that_is_cut_is_named() -> None:
    pytest.importorskip("pyarrow", reason="pyarrow is not installed in the light environment")
    with pytest.raises(InputUnreadable, match="a.csv.*(footer|too small|corrupted|Parquet)") as caught:
        texts("a.csv", b"PAR1")
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        "Good, bad\nNot so bad, really\n",
        "a, b, c\n",
        '{"text": "a"}\nnot JSON\n',
        "[Spoiler] great\n[Spoiler] bad\n",
        "{great}\n",
        '"quoted", she said\n"so", he said\n',
        "one\ttab\n",
        "great|bad\n",
        "text, as it is\n",
        "1, 2, 3, go\n2, 3, 4, stop\n",
        "Review of the week: nice\nbad\n",
        "BZh is a word\n",
        "",
        "\n",
    ],
)
def test_plain_lines_stay_lines(content: str, caplog: pytest.LogCaptureFixture) -> None:
    assert texts("a.txt", content.encode()) == content.splitlines()
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("content", "option"),
    [
        ("id,words\n1,good\n2,bad\n3,ugly\n", "--input-format csv, or --input-format txt"),
        ("id\twords\tmore\n1\tgood\tx\n2\tbad\ty\n", "--input-format tsv, or --input-format txt"),
        ('["a", 1]\n["b", 2]\n', "--input-format json"),
    ],
)
def test_what_could_be_two_things_is_an_error_that_names_the_option(content: str, option: str) -> None:
    with pytest.raises(UsageProblem, match=option):
        texts("a.txt", content.encode())
    assert len(texts("a.txt", content.encode(), input_format="txt")) == content.count("\n")


def test_a_header_line_alone_is_pointed_out(caplog: pytest.LogCaptureFixture) -> None:
    assert texts("a.txt", b"review\ngreat\n") == ["review", "great"]
    assert ["looks like the name of a column" in message for message in caplog.messages] == [True]


def test_options_override_what_was_detected() -> None:
    assert texts("a.csv", OBJECTS, input_format="txt") == OBJECTS.decode().splitlines()
    assert texts("a.csv", b"text|n\na;b|1\n", delimiter="|") == ["a;b"]
    assert texts("a.csv", b"text|n\na;b|1\n", delimiter="pipe") == ["a;b"]
    assert texts("a", "text\ncaf\u00e9\n".encode("cp1252"), encoding="latin-1", input_format="csv") == ["caf\u00e9"]
    assert texts("a.csv.gz", gzip.compress(b"x\n"), input_format="txt") == ["x"]
    assert texts("a.txt", b"id;text\n1;x\n", text_column="text") == ["x"]


def test_an_encoding_is_guessed_if_that_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    pytest.importorskip("charset_normalizer", reason="the guess needs charset-normalizer")
    text = "The caf\u00e9 was lovely \u2013 and the staff \u201cna\u00efve\u201d"
    assert texts("a.txt", f"{text}\n{A}\n".encode("cp1252"), encoding="auto") == [text, A]
    assert ["cp1252 and is read as that. --encoding" in message for message in caplog.messages] == [True]
    assert texts("b.txt", f"{text}\n".encode(), encoding="auto") == [text]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((text, "cp1252") for text in ("It’s great", "I paid 5€", "just €5 and “a bargain” – really…", "‘fine’")),
        ("It’s “great” – so good", "mac_roman"),
        ("这部电影太好看了。我们都很喜欢", "gb18030"),
        ("это очень хороший фильм", "cp1251"),
    ],
)
def test_the_signs_of_windows_are_known_in_the_shortest_english_text_and_only_there(text: str, encoding: str) -> None:
    if encoding != "cp1252":
        pytest.importorskip("charset_normalizer", reason="the guess needs charset-normalizer")
    assert texts("a.csv", f"text\n{text}\n".encode(encoding), encoding="auto") == [text]


def test_bytes_of_another_encoding_cost_a_row_and_name_the_option(caplog: pytest.LogCaptureFixture) -> None:
    Path("a.csv").write_bytes(b"text\ncaf\xe9\nfine\ncaf\xe9\n")
    bad, fine, _ = Inputs([Source(file="a.csv")]).records()
    assert (bad.problem, fine.problem) == ("line 2 is not valid UTF-8", None)
    assert ["(line 2). --encoding" in message for message in caplog.messages] == [True]
    Path("a.csv").write_bytes("text\nx\n".encode("utf-16") + b"\0\xd8\n\0")
    *_, bad = Inputs([Source(file="a.csv")]).records()
    assert bad.problem == "line 3 is not valid utf-16"


@pytest.mark.parametrize(
    "options",
    [
        {"delimiter": "ab"},
        {"delimiter": '"'},
        {"encoding": "no-such"},
        {"encoding": "base64"},
        {"input_format": "docx"},
        {"input_format": "csv", "whole": True},
        {"input_format": "json", "delimiter": ";"},
        {"header": False, "text_column": "text"},
    ],
)
def test_options_are_checked_once(options: dict[str, object]) -> None:
    with pytest.raises(UsageProblem, match="Type: --|Leave out"):
        ReadOptions(**options)  # type: ignore[arg-type]


def test_options_that_do_not_fit_what_was_detected_are_errors() -> None:
    for options, words in (({"sheet": "1"}, "not a spreadsheet"), ({"delimiter": ";"}, None)):
        if words is None:
            with pytest.raises(ImdbsentError):
                texts("a.parquet", b"PAR1", **options)
        else:
            with pytest.raises(UsageProblem, match=words):
                texts("a.csv", CSV, **options)


def test_a_name_says_every_compression() -> None:
    assert format_of("a.csv.bz2", bz2.compress(CSV)).compression is Compression.BZIP2
    assert format_of("a.csv.xz", lzma.compress(CSV)).compression is Compression.XZ


def test_a_lone_carriage_return_in_a_row_hides_no_table() -> None:
    Path("a").write_bytes(b"id,text\r\n1,great film\r\n2,awful\rfilm\r\n")
    records = list(Inputs([Source(file="a")], ReadOptions(skip_bad=True)).records())
    assert [record.text for record in records] == ["great film", "awful", ""]
    assert records[2].problem == "line 4 has 1 field, the header has 2"


def test_a_damaged_spreadsheet_is_an_error_wherever_it_is_damaged() -> None:
    content = ods([["text"], [A]])
    for at in range(0, len(content), 7):
        Path("a.ods").write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
        with contextlib.suppress(ImdbsentError):
            assert len(list(Inputs([Source(file="a.ods")]).records())) <= 1


def test_lines_that_end_in_carriage_returns_are_pointed_out(caplog: pytest.LogCaptureFixture) -> None:
    assert len(texts("a.txt", b"great\rawful\r")) == 1
    assert ["tr '\\r' '\\n' < a.txt | imdbsent predict -" in message for message in caplog.messages] == [True]
    assert texts("b.txt", b"great\r") == ["great"]
    assert len(caplog.messages) == 1


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_text_without_a_mark_is_read_whether_its_byte_order_is_named_or_not(
    encoding: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert texts("a.csv", CSV.decode().encode(encoding)) == [A, B]
    family = encoding[:6]
    told = "'a.csv' looks like %s without a byte order mark and is read as %s. --encoding NAME overrides this"
    assert caplog.messages == [told % (family.upper(), encoding)]
    assert texts("a.csv", CSV.decode().encode(encoding), encoding=family) == [A, B]


def test_standard_input_has_no_name_that_could_be_wrong(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("in").write_bytes(gzip.compress(CSV, mtime=0))
    with Path("in").open(encoding="utf-8") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        list(Inputs([Source(file="-")]).records())
    assert caplog.messages[0] == "standard input is compressed with gzip"


@pytest.mark.parametrize(
    ("name", "content", "command"),
    [
        ("a b.zip", zipped(b__md=b"x", r__csv=CSV), "unzip -p 'a b.zip' r.csv | imdbsent predict -;"),
        ("a.csv.gz", gzip.compress(gzip.compress(CSV, mtime=0), mtime=0), "gzip -dc < a.csv.gz | imdbsent predict -."),
        ("a.zip.gz", gzip.compress(zipped(r__csv=CSV), mtime=0), "gzip -dc < a.zip.gz | imdbsent predict -."),
        ("a.csv.bz2", bz2.compress(gzip.compress(CSV, mtime=0)), "bzip2 -dc < a.csv.bz2 | imdbsent predict -."),
    ],
)
def test_what_must_be_unpacked_first_is_an_error_with_the_command(name: str, content: bytes, command: str) -> None:
    with pytest.raises(InputUnreadable) as caught:
        texts(name, content)
    assert f"type: {command}" in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        "| id | text |\n|----|------|\n| 1 | great |\n",
        "id | text\n---|:---\n1 | great\n",
        " id | text\n----+------\n  1 | great\n(1 row)\n",
        "+----+-------+\n| id | text  |\n+----+-------+\n|  1 | great |\n+----+-------+\n",
    ],
)
def test_a_table_that_is_drawn_is_not_judged_line_by_line(content: str) -> None:
    with pytest.raises(UsageProblem, match="drawn with lines.*type: --input-format txt"):
        texts("a.txt", content.encode())
    assert len(texts("a.txt", content.encode(), input_format="txt")) == content.count("\n")
    assert texts("b.txt", b"great | awful\n--\nthe text | a review\n") == ["great | awful", "--", "the text | a review"]


def test_a_codec_that_cannot_pass_over_bytes_is_refused() -> None:
    with pytest.raises(ImdbsentError, match="'punycode' is not an encoding"):
        ReadOptions(encoding="punycode")
