from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imdbsent.errors import ExitCode, ImdbsentError, RowsInvalid, UsageProblem
from imdbsent.reading.labeled import parse_rules, read_examples, read_labeled
from imdbsent.reading.options import ReadOptions


def read(path: Path, content: str | bytes, **columns: Any) -> list[tuple[str, str | None]]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return [(record.text, record.label) for record in read_labeled(str(path), ReadOptions(command="stats", **columns))]


def test_csv_tsv_and_jsonl_give_the_same_records(tmp_path: Path) -> None:
    expected = [('a "good", long\nfilm', "positive"), ("bad", "negative"), ("so so", None)]
    quoted = '"a ""good"", long\nfilm"'
    assert read(tmp_path / "a.csv", f"label,text\npositive,{quoted}\r\nnegative,bad\n,so so\n") == expected
    assert read(tmp_path / "a.tsv", f"text\tlabel\n{quoted}\tpositive\nbad\tnegative\nso so\t\n") == expected
    objects = '{"text": "a \\"good\\", long\\nfilm", "label": "positive"}\n{"label": "negative", "text": "bad"}\n\n'
    assert read(tmp_path / "a.jsonl", objects + '{"text": "so so", "label": null}') == expected


def test_numbers_and_booleans_are_labels(tmp_path: Path) -> None:
    lines = '{"text": "a", "label": 1}\n{"text": "b", "label": 0}\n{"text": "c", "label": true}\n'
    assert [label for _, label in read(tmp_path / "a.jsonl", lines)] == ["1", "0", "true"]


def test_columns_can_be_named(tmp_path: Path) -> None:
    content = "review,sentiment\ngood,1\n"
    assert read(tmp_path / "a.csv", content, text_column="review", label_column="sentiment") == [("good", "1")]
    assert read(tmp_path / "a.csv", content, text_column="review") == [("good", "1")]
    assert read(tmp_path / "a.csv", content, label_column="none") == [("good", None)]


def test_the_guess_of_a_column_with_labels_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    assert read(tmp_path / "a.csv", "text,stars,score\ngood,5,1\n") == [("good", None)]
    assert caplog.messages == []
    assert read(tmp_path / "a.jsonl", '{"text": "good", "stars": 5}\n') == [("good", "5")]
    assert [message.partition("a.jsonl")[2] for message in caplog.messages] == [
        "' are in its column 'stars'. --label-column overrides this"
    ]


@pytest.mark.parametrize("part", ["", "train"])
def test_a_folder_of_classes_has_the_labels_pos_and_neg(tmp_path: Path, part: str) -> None:
    for name, content in (("pos", "caf\u00e9"), ("neg", "bad")):
        folder = tmp_path / part / name
        folder.mkdir(parents=True)
        (folder / "1.txt").write_bytes(content.encode("cp1252"))
    found = list(read_labeled(str(tmp_path), ReadOptions(encoding="cp1252", command="stats")))
    assert [(record.text, record.label) for record in found] == [("bad", "neg"), ("caf\u00e9", "pos")]
    with pytest.raises(ImdbsentError, match=r"pos/1\.txt is not valid UTF-8"):
        list(read_labeled(str(tmp_path)))


def test_a_folder_without_classes_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ImdbsentError, match="neither pos and neg.*Put one .txt file per text into"):
        list(read_labeled(str(tmp_path)))


def test_a_text_file_is_a_text_a_line_blank_ones_too(tmp_path: Path) -> None:
    assert read(tmp_path / "a.txt", "one\n\nthree") == [("one", None), ("", None), ("three", None)]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path: Path) -> None:
    assert read(tmp_path / "a.csv", b"\xef\xbb\xbftext\nx\n") == [("x", None)]
    assert read(tmp_path / "a.jsonl", b'\xef\xbb\xbf{"text": "x"}\n') == [("x", None)]


def test_a_long_text_is_read_whole(tmp_path: Path) -> None:
    text = "word " * 100_000
    assert read(tmp_path / "a.csv", f"text\n{text}\n") == [(text, None)]


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("a.csv", b"who,stars\nx,1\n", ["no column 'text'", "who, stars", "--text-column who"]),
        ("a.jsonl", b'{"who": "x"}\n', ["line 1", "no column 'text'", "who", "--text-column who"]),
        ("a.csv", b"text,label\nx\n", ["line 2 has 1 field, the header has 2"]),
        ("a.csv", b'text\n"never closed\n', ["line 2"]),
        ("a.csv", b"text\nx\xff\n", ["line 2 is not valid UTF-8"]),
        ("a.txt", b"fine\nx\xff\n", ["line 2", "not valid UTF-8"]),
        ("a.jsonl", b'{"text": "x"}\n{oops\n', ["line 2 is not JSON"]),
        ("a.jsonl", b'["x"]\n', ["line 1 is not a JSON object"]),
        ("a.jsonl", b'{"text": 7}\n', ["line 1", "'text' is int, not a text"]),
        ("a.xlsx", b"PK\x03\x04", ["not a valid zip archive"]),
    ],
)
def test_a_file_that_breaks_its_format_is_one_line_that_says_where(
    tmp_path: Path, name: str, content: bytes, parts: list[str]
) -> None:
    with pytest.raises(ImdbsentError) as caught:
        read(tmp_path / name, content)
    message = str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in message
    assert name in message
    for part in parts:
        assert part in message


def test_a_column_of_labels_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ImdbsentError, match=r"no column 'stars'.*--label-column"):
        read(tmp_path / "a.csv", "text\nx\n", label_column="stars")


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ImdbsentError, match=r"none\.csv.*no such file"):
        list(read_labeled("none.csv"))


def test_a_parquet_file_has_labels_too(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    path = tmp_path / "a.parquet"
    parquet.write_table(arrow.table({"label": [1, None], "text": [b"good", b"bad"]}), str(path))
    first, second = read_labeled(str(path))
    assert (first.text, first.label, first.where) == ("good", "1", "row 1")
    assert (second.text, second.label, second.where) == ("bad", None, "row 2")


def test_compressed_files_are_read(tmp_path: Path) -> None:
    import gzip

    assert read(tmp_path / "a.csv.gz", gzip.compress(b"text,label\nx,1\n")) == [("x", "1")]
    assert read(tmp_path / "a.txt.gz", gzip.compress(b"x\ny\n")) == [("x", None), ("y", None)]
    with pytest.raises(ImdbsentError, match="end-of-stream"):
        read(tmp_path / "a.txt.gz", gzip.compress(b"x\ny\n")[:-4])


def test_a_missing_text_or_label_is_like_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    rows = [('"a"', "1"), ("NaN", "0"), ('"c"', "NaN"), ('"NULL"', "0"), ('"e"', '"N/A"'), ('"f"', "0")]
    path.write_text("[" + ", ".join(f'{{"text": {text}, "label": {label}}}' for text, label in rows) + "]")
    found = read_examples(str(path), parse_rules(), ReadOptions(skip_bad=True), allow_blank=True)
    assert [example.text for example in found] == ["a", "f"]
    with pytest.raises(RowsInvalid, match="item 3: it has no label"):
        read_examples(str(path), parse_rules(), allow_blank=True, must_have_label=True)


def test_the_label_column_to_type_is_not_one_that_never_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('"0","1467","Mon Apr 06","NO_QUERY","me","a terrible film, truly"\n'
                    '"4","1468","Tue Apr 07","NO_QUERY","you","a great film, truly"\n')  # fmt: skip
    with pytest.raises(UsageProblem, match="--no-header --text-column 6 --label-column 1"):
        read_examples(str(path), parse_rules(), ReadOptions(command="evaluate"), allow_blank=True)
