from __future__ import annotations

import gzip
import json
import logging
import tempfile
from pathlib import Path

import pytest

from imdbsent.errors import ExitCode, ImdbsentError
from imdbsent.reading.labeled import Example, parse_rules, read_examples
from imdbsent.reading.options import ReadOptions


def read(
    source: Path,
    rule: str | None = None,
    options: ReadOptions | None = None,
    *,
    group: str | None = None,
    allow_blank: bool = False,
) -> tuple[Example, ...]:
    return read_examples(
        str(source), parse_rules(rule), options, group_column=group, allow_blank=allow_blank, must_have_label=True
    )


def message(source: Path, *arguments: object, **options: object) -> str:
    with pytest.raises(ImdbsentError) as caught:
        read(source, *arguments, **options)  # type: ignore[arg-type]
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in str(caught.value)
    return str(caught.value)


def tree(root: Path, **files: str | bytes) -> Path:
    for name, word in {"pos": "good", "neg": "bad"}.items():
        (root / name).mkdir(parents=True)
        (root / name / "1.txt").write_text(word)
    for name, text in files.items():
        content = text if isinstance(text, bytes) else text.encode()
        (root / name.replace("_", "/")).with_suffix(".txt").write_bytes(content)
    return root


def test_a_files_rows_are_examples_by_rule_and_columns(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text('stars,body,film\n9,"good,\nlong",A\n\n2,bad,B\n7.5,,A\n')
    assert read(
        path, ">=7", ReadOptions(text_column="body", label_column="stars"), group="film", allow_blank=True
    ) == (
        Example("good,\nlong", 1, "line 3", 9.0, "A"),
        Example("bad", 0, "line 5", 2.0, "B"),
        Example("", 1, "line 6", 7.5, "A"),
    )


def test_a_compressed_file_of_objects_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl.gz"
    objects = [{"text": "good", "label": True}, {"text": "bad", "label": 0.0}, {"text": None, "label": 1}]
    path.write_bytes(gzip.compress("".join(json.dumps(value) + "\n" for value in objects).encode()))
    assert [(e.text, e.label) for e in read(path, allow_blank=True)] == [("good", 1), ("bad", 0), ("", 1)]
    assert "line 3: the text is blank" in message(path)


def test_parquet_has_rows(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed in the light environment")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "mine.parquet"
    parquet.write_table(arrow.table({"label": [9, 2], "text": ["good", "bad"], "film": ["A", "B"]}), str(path))
    expected = (Example("good", 1, "row 1", 9.0, "A"), Example("bad", 0, "row 2", 2.0, "B"))
    assert read(path, ">=7", group="film") == expected
    parquet.write_table(arrow.table({"label": [9, None, 2], "text": ["good", "bad", " "]}), str(path))
    told = message(path, ">=7")
    assert "row 2: it has no label; row 3: the text is blank" in told


def test_broken_rows_are_counted_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_bytes(b"text,label\nx,1\ny\nz,0,0\n,0\ncaf\xe9,0\n")
    told = message(path)
    assert "line 3 has 1 field, the header has 2 (and 1 more); line 5: the text is blank; line 6 is not " in told
    assert "line 6 is not valid UTF-8. Fix them" in told
    path = tmp_path / "mine.jsonl"
    path.write_text('{"text": "x", "label": 1}\noops\n{"body": "y", "label": 0}\n{"text": 7, "label": 0}\n')
    told = message(path)
    assert "line 2 is not JSON" in told
    assert "; line 3 has no 'text' (there are: body, label); line 4: 'text' is int, not a text. Fix them" in told


def test_a_trees_files_are_examples_in_the_order_of_their_paths(tmp_path: Path) -> None:
    root = tree(tmp_path, pos_2="\ufefffine", neg_10="poor", neg_2="awful")
    (root / "pos" / "more").mkdir()
    (root / "pos" / "more" / "1.TXT").write_text("great")
    (root / "pos" / "._1.txt").write_bytes(b"\x00\x05\x16\x07")
    (root / "pos" / "notes.md").write_text("no text")
    assert read(root) == (
        Example("bad", 0, "neg/1.txt", None),
        Example("poor", 0, "neg/10.txt", None),
        Example("awful", 0, "neg/2.txt", None),
        Example("good", 1, "pos/1.txt", None),
        Example("fine", 1, "pos/2.txt", None),
        Example("great", 1, "pos/more/1.TXT", None),
    )


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("", ["holds no texts"]),
        ("text,label\n", ["holds no texts"]),
        ("text\nx\n", ["no column 'label'", "--label-column"]),
        ("text,label\nx,1\ny,\n", ["line 3: it has no label", "--label-column"]),
        ("text,label\nx,1\n\ny,so so\n", ["line 4", "'so so'", "--positive"]),
        ("text,label\nx,1\ny,pos\n", ["all 2 labels", "are positive", "both classes", "--positive"]),
        ("text,label\nx,0\n", ["all 1 labels", "are negative"]),
        ("text,label\nx,1\n \t,0\n", ["line 3: the text is blank", "--text-column"]),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line_that_says_where(tmp_path: Path, content: str, parts: list[str]) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(content)
    told = message(path)
    for part in ["mine.csv", *parts]:
        assert part in told


def test_all_that_is_wrong_is_told_at_once_the_first_of_each_kind_and_how_many_more(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("text,label,film\n,1,A\nx,so so,A\n\n ,0,A\ny,maybe,\nz,,\ngood,1,A\n")
    assert message(path, group="film") == (
        f"rows of {str(path)!r} cannot be used: line 2: the text is blank (and 1 more); "
        "line 3: the label 'so so' is neither positive, pos, 1, true nor negative, neg, 0, false (and 1 more); "
        "line 6: 'film' is empty (and 1 more); line 7: it has no label. "
        "Remove the rows without a text, or type: --text-column NAME, or --skip-bad"
    )


def test_what_is_wrong_in_a_tree_is_told_by_file(tmp_path: Path) -> None:
    root = tree(tmp_path, neg_2=b"caf\xe9", neg_3=b"\xff", pos_3=" \n")
    told = message(root)
    assert "neg/2.txt is not valid UTF-8 (and 1 more); pos/3.txt: the text is blank. Type: --encoding cp1252" in told


def test_a_tree_of_one_class_says_what_is_missing(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (root / "neg" / "1.txt").unlink()
    told = message(root)
    assert "all 1 labels" in told
    assert "are positive: it takes both classes" in told
    assert f"Put one .txt file per text into '{root / 'neg'}'" in told
    (root / "pos" / "1.txt").unlink()
    assert "holds no texts" in message(root)


def test_a_folder_that_may_not_be_read_is_an_error_and_not_passed_over(unprivileged) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = tree(Path(folder, "mine"))
        (root / "neg" / "more").mkdir(mode=0)
        assert "Permission denied" in message(root)
        root.chmod(0)
        assert "Permission denied" in message(root / "mine.csv")
        root.chmod(0o700)


# other labels, and rows that are passed over


def test_three_classes_without_rules_are_an_error_with_the_two_rules_to_type(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("text,label\nx,positive\ny,negative\nz,neutral\n")
    assert message(path).endswith(
        "line 4: the label 'neutral' is neither positive, pos, 1, true nor negative, neg, 0, false. "
        "Type: --positive positive --negative negative"
    )
    path.write_text("text,stars\n" + "".join(f"x{stars},{stars}\n" for stars in range(1, 6)))
    assert message(path).endswith("Type: --positive '>=4' --negative '<=2'")
    path.write_text("text,label\n" + "".join(f"x,{number} apples\n" for number in range(200)))
    assert "Type: --label-column NAME" in message(path)


def test_rows_of_neither_rule_are_left_out_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "mine.csv"
    path.write_text("text,label\nx,Positive\ny,negative\nz,neutral\nw, neutral\nv,mixed\n")
    found = read_examples(str(path), parse_rules("positive", "negative"), allow_blank=False)
    assert [(example.text, example.label) for example in found] == [("x", 1), ("y", 0)]
    assert caplog.messages == [f"3 rows of {str(path)!r} with another label are left out: neutral, mixed"]


def test_rows_without_a_label_are_left_out_and_counted_unless_all_must_have_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "mine.csv"
    path.write_text("text,label,film\nx,positive,A\ny,,A\nz,negative,B\n,,\nw, ,\n")
    found = read_examples(str(path), parse_rules(), group_column="film", allow_blank=False)
    assert [(example.text, example.label) for example in found] == [("x", 1), ("z", 0)]
    assert caplog.messages == [f"3 rows of {str(path)!r} without a label are left out"]
    assert "line 3: it has no label" in message(path)


def test_a_file_that_nobody_has_labeled_is_one_line_that_says_what_to_write(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("label,text\n,x\n,y\n")
    with pytest.raises(ImdbsentError, match="no row of .* has a label. Write positive or negative") as caught:
        read_examples(str(path), parse_rules(), allow_blank=False)
    assert caught.value.exit_code is ExitCode.USAGE


def test_bad_rows_are_skipped_and_counted_if_that_is_asked_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "mine.csv"
    path.write_text('text,label\nx,1\ny,\n,0\nz\nw,0\n"open,1\nv,1\n')
    found = read(path, None, ReadOptions(skip_bad=True))
    assert [(example.text, example.label) for example in found] == [("x", 1), ("w", 0), ("v", 1)]
    (line,) = caplog.messages
    assert line == (
        f"skipped 4 rows of {str(path)!r}: line 3: it has no label; line 4: the text is blank; "
        "line 5 has 1 field, the header has 2 (and 1 more)"
    )
    path.write_text("text,label\nx,1\ny,maybe\nz,0\n")
    with pytest.raises(ImdbsentError, match="'maybe'"):
        read(path, None, ReadOptions(skip_bad=True))


def test_whatever_predict_reads_has_labels(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "mine"
    for content, said in (
        ("__label__2 great film\n__label__1 awful film\n", "fastText"),
        ("a great old film\t1\nan awful old film\t0\n", "column 1"),
        ('[{"text": "a", "label": 1}, {"text": "b", "label": 0}]', "JSON"),
        ("Text;Label\na;1\nb;0\n", "columns Text, Label"),
        ("review\tsentiment\na\t1\nb\t0\n", "'sentiment'"),
    ):
        path.write_text(content)
        caplog.clear()
        found = read(path, "2" if "__" in content else None)
        assert [example.label for example in found] == [1, 0]
        assert any(said in line for line in caplog.messages), caplog.messages
    path.write_text("one text\nanother text\n")
    assert "holds one text per line, and no labels" in message(path)
    path.write_text("id,body\n1,x\n")
    assert "no column 'label'" in message(path)
