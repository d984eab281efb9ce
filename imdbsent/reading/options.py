"""`ReadOptions`: everything a person may say about how files are to be read, validated once."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from imdbsent.errors import InvalidOptions
from imdbsent.option_fields import EngineName, option
from imdbsent.reading.detect import FileFormat, Kind, Quoting, parse_format
from imdbsent.reading.streams import INVALID, UTF_8

AUTO: Final = "auto"
"""The encoding that asks for a guess by charset-normalizer."""
ALL: Final = "all"
"""The column to keep that means every column."""

_DELIMITERS: Final = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_CODE: Final = re.compile(r"\\x([0-9a-fA-F]{2})")  # a character that a shell can hardly type
_DELIMITED: Final = (Kind.CSV, Kind.TSV)


class Escape(str, Enum):
    """How a quotation mark within a quoted field is escaped, other than by doubling it."""

    BACKSLASH = "backslash"
    NONE = "none"


@dataclass(frozen=True)
class ReadOptions:
    r"""How to read files; what is None is detected from each file.

    A column is addressed by its name (exactly; else without regard to case and outer blanks), by its number from 1, or
    in nested data by a path of keys with dots between them.

    Attributes:
        input_format: name of the format, for example "csv" or "jsonl.gz".
        delimiter: the character between fields of a CSV file; or "tab", "comma", "semicolon", "pipe";
            or its code, for example `\x01`.
        encoding: one of Python's codecs, or "auto" for a guess by charset-normalizer.
        quoting: whether quotation marks enclose fields or are text.
        escape: whether a backslash escapes a quotation mark.
        header: whether the first row of a CSV file or spreadsheet names the columns.
        text_column: the column with the text.
        label_column: the column with the label.
        id_column: the column that identifies a record.
        kept: columns to carry through; ("all",) for all others.
        sheet: name of a sheet of a spreadsheet, or its number from 1.
        skip_bad: whether a row that breaks the format of its file is reported and passed over.
        whole: whether a file is one text.
        command: the command whose help an error names.
    """

    input_format: str | None = None
    delimiter: str | None = field(default=None, metadata=option("--delimiter", engine=EngineName.LOCAL))
    encoding: str | None = field(default=None, metadata=option("--encoding", engine=EngineName.LOCAL))
    quoting: Quoting | None = field(default=None, metadata=option("--quoting", engine=EngineName.LOCAL))
    escape: Escape | None = field(default=None, metadata=option("--escape", engine=EngineName.LOCAL))
    header: bool = field(default=True, metadata=option("--no-header", engine=EngineName.LOCAL))
    text_column: str | None = None
    label_column: str | None = None
    id_column: str | None = field(default=None, metadata=option("--id-column", decides_bytes=True))
    kept: tuple[str, ...] = field(default=(), metadata=option("--keep", decides_bytes=True))
    sheet: str | None = field(default=None, metadata=option("--sheet", engine=EngineName.LOCAL))
    skip_bad: bool = False
    whole: bool = field(default=False, metadata=option("--whole", engine=EngineName.LOCAL))
    command: str = "predict"

    def __post_init__(self) -> None:
        """Validate the options, and normalize delimiter and encoding.

        Raises:
            InvalidOptions: an option has no such value, or excludes another one.
            UsageProblem: there is no such format.
        """
        set_field = object.__setattr__
        if self.delimiter is not None:
            set_field(self, "delimiter", _delimiter(self.delimiter))
        if self.encoding is not None:
            set_field(self, "encoding", _encoding(self.encoding))
        named = self.format
        if self.whole and (named is not None and named.is_table):
            raise InvalidOptions(
                "--whole reads a file as one text, not as a table. Leave out --whole or --input-format"
            )
        if named is not None and named.kind not in _DELIMITED:
            for name, value in self._of_delimited().items():
                if value:
                    raise InvalidOptions(
                        f"{name} is for CSV and TSV, not for {named.kind.value}. Type: {name} with "
                        "--input-format csv, or without --input-format"
                    )
        if not self.header:
            self._check_numbers()

    @property
    def format(self) -> FileFormat | None:
        """The format that was named; None if it is to be detected."""
        return None if self.input_format is None else parse_format(self.input_format)

    @property
    def names_columns(self) -> bool:
        """Whether an option makes sense for tables only."""
        return bool(self.text_column or self.label_column or self.id_column or self.kept or not self.header)

    @property
    def is_delimited(self) -> bool:
        """Whether an option makes sense for CSV and TSV only."""
        return any(self._of_delimited().values())

    def with_command(self, command: str) -> ReadOptions:
        """The same options, for another command."""
        return replace(self, command=command)

    def _of_delimited(self) -> dict[str, object]:
        return {"--delimiter": self.delimiter, "--quoting": self.quoting, "--escape": self.escape}

    def _check_numbers(self) -> None:
        columns = [("--text-column", self.text_column), ("--label-column", self.label_column)]
        columns += [("--id-column", self.id_column), *(("--keep", name) for name in self.kept if name != ALL)]
        for name, column in columns:
            if column is not None and not (column.isascii() and column.isdigit() and int(column)):
                raise InvalidOptions(f"with --no-header, columns have numbers and no names. Type: {name} 1")


def _delimiter(text: str) -> str:
    delimiter = _DELIMITERS.get(text.lower(), text)
    if (code := _CODE.fullmatch(delimiter)) is not None:
        delimiter = chr(int(code[1], 16))
    if len(delimiter) != 1 or delimiter in '\r\n"\\' or delimiter.isalnum():
        raise InvalidOptions(
            f"{text!r} cannot separate fields. Type: --delimiter with one character, or tab, comma, semicolon or pipe"
        )
    return delimiter


def _encoding(name: str) -> str:
    if name.lower() == AUTO:
        return AUTO
    try:
        found = codecs.lookup(name)
        b"\n\n\n\n\xff".decode(name, INVALID)  # fails for codecs that are not of text, such as base64
        codecs.getincrementaldecoder(name)
    except (LookupError, UnicodeError, ValueError) as error:
        raise InvalidOptions(
            f"{name!r} is not an encoding that Python knows. Type: --encoding utf-8, cp1252, latin-1, utf-16 or auto"
        ) from error
    return UTF_8 if found.name in ("utf-8", "utf-8-sig", "ascii") else found.name
