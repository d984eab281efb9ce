"""Tiny files of the formats that people have, as bytes."""

from __future__ import annotations

import io
import struct
import zipfile
from xml.sax.saxutils import escape

_CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def zipped(**members: bytes) -> bytes:
    """A zip archive of some files; two underscores in a name are a dot."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return stream.getvalue()


def xlsx(*sheets: tuple[str, list[list[object]]]) -> bytes:
    """A workbook of named sheets."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("[Content_Types].xml", _CONTENT_TYPES)
        archive.writestr("_rels/.rels", _relations(f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"'))
        names = "".join(
            f'<sheet name="{escape(name)}" sheetId="{i}" r:id="rId{i}"/>' for i, (name, _) in enumerate(sheets, 1)
        )
        archive.writestr(
            "xl/workbook.xml", f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{names}</sheets></workbook>'
        )
        targets = [f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet{i}.xml"' for i in range(1, len(sheets) + 1)]
        archive.writestr("xl/_rels/workbook.xml.rels", _relations(*targets))
        for i, (_, rows) in enumerate(sheets, 1):
            archive.writestr(f"xl/worksheets/sheet{i}.xml", _sheet(rows))
    return stream.getvalue()


def _relations(*targets: str) -> str:
    inside = "".join(f'<Relationship Id="rId{i}" {target}/>' for i, target in enumerate(targets, 1))
    return f'<?xml version="1.0"?><Relationships xmlns="{_PACKAGE}">{inside}</Relationships>'


def _sheet(rows: list[list[object]]) -> str:
    lines = []
    for number, row in enumerate(rows, 1):
        cells = "".join(
            ""
            if value is None
            else f'<c r="{chr(65 + i)}{number}"><v>{value}</v></c>'
            if isinstance(value, (int, float))
            else f'<c r="{chr(65 + i)}{number}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t>'
            "</is></c>"
            for i, value in enumerate(row)
        )
        lines.append(f'<row r="{number}">{cells}</row>')
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def ods(rows: list[list[str]]) -> bytes:
    """A spreadsheet of OpenDocument with one sheet."""
    table = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'
            for value in row
        )
        + "</table:table-row>"
        for row in rows
    )
    of = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<?xml version="1.0"?><office:document-content xmlns:office="{of}:office:1.0" xmlns:table="{of}:table:1.0" '
        f'xmlns:text="{of}:text:1.0"><office:body><office:spreadsheet><table:table table:name="Sheet1">{table}'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr(
            "META-INF/manifest.xml",
            f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{of}:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" '
            'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        )
    return stream.getvalue()


_SECTOR = 512
_FREE, _END, _OF_TABLE, _NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF


def xls(rows: list[list[str]]) -> bytes:
    """A workbook of Excel 97 with one sheet: records of BIFF8, [MS-XLS], in a compound file, [MS-CFB]."""
    version = struct.pack("<HHHHII", 0x0600, 0, 0, 0, 0, 0)
    cells = b"".join(
        _biff(0x0204, struct.pack("<HHHHB", y, x, 0, len(text) // 2, 1) + text)
        for y, row in enumerate(rows)
        for x, text in enumerate(value.encode("utf-16-le") for value in row)
    )
    size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    sheet = _biff(0x0809, _of_kind(version, 0x10)) + _biff(0x0200, size) + cells + _biff(0x000A, b"")
    opening = _biff(0x0809, _of_kind(version, 0x05)) + _biff(0x0042, struct.pack("<H", 1200))
    name = b"\x06\x00Sheet1"
    start = len(opening) + 4 + 6 + len(name) + 4
    book = opening + _biff(0x0085, struct.pack("<IBB", start, 0, 0) + name) + _biff(0x000A, b"") + sheet
    return _compound(b"Workbook", book.ljust(4096, b"\0"))


def _biff(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def _of_kind(version: bytes, kind: int) -> bytes:
    return version[:2] + struct.pack("<H", kind) + version[4:]


def _compound(name: bytes, content: bytes) -> bytes:
    """A compound file with one stream, which is too long for the small sectors."""
    sectors = -(-len(content) // _SECTOR)
    tables = 1
    while tables * (_SECTOR // 4) < tables + 1 + sectors:
        tables += 1
    first = tables + 1
    chain = [_OF_TABLE] * tables + [_END] + [*range(first + 1, first + sectors), _END]
    chain += [_FREE] * (tables * (_SECTOR // 4) - len(chain))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    head += struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, tables, tables, 0, 4096, _END, 0, _END, 0)
    head += b"".join(struct.pack("<I", i if i < tables else _FREE) for i in range(109))
    folder = _entry("Root Entry", 5, 1, _END, 0) + _entry(name.decode(), 2, _NONE, first, len(content))
    table = struct.pack(f"<{len(chain)}I", *chain)
    return head + table + folder.ljust(_SECTOR, b"\0") + content.ljust(sectors * _SECTOR, b"\0")


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    encoded = name.encode("utf-16-le") + b"\0\0"
    numbers = struct.pack("<HBBIII", len(encoded), kind, 1, _NONE, _NONE, child)
    return encoded.ljust(64, b"\0") + numbers + bytes(36) + struct.pack("<IQ", start, size)
