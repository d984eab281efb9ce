"""What is fuzzed: each target takes any bytes, and raises where something is wrong that no input may cause.

An error of `imdbsent.errors` is a right answer. Anything else that is raised is a finding, and so is a broken promise:
a record that is lost, an output that cannot be read again, a character that steers the terminal.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache
from pathlib import Path
from typing import Final

from imdbsent.bundle.bundle import read_bundle, write_card
from imdbsent.bundle.card import CARD, MODEL
from imdbsent.classify.engine import Engine
from imdbsent.cli._streams import visible
from imdbsent.errors import ImdbsentError
from imdbsent.models.install import FILES, unpack
from imdbsent.reading.detect import Compression, FileFormat, Kind
from imdbsent.reading.lines import read_file
from imdbsent.reading.tables import Columns, open_table, records_of
from imdbsent.records import Prediction, Record
from imdbsent.text.sentences import sentence_spans
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


TARGETS: Final[dict[str, Callable[[bytes], None]]] = {"bundle": bundle, "records": records, "tokenizer": tokenizer}
"""The targets by name; each has a folder of inputs in `corpus/`."""
