"""The inputs that fuzzing starts from: `python -m tests.fuzz.seeds` writes them to `corpus/`.

They are small, of every kind, and those that strangers send (`tests/hostile`): libFuzzer changes and crosses them.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator

from imdbsent.bundle.card import CARD, MODEL
from tests.fuzz.run import CORPUS
from tests.hostile.archives import FILES, hostile_archives, member, tar_of
from tests.hostile.cards import hostile_cards
from tests.hostile.graphs import hostile_graphs
from tests.hostile.texts import FORMULAS, MARKUP, PLANES, TERMINAL_TEXTS
from tests.reading.files import ods, xlsx

_LARGEST = 4_096  # bytes
_TABLES = {
    0: b"great movie\nawful\r\n\n\xff\xfe\n\xef\xbb\xbfgreat",
    1: b'text,label\n"great, ""movie""",1\n"two\nlines",0\nshort\n\xff,1\n',
    2: b'text\tlabel\ngreat\t1\n"a\tb"\t0\n',
    3: b'{"text": "great"}\n{"text": null}\n[]\n{"text": 1}\n{"text": "\\ud800"}\n\n{',
}
_FILES = (
    (0, 0, b"great movie\nawful\r\n\n\xff\xfe\n, ; { [\ngreat"),
    (0, 0, b"id,text\n1,great\n2,awful, really\n"),
    (15, 0, b'review;stars\r\n"great; ""movie""";5\r\nawful;1\r\n'),
    (1, 0, b"sep=;\nText;Label\ngreat film;1\nbad;0\n"),
    (1, 0, b'id,text\n1,"open and\n2,great\n3,awful\n4,"two\nlines"\n'),
    (2, 0, b'id\treview\n1\t"a \\"great\\" film"\n2\t"quirky" and fine\n3\t\\N\n'),
    (0, 0, b"1\tgreat film, I loved it\n0\tawful film, I hated it\n"),
    (4, 0, b'[{"text": "great", "id": 1}, {"text": null}, "awful", 3, {"a": {"text": "x"}}]'),
    (4, 0, b'{"n": 2, "reviews": [{"body": "great"}, {"body": "awful"}]}'),
    (4, 0, b'{"text": {"0": "great", "1": "awful"}, "label": {"0": 1, "1": 0}}'),
    (5, 0, b'{"text": "great"}\n\n{"text": 1}\n[]\n{"a": {"text": "x"}}\n{'),
    (6, 0, b"__label__2 great film\n__label__1, awful film\nno label\n"),
    (0, 0, "\ufeffid,text\r\n1,great\r\n2,awful\r\n".encode("utf-16-le")),
    (0, 0, "great film\nawful film\n".encode("utf-16-be")),
    (1, 0, "id,text\n1,caf\u00e9\n".encode("cp1252")),
    (8, 0, xlsx(("Sheet1", [["id", "text"], [1, "great"], [2, None]]))),
    (8, 0, ods([["text"], ["great"]])),
    (7, 0, b"PAR1" + bytes(8) + b"PAR1"),
    *((number, how, b"id,text\n1,great\n2,awful\n") for how in (4, 5, 6, 7) for number in (0, 15)),
)
"""The number of a name, the number of a packing, and the content, for the target `inputs`."""
_OPTIONS = (bytes(4), b"\x10\x07\x00\x00", b"\x15\x20\x0b\x83")


def seeds() -> Iterator[tuple[str, bytes]]:
    """The target of each input, and the input."""
    sound = tar_of(*(member(f"tiny/{name}", data) for name, data in FILES.items()))
    for kind, good, bad in (
        (b"c", FILES[CARD], hostile_cards()),
        (b"m", FILES[MODEL], hostile_graphs()),
        (b"t", gzip.compress(sound, mtime=0), hostile_archives()),
    ):
        yield from (("bundle", kind + content) for content in (good, *(hostile.content for hostile in bad)))
    for number, content in _TABLES.items():
        yield "records", bytes([number]) + content
        yield "records", bytes([number | 0x20]) + content
        yield "records", bytes([number | 0x10]) + gzip.compress(content, mtime=0)
    for number, how, content in _FILES:
        for options in _OPTIONS[: 1 if how else 3]:
            yield "inputs", bytes([number, *options, how]) + content
    for text in (*TERMINAL_TEXTS, *MARKUP, *FORMULAS, PLANES, "Great. Awful! <br /><br />It's \"great\"...", ""):
        yield "tokenizer", text.encode()
    yield "tokenizer", b"great \xed\xa0\x80 \xff \xc3"


def main() -> None:
    for target, content in seeds():
        if len(content) <= _LARGEST:
            folder = CORPUS / target
            folder.mkdir(parents=True, exist_ok=True)
            (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)


if __name__ == "__main__":
    main()
