"""Tars from strangers: what is wrong with each, and its bytes."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
from dataclasses import dataclass

from imdbsent.bundle.bundle import LARGEST_FILE
from imdbsent.bundle.card import CARD, MODEL, VOCABULARY
from tests.tiny import TINY

FILES = {name: (TINY / name).read_bytes() for name in (CARD, MODEL, VOCABULARY)}
_ZEROS = 2**24

Member = tuple[tarfile.TarInfo, bytes]


@dataclass(frozen=True)
class HostileArchive:
    """A tar that is refused.

    Attributes:
        name: what is wrong with it.
        content: its bytes.
        reason: a regular expression that the error holds.
    """

    name: str
    content: bytes
    reason: str


def hostile_archives() -> list[HostileArchive]:
    return [*_paths(), *_kinds(), *_bombs(), *_broken()]


def tar_of(*members: Member, kind: int = tarfile.GNU_FORMAT) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=kind) as tar:
        for info, data in members:
            tar.addfile(info, io.BytesIO(data))
    return content.getvalue()


def member(name: str, data: bytes = b"x", kind: bytes = tarfile.REGTYPE, link: str = "") -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(data) if kind == tarfile.REGTYPE else 0
    return info, data if kind == tarfile.REGTYPE else b""


def _with(*more: Member, first: bool = False) -> bytes:
    """A sound bundle with something more in it."""
    sound = [member(f"tiny/{name}", data) for name, data in FILES.items()]
    return tar_of(*more, *sound) if first else tar_of(*sound, *more)


def _paths() -> list[HostileArchive]:
    names = ("../card.json", "tiny/../../etc/card.json", "/etc/card.json", "//card.json", "tiny/..", "C:\\card.json",
             "tiny\\..\\card.json", "\\\\host\\share\\card.json", "tiny/.bashrc", "tiny/CARD.JSON", "tiny/card.json ",
             "tiny/card.json\n", "tiny/\x1b[2Jcard.json", "tiny/\u202enosj.drac", "tiny/model.onnx.data",
             "tiny/code.pkl", "tiny/__init__.py", "a" * 5_000)  # fmt: skip
    paths = [HostileArchive(f"the name {name[:40]!a}", _with(member(name)), "does not belong") for name in names]
    twice = _with(member(f"other/{CARD}", FILES[CARD]))
    again = _with(member(f"tiny/{MODEL}", FILES[MODEL]))
    return [
        *paths,
        HostileArchive("a card in two folders", twice, "does not belong in a bundle"),
        HostileArchive("the same name twice", again, "does not belong in a bundle"),
    ]


def _kinds() -> list[HostileArchive]:
    kinds = {
        "a symbolic link": (tarfile.SYMTYPE, "/etc/passwd"),
        "a link upwards": (tarfile.SYMTYPE, "../../.ssh/id_rsa"),
        "a hard link": (tarfile.LNKTYPE, "tiny/card.json"),
        "a character device": (tarfile.CHRTYPE, ""),
        "a block device": (tarfile.BLKTYPE, ""),
        "a named pipe": (tarfile.FIFOTYPE, ""),
        "a contiguous file": (tarfile.CONTTYPE, ""),
    }
    found = []
    for what, (kind, link) in kinds.items():
        content = _with(member(f"tiny/{MODEL}", kind=kind, link=link), first=True)
        found.append(HostileArchive(what, content, "does not belong in a bundle"))
    folder_then_through = tar_of(member("tiny", kind=tarfile.SYMTYPE, link="/tmp"), member(f"tiny/{CARD}"))
    return [*found, HostileArchive("a link for a folder", folder_then_through, "does not belong in a bundle")]


def _bombs() -> list[HostileArchive]:
    large = tarfile.TarInfo(f"tiny/{MODEL}")
    large.size = LARGEST_FILE + 1
    larger = tarfile.TarInfo(f"tiny/{MODEL}")
    larger.size = 2**62
    long_header = tarfile.TarInfo("x")
    long_header.type, long_header.size = tarfile.GNUTYPE_LONGNAME, 2**32
    folders = tar_of(*(member(f"d{i}", kind=tarfile.DIRTYPE) for i in range(65)))
    return [
        HostileArchive("a file too large", large.tobuf() + bytes(10_240), "larger than"),
        HostileArchive("a file of exabytes", larger.tobuf(tarfile.GNU_FORMAT) + bytes(10_240), "larger than"),
        HostileArchive("a header of gigabytes", gzip.compress(long_header.tobuf(tarfile.GNU_FORMAT) + bytes(_ZEROS)),
                       "headers is too large"),
        HostileArchive("a map of holes without end, old style", gzip.compress(_old_sparse(40_000)), "headers"),
        HostileArchive("a map of holes without end, new style", gzip.compress(_new_sparse()), "headers"),
        HostileArchive("many entries", folders, "more than 64 entries"),
        HostileArchive("headers before headers", _long_names(3_000), "not a tar of a bundle"),
        HostileArchive("zeros alone", gzip.compress(bytes(_ZEROS)), "card.json|no tar"),
        HostileArchive("a bomb after the end of a bundle", gzip.compress(_long_names(30) + bytes(_ZEROS)), "not a tar"),
    ]  # fmt: skip


def _broken() -> list[HostileArchive]:
    sound = _with()
    negative = _pax(f"tiny/{MODEL}", {"size": "-1000"})
    return [
        HostileArchive("empty", b"", "not a tar of a bundle"),
        HostileArchive("text", b"#!/bin/sh\nrm -rf /\n", "not a tar of a bundle"),
        HostileArchive("gzip that is none", b"\x1f\x8bnone", "not a tar of a bundle"),
        HostileArchive("bzip2 that is none", b"BZhnone", "not a tar of a bundle"),
        HostileArchive("xz that is none", b"\xfd7zXZnone", "not a tar of a bundle"),
        HostileArchive("gzip cut off", gzip.compress(sound)[:-200], "not a tar of a bundle"),
        HostileArchive("xz cut off", lzma.compress(sound)[:-100], "not a tar of a bundle"),
        HostileArchive("cut off", sound[:2_000], "not a tar of a bundle|card.json|damaged|lacks"),
        HostileArchive("no card", tar_of(member(f"tiny/{MODEL}", FILES[MODEL])), "card.json: No such file"),
        HostileArchive("no model", tar_of(member(f"tiny/{CARD}", FILES[CARD])), "No such file"),
        HostileArchive("a byte of the model changed", _changed(sound), "damaged"),
        HostileArchive("a negative size", negative, "not a tar of a bundle|damaged|not belong|card.json"),
    ]


def _pax(name: str, headers: dict[str, str]) -> bytes:
    info, data = member(name)
    info.pax_headers = headers
    return tar_of((info, data), kind=tarfile.PAX_FORMAT)


def _old_sparse(blocks: int) -> bytes:
    """GNU's sparse file, whose map continues from block to block: each says that there is another."""
    info = tarfile.TarInfo(f"tiny/{MODEL}")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[386:386 + 96] = b"00000000001\0" * 8
    header[482] = 1  # extended
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    block = (b"00000000001\0" * 42)[:504] + b"\1" + bytes(7)
    return bytes(header) + block * blocks


def _new_sparse() -> bytes:
    """The sparse file of PAX 1.0, whose map says how many numbers it has."""
    headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": f"tiny/{MODEL}",
               "GNU.sparse.realsize": "1"}  # fmt: skip
    headers_alone = _pax(f"tiny/{MODEL}", headers)[: 3 * 512]  # those of PAX, their text, and the file's
    return headers_alone + b"999999999\n" + b"1\n" * 2**23


def _long_names(count: int) -> bytes:
    long_name = tarfile.TarInfo("x")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 1
    return (long_name.tobuf() + b"y".ljust(512, b"\0")) * count


def _changed(sound: bytes) -> bytes:
    place = sound.index(FILES[MODEL]) + 100
    return sound[:place] + bytes([sound[place] ^ 1]) + sound[place + 1 :]
