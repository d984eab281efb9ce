from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from imdbsent.errors import ImdbsentError, RowUnreadable, UsageProblem
from imdbsent.reading.inputs import Inputs, Source
from imdbsent.reading.options import Escape, Quoting, ReadOptions
from imdbsent.records import Record


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO)


def records(content: str, name: str = "a.csv", **options: Any) -> list[Record]:
    Path(name).write_bytes(content.encode())
    return list(Inputs([Source(file=name)], ReadOptions(**options)).records())


def texts(content: str, name: str = "a.csv", **options: Any) -> list[str]:
    found = records(content, name, **options)
    assert [record.problem for record in found] == [None] * len(found)
    return [record.text for record in found]


# quotation marks


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('text\tn\n"quirky" in the best way\t1\nslow\t0\n', ['"quirky" in the best way', "slow"]),
        ('text\tn\na\t1\n"open\t1\nb\t0\nend"\t0\nc\t1\n', ["a", '"open', "b", 'end"', "c"]),
        ('text\tn\n"never closed\t1\nb\t0\n', ['"never closed', "b"]),
        ('text\tn\na\t1\n"never closed\t1', ["a", '"never closed']),
        ('n\ttext\n1\t5" screen\n2\t"7" screen\n3\tx\n', ['5" screen', '"7" screen', "x"]),
    ],
)
def test_quotation_marks_of_tsv_that_enclose_nothing_are_text(
    content: str, expected: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert texts(content, "a.tsv") == expected
    assert ["--quoting standard or none" in message for message in caplog.messages] == [True]
    caplog.clear()
    assert texts(content, "a.tsv", quoting=Quoting.NONE) == expected
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('id\ttext\n1\t"two\nlines"\n2\tx\n', ["two\nlines", "x"]),
        ('id,text\n1,"Great plot\nloved it, really"\n2,x\n', ["Great plot\nloved it, really", "x"]),
        (
            'id,text\n1,a\n2,"Great plot\nloved it, really\nyes, sir"\n3,x\n',
            ["a", "Great plot\nloved it, really\nyes, sir", "x"],
        ),
        ('text\n"a ""quoted"" word"\n""\n', ['a "quoted" word', ""]),
        ('text,n\n"' + "line\n" * 50 + 'end",1\n', ["line\n" * 50 + "end"]),
        ('text,n\r\n"a\r\nb\rc",1\r\n', ["a\r\nb\rc"]),
        ("text,n\ra,1\rb,2\r", ["a", "b"]),
    ],
)
def test_quoted_texts_may_have_lines_and_delimiters(
    content: str, expected: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    assert texts(content, "a.tsv" if "\t" in content else "a.csv") == expected
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("content", "where"),
    [
        ('id,text\n1,a\n2,"open\n3,b\n4,c\n', "line 3: a quotation mark opens a field that does not end"),
        ('id,text\n1,a\n2,"open\n3,b\n4,end"\n5,c\n', "line 3: a quotation mark opens a field that ends in line 5"),
        ('id,text\n1,a\n2,"open\n3,b\n4,"c"\n5,d\n', "line 3: a quotation mark opens a .* ends within line 5"),
    ],
)
def test_an_open_quotation_mark_is_an_error_and_swallows_no_row(content: str, where: str) -> None:
    with pytest.raises(RowUnreadable, match=where) as caught:
        records(content)
    assert "--quoting none" in str(caught.value)
    found = records(content, skip_bad=True)
    assert len(found) == content.count("\n") - 1
    assert [record.problem is None for record in found] == [number != 1 for number in range(len(found))]
    plain = [line.split(",")[1] for line in content.splitlines()[1:]]
    assert texts(content, quoting=Quoting.NONE) == plain


def test_many_open_quotation_marks_swallow_nothing() -> None:
    rows = [f'{number},"open {number}' if number % 7 == 0 else f"{number},closed" for number in range(1000)]
    found = records("id,text\n" + "\n".join(rows) + "\n", skip_bad=True, id_column="id")
    assert len(found) == 1000
    assert sum(record.problem is None for record in found) == sum('"' not in row for row in rows)


def test_standard_quoting_that_is_asked_for_is_believed() -> None:
    content = 'id,text\n1,a\n2,"open\n3,b\n4,end"\n5,c\n'
    assert texts(content, quoting=Quoting.STANDARD) == ["a", "open\n3,b\n4,end", "c"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('id,text\n1,"I saw \\"Alien\\", again"\n2,"dull"\n', ['I saw "Alien", again', "dull"]),
        ('id\ttext\n"1"\t"I saw \\"Alien\\" again"\n"2"\t"dull"\n', ['I saw "Alien" again', "dull"]),
        ('id,text\n1,"a"\n2,"two \\"lines\\"\nof it"\n3,"c"\n', ["a", 'two "lines"\nof it', "c"]),
        ('text,id\n"a 5\\", bad",1\n\\N,2\n', ['a 5", bad', ""]),
    ],
)
def test_backslashes_before_quotation_marks_are_seen(
    content: str, expected: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    name = "a.tsv" if "\t" in content else "a.csv"
    assert [record.text for record in records(content, name)] == expected
    assert ["--escape none overrides this" in message for message in caplog.messages] == [True]
    caplog.clear()
    assert [record.text for record in records(content, name, escape=Escape.BACKSLASH)] == expected
    assert caplog.messages == []
    with pytest.raises(ImdbsentError):
        records(content, name, escape=Escape.NONE, quoting=Quoting.STANDARD)


def test_a_backslash_at_the_end_of_a_field_is_a_backslash(caplog: pytest.LogCaptureFixture) -> None:
    assert texts('text,n\n"C:\\",1\n"D:\\",2\n') == ["C:\\", "D:\\"]
    assert caplog.messages == []


# columns


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("id,text", None), ("id,Text", None), ("id, text ", None), ("ID,TEXT", "text"), ("text,text", "2"),
        ("id,body", "body"), ("id,Body", " body"), ("id,x", "2"), ("1,2", "2"),
    ],
)  # fmt: skip
def test_columns_are_found_by_name_number_and_without_case(header: str, column: str | None) -> None:
    assert texts(f"{header}\n1,great\n", text_column=column) == ["great"]


@pytest.mark.parametrize(
    ("content", "column"),
    [
        ("id,review\n1,x\n", "review"),
        ("id,Review Text,stars\n1,x,5\n", "Review Text"),
        ("reviewText,summary\nx,y\n", "reviewText"),
        (",tweet\n0,x\n", "tweet"),
        ("who,what\nann,a fine film it is\nbob,a bad film it is\n", "what"),
        ("anything\nx\n", "anything"),
        ("review,comment\n5,x y z\n", "comment"),
    ],
)
def test_the_only_column_that_can_hold_the_texts_is_taken_and_said(
    content: str, column: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(texts(content)) == content.count("\n") - 1
    more = "; --no-header, if that is a text itself" if column in ("what", "anything") else ""
    assert caplog.messages == [f"the texts of 'a.csv' are in its column {column!r}. --text-column overrides this{more}"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("review,comment\nx,y\n", "there are: review, comment.. Type: --text-column (review|comment)"),
        ("a,b\na long text it is,another long text it is\n", "there are: a, b.. Type: --text-column b"),
        ("id,stars\n1,5\n", "there are: id, stars.. Type: --text-column"),
        ("text,text\nx,y\n", "has 2 columns 'text'. Type: --text-column 1 or --text-column 2"),
        ("1,a fine film\n0,a bad film\n", "looks like data.*Type: --no-header --text-column 2"),
    ],
)
def test_what_cannot_be_told_is_an_error_with_a_command_that_works(content: str, words: str) -> None:
    with pytest.raises(UsageProblem, match=words) as caught:
        texts(content)
    typed = str(caught.value).split("--text-column ")[1].split()[0].rstrip(";.")
    assert len(texts(content, text_column=typed)) == content.count("\n") - 1


def test_without_a_header_columns_have_numbers(caplog: pytest.LogCaptureFixture) -> None:
    content = "1,a fine film\n0,a bad film\n"
    options: dict[str, Any] = {"header": False, "text_column": "2"}
    assert texts(content, **options) == ["a fine film", "a bad film"]
    assert [r.kept for r in records(content, **options, kept=("1",))] == [("1",), ("0",)]
    assert [r.kept for r in records(content, **options, kept=("all",))] == [("1",), ("0",)]
    assert [r.id for r in records(content, **options, id_column="1")] == ["1", "0"]
    caplog.clear()
    assert texts(content, text_column="2") == ["a bad film"]
    assert ["--no-header" in message for message in caplog.messages] == [True]


def test_all_columns_can_be_kept_those_of_one_name_too() -> None:
    (row,) = records("id,text,n,n,all\n1,x,2,3,4\n", kept=("id", "3", "4"))
    assert row.kept == ("1", "2", "3")
    inputs = Inputs([Source(file="a.csv")], ReadOptions(kept=("all",)))
    assert inputs.columns.kept == ("all",)
    (row,) = records("id,text,n,n\n1,x,2,3\n", kept=("all",), id_column="id")
    assert (row.id, row.kept) == ("1", ("2", "3"))


@pytest.mark.parametrize("labels", [("pos", "neg", "neg"), ("joy", "anger", "joy"), ("pos", "neg", "neutral")])
def test_an_open_quotation_mark_in_the_very_first_row_swallows_no_rows_with_words_as_labels(
    labels: tuple[str, str, str],
) -> None:
    first, second, third = labels
    content = f'text\tlabel\n"open quote\t{first}\njust awful\t{second}\nworst ever"\t{third}\nlovely\tpos\n'
    assert texts(content, name="a.tsv") == ['"open quote', "just awful", 'worst ever"', "lovely"]


def test_a_quoted_text_of_several_lines_with_tabs_stays_one_text() -> None:
    content = 'text\tlabel\n"it was\tlong and dull\nand\tthen it ended"\tneg\nlovely\tpos\n'
    assert texts(content, name="a.tsv") == ["it was\tlong and dull\nand\tthen it ended", "lovely"]


@pytest.mark.parametrize(
    ("content", "told", "options", "expected"),
    [
        ("review\na film, a bad one\n", "1 (--delimiter tab reads each", {"delimiter": "tab"}, ["a film, a bad one"]),
        ("title,body\na, b,c, d\n", "2 (a field that holds the delimiter needs quotation", {"skip_bad": True}, [""]),
        ("id:text\n1:fine\n", "Type: --delimiter :, or --text-column 1", {"delimiter": ":"}, ["fine"]),
        ("id^text\n1^fine\n", "Type: --delimiter '^', or", {"delimiter": "^"}, ["fine"]),
        ("I loved it, truly fine\nA bad film, a waste\n", "or, if each line is a text, --input-format txt",
         {"input_format": "txt"}, ["I loved it, truly fine", "A bad film, a waste"]),
        ("a fine film it is\tpositive\nbad\tneutral\nbad\tnegative\n", "--no-header --text-column 1",
         {"header": False, "text_column": "1"}, ["a fine film it is", "bad", "bad"]),
    ],
)  # fmt: skip
def test_what_a_person_can_do_about_a_file_is_said_and_works(
    content: str, told: str, options: dict[str, Any], expected: list[str]
) -> None:
    with pytest.raises(ImdbsentError) as caught:
        records(content)
    assert told in str(caught.value)
    assert [record.text for record in records(content, **options)] == expected


def test_a_title_above_the_header_is_an_error_that_names_the_line_of_the_header() -> None:
    with pytest.raises(RowUnreadable, match=r"line 3 has .*: tail -n \+3 a.csv > table.csv, and name table.csv"):
        records("Report of June\n\nid,text\n1,x\n")
    assert texts("id,text\n1,x\n", "table.csv") == ["x"]


def test_a_file_without_a_header_names_the_columns_of_text_and_label() -> None:
    with pytest.raises(UsageProblem, match="Type: --no-header --text-column 2 --label-column 1; or"):
        records("1,a fine film it is\n0,a bad film it is\n", command="evaluate")


def test_blanks_before_quotation_marks_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    assert texts('id, text\n1, "a film, fine"\n2, "bad, ""poor"""\n3, x\n') == ["a film, fine", 'bad, "poor"', "x"]
    assert [message.partition(" is ")[2] for message in caplog.messages] == [
        "read without the blanks before quotation marks. --quoting standard overrides this"
    ]
    with pytest.raises(RowUnreadable, match="line 2 has 3 fields"):
        records('id, text\n1, "a film, fine"\n', quoting=Quoting.STANDARD)


# what stands for nothing


@pytest.mark.parametrize("sign", ["NaN", "nan", "NULL", "N/A", "n/a", "NA", "#N/A", "<NA>", "None", "\\N", " NaN "])
def test_a_sign_for_a_missing_text_is_no_text(sign: str) -> None:
    found = records(f"id,text\n1,{sign}\n2,great\n")
    assert [record.problem for record in found] == ["stands for a missing text", None]


def test_words_that_are_like_such_a_sign_are_texts_and_so_are_lines() -> None:
    assert texts("id,text\n1,Nana\n2,nothing\n3,null and void\n") == ["Nana", "nothing", "null and void"]
    assert texts("NULL\ngreat\n", "a.txt") == ["NULL", "great"]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("id,text\n1,great\nid,text\n2,awful\n", "a.csv"),
        ("\ufeffid,text\n1,great\n\ufeffid,text\n2,awful\n", "a.csv"),
        ("text\ngreat\ntext\nawful\n", "a.csv"),
        ("id\ttext\n1\tgreat\nid\ttext\n2\tawful\n", "a.tsv"),
    ],
)
def test_a_header_in_the_middle_of_files_that_were_put_together_is_not_judged(content: str, name: str) -> None:
    found = records(content, name)
    assert [record.text for record in found] == ["great", "", "awful"]
    assert [record.problem for record in found] == [None, "line 3 repeats the header", None]


def test_a_repeated_header_has_no_id() -> None:
    assert [r.id for r in records("id,text\nid,text\nid,text\n7,a\n", id_column="id")] == [None, None, "7"]


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_field_that_is_too_long_is_named_as_that(quote: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imdbsent.reading.delimited.LARGEST_FIELD", 100)
    found = records(f"id,text\n1,{quote}{'great ' * 30}{quote}\n2,awful\n", skip_bad=True)
    assert [record.problem for record in found] == ["line 2 has a field of more than 100 characters", None]


# one column that is several


@pytest.mark.parametrize(
    ("content", "typed", "options"),
    [
        ("id\x01text\n1\x01great\n", "'\\x01'", {}),
        ("id^text\n1^great\n", "'^'", {}),
        ("sep=;\nid,text\n1,great\n", ",", {}),
        ("id;text\n1;great\n", "';'", {"delimiter": ","}),
        ("id\ttext\n1\tgreat\n", "tab", {"delimiter": ";"}),
    ],
)
def test_a_column_whose_name_holds_another_delimiter_is_not_judged(
    content: str, typed: str, options: dict[str, Any]
) -> None:
    with pytest.raises(UsageProblem, match="has one column") as caught:
        records(content, **options)
    assert f"Type: --delimiter {typed}, or --text-column 1" in str(caught.value)
    if not content.startswith("sep="):
        assert texts(content, delimiter=typed.strip("'")) == ["great"]


def test_a_header_that_cannot_be_decoded_names_the_option() -> None:
    Path("a.csv").write_bytes("id,text\n1,great\n".encode("cp037"))
    with pytest.raises(UsageProblem, match="the first row of 'a.csv' is not valid UTF-8. Type: --encoding cp1252"):
        Inputs([Source(file="a.csv")])
