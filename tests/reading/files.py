"""Tiny files of the formats that people have, as bytes."""

from __future__ import annotations

import io
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
