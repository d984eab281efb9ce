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

_LARGEST = 4_096  # bytes
_TABLES = {
    0: b"great movie\nawful\r\n\n\xff\xfe\n\xef\xbb\xbfgreat",
    1: b'text,label\n"great, ""movie""",1\n"two\nlines",0\nshort\n\xff,1\n',
    2: b'text\tlabel\ngreat\t1\n"a\tb"\t0\n',
    3: b'{"text": "great"}\n{"text": null}\n[]\n{"text": 1}\n{"text": "\\ud800"}\n\n{',
}


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
