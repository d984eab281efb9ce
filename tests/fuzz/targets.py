"""What is fuzzed: each target takes any bytes, and raises where something is wrong that no input may cause.

An error of `imdbsent.errors` is a right answer. Anything else that is raised is a finding, and so is a broken promise:
a record that is lost, an output that cannot be read again, a character that steers the terminal.
"""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import re
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, Final

from imdbsent.bundle.bundle import read_bundle, write_card
from imdbsent.bundle.card import CARD, MODEL
from imdbsent.classify.engine import Engine
from imdbsent.cli._streams import visible
from imdbsent.errors import ImdbsentError
from imdbsent.explain.explain import sentence_spans
from imdbsent.models.install import FILES, unpack
from imdbsent.reading.detect import Detected, detect
from imdbsent.reading.inputs import Inputs, Source
from imdbsent.reading.lines import read_file
from imdbsent.reading.options import Columns, Escape, FileFormat, Kind, Quoting, ReadOptions
from imdbsent.reading.streams import HEAD, Compression, open_bytes
from imdbsent.reading.tables import open_table, records_of
from imdbsent.records import Prediction, Record
from imdbsent.text.tokenizer import KerasTokenizer, Vocabulary, split_words, word_spans
from imdbsent.writing.text import Format, ResultColumns, text_layout
from tests.hostile.results import steering
from tests.tiny import MAXIMUM_LENGTH, NUM_WORDS, WORDS

TOKENIZER: Final = KerasTokenizer(Vocabulary(WORDS), NUM_WORDS, MAXIMUM_LENGTH)
_KINDS: Final = (Kind.TXT, Kind.CSV, Kind.TSV, Kind.JSONL)


@cache
def _folder() -> Path:
    """A folder of this process; in memory where there is such a place."""
    shared = Path("/dev/shm")
    return Path(tempfile.mkdtemp(dir=shared if shared.is_dir() else None, prefix="imdbsent-fuzz-"))


def bundle(data: bytes) -> None:
    """A card, a network or a tar, by the first byte."""
    chosen, content = data[:1], data[1:]
    {b"c": _card, b"m": _model, b"t": _tar}.get(chosen, _card)(content)


def records(data: bytes) -> None:
    """A file of records: the first byte says of what format, and whether it is compressed."""
    if not data:
        return
    kind = _KINDS[data[0] % len(_KINDS)]
    compression = Compression.GZIP if data[0] & 0x10 else Compression.NONE
    path = _folder() / "records"
    path.write_bytes(data[1:])
    found: list[Record] = []
    with suppress(ImdbsentError):
        found.extend(_read(path, FileFormat(kind, compression), skip_bad=bool(data[0] & 0x20)))
    if kind is Kind.TXT and compression is Compression.NONE and not data[0] & 0x40:
        assert len(found) == len(io.BytesIO(data[1:]).readlines()), "a record was lost"
    for record in found:
        _written(record)


_NAMES: Final = (
    "records", "a.csv", "a.tsv", "a.txt", "a.json", "a.jsonl", "a.ft", "a.parquet", "a.xlsx", "a.csv.gz", "a.zip",
    "a.json.zst", "a.tsv.bz2", "a.xz", "a.pdf", "-",
)  # fmt: skip
_FORMATS: Final = (
    None, None, None, None, "txt", "csv", "tsv", "jsonl", "json", "parquet", "xlsx", "fasttext", "csv.gz", "txt.xz",
    "tsv.zip", "json.bz2",
)  # fmt: skip
_ENCODINGS: Final = (None, None, None, "utf-8", "cp1252", "utf-16", "utf-32", "auto")
_SEPARATORS: Final = (None, None, None, None, ";", "tab", "|", "~")
_QUOTINGS: Final = (None, None, Quoting.STANDARD, Quoting.NONE)
_ESCAPES: Final = (None, None, Escape.BACKSLASH, Escape.NONE)
_COLUMNS: Final = (None, None, "text", "1", "2", "a.text", "review", "column 1")
_KEPT: Final = ((), (), ("all",), ("id",))


def inputs(data: bytes) -> None:
    """A file or standard input, as `predict` reads it: six bytes say its name, its packing and the options."""
    if len(data) < _CHOICES:
        return
    chosen, content = data[:_CHOICES], _packed(data[5] % 8, data[_CHOICES:])
    options = _options(chosen)
    if options is None:
        return
    name = _NAMES[chosen[0] % 16]
    with _given(name, content) as file:
        found, is_whole = _records(file, options)
    for record in found:
        _written(record)
    if not is_whole:
        return
    expected = _expected(name, content, options)
    assert len(found) in expected, f"{len(found)} records of {expected}"
    if name in ("records", "-") and len(content) < HEAD:
        with _given("-" if name == "records" else "records", content) as file:
            again, _ = _records(file, options)
        assert [record.text for record in again] == [record.text for record in found], "a pipe is read differently"


_CHOICES: Final = 6


def _options(chosen: bytes) -> ReadOptions | None:
    """Options, by a few bytes; None if they exclude each other."""
    with suppress(ImdbsentError):
        return ReadOptions(
            input_format=_FORMATS[chosen[1] % 16],
            skip_bad=bool(chosen[1] & 0x10),
            whole=chosen[1] & 0xE0 == 0xE0,
            encoding=_ENCODINGS[chosen[2] % 8],
            delimiter=_SEPARATORS[chosen[2] // 8 % 8],
            quoting=_QUOTINGS[chosen[3] % 4],
            escape=_ESCAPES[chosen[3] // 4 % 4],
            header=chosen[3] & 0xE0 != 0xE0,
            text_column=_COLUMNS[chosen[4] % 8],
            id_column="id" if chosen[4] & 0x30 == 0x30 else None,
            kept=_KEPT[chosen[4] // 64],
        )
    return None


def _packed(how: int, content: bytes) -> bytes:
    """Content, mostly as it is: a fuzzer cannot guess checksums."""
    if how == 4:
        return gzip.compress(content, mtime=0)
    if how == 5:
        return bz2.compress(content)
    if how == 6:
        return lzma.compress(content)
    if how == 7:
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("a.csv", content)
        return stream.getvalue()
    return content


@contextmanager
def _given(name: str, content: bytes) -> Iterator[str]:
    """A file of that name; or standard input, which is a pipe."""
    if name != "-":
        path = _folder() / name
        path.write_bytes(content)
        yield str(path)
        path.unlink()
        return
    path = _folder() / "stdin"
    path.write_bytes(content)
    reading, writing = os.pipe()
    before = sys.stdin
    with suppress(BlockingIOError):
        os.set_blocking(writing, False)
        content = content[os.write(writing, content) if content else 0 :]
    os.close(writing)
    sys.stdin = os.fdopen(reading) if not content else path.open()  # what a pipe cannot hold comes from a file
    try:
        yield "-"
    finally:
        sys.stdin.close()
        sys.stdin = before


def _records(file: str, options: ReadOptions) -> tuple[list[Record], bool]:
    """The records of a file up to an error, and whether there was none."""
    found: list[Record] = []
    with suppress(ImdbsentError):
        for batch in Inputs([Source(file=file)], options).batches(64):
            found += batch
        return found, True
    return found, False


def _expected(name: str, content: bytes, options: ReadOptions) -> range:
    """How many records a file has, as far as the standard library can tell."""
    with _given(name, content) as file:
        found = detect(open_bytes(file), file, options)
        try:
            return _expected_of(found, options)
        finally:
            found.close()


def _expected_of(found: Detected, options: ReadOptions) -> range:
    kind = found.format.kind
    content = b"" if kind in (Kind.PARQUET, Kind.EXCEL) else found.content.read()
    if kind is Kind.TXT and options.whole:
        return _exactly(1)
    if kind in (Kind.TXT, Kind.FASTTEXT):
        return _exactly(len(io.BytesIO(content).readlines()))
    if kind is Kind.JSONL:
        lines = content.removeprefix(b"\xef\xbb\xbf").split(b"\n")
        return _exactly(sum(bool(line.strip(b" \t\r\n\v\f")) for line in lines))
    text = content.decode("utf-8-sig", "replace")
    if kind in (Kind.CSV, Kind.TSV):
        rows = [line for line in re.split(r"\r\n|\r|\n", text) if line]
        is_plain = not re.search(r'["\\]|^sep=', text, re.IGNORECASE)
        return _exactly(max(0, len(rows) - found.format.header)) if is_plain else range(len(rows) + 1)
    with suppress(ValueError, RecursionError):
        value: Any = json.loads(text) if kind is Kind.JSON else None
        if isinstance(value, list):
            return _exactly(len(value))
    return range(sys.maxsize)


def _exactly(number: int) -> range:
    return range(number, number + 1)


def tokenizer(data: bytes) -> None:
    """A text, as UTF-8 with or without errors."""
    text = data.decode("utf-8", "surrogateescape")
    words = split_words(text.encode("utf-8", "replace").decode())
    clean = text.encode("utf-8", "replace").decode()
    encoding = TOKENIZER.encoding(clean)
    assert encoding.ids.tolist() == TOKENIZER.encode(clean)
    assert 1 <= len(encoding.ids) <= MAXIMUM_LENGTH
    assert all(0 < number < NUM_WORDS for number in encoding.ids)
    spans = word_spans(clean)
    assert len(spans) == len(words) == len(TOKENIZER.tokens(clean))
    assert all(clean[a:b].encode().lower() == word.lower() for (a, b), word in zip(spans, words))
    assert "".join(clean[a:b] for a, b in sentence_spans(clean)) == clean
    assert not steering(visible(text).replace("\n", "")), "it steers the terminal"
    TOKENIZER.decode(list(data))


def _card(content: bytes) -> None:
    (_folder() / CARD).write_bytes(content)
    with suppress(ImdbsentError):
        card = read_bundle(_folder()).card
        assert write_card(_folder(), card).card == card or "NaN" in card.to_json()


def _model(content: bytes) -> None:
    (_folder() / MODEL).write_bytes(content)
    with suppress(ImdbsentError):
        logits = Engine(_folder() / MODEL, threads=1).logits([[1, 4, 5], [1, 6]])
        assert logits.shape == (2,)


def _tar(content: bytes) -> None:
    archive = _folder() / "a.tar"
    archive.write_bytes(content)
    with tempfile.TemporaryDirectory(dir=_folder()) as name:
        inside = Path(name) / "bundle"
        inside.mkdir()
        with suppress(ImdbsentError):
            unpack(archive, inside, "a.tar")
        assert {path.name for path in inside.iterdir()} <= {*FILES}
        assert [path.name for path in Path(name).iterdir()] == ["bundle"], "something was written outside"
        assert all(path.is_file() and not path.is_symlink() for path in inside.iterdir())


def _read(path: Path, file_format: FileFormat, *, skip_bad: bool) -> list[Record]:
    if not file_format.is_table:
        return list(read_file(str(path), file_format.compression))
    with closing(open_table(str(path), file_format)) as table:
        return list(records_of(table, Columns(kept=("text",)), skip_bad=skip_bad))


def _written(record: Record) -> None:
    """What is written of a record is a row, and is read again as it was."""
    prediction = Prediction(record.text, None, None, record.problem or "none", kept=(record.text,))
    columns = ResultColumns(kept=("note",))
    line = text_layout(Format.JSONL, columns).row(prediction)
    assert line.endswith("\n")
    assert "\n" not in line[:-1]
    assert json.loads(line)["text"] == record.text
    tsv = text_layout(Format.TSV).row(prediction)
    assert tsv.count("\n") == 1
    assert tsv.count("\t") == 2


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {
    "bundle": bundle,
    "inputs": inputs,
    "records": records,
    "tokenizer": tokenizer,
}
"""The targets by name; each has a folder of inputs in `corpus/`."""
