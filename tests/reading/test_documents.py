from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imdbsent.errors import ImdbsentError, InputUnreadable, RowUnreadable, UsageProblem
from imdbsent.reading import streams
from imdbsent.reading.documents import read_json
from imdbsent.reading.inputs import Inputs, Source
from imdbsent.reading.options import ReadOptions
from imdbsent.records import Record


@pytest.fixture(autouse=True)
def _in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    caplog.set_level(logging.INFO)


def records(content: str | bytes, name: str = "a.json", **options: Any) -> list[Record]:
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    return list(Inputs([Source(file=name)], ReadOptions(**options)).records())


def texts(content: str | bytes, **options: Any) -> list[str]:
    return [record.text for record in records(content, **options)]


ROWS = [{"text": "a", "n": 1}, {"text": "b", "n": 2}]


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=2),
        "\ufeff" + json.dumps(ROWS),
        "\n".join(map(json.dumps, ROWS)),
        "\n".join(json.dumps(row, indent=2) for row in ROWS),
        json.dumps(["a", "b"]),
        json.dumps({"version": 1, "data": ROWS}),
        json.dumps({"text": ["a", "b"], "n": [1, 2]}),
        json.dumps({"text": {"0": "a", "1": "b"}, "n": {"0": 1, "1": 2}}),
        json.dumps({"0": ROWS[0], "1": ROWS[1]}),
        json.dumps({"columns": ["text", "n"], "index": [0, 1], "data": [["a", 1], ["b", 2]]}),
    ],
)
def test_documents_of_all_shapes_are_records(content: str) -> None:
    assert texts(content) == ["a", "b"]


def test_a_document_that_is_one_record_is_one() -> None:
    assert texts('{"text": "a", "tags": ["x", "y"]}') == ["a"]
    assert texts('{\n  "text": "a"\n}\n') == ["a"]
    assert texts("[]") == []
    assert texts("") == []


@pytest.mark.parametrize(
    ("content", "column", "expected"),
    [
        ('{"user": {"text": "x"}, "n": 1}\n{"user": {"text": "y"}, "n": 2}\n', "user.text", ["x", "y"]),
        ('[{"a": {"b": {"c": "x"}}}, {"a": {"b": {"c": "y"}}}]', "a.b.c", ["x", "y"]),
        ('[{"a": [{"t": "x"}, {"t": "y"}]}]', "a.1.t", ["y"]),
        ('{"a.b": "x"}\n{"a.b": "y"}\n', "a.b", ["x", "y"]),
        ('{"films": [{"x": "y"}], "reviews": [{"t": "x"}, {"t": "y"}]}', "reviews.t", ["x", "y"]),
        (json.dumps({"data": {"items": [{"comment": {"body": "good"}}]}}), "data.items.comment.body", ["good"]),
        (json.dumps({"data": {"items": [{"comment": {"body": "good"}}]}}), "comment.body", ["good"]),
    ],
)
def test_paths_reach_nested_data(content: str, column: str, expected: list[str]) -> None:
    assert texts(content, text_column=column) == expected


def test_nested_columns_are_kept_too_and_may_be_missing() -> None:
    content = '{"text": "x", "user": {"id": 7}}\n{"text": "y"}\n'
    assert [record.kept for record in records(content, kept=("user.id",))] == [(7,), (None,)]
    with pytest.raises(UsageProblem, match="has no column 'user.name'"):
        records(content, kept=("user.name",))


def test_the_only_nested_text_is_taken_and_said(caplog: pytest.LogCaptureFixture) -> None:
    assert texts('{"user": {"name": "x"}, "data": {"tweet": "y"}}\n') == ["y"]
    assert caplog.messages == ["the texts of 'a.json' are in its column 'data.tweet'. --text-column overrides this"]


def test_several_lists_are_an_error_with_a_command() -> None:
    with pytest.raises(UsageProblem, match="holds several lists .a, b.. Type: --text-column a.text"):
        records('{"a": [{"text": "x"}], "b": [{"text": "y"}]}')
    assert texts('{"a": [{"text": "x"}], "b": [{"text": "y"}]}', text_column="a.text") == ["x"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('[{"text": "a"}, {"text": "b"}', "after item 2: the JSON array does not end after item 2"),
        ('[{"text": "a"} {"text": "b"}]', "after item 1: item 1 of the JSON array is followed by '{'"),
        ('[{"text": "a"}, {"text": b}]', "after item 1: item 2 is not JSON"),
        ('[{"text": "a"}] x', "more text follows"),
        ('[{"text": "a"},', "item 2 is not JSON"),
        ('{"text": "a"', "not JSON"),
        ("{" * 100_000, "not JSON"),
        ("no JSON at all", "not JSON"),
    ],
)
def test_what_is_no_json_says_from_where(content: str, words: str) -> None:
    with pytest.raises(ImdbsentError, match=words):
        records(content)


def test_items_that_are_no_objects_are_bad_rows() -> None:
    with pytest.raises(RowUnreadable, match="item 2 is not a JSON object"):
        records('[{"text": "a"}, 7, {"text": "b"}]')
    found = records('[{"text": "a"}, 7, {"n": 1}, {"text": "b"}]', skip_bad=True)
    assert [record.problem is None for record in found] == [True, False, False, True]


@pytest.mark.parametrize(
    ("content", "column", "expected"),
    [
        ('["a", null, "b"]', None, ["a", "", "b"]),
        ('"a"\nnull\n"b"\n', None, ["a", "", "b"]),
        ('[{"body": "a"}, null, {"body": "b"}]', "body", ["a", "", "b"]),
        ('{"id": 1, "body": "a"}\nnull\nnull\n', "body", ["a", "", ""]),
        ('[{"a": {"text": "x"}}, null, {"a": null}]', "a.text", ["x", "", ""]),
    ],
)
def test_a_null_is_a_blank_record_and_stops_nothing(content: str, column: str | None, expected: list[str]) -> None:
    name = "a.json" if content.startswith("[") else "a.jsonl"
    found = records(content, name, text_column=column)
    assert [record.text for record in found] == expected
    assert {record.problem for record in found} == {None}  # whoever classifies says that it is blank


def test_bytes_that_are_not_utf_8_cost_one_item() -> None:
    first, second = records(b'[{"text": "caf\xe9"}, {"text": "caf\xc3\xa9"}]')
    assert (first.text, first.problem) == ("caf\ufffd", "item 1 is not valid UTF-8")
    assert (second.text, second.problem) == ("caf\u00e9", None)


def test_an_array_is_read_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Endless(io.RawIOBase):
        read_bytes = 0

        def read(self, size: int = -1) -> bytes:
            self.read_bytes += size
            return (b'{"text": "x"},' * (size // 14 + 1))[:size] if self.read_bytes > size else b"[" + b" " * (size - 1)

    endless = Endless()
    rows = read_json(endless, "a")  # type: ignore[arg-type]
    assert next(rows).values == {"text": "x"}
    assert endless.read_bytes < 2**20
    monkeypatch.setattr(streams, "LARGEST_RECORD", 2**16)
    with pytest.raises(InputUnreadable, match="item 1 is longer than 65,536 characters"):
        records('[{"text": "' + "x" * 2**18 + '"}]')


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(st.lists(st.dictionaries(st.text(), JSON, min_size=1, max_size=3), min_size=2), st.sampled_from([None, 1]))
def test_any_objects_come_back_from_an_array_however_it_is_cut(rows: list[dict[str, Any]], indent: int | None) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(size or 0, 7))

    content = json.dumps(rows, indent=indent, ensure_ascii=False).encode("utf-8", "surrogatepass")
    assert [row.values for row in read_json(Slow(content), "a")] == rows


def test_a_list_of_records_is_found_below_other_objects(caplog: pytest.LogCaptureFixture) -> None:
    document = json.dumps({"status": "ok", "data": {"page": {"n": 1}, "reviews": [{"body": "a"}, {"body": "b"}]}})
    assert texts(document) == ["a", "b"]
    assert "from its list 'data.reviews'. --text-column overrides" in caplog.messages[0]
    assert texts(document, text_column="data.reviews.body") == ["a", "b"]
    assert texts(json.dumps({"a": {"x": [{"n": 1}], "y": [{"n": 1}]}, "text": "c"})) == ["c"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"message": "ok", "reviews": [{"text": "a"}, {"text": "b"}]}, ["a", "b"]),
        ({"message": "ok", "data": {"reviews": [{"text": "a"}, {"text": "b"}]}}, ["a", "b"]),
        ({"text": "c", "comments": [{"text": "a"}]}, ["c"]),
        ({"text": "c", "meta": {"comments": [{"text": "a"}]}}, ["c"]),
        ({"text": "c", "meta": {"tags": [{"name": "a"}]}}, ["c"]),
        ({"review": "c", "tags": [{"name": "a"}]}, ["c"]),
        ({"review": "c", "meta": {"tags": [{"name": "a"}]}}, ["c"]),
    ],
)
def test_a_document_is_a_record_or_holds_the_records(document: dict[str, Any], expected: list[str]) -> None:
    assert texts(json.dumps(document)) == expected


@pytest.mark.parametrize("nest", [lambda lists: lists, lambda lists: {"data": lists}])
def test_several_lists_are_an_error_whose_next_step_works(nest: Callable[[Any], Any]) -> None:
    document = json.dumps(nest({"a": [{"id": "1", "body": "x"}], "b": [{"body": "y"}]}))
    with pytest.raises(ImdbsentError, match="several lists") as caught:
        texts(document)
    assert texts(document, text_column=str(caught.value).rpartition(" ")[2]) == ["x"]


def test_a_column_that_no_record_of_the_list_has_is_an_error_with_one_that_it_has() -> None:
    document = json.dumps({"data": {"items": [{"body": "a"}]}})
    with pytest.raises(ImdbsentError, match=r"no column 'foo' \(there are: body\)\. Type: --text-column body"):
        texts(document, text_column="foo")


@pytest.mark.parametrize(
    "content",
    [
        '[{"text": "a"},\n{"text": "b"},\n{"te',
        '[\n  {\n    "text": "a"\n  },',
        '{\n "data": [\n {"text": "a"},\n',
        '[{"text": "a"}, x]',
    ],
)
def test_json_that_is_cut_is_never_judged_as_lines(content: str) -> None:
    with pytest.raises(UsageProblem, match="begins like JSON, but is incomplete. Type: --input-format json"):
        records(content, "a.txt")
    with pytest.raises(ImdbsentError, match="JSON"):
        records(content, "a.txt", input_format="json")
    assert len(records(content, "a.txt", input_format="txt")) == len(content.splitlines())


def test_texts_one_per_line_are_records_of_json_lines() -> None:
    assert [record.text for record in records('"great"\n"a\\nb"\n', "a.jsonl")] == ["great", "a\nb"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a.txt"])
def test_objects_with_carriage_returns_between_them_are_records(name: str) -> None:
    found = records('{"text": "great"}\r{"text": "awful"}\r', name)
    assert [record.text for record in found] == ["great", "awful"]


def test_an_object_of_texts_has_as_many_records_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    content = json.dumps({"r 1": "a truly great film", "r2": "what an awful film"})
    assert texts(content) == ["a truly great film", "what an awful film"]
    assert caplog.messages == [
        "each value of 'a.json' is read as a text. --text-column overrides this, for example --text-column 'r 1'"
    ]
    assert texts(content, text_column="r2") == ["what an awful film"]
    assert texts(json.dumps({"title": "a truly great film", "text": "awful"})) == ["awful"]


def test_the_number_nan_is_a_missing_text() -> None:
    found = records('[{"text": NaN}, {"text": null}, {"text": "a"}]')
    assert [(record.text, record.problem) for record in found] == [("", None), ("", None), ("a", None)]
