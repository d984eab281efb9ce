"""Rows of JSON: an object per line, an array, or a document with a list in it.

An array of any size is read item by item. A document that is one object is read as a whole: it may hold a list
of records, or columns as pandas writes them.
"""

from __future__ import annotations

import codecs
import json
import logging
import shlex
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from imdbsent.errors import UsageProblem
from imdbsent.reading import streams
from imdbsent.reading.columns import TEXT, TEXT_NAMES, Row, is_of_sentences, normalized
from imdbsent.reading.streams import HEAD, UTF_8, Damaged, bounded_lines, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_log = logging.getLogger(__name__)

_BLANK: Final = " \t\n\r"
_FIX: Final = "Fix the file, then type the same command again"
_DEEPEST: Final = 4  # keys of the path to a list of records


def read_json_lines(stream: BinaryIO) -> Iterator[Row]:
    """Objects or texts, one per line; only the line feed ends a line, and a blank line is no row."""
    before = None
    for number, line in enumerate(bounded_lines(stream.readline), start=1):
        content = line.removeprefix(codecs.BOM_UTF8) if number == 1 else line
        if content and not content.isspace():
            before = _object(number, content, before)
            yield before


def _object(number: int, content: bytes, before: Row | None) -> Row:
    problem = None
    try:
        text = content.decode()
    except UnicodeDecodeError:
        text, problem = content.decode(UTF_8, "replace"), f"line {number} is not valid UTF-8"
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        return Row(number, {}, f"line {number} is not JSON ({error.msg} at column {error.colno})")
    except (ValueError, RecursionError) as error:  # a number of thousands of digits; brackets in brackets
        return Row(number, {}, f"line {number} is not JSON ({error})")
    return _row(number, value, problem, before, "line")


def read_json(stream: BinaryIO, file: str, wanted: str | None = None) -> Iterator[Row]:
    """The records of a JSON document.

    Args:
        stream: its bytes, in UTF-8.
        file: what it is called.
        wanted: the column with the text, if a person named one: a path into the document says which list is meant.

    Raises:
        Damaged: it is not JSON from some item on; the message says from which.
        UsageProblem: it holds several lists, and `wanted` does not name one.
    """
    text = _Text(stream)
    if text.next_character() == "[":
        text.at += 1
        yield from _items(text)
        return
    if not text.next_character():
        return
    first, problem = text.value("item 1")
    if not text.next_character():
        yield from _rows_of(first, problem, file, wanted)
        return
    number = 1
    before = _row(number, first, problem)
    yield before
    while text.next_character():
        number += 1
        before = _row(number, *text.value(f"item {number}"), before)
        yield before


def _items(text: _Text) -> Iterator[Row]:
    number, before = 0, None
    while text.next_character() != "]" or number:
        number += 1
        before = _row(number, *text.value(f"item {number}"), before)
        yield before
        following = text.next_character()
        if following == "]":
            break
        if following != ",":
            raise Damaged(
                f"the JSON array does not end after item {number:,}"
                if not following
                else f"item {number:,} of the JSON array is followed by {following!r}, not by a comma",
                _FIX,
            )
        text.at += 1
    text.at += 1
    if text.next_character():
        raise Damaged("more text follows the JSON array", _FIX)


def _row(number: int, value: Any, problem: str | None, before: Row | None = None, unit: str = "item") -> Row:
    """The row of an object or a text; of a null, one whose columns, those of the row before, are all null."""
    if isinstance(value, dict):
        return Row(number, value, problem)
    if isinstance(value, str):
        return Row(number, {TEXT: value}, problem)
    if value is None:
        return Row(number, dict.fromkeys(before.values if before is not None and before.values else (TEXT,)), problem)
    return Row(number, {}, f"{unit} {number} is not a JSON object")


class _Text:
    """The text of a document, as far as it was read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("surrogateescape")
        self._decode = json.JSONDecoder().raw_decode
        self._buffer = ""
        self._ended = False
        self.at = 0

    def next_character(self) -> str:
        """The next character that is not blank; "" at the end."""
        while True:
            while self.at < len(self._buffer) and self._buffer[self.at] in _BLANK:
                self.at += 1
            if self.at < len(self._buffer) or self._ended:
                return self._buffer[self.at : self.at + 1]
            self._more(HEAD)

    def value(self, what: str) -> tuple[Any, str | None]:
        """Read a value.

        Args:
            what: what it is, for messages.

        Returns:
            The value, and what is wrong with its bytes, if anything is.

        Raises:
            Damaged: it is not JSON.
            ValueError: it is longer than a record may be.
        """
        size = HEAD
        self.next_character()
        while True:
            try:
                value, end = self._decode(self._buffer, self.at)
            except json.JSONDecodeError as error:
                is_cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._buffer) - 8
                if self._ended or not is_cut:
                    raise Damaged(f"{what} is not JSON ({error.msg})", _FIX) from error
            except (ValueError, RecursionError) as error:
                raise Damaged(f"{what} is not JSON ({error})", _FIX) from error
            else:
                if end < len(self._buffer) or self._ended:
                    source = self._buffer[self.at : end]
                    self.at = end
                    return self._checked(value, source, what)
            if len(self._buffer) - self.at > streams.LARGEST_RECORD:
                raise ValueError(f"{what} is longer than {streams.LARGEST_RECORD:,} characters")
            self._more(size)
            size *= 2

    def _more(self, size: int) -> None:
        block = self._stream.read(size)
        self._ended = not block
        self._buffer = self._buffer[self.at :] + self._decoder.decode(block, self._ended)
        self.at = 0

    @staticmethod
    def _checked(value: Any, source: str, what: str) -> tuple[Any, str | None]:
        if source.isascii():
            return value, None
        content = source.encode(UTF_8, "surrogateescape")
        try:
            content.decode()
        except UnicodeDecodeError:
            return json.loads(content.decode(UTF_8, "replace")), f"{what} is not valid UTF-8"
        return value, None


def _rows_of(document: Any, problem: str | None, file: str, wanted: str | None) -> Iterator[Row]:
    """The records of a document that is one value."""
    if not isinstance(document, dict):
        yield _row(1, document, problem)
        return
    records = _records_in(document, file, wanted)
    for number, record in enumerate(records, start=1):
        yield _row(number, record, problem and f"item {number}: the document is not valid UTF-8")


def _records_in(document: dict[str, Any], file: str, wanted: str | None) -> list[Any]:
    names, rows = document.get("columns"), document.get("data")
    if isinstance(names, list) and isinstance(rows, list) and all(isinstance(row, list) for row in rows):
        return [dict(zip(map(str, names), row)) for row in rows]  # pandas: orient="split"
    lists = {key: value for key, value in document.items() if isinstance(value, list) and value}
    path = (wanted or "").split(".")
    if len(path) > 1 and path[0] in lists and wanted not in document:
        return [{path[0]: item} for item in lists[path[0]]]
    if lists and len(lists) == len(document) and _are_columns(lists):
        return [dict(zip(lists, row)) for row in zip(*lists.values())]
    of_records = [key for key, value in lists.items() if all(isinstance(item, (dict, str)) for item in value)]
    of_objects = [key for key in of_records if isinstance(lists[key][0], dict)]
    is_record = _is_record(document, wanted, [lists[key] for key in of_objects])
    if len(of_objects or of_records) == 1 and not is_record:
        (key,) = of_objects or of_records
        _log.info(
            "the texts of %s are taken from its list %r. --text-column overrides this, for example "
            "--text-column %s",
            name_of(file), key, _example(key, lists[key]),
        )  # fmt: skip
        found: list[Any] = lists[key]
        return found
    if len(of_objects) > 1 and not is_record:
        raise _several({key: lists[key] for key in of_objects}, file)
    return (
        _transposed(document, wanted)
        or _nested_records(document, file, wanted)
        or _texts_by_name(document, file, wanted)
        or [document]
    )


def _texts_by_name(document: dict[str, Any], file: str, wanted: str | None) -> list[Any]:
    """The values of an object that holds a text under each name, as of an id; none if it holds something else."""
    texts = list(document.values())
    are_texts = len(texts) > 1 and all(isinstance(value, str) for value in texts) and is_of_sentences(texts)
    if wanted is not None or not are_texts or _has_text(document, wanted):
        return []
    _log.info(
        "each value of %s is read as a text. --text-column overrides this, for example --text-column %s",
        name_of(file), shlex.quote(next(iter(document))),
    )  # fmt: skip
    return texts


def _nested_records(document: dict[str, Any], file: str, wanted: str | None) -> list[Any]:
    """The only list of objects in the objects of a document, each item at its path; none if there is no such list."""
    found = dict(_lists_in(document, ()))
    named = [path for path in found if wanted is not None and wanted.startswith(".".join(path) + ".")]
    names = set() if wanted is None else {wanted, wanted.partition(".")[0]}
    is_document = bool(names & document.keys()) or _is_record(document, wanted, list(found.values()))
    if not named and len(found) > 1 and not is_document and not any(isinstance(v, str) for v in document.values()):
        raise _several({".".join(path): items for path, items in found.items()}, file)
    if not named and (len(found) != 1 or is_document):
        return []
    (path,) = named[:1] or found
    if not named:
        name = ".".join(path)
        _log.info(
            "the texts of %s are taken from its list %r. --text-column overrides this, for example "
            "--text-column %s",
            name_of(file), name, _example(name, found[path]),
        )  # fmt: skip
        return found[path]
    records: list[Any] = []
    for item in found[path]:
        for key in reversed(path):
            item = {key: item}  # noqa: PLW2901 (from the inside out)
        records.append(item)
    return records


def _several(lists: dict[str, list[Any]], file: str) -> UsageProblem:
    name, items = next(iter(lists.items()))
    return UsageProblem(
        f"{name_of(file)} holds several lists ({', '.join(lists)}). Type: --text-column {_example(name, items)}"
    )


def _example(name: str, items: list[Any]) -> str:
    """A column of the items of a list, to type: the likeliest that has a text in the first one."""
    texts = [key for key, value in items[0].items() if isinstance(value, str)] if isinstance(items[0], dict) else []
    known = [key for key in texts if normalized(key) in TEXT_NAMES]
    return shlex.quote(".".join([name, *(known or texts)[:1]]))


def _lists_in(value: dict[str, Any], path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """The lists of objects in the objects of a document, by their paths."""
    for key, inner in value.items():
        if isinstance(inner, dict) and len(path) < _DEEPEST:
            yield from _lists_in(inner, (*path, key))
        elif path and isinstance(inner, list) and inner and all(isinstance(item, dict) for item in inner):
            yield (*path, key), inner


def _are_columns(lists: Mapping[str, list[Any]]) -> bool:
    lengths = {len(value) for value in lists.values()}
    return len(lengths) == 1 and not any(isinstance(item, (dict, list)) for value in lists.values() for item in value)


def _has_text(document: Mapping[str, Any], wanted: str | None) -> bool:
    """Whether the document itself has a column with a text."""
    return any(
        isinstance(value, str) and (key == wanted or (wanted is None and normalized(key) in TEXT_NAMES))
        for key, value in document.items()
    )


def _is_record(document: dict[str, Any], wanted: str | None, lists: list[list[Any]]) -> bool:
    """Whether a document is a record itself, not what came with its lists of records, such as "message": "ok"."""
    if wanted is not None or any(key == "text" for key in map(normalized, document)):
        return _has_text(document, wanted)
    return _has_text(document, None) and not any(_has_text(items[0], None) for items in lists)


def _transposed(document: dict[str, Any], wanted: str | None) -> list[Any]:
    """The records of an object of objects: columns by name, or records by a name of theirs; none if it is neither."""
    inner = list(document.values())
    if not inner or not all(isinstance(value, dict) and value and value.keys() == inner[0].keys() for value in inner):
        return []
    if wanted in document or any(normalized(key) in TEXT_NAMES for key in document):  # pandas: orient="columns"
        return [{name: column.get(key) for name, column in document.items()} for key in inner[0]]
    return inner if len(inner) > 1 else []
