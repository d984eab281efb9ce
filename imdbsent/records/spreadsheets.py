"""Texts that a spreadsheet would take for formulas when it opens a CSV file, made texts again.

CSV (RFC 4180) has no types: Excel, LibreOffice and Google Sheets compute whatever begins with one of a few characters,
quoted or not, and a formula can fetch an address or, where a user lets it, start a program. The remedy is that of OWASP
("CSV Injection"): an apostrophe before it, which spreadsheets take for "this is text".
"""

from __future__ import annotations

import re
from typing import Final

FORMULA_STARTS: Final = frozenset("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What begins a formula: OWASP's list, and the full-width forms that East Asian spreadsheets take for the same."""

_NUMBER: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def escape_formula(field: str) -> str:
    """A field that a spreadsheet shows as it is: with an apostrophe before what it would compute.

    Args:
        field: any text. A number, as -5 or +1e3, stays one: there is nothing in it to compute.
    """
    begins = field[:1] in FORMULA_STARTS or field.lstrip()[:1] in FORMULA_STARTS
    return f"'{field}" if field and begins and not _NUMBER.fullmatch(field) else field
