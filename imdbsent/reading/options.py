"""`ReadOptions`: everything a person may say about how files are to be read, validated once."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Final, NamedTuple

from imdbsent.errors import InvalidOptions, UsageProblem
from imdbsent.option_fields import EngineName, option
from imdbsent.reading.streams import INVALID, UTF_8, Compression

AUTO: Final = "auto"
"""The encoding that asks for a guess by charset-normalizer."""
ALL: Final = "all"
"""The column to keep that means every column."""
TEXT_COLUMN: Final = "text"
"""The column with the texts, if none is named."""

_DELIMITERS: Final = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
_CODE: Final = re.compile(r"\\x([0-9a-fA-F]{2})")  # a character that a shell can hardly type


class Kind(str, Enum):
    """How records are laid out in a file."""

    TXT = "txt"
    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    JSON = "json"
    PARQUET = "parquet"
    EXCEL = "xlsx"
    FASTTEXT = "fasttext"


class Quoting(str, Enum):
    """What quotation marks mean in a CSV file."""

    STANDARD = "standard"
    NONE = "none"


class FileFormat(NamedTuple):
    r"""What a file is.

    Attributes:
        kind: how records are laid out in it.
        compression: how its bytes are compressed as a whole.
        encoding: the codec of its text.
        delimiter: the character between the fields of CSV and TSV; None for the usual one.
        quoting: whether quotation marks enclose fields or are text; None for standard quoting with a way out: a row
            that cannot be quoted is read as it is, if it makes sense so.
        escape: whether a backslash escapes a quotation mark; None for "if a row with `\"` makes no sense otherwise".
        header: whether the first row names the columns.
        names: the names of the columns, if they are known without a header.
        sheet: the sheet of a spreadsheet, by name or number from 1; None for the first that is not empty.
    """

    kind: Kind
    compression: Compression = Compression.NONE
    encoding: str = UTF_8
    delimiter: str | None = None
    quoting: Quoting | None = None
    escape: bool | None = None
    header: bool = True
    names: tuple[str, ...] = ()
    sheet: str | None = None

    @property
    def is_table(self) -> bool:
        """Whether its records have columns."""
        return self.kind is not Kind.TXT

    @property
    def separator(self) -> str:
        """The character between fields."""
        return self.delimiter or ("\t" if self.kind is Kind.TSV else ",")


class Escape(str, Enum):
    """How a quotation mark within a quoted field is escaped, other than by doubling it."""

    BACKSLASH = "backslash"
    NONE = "none"


_KINDS: Final = {kind.value: kind for kind in Kind} | {
    "ndjson": Kind.JSONL,
    "tab": Kind.TSV,
    "pq": Kind.PARQUET,
    "ft": Kind.FASTTEXT,
    **dict.fromkeys(("xls", "xlsm", "xlsb", "ods"), Kind.EXCEL),
}
_COMPRESSIONS: Final = {compression.value: compression for compression in Compression if compression.value}
SUFFIXES: Final = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".txt")
"""The suffixes of files of records that a job searches a folder for; each may be followed by that of a compression."""
DATA_SUFFIXES: Final = (".txt", *(f".{name}" for name in _KINDS if name not in ("txt", "fasttext")))
"""The suffixes of files of records; each may be followed by that of a compression."""


def format_of_name(path: str | Path) -> FileFormat | None:
    """The format that the name of a file says; None if it says nothing, for example `reviews` or `notes.md`."""
    compression, suffixes = _compression_of(path)
    kind = _KINDS.get(suffixes[-1]) if suffixes else None
    return None if kind is None else FileFormat(kind, compression)


def compression_of_name(path: str | Path) -> Compression:
    """The compression that the name of a file says."""
    return _compression_of(path)[0]


def has_data_suffix(path: str | Path) -> bool:
    """Whether the name of a file has the suffix of a data format or a compression."""
    compression, suffixes = _compression_of(path)
    return compression is not Compression.NONE or bool(suffixes and suffixes[-1] in _KINDS)


def parse_format(name: str) -> FileFormat:
    """The format that a person names, for example "csv" or "jsonl.gz".

    Raises:
        UsageProblem: there is no such format.
    """
    found = format_of_name(f"name.{name.lower().removeprefix('.')}")
    if found is None:
        known = ", ".join(kind.value for kind in Kind)
        raise UsageProblem(
            f"{name!r} is not an input format. Type: --input-format with one of {known}; add .gz or .zst if it is "
            "compressed, for example csv.gz"
        )
    return found


def _compression_of(path: str | Path) -> tuple[Compression, list[str]]:
    suffixes = [suffix.removeprefix(".").lower() for suffix in Path(path).suffixes]
    compression = _COMPRESSIONS.get(suffixes[-1]) if suffixes else None
    return (Compression.NONE, suffixes) if compression is None else (compression, suffixes[:-1])


_DELIMITED: Final = (Kind.CSV, Kind.TSV)


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


class Columns(NamedTuple):
    """The columns of a table that are read, by their keys in its rows.

    Attributes:
        text: the one with the texts.
        id: the one that identifies a record; None if there is none.
        kept: those whose values are carried through.
    """

    text: str = TEXT_COLUMN
    id: str | None = None
    kept: tuple[str, ...] = ()

    @property
    def wanted(self) -> list[str]:
        """All of them."""
        return [self.text, *([] if self.id is None else [self.id]), *self.kept]


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
