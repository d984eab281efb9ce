from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tarfile
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imdbsent.bundle.bundle import LARGEST_FILE
from imdbsent.bundle.card import CARD, MODEL, VOCABULARY
from imdbsent.errors import BundleInvalid
from imdbsent.models import install as archive
from imdbsent.models.install import install
from tests.conftest import MemoryPeak
from tests.hostile.archives import FILES as TINY_FILES
from tests.hostile.archives import HostileArchive, hostile_archives
from tests.hostile.archives import member as file_of
from tests.hostile.archives import tar_of as tar_with

SOUND = tar_with(*(file_of(f"tiny/{name}", data) for name, data in TINY_FILES.items()))
FILES = [(CARD, b"{}"), (MODEL, b"\x00" * 20_000), (VOCABULARY, b"movie\n")]


def packed(*, compressed: bool = False) -> bytes:
    stream = io.BytesIO()
    archive.pack(FILES, "mine", stream, compressed=compressed)
    return stream.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, size: int = 1) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, size if kind == tarfile.REGTYPE else 0
    info.linkname = "/etc/passwd" if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE) else ""
    return info


def tar_of(*members: tarfile.TarInfo) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for info in members:
            tar.addfile(info, io.BytesIO(b"x" * info.size))
    return content.getvalue()


def unpacked(content: bytes, tmp_path: Path) -> dict[str, bytes]:
    (tmp_path / "a.tar").write_bytes(content)
    (tmp_path / "new").mkdir()
    archive.unpack(tmp_path / "a.tar", tmp_path / "new", "a.tar")
    return {path.name: path.read_bytes() for path in (tmp_path / "new").iterdir()}


@pytest.mark.parametrize("compressed", [False, True])
def test_what_was_packed_comes_out(compressed: bool, tmp_path: Path) -> None:
    assert unpacked(packed(compressed=compressed), tmp_path) == dict(FILES)


@pytest.mark.parametrize("compress", [bytes, bz2.compress, lzma.compress])
def test_the_packings_of_other_tars_are_read_too(compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    content = tar_of(member("./mine", tarfile.DIRTYPE), member("./mine/card.json"))
    assert unpacked(compress(content), tmp_path) == {CARD: b"x"}


@pytest.mark.parametrize("compressed", [False, True])
def test_the_bytes_are_the_same_each_time_and_name_nobody(compressed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    first = packed(compressed=compressed)
    monkeypatch.setattr("time.time", lambda: 2e9)
    old = os.umask(0o077)
    try:
        assert packed(compressed=compressed) == first
    finally:
        os.umask(old)
    plain = gzip.decompress(first) if compressed else first
    with tarfile.open(fileobj=io.BytesIO(plain)) as tar:
        for info in tar:
            assert (info.mtime, info.uid, info.gid, info.uname, info.gname, info.mode) == (0, 0, 0, "", "", 0o644)
    assert len(plain) % 10_240 == 0


@pytest.mark.parametrize(
    ("info", "named"),
    [
        (member("../card.json"), "../card.json"),
        (member("mine/../../card.json"), "mine/../../card.json"),
        (member("/tmp/card.json"), "/tmp/card.json"),
        (member("mine/..", tarfile.DIRTYPE), "mine/.."),
        (member("mine/card.json", tarfile.SYMTYPE), "mine/card.json"),
        (member("mine/card.json", tarfile.LNKTYPE), "mine/card.json"),
        (member("mine/card.json", tarfile.FIFOTYPE), "mine/card.json"),
        (member("mine/card.json", tarfile.CHRTYPE), "mine/card.json"),
        (member("mine/card.json", tarfile.GNUTYPE_SPARSE), "mine/card.json"),
        (member("mine/code.pkl"), "mine/code.pkl"),
        (member("mine/.bashrc"), "mine/.bashrc"),
    ],
)
def test_whatever_has_no_place_in_a_bundle_is_refused(info: tarfile.TarInfo, named: str, tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid, match="does not belong in a bundle") as caught:
        unpacked(tar_of(info), tmp_path)
    assert repr(named) in str(caught.value)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a.tar", "new"]


def test_a_file_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid, match="not belong"):
        unpacked(tar_of(member("a/card.json"), member("b/card.json")), tmp_path)


def test_a_file_too_large_is_refused_before_it_is_written(tmp_path: Path) -> None:
    info = member("mine/model.onnx", size=LARGEST_FILE + 1)
    with pytest.raises(BundleInvalid, match="larger than 1,073,741,824 bytes"):
        unpacked(info.tobuf() + b"x" * 10_240, tmp_path)
    assert os.listdir(tmp_path / "new") == []


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_header_that_claims_gigabytes_costs_no_memory(kind: bytes, tmp_path: Path) -> None:
    info = tarfile.TarInfo("mine/card.json")
    info.type, info.size = kind, 2**32
    with pytest.raises(BundleInvalid, match="headers is too large"):
        unpacked(gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + b"0" * 2**22), tmp_path)


def test_headers_without_end_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid, match="more than 64 entries"):
        unpacked(tar_of(*[member(f"d{i}", tarfile.DIRTYPE) for i in range(65)]), tmp_path)
    long_name = tarfile.TarInfo("x")
    long_name.type, long_name.size = tarfile.GNUTYPE_LONGNAME, 1
    (tmp_path / "b").mkdir()
    with pytest.raises(BundleInvalid, match="not a tar of a bundle"):
        unpacked((long_name.tobuf() + b"y".ljust(512, b"\0")) * 3_000, tmp_path / "b")


@pytest.mark.parametrize("hostile", hostile_archives(), ids=lambda hostile: hostile.name)
def test_a_tar_from_a_stranger_is_refused_and_leaves_nothing(
    hostile: HostileArchive, tmp_path: Path, home: Path, memory: MemoryPeak
) -> None:
    (tmp_path / "a.tar").write_bytes(hostile.content)
    before = {path: path.lstat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    with memory(at_most=16 * 2**20), pytest.raises(BundleInvalid, match=hostile.reason) as caught:
        install(str(tmp_path / "a.tar"))
    assert len(caught.value.reason) < 300
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".lock"]  # that of all installs
    assert {path: path.lstat().st_mtime_ns for path in files} == before
    assert set(os.listdir(home / "models")) <= {".lock"}  # filelock 3.24 takes its file away


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, len(SOUND) - 1), byte=st.integers(0, 255), cut=st.integers(0, len(SOUND)))
def test_a_changed_or_shortened_tar_is_a_bundle_or_one_error(
    tmp_path: Path, place: int, byte: int, cut: int
) -> None:
    changed = bytearray(SOUND)
    changed[place] = byte
    for content in (bytes(changed), SOUND[:cut]):
        with tempfile.TemporaryDirectory(dir=tmp_path) as folder, suppress(BundleInvalid):
            path = Path(folder)
            (path / "a.tar").write_bytes(content)
            archive.unpack(path / "a.tar", path, "a.tar")
            assert {file.name for file in path.iterdir()} <= {"a.tar", *archive.FILES}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"this is no tar",
        b"\x1f\x8bthis is no gzip",
        b"BZhthis is no bzip2",
        b"\xfd7zXZthis is no xz",
        gzip.compress(packed(), mtime=0)[:100],
        bytes(range(256)) * 20,
    ],
)
def test_a_damaged_tar_is_one_error(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(BundleInvalid, match="not a tar of a bundle"):
        unpacked(content, tmp_path)
