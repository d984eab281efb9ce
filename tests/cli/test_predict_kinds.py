"""The kinds of files that people have, from the command line to the verdicts: right, or one line with a way on.

Each module of `imdbsent.reading` has the details in its own tests. Here is one of each kind through the whole program,
with the three-word model: a record with `great` in it is positive, one with `awful` negative.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.errors import ExitCode
from tests.reading.files import ods, xlsx, zipped

A, B = "a great movie, really", "an awful movie"
ROWS = [{"text": A}, {"text": B}]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
CSV = f'n,text\n1,"{A}"\n2,{B}\n'
TSV = f"n\ttext\n1\t{A}\n2\t{B}\n"
SHEET: list[list[object]] = [["n", "text"], [1, A], [2, B]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "work"
    path.mkdir()
    monkeypatch.chdir(path)
    return path


def labels(out: str) -> list[str | None]:
    return [json.loads(line)["label"] for line in out.splitlines()]


READ = [
    # the name does not say what it is
    ("dump.json", LINES, []),
    ("array.json", json.dumps(ROWS, indent=1).encode(), []),
    ("strings.json", json.dumps([A, B]).encode(), []),
    ("lines", LINES, []),
    ("page.json", json.dumps({"total": 2, "reviews": ROWS}).encode(), []),
    ("deep.jsonl", LINES.replace(b"}", b"}}").replace(b'{"text', b'{"of": {"text'), ["--text-column", "of.text"]),
    ("wrong.csv", gzip.compress(CSV.encode(), mtime=0), []),
    ("book", xlsx(("Sheet", SHEET)), []),
    ("book.xlsx", ods([["n", "text"], ["1", A], ["2", B]]), []),
    ("one.zip", zipped(a__csv=CSV.encode()), []),
    # delimiters
    ("excel.csv", CSV.replace(",", ";").replace("movie;", "movie,").encode(), []),
    ("named.csv", ("sep=;\n" + TSV.replace("\t", ";")).encode(), []),
    ("pipes.txt", TSV.replace("\t", "|").encode(), []),
    ("tilde.csv", TSV.replace("\t", "~").encode(), ["--delimiter", "~"]),
    ("hive.csv", TSV.replace("\t", "\x01").encode(), ["--delimiter", "\\x01"]),
    # quotation marks
    ("quotes.tsv", b'text\tn\n"great" in its way\t1\nso "awful"\t0\n', []),
    ("open.tsv", b'text\tn\n"great movie\t1\nawful movie"\t0\n', []),
    ("mysql.tsv", b'n\ttext\n"1"\t"a \\"great\\" movie"\n"2"\t"awful"\n', []),
    # encodings
    ("unicode.csv", CSV.encode("utf-16"), []),
    ("wide.txt", TSV.encode("utf-16-be"), []),
    ("windows.csv", CSV.replace("really", "caf\u00e9").encode("cp1252"), ["--encoding", "cp1252"]),
    ("east.csv", CSV.replace("really", "\u017elu\u0165").encode("cp1250"), ["--encoding", "cp1250"]),
    # headers
    ("case.csv", CSV.replace("text", " Text ").encode(), []),
    ("other.csv", CSV.replace("text", "Review Text").encode(), []),
    ("none.csv", CSV.removeprefix("n,text\n").encode(), ["--no-header", "--text-column", "2"]),
    ("twice.csv", f'text,n,text\n"{A}",1,x\n{B},2,y\n'.encode(), ["--text-column", "1"]),
    ("joined.csv", CSV.replace("2,", "n,text\n2,").encode(), []),
    ("label.txt", f"__label__1 {A}\n__label__2 {B}\n".encode(), []),
    ("tab.txt", f"good\t{A}\nbad\t{B}\n".encode(), []),
]


@pytest.mark.parametrize("way", ["argument", "file", "stdin"])
@pytest.mark.parametrize(("name", "content", "options"), READ, ids=[case[0] for case in READ])
def test_a_file_is_read_right_whichever_way_it_comes(
    run, folder: Path, tiny_bundle: Bundle, way: str, name: str, content: bytes, options: list[str]
) -> None:
    (folder / "file").mkdir()
    path = folder / "file" / name
    path.write_bytes(content)
    if "book" in name:
        pytest.importorskip("python_calamine", reason="spreadsheets need python-calamine")
    file = {"argument": [f"file/{name}"], "file": ["--file", f"file/{name}"], "stdin": ["-"]}[way]
    command = ["predict", "--model", str(tiny_bundle.directory), "--format", "jsonl", *file, *options]
    result = run(*command, stdin=content if way == "stdin" else b"")
    assert result.code == ExitCode.DONE, result.err
    assert [label for label in labels(result.out) if label] == ["positive", "negative"]
    assert len(labels(result.out)) == 2 + (name == "joined.csv")


REFUSED = [
    ("a word that names a file", {"great": b"x"}, ["predict", "great"], ["--file great", "--text great"]),
    ("a word that names a folder", {"great/a.txt": b"x"}, ["predict", "great"], ["--file great", "--text great"]),
    ("a name that is mistyped", {}, ["predict", "great.cvs"], ["no such file", "--text great.cvs"]),
    ("a path that is not there", {}, ["predict", "./great/"], ["no such file", "--text ./great/"]),
    ("a dash", {}, ["predict", "-9 for a great movie"], ["imdbsent predict -- '-9 for a great movie'"]),
    ("no workbook", {"a.xlsx": b"PK\x03\x04" + bytes(range(200))}, ["predict", "a.xlsx"], ["'a.xlsx'", "zip"]),
    ("two in a zip", {"a.zip": zipped(a__csv=b"", b__csv=b"")}, ["predict", "a.zip"], ["unzip -p a.zip a.csv"]),
    ("a PDF", {"a.txt": b"%PDF-1.7 great"}, ["predict", "a.txt"], ["PDF"]),
    ("a picture", {"a.csv": b"\x89PNG\r\n\x1a\ngreat"}, ["predict", "a.csv"], ["PNG"]),
    ("half a gzip", {"a.csv.gz": gzip.compress(CSV.encode(), mtime=0)[:-9]}, ["predict", "a.csv.gz"], ["ended before"]),
    ("an open quote", {"a.csv": b'text,n\n"great,1\nawful,0\n'}, ["predict", "a.csv"], ["line 2", "--quoting none"]),
    ("no header", {"a.csv": b'5,"a great movie, truly"\n1,awful\n'}, ["predict", "a.csv"],
     ["--no-header --text-column 2"]),
    ("no column of texts", {"a.csv": b"a,b\ngreat,awful\n"}, ["predict", "a.csv"], ["a, b", "--text-column a"]),
    ("bytes of Windows", {"a.csv": b"text,label\ngreat caf\xe9,1\nawful,0\n"}, ["evaluate", "a.csv"],
     ["--encoding cp1252"]),
    ("three classes", {"a.csv": b"text,label\ngreat,Good\nawful,Bad\nmovie,Neutral\n"}, ["evaluate", "a.csv"],
     ["--positive Good --negative Bad"]),
    ("stars", {"a.csv": b"text,stars\ngreat,5\ngreat,4\nmovie,3\nawful,1\n"}, ["evaluate", "a.csv"],
     ["--positive '>=4' --negative '<=2'"]),
    ("a row without a label", {"a.csv": b"text,label\ngreat,1\nawful,0\nmovie,N/A\n"}, ["evaluate", "a.csv"],
     ["line 4", "--skip-bad"]),
    ("lines without labels", {"a.txt": b"great\nawful\n"}, ["evaluate", "a.txt"], ["no labels"]),
]  # fmt: skip


@pytest.mark.parametrize(("what", "files", "command", "words"), REFUSED, ids=[case[0] for case in REFUSED])
def test_what_cannot_be_told_is_one_line_with_a_way_on_and_nothing_is_judged(
    run, folder: Path, tiny_bundle: Bundle, what: str, files: dict[str, bytes], command: list[str], words: list[str]
) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    result = run(*command[:1], "--model", str(tiny_bundle.directory), *command[1:])
    assert result.code == ExitCode.USAGE, what
    assert result.out == ""
    errors = [line for line in result.err.splitlines() if line.startswith("imdbsent: ")]
    assert len(errors) == 1
    assert [word for word in words if word not in errors[0]] == []


MEASURED = [
    (b"text,label\ngreat,POS\nawful,Neg\n", [], ""),
    (b"text,label\ngreat,yes\nawful,no\n", ["--positive", "YES", "--negative", "no"], ""),
    (b"text,stars\ngreat,5\ngreat,4\nmovie,3\nawful,1\n", ["--positive", "4-5", "--negative", "<=2"], "1 row of"),
    (b"text,label\ngreat,1\nawful,0\nmovie,\n,1\n", ["--skip-bad"], "skipped 2 rows"),
    (b'[{"text": "great", "label": 1}, {"text": "awful", "label": 0}]', [], ""),
    (b"__label__2 great\n__label__1 awful\n", ["--positive", "2"], ""),
    (b"text;label\ngreat;4,5\nawful;1,5\n", ["--positive", ">=3"], ""),
]


@pytest.mark.parametrize(("content", "options", "told"), MEASURED)
def test_labels_of_all_kinds_are_measured_and_what_is_left_out_is_said(
    run, folder: Path, tiny_bundle: Bundle, content: bytes, options: list[str], told: str
) -> None:
    (folder / "a.csv").write_bytes(content)
    result = run("evaluate", "a.csv", "--model", str(tiny_bundle.directory), "--format", "json", *options)
    assert result.code == ExitCode.DONE, result.err
    assert told in result.err
    assert '"accuracy": 1.0' in result.out
