"""What a file is, by its bytes. The name is a hint. If the two disagree, the bytes decide, and a message says so.

`detect` looks at the first bytes of a file, a pipe or standard input, and loses none of them. It finds the compression,
the encoding and the format. What is not text (a picture, a PDF, a pickle) is an error that says what it is, and what
could be two things is an error that names the option. A file of plain lines stays one text per line, even if some of
its lines hold commas or look like JSON: only clear cases are taken for something else.
"""

from __future__ import annotations

import codecs
import csv
import json
import logging
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from imdbsent.errors import UsageProblem
from imdbsent.reading.columns import (
    KNOWN_LABELS,
    LABEL_NAMES,
    TEXT_NAMES,
    find_column,
    is_like_name,
    is_of_sentences,
    listed,
    normalized,
)
from imdbsent.reading.options import (
    FileFormat,
    Kind,
    ReadOptions,
    compression_of_name,
    format_of_name,
    has_data_suffix,
)
from imdbsent.reading.streams import (
    HEAD,
    READ_ERRORS,
    STDIN,
    UTF_8,
    Compression,
    decompressed,
    head_of,
    head_of_member,
    in_utf_8,
    is_whole,
    members_of,
    name_of,
    seekable,
    several_members,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger(__name__)


# Bytes


@dataclass(frozen=True)
class Detected:
    """A file that is open, and what it is.

    Attributes:
        format: what it is.
        content: its bytes, decompressed and in UTF-8, from the first on.
        streams: what to close, the first first.
    """

    format: FileFormat
    content: BinaryIO
    streams: tuple[BinaryIO, ...]

    def close(self) -> None:
        """Close the file."""
        for stream in self.streams:
            stream.close()


def content_of(stream: BinaryIO, file_format: FileFormat) -> Detected:
    """The content of a file whose format is known.

    Args:
        stream: its bytes, as they are stored.
        file_format: what it is.

    Raises:
        OSError: it is damaged.
        ValueError: an archive does not hold exactly one file.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    if file_format.compression is Compression.ZIP:
        stream = seekable(stream, copy=False)
    unpacked = decompressed(stream, file_format.compression)
    content = unpacked if file_format.kind in _BINARY else in_utf_8(unpacked, file_format.encoding)
    return Detected(file_format, content, tuple(dict.fromkeys((content, unpacked, stream))))


def detect(stream: BinaryIO, file: str, options: ReadOptions, *, is_table: bool = False) -> Detected:
    """Find out what a file is.

    Args:
        stream: its bytes; a `PipeStream`, or buffered with at least `HEAD` bytes.
        file: its path; `-` is standard input.
        options: what the user said about it.
        is_table: whether it must have columns.

    Returns:
        What it is, and its content. If an error is raised, `stream` is closed.

    Raises:
        InputUnreadable: it cannot be read, or is not text.
        UsageProblem: it could be two things; the message names the option that decides.
        ExtraMissing: it needs a library that is not installed.
    """
    detection = _Detection(file, options, is_table=is_table or options.names_columns)
    try:
        return detection.of(stream)
    except READ_ERRORS as error:
        detection.close()
        raise unreadable(file, error, options.command) from error
    except BaseException:
        detection.close()
        raise


_BINARY: Final = (Kind.PARQUET, Kind.EXCEL)
_MISNAMED: Final = "it is named like {}, but is not {}. Type: --input-format csv, or --input-format txt"
_JSON_VALUE: Final = re.compile(r"\s*[\[{\"\]}]|\s*null\b")
_DELIMITED: Final = (Kind.CSV, Kind.TSV)
_MAGIC_OF_COMPRESSION: Final = (
    (b"\x1f\x8b", Compression.GZIP),
    (b"\x28\xb5\x2f\xfd", Compression.ZSTD),
    (b"BZh", Compression.BZIP2),
    (b"\xfd7zXZ\x00", Compression.XZ),
)
_NAMES_OF_COMPRESSION: Final = {
    Compression.GZIP: "gzip",
    Compression.ZSTD: "zstd",
    Compression.BZIP2: "bzip2",
    Compression.XZ: "xz",
    Compression.ZIP: "zip",
}
_PROGRAMS: Final = {
    Compression.GZIP: "gzip -dc <",
    Compression.ZSTD: "zstd -dc <",
    Compression.BZIP2: "bzip2 -dc <",
    Compression.XZ: "xz -dc <",
    Compression.ZIP: "unzip -p",
}
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAGIC: Final = (
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF87a", "a GIF picture"),
    (b"GIF89a", "a GIF picture"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x93NUMPY", "an array of NumPy"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (b"ARROW1", "an Arrow file"),
    (b"FEA1", "a Feather file"),
    (b"Obj\x01", "an Avro file"),
    (b"ORC", "an ORC file"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\x04\x22\x4d\x18", "an LZ4 file"),
    (b"\x7fELF", "a program"),
    (b"\x1f\x9d", "compressed with compress"),
    (b"\x5d\x00\x00", "compressed with lzma"),
    (b"{\\rtf", "an RTF document"),
    (b"version https://git-lfs.github.com/spec/", "a pointer of Git LFS, not the file itself; type: git lfs pull"),
)
_PICKLE: Final = re.compile(rb"\x80[\x02-\x05][\x95\x80c\]})(K-Z]")
_PAGE: Final = re.compile(rb"\s*<(!doctype\s+html|html[\s>]|\?xml\s)", re.IGNORECASE)
_TAR: Final = (257, b"ustar")
_MARKS: Final = (  # UTF-32's first: its mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, UTF_8),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WITH_MARK: Final = ("utf-16", "utf-32")  # the codecs that take their byte order from it
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}
_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_FASTTEXT: Final = re.compile(r"__label__\S+(\s|$)")
_IDENTIFIER: Final = re.compile(r"[A-Za-z_][\w.\-/]*")
_JSON_OBJECT: Final = re.compile(r'\{\s*("(\\.|[^"\\])*"\s*:|\}|$)', re.DOTALL)
_JSON_KEY: Final = re.compile(r'"(\\.|[^"\\])*"\s*:', re.DOTALL)
_JSON_TEXTS: Final = re.compile(r'"(\\.|[^"\\])*"\s*[,\]]', re.DOTALL)
_RULE: Final = re.compile(r"[|+]?[ :=-]*--[-:=+| ]*")
_SAMPLE: Final = 200  # lines
_LIKELIEST: Final = "cp1252"
_GUESSED: Final = [
    _LIKELIEST, "cp1250", "cp1251", "cp1253", "cp1254", "cp1257", "koi8_r", "mac_roman", "utf_8", "utf_16", "utf_32",
    "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr",
]  # fmt: skip
_CHAOS: Final = 0.1
_SIGN: Final = re.compile(rb"[\x80\x85\x91-\x97\x99]")  # of cp1252: the euro, dots, quotation marks, dashes, (TM)
_OTHER_BYTE: Final = re.compile(rb"[\x81-\x84\x86-\x90\x98\x9a-\xff]")
_SIGN_IN_ENGLISH: Final = re.compile(
    rb"(?<=[A-Za-z])\x92(?=[A-Za-z])|(?<!\w)[\x91\x93](?=\w)|(?<=[\w.,!?])[\x92\x94](?!\w)"
    rb"|(?<=[\w ])[\x96\x97](?=[\w ])|\x80(?= ?[0-9])|(?<=[0-9])\x80|(?<=[0-9] )\x80|(?<=\w)[\x85\x99](?!\w)"
)
_MOST_SIGNS: Final = 0.9
_NULS: Final = 8  # that no text has
_SHORT: Final = 24  # characters of a label
_CLASSES: Final = 12
_UNKNOWN_SHARE: Final = 0.3


def separator_line(line: str) -> str | None:
    """The delimiter that a line `sep=;` names, which Excel writes before a header; None if it is no such line."""
    match = _SEPARATOR_LINE.fullmatch(line)
    return match[1] if match else None


class _Detection:
    """One file, as far as it is known."""

    def __init__(self, file: str, options: ReadOptions, *, is_table: bool) -> None:
        self.file = file
        self.options = options
        self.is_table = is_table
        self.named = None if file == STDIN else format_of_name(file)
        self.asked = options.format
        self.hint = (self.asked or self.named or FileFormat(Kind.TXT)).kind
        self.streams: list[BinaryIO] = []

    def of(self, stream: BinaryIO) -> Detected:
        """Unpack it, decode it, and find its layout."""
        self.streams = [stream]
        head = head_of(stream)
        compression = self._compression(head)
        if head.startswith(_ZIP):
            stream = self._add(seekable(stream, copy=False))
            if self._is_spreadsheet(stream):
                return self._found(FileFormat(Kind.EXCEL), stream)
            compression = Compression.ZIP
            self._take_hint(members_of(stream)[0])
        content = self._add(decompressed(stream, compression))
        head = head_of(content) if content is not stream else head
        if compression is not Compression.NONE and head.startswith(_ZIP):
            content = self._add(seekable(content, copy=True))
            if not self._is_spreadsheet(content):
                raise ValueError(f"it holds a zip archive; {self._decompress(compression)}")
            return self._found(FileFormat(Kind.EXCEL, compression), content)
        if compression is not Compression.NONE and self._compression_of_bytes(head) is not Compression.NONE:
            raise ValueError(f"it is compressed twice; {self._decompress(compression)}")
        if compression is not compression_of_name(self.file) and self.asked is None:
            _log.info(
                "%s %s%s",
                name_of(self.file),
                f"is compressed with {_NAMES_OF_COMPRESSION[compression]}" if compression else "is not compressed",
                "" if self.file == STDIN else ", whatever its name says",
            )
        binary = self._binary(head)
        if binary is not None:
            return self._found(FileFormat(binary, compression), content)
        encoding = self._encoding(head)
        text = self._add(in_utf_8(content, encoding))
        head = head_of(text) if text is not content else head
        self._refuse_nul(head)
        found = self._layout(_Head(head, is_whole=is_whole(text, head)))
        return self._found(found._replace(compression=compression, encoding=encoding), text)

    def _decompress(self, compression: Compression) -> str:
        """The command that reads a file without its outer compression, as the end of a sentence."""
        program = _PROGRAMS.get(compression)
        if program is None or self.file == STDIN:
            return "decompress it once first"
        return f"type: {program} {shlex.quote(self.file)} | imdbsent {self.options.command} -"

    def _unzip(self, members: Sequence[str]) -> list[str]:
        """The command that reads one file of an archive, as the end of a sentence; nothing for standard input."""
        if self.file == STDIN or not members:
            return []
        member = next(filter(has_data_suffix, members), members[0])
        names = f"{shlex.quote(self.file)} {shlex.quote(member)}"
        return [f"type: unzip -p {names} | imdbsent {self.options.command} -; or name another one of them"]

    def _take_hint(self, member: str) -> None:
        """Let the name of the file in an archive say what it is, if the name of the archive does not."""
        if self.named is None and self.asked is None:
            self.named = format_of_name(member)
            self.hint = (self.named or FileFormat(Kind.TXT)).kind

    def close(self) -> None:
        """Close what is open."""
        for stream in self.streams:
            stream.close()

    def _add(self, stream: BinaryIO) -> BinaryIO:
        self.streams.insert(0, stream)
        return stream

    def _found(self, file_format: FileFormat, content: BinaryIO) -> Detected:
        options = self.options
        if options.whole and file_format.is_table and file_format.kind in _BINARY:
            raise UsageProblem(
                f"{name_of(self.file)} is {file_format.kind.value}, a table, not one text. Leave out --whole"
            )
        if options.sheet is not None and file_format.kind is not Kind.EXCEL:
            raise UsageProblem(f"{name_of(self.file)} is not a spreadsheet. Leave out --sheet")
        if options.is_delimited and file_format.kind not in (Kind.CSV, Kind.TSV, Kind.TXT):
            raise UsageProblem(
                f"{name_of(self.file)} is {file_format.kind.value}. --delimiter, --quoting and --escape are for CSV "
                "and TSV: leave them out, or type: --input-format csv"
            )
        changes: dict[str, Any] = {"sheet": options.sheet, "header": options.header and file_format.header}
        if options.quoting is not None:
            changes["quoting"] = options.quoting
        if options.escape is not None:
            changes["escape"] = options.escape.value == "backslash"
        return Detected(file_format._replace(**changes), content, tuple(dict.fromkeys(self.streams)))

    # compression, and what is not text

    def _compression(self, head: bytes) -> Compression:
        found = self._compression_of_bytes(head)
        named = (self.asked or self.named or FileFormat(Kind.TXT, compression_of_name(self.file))).compression
        if head and found is Compression.NONE and (self.asked is not None or not _is_text(head)):
            return named  # if it is not that, its library raises the error
        return found

    @staticmethod
    def _compression_of_bytes(head: bytes) -> Compression:
        for magic, compression in _MAGIC_OF_COMPRESSION:
            if head.startswith(magic) and (magic != b"BZh" or head[4:10] in (b"1AY&SY", b"\x17rE8P\x90")):
                return compression
        return Compression.NONE

    def _is_spreadsheet(self, stream: BinaryIO) -> bool:
        """Whether a zip archive is a spreadsheet; else it holds exactly one file.

        Raises:
            ValueError: it is another document, or does not hold exactly one file.
        """
        names = members_of(stream)
        if any(name.startswith("xl/workbook.") for name in names):
            return True
        if "mimetype" in names:
            kind = head_of_member(stream, "mimetype")
            if kind.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
                return True
            raise ValueError(f"a document ({kind.decode('ascii', 'replace')}), not text; save it as text first")
        for prefix, what in (("word/", "a Word document"), ("ppt/", "a PowerPoint document")):
            if any(name.startswith(prefix) for name in names):
                raise ValueError(f"{what}, not text; save it as text first")
        if len(names) != 1:
            raise ValueError(several_members(names, *self._unzip(names)))
        return False

    def _binary(self, head: bytes) -> Kind | None:
        """The layout of a file that is not text; None for a text.

        Raises:
            ValueError: it holds no records.
        """
        if head.startswith(b"PAR1"):
            self._say_kind(Kind.PARQUET, "Parquet")
            return Kind.PARQUET
        if head.startswith(_OLD_EXCEL):
            self._say_kind(Kind.EXCEL, "a spreadsheet")
            return Kind.EXCEL
        for magic, what in _MAGIC:
            if head.startswith(magic) and not (magic.isalnum() and _is_text(head)):
                raise ValueError(f"it is {what}" + ("" if ";" in what else ", not text; name a file of texts"))
        start, magic = _TAR
        if head[start : start + len(magic)] == magic:
            raise ValueError("it is a tar archive; unpack it and name the file to read")
        if _PICKLE.match(head):
            raise ValueError("it is a pickle, which could run any code. Save it as CSV or Parquet first")
        if self.asked is None and _PAGE.match(head.removeprefix(codecs.BOM_UTF8)):
            raise ValueError(
                "it is an HTML or XML page, not text. Save it as text first; or read its lines as texts: "
                "--input-format txt"
            )
        if self.hint is Kind.PARQUET:
            if self.asked is None and _is_text(head):
                raise ValueError(_MISNAMED.format("Parquet", "Parquet"))
            return Kind.PARQUET  # its library raises the error
        return self.asked.kind if self.asked is not None and self.asked.kind in _BINARY else None

    def _refuse_nul(self, head: bytes) -> None:
        nul = head.count(0)
        if nul and (not _is_utf_8(head) or (nul >= _NULS and nul * 50 > len(head))):
            raise ValueError(
                "it is not text: it holds NUL bytes. If it is, name its encoding: --encoding utf-16-le, for example"
            )

    # encoding

    def _encoding(self, head: bytes) -> str:
        asked = self.options.encoding
        if asked in _WITH_MARK and head and not any(head.startswith(mark) for mark, _ in _MARKS):
            return _wide_without_mark(head) or f"{asked}-le"
        if asked is not None and asked != "auto":
            return asked
        for mark, encoding in _MARKS:
            if head.startswith(mark):
                return encoding
        wide = _wide_without_mark(head)
        if wide is not None:
            _log.info(
                "%s looks like %s without a byte order mark and is read as %s. --encoding NAME overrides this",
                name_of(self.file), wide[:6].upper(), wide,
            )  # fmt: skip
            return wide
        if asked == "auto" and not _is_utf_8(head):
            return self._guessed_encoding(head)
        return UTF_8

    def _guessed_encoding(self, head: bytes) -> str:
        if _is_english_of_windows(head):
            return self._say_encoding(_LIKELIEST)
        try:
            import charset_normalizer as library  # noqa: PLC0415 (few files need it)
        except ImportError as error:
            raise UsageProblem(
                "--encoding auto needs an optional library. Type: pip install charset-normalizer; or --encoding cp1252"
            ) from error
        guesses = library.from_bytes(head, cp_isolation=_GUESSED)
        best = guesses.best()
        for guess in guesses:  # English texts fit several of them, and this one is the most frequent by far
            if best and guess.encoding == _LIKELIEST and guess.chaos <= best.chaos + _CHAOS:
                best = guess
        if best is None:
            raise UsageProblem(
                f"the encoding of {name_of(self.file)} cannot be guessed. Type: --encoding NAME, for example cp1252"
            )
        return self._say_encoding(codecs.lookup(best.encoding).name)

    def _say_encoding(self, encoding: str) -> str:
        _log.info("%s looks like %s and is read as that. --encoding NAME overrides this", name_of(self.file), encoding)
        return encoding

    # layout

    def _layout(self, head: _Head) -> FileFormat:
        if self.asked is not None:
            return self._layout_as_asked(self.asked.kind, head)
        if self.options.whole:
            return FileFormat(Kind.TXT)
        if self.options.is_delimited:
            return self._delimited(head, Kind.TSV if self.hint is Kind.TSV else Kind.CSV)
        if self.hint in (Kind.JSON, Kind.JSONL):
            return FileFormat(self._json(head))
        found = self._own_mark(head) or (Kind.FASTTEXT if self.hint is Kind.FASTTEXT else None)
        if found is not None:
            return FileFormat(found)
        return self._delimited(head, self.hint) if self.hint in _DELIMITED else self._lines_or_table(head)

    def _layout_as_asked(self, kind: Kind, head: _Head) -> FileFormat:
        if kind in _DELIMITED:
            return self._delimited(head, kind)
        if kind is Kind.JSON and head.is_lines_of_json() and not head.is_one_line():
            return FileFormat(Kind.JSONL)
        return FileFormat(Kind.JSON if kind is Kind.JSONL and head.is_json_array() else kind)

    def _own_mark(self, head: _Head) -> Kind | None:
        """JSON or fastText, which are seen at the first glance."""
        if head.is_json_array() or head.is_json():
            is_lines = head.is_lines_of_json() and not (head.is_whole and head.is_one_line())
            kind = Kind.JSONL if is_lines else Kind.JSON
            self._say_kind(kind, "JSON, one object per line" if kind is Kind.JSONL else "JSON")
            return kind
        if head.is_broken_json():
            raise UsageProblem(
                f"{name_of(self.file)} begins like JSON, but is incomplete. Type: --input-format json to see where it "
                "breaks, or --input-format txt if each line is a text"
            )
        if head.is_fasttext():
            self._say_kind(Kind.FASTTEXT, "fastText, each text after its label")
            return Kind.FASTTEXT
        return None

    def _json(self, head: _Head) -> Kind:
        if self.asked is None and head.lines and not any(map(_JSON_VALUE.match, head.lines[:_SAMPLE])):
            raise ValueError(_MISNAMED.format("JSON", "JSON"))
        if self.hint is Kind.JSON:
            return Kind.JSONL if head.is_lines_of_json() and not head.is_one_line() else Kind.JSON
        if (head.is_json_array() and not head.is_lines_of_texts()) or (head.is_json() and not head.is_lines_of_json()):
            self._say_kind(Kind.JSON, "one JSON document")
            return Kind.JSON
        return Kind.JSONL

    def _delimited(self, head: _Head, kind: Kind) -> FileFormat:
        """CSV or TSV, with the delimiter that its rows have."""
        usual = FileFormat(kind).separator
        delimiter = self.options.delimiter
        if delimiter is None:
            named = separator_line(head.first)
            delimiter = named or head.delimiter(usual)
            if delimiter != usual:
                word = _DELIMITERS.get(delimiter, repr(delimiter))
                _log.info("%s is %s-delimited. --delimiter overrides this", name_of(self.file), word)
        return FileFormat(kind, delimiter=None if delimiter == usual else delimiter)

    def _lines_or_table(self, head: _Head) -> FileFormat:
        """Lines of text, unless they clearly are something else."""
        self._refuse_drawing(head)
        labels = head.labels_by_tab()
        if labels is not None and not self._has_named_column(head, "\t"):
            _log.info(
                "%s has a label and a text on each line, with a tab between them: the text is column %d. "
                "--input-format txt reads each line as a text",
                name_of(self.file), 2 - labels,
            )  # fmt: skip
            return FileFormat(Kind.TSV, header=False, names=("text", "label") if labels else ("label", "text"))
        for delimiter in _DELIMITERS:
            if head.has_text_header(delimiter) or self._has_named_column(head, delimiter):
                kind = Kind.TSV if delimiter == "\t" else Kind.CSV
                self._say_kind(kind, f"a table with the columns {listed(head.header(delimiter))}")
                return FileFormat(kind, delimiter=None if FileFormat(kind).separator == delimiter else delimiter)
        if self.is_table or self.hint is Kind.EXCEL:
            return self._table(head)
        self._refuse_tables(head)
        if head.has_old_line_ends():
            _log.info(
                "%s has carriage returns and no line feeds, and is read as one text. If they end its lines, type: "
                "%s'\\r' '\\n'%s | imdbsent %s -",
                name_of(self.file),
                "... | tr " if self.file == STDIN else "tr ",
                "" if self.file == STDIN else f" < {shlex.quote(self.file)}",
                self.options.command,
            )  # fmt: skip
        if len(head.lines) > 1 and normalized(head.first) in TEXT_NAMES and not head.first.count(" "):
            _log.info(
                "the first line of %s, %r, looks like the name of a column, and is read as a text. "
                "--input-format csv reads it as a header",
                name_of(self.file), head.first,
            )  # fmt: skip
        return FileFormat(Kind.TXT)

    def _refuse_drawing(self, head: _Head) -> None:
        """Refuse a table that is drawn for a reader.

        Raises:
            UsageProblem: it is one.
        """
        if head.is_drawn_table():
            raise UsageProblem(
                f"{name_of(self.file)} is a table that is drawn with lines, as in Markdown or in the terminal of a "
                "database. Export it as CSV; or, if each line is a text, type: --input-format txt"
            )

    def _refuse_tables(self, head: _Head) -> None:
        """Refuse what may be a table as well as lines of text.

        Raises:
            UsageProblem: it is; the message names the options that decide.
        """
        if head.is_lines_of_lists():
            raise UsageProblem(
                f"the lines of {name_of(self.file)} are JSON arrays, not texts. Type: --input-format json, if it is "
                "one array of texts or objects; or --input-format txt"
            )
        for delimiter, word in _DELIMITERS.items():
            if head.may_be_table(delimiter):
                kind = Kind.TSV if delimiter == "\t" else Kind.CSV
                raise UsageProblem(
                    f"{name_of(self.file)} may be a table with {word}s between its columns "
                    f"({listed(head.header(delimiter))}), or one text per line. Type: --input-format {kind.value}, or "
                    "--input-format txt"
                )

    def _has_named_column(self, head: _Head, delimiter: str) -> bool:
        options = self.options
        columns = (options.text_column, options.label_column, options.id_column)
        wanted = [column for column in columns if column is not None]
        names = head.header(delimiter)
        found = [find_column(column, names) for column in wanted if column in names or not _is_column_number(column)]
        return bool(found) and len(names) > 1 and None not in found and (options.header and head.is_regular(delimiter))

    def _table(self, head: _Head) -> FileFormat:
        """A table, since options name its columns: CSV, if its rows have several fields."""
        usual = "\t" if "\t" in head.first else ","
        delimiter = head.delimiter(usual)
        kind = Kind.TSV if delimiter == "\t" else Kind.CSV
        header, wanted = head.header(delimiter), self.options.text_column
        if not head.lines:
            return FileFormat(kind)
        if len(header) > 1 or (wanted is not None and find_column(wanted, header) is not None):
            self._say_kind(kind, f"{kind.value.upper()}")
            return FileFormat(kind, delimiter=None if FileFormat(kind).separator == delimiter else delimiter)
        if self.hint is Kind.EXCEL:
            raise ValueError(_MISNAMED.format("a spreadsheet", "one"))
        return FileFormat(Kind.TXT)

    def _say_kind(self, kind: Kind, what: str) -> None:
        """Say what a file is taken for, if its name says something else, or nothing."""
        named = None if self.named is None else self.named.kind
        if self.asked is None and named is not kind and not self.options.whole:
            _log.info("%s is read as %s. --input-format overrides this", name_of(self.file), what)


class _Head:
    """The first lines of a text.

    Args:
        content: the first bytes.
        is_whole: whether there are no more.
    """

    def __init__(self, content: bytes, *, is_whole: bool) -> None:
        text = content.decode("utf-8-sig", "replace")
        lines = text.split("\n")
        self.text = text
        self.is_whole = is_whole
        self.is_cut = not is_whole and len(lines) == 1  # within its first line
        if not is_whole and len(lines) > 1:
            lines.pop()
        self.lines = [line.removesuffix("\r") for line in lines if line.strip()]
        self.first = self.lines[0] if self.lines else ""
        self._rows: dict[str, list[list[str]] | None] = {}

    # JSON

    def is_json(self) -> bool:
        """Whether it begins with a JSON object."""
        text = self.text.lstrip()
        if not text.startswith("{"):
            return False
        if self.is_lines_of_json():
            return True
        try:
            value, _ = json.JSONDecoder().raw_decode(text)
        except json.JSONDecodeError as error:
            return not self.is_whole and _JSON_OBJECT.match(text) is not None and _is_cut(text, error)
        except (ValueError, RecursionError):
            return False
        is_split = len(self.lines) > 1 or "\r" in self.first.strip()
        is_spread = self.first.strip() == "{" or (is_split and self._is_all_json(text))
        return isinstance(value, dict) and is_spread

    def _is_all_json(self, text: str) -> bool:
        """Whether values of JSON follow one another, up to the end of what is known."""
        decoder, at = json.JSONDecoder(), 0
        while at < len(text):
            try:
                _, at = decoder.raw_decode(text, at)
            except json.JSONDecodeError as error:
                return not self.is_whole and _is_cut(text, error)
            except (ValueError, RecursionError):
                return False
            at += len(text[at:]) - len(text[at:].lstrip())
        return True

    def is_broken_json(self) -> bool:
        """Whether it begins like an array of JSON objects, or an object over several lines, and is neither."""
        text = self.text.lstrip()
        inside = text[1:].lstrip()
        if text.startswith("["):
            return inside.startswith("{") and _JSON_OBJECT.match(inside) is not None
        return self.first.strip() == "{" and _JSON_KEY.match(inside) is not None

    def is_one_line(self) -> bool:
        """Whether it has one line, as far as it is known: a document that is one object looks like one of many."""
        return self.is_cut or len(self.lines) == 1

    def is_lines_of_json(self) -> bool:
        """Whether each line is a JSON object."""
        if self.is_cut:
            return _JSON_OBJECT.match(self.text.lstrip()) is not None
        return bool(self.lines) and all(map(_is_object, self.lines[:_SAMPLE]))

    def is_json_array(self) -> bool:
        """Whether it is a JSON array of objects or texts, as far as it is known."""
        text = self.text.lstrip()
        inside = text[1:].lstrip()
        if not text.startswith("[") or (inside and inside[0] not in '{"]'):
            return False
        if self.is_whole:
            value = _parsed(text)
            return isinstance(value, list) and all(isinstance(item, (dict, str)) or item is None for item in value)
        if inside.startswith("{"):
            return _JSON_OBJECT.match(inside) is not None
        if not self.is_cut and isinstance(_parsed(self.first), list):
            return False
        return _JSON_TEXTS.match(inside) is not None

    def is_lines_of_texts(self) -> bool:
        """Whether each line is a JSON array of texts."""
        return self.is_lines_of_lists() and not self.text.lstrip()[1:].lstrip().startswith("{")

    def is_lines_of_lists(self) -> bool:
        """Whether each line is a JSON array."""
        return bool(self.lines) and all(isinstance(_parsed(line), list) for line in self.lines[:_SAMPLE])

    def has_old_line_ends(self) -> bool:
        """Whether its lines may end in a carriage return alone, as on old systems."""
        return len(self.lines) == 1 and self.first.rstrip("\r").count("\r") > 0

    def is_drawn_table(self) -> bool:
        """Whether its first lines are the names of columns and a rule, as Markdown and databases draw tables."""
        lines = [line for line in self.lines[:3] if line.strip("+-= ")]
        is_ruled = any(_RULE.fullmatch(line.strip()) for line in self.lines[:3])
        names = [normalized(name) for name in lines[0].split("|")] if lines else []
        return is_ruled and len(names) > 1 and any(name in TEXT_NAMES for name in names)

    # fastText, and a label before or after a tab

    def is_fasttext(self) -> bool:
        """Whether each line begins with a label of fastText."""
        return bool(self.lines) and all(map(_FASTTEXT.match, self.lines))

    def labels_by_tab(self) -> int | None:
        """0 if each line is a label, a tab and a text; 1 if the label comes after the text; None otherwise."""
        rows = [line.split("\t") for line in self.lines]
        if not rows or any(len(row) != 2 for row in rows):  # noqa: PLR2004 (a label and a text)
            return None
        if any(normalized(field) in TEXT_NAMES | LABEL_NAMES for field in rows[0]):
            return None
        for index in (0, 1):
            labels = {row[index].strip() for row in rows}
            texts = [row[1 - index] for row in rows]
            is_short = all(label and len(label) <= _SHORT and " " not in label for label in labels)
            if is_short and len(labels) <= min(_CLASSES, max(2, len(rows) // 2)) and is_of_sentences(texts):
                known = all(label.lower().lstrip("+-").isdigit() or label.lower() in KNOWN_LABELS for label in labels)
                if known or len(rows) >= 2 * len(labels) > len(labels):
                    return index
        return None

    # CSV

    def rows(self, delimiter: str) -> list[list[str]] | None:
        """The fields of each row; None if they cannot be split."""
        if delimiter not in self._rows:
            lines = self.lines[1:] if separator_line(self.first) else self.lines
            lines = [part for line in lines for part in line.split("\r") if part.strip()]
            self._rows[delimiter] = _parse(lines[:_SAMPLE], delimiter, is_whole=self.is_whole and len(lines) <= _SAMPLE)
        return self._rows[delimiter]

    def header(self, delimiter: str) -> list[str]:
        """The fields of the first row."""
        rows = self.rows(delimiter)
        if rows:
            return rows[0]
        lines = self.lines[1:] if separator_line(self.first) else self.lines
        return lines[0].split(delimiter) if lines else []

    def is_regular(self, delimiter: str) -> bool:
        """Whether all rows have as many fields as the first."""
        rows = self.rows(delimiter)
        return rows is not None and len({len(row) for row in rows}) == 1

    def is_mostly_regular(self, delimiter: str) -> bool:
        """Whether most rows have as many fields as the first: the others may be broken."""
        rows = self.rows(delimiter) or []
        return bool(rows) and 2 * sum(len(row) == len(rows[0]) for row in rows[1:]) >= len(rows) - 1

    def delimiter(self, usual: str) -> str:
        """The delimiter of its rows: the usual one, unless another one makes better sense."""
        if len(self.header(usual)) > 1 and self.is_regular(usual):
            return usual
        others = [other for other in _DELIMITERS if other != usual and len(self.header(other)) > 1]
        regular = [other for other in others if self.is_regular(other)]
        if regular:
            return max(regular, key=lambda other: len(self.header(other)))
        return others[0] if len(others) == 1 and len(self.header(usual)) == 1 else usual

    def has_text_header(self, delimiter: str) -> bool:
        """Whether the first row names columns, a known one for texts among them, and most others fit it."""
        header = self.header(delimiter)
        if len(header) < 2 or not self.is_mostly_regular(delimiter):  # noqa: PLR2004 (one field is a line)
            return False
        has_rows = len(self.rows(delimiter) or ()) > 1
        is_strict = delimiter != "\t" or not has_rows or not self.is_regular(delimiter)
        return self._names_columns(header, is_strict=is_strict) and any(
            normalized(name) in TEXT_NAMES for name in header
        )

    def may_be_table(self, delimiter: str) -> bool:
        """Whether the first row may name columns, none of them a known one for texts."""
        rows, header = self.rows(delimiter), self.header(delimiter)
        if rows is None or len(rows) < 3 - (delimiter == "\t") or len(header) < 2 or not self.is_regular(delimiter):  # noqa: PLR2004
            return False
        if delimiter == "\t":
            return True
        columns = zip(*rows[1:])
        has_numbers = any(all(_is_number(value) for value in column) for column in columns)
        is_quoted = sum(line.count('"') >= 2 for line in self.lines[1:]) * 2 > len(rows)  # noqa: PLR2004 (a field's two)
        return self._names_columns(header, is_strict=True) and (has_numbers or is_quoted)

    @staticmethod
    def _names_columns(header: Sequence[str], *, is_strict: bool) -> bool:
        is_name = _is_plain_name if is_strict else is_like_name
        return len(set(header)) == len(header) and all(map(is_name, header))


def _is_column_number(column: str) -> bool:
    return column.isascii() and column.isdigit()


def _is_plain_name(field: str) -> bool:
    words = field.strip().split(" ")
    return len(words) <= 2 and all(_IDENTIFIER.fullmatch(word) for word in words)  # noqa: PLR2004 ("Review Text")


_DIALECTS: Final[tuple[dict[str, Any], ...]] = (
    {"strict": True},
    {"strict": True, "escapechar": "\\"},
    {"quoting": csv.QUOTE_NONE},
)


def _parse(lines: Sequence[str], delimiter: str, *, is_whole: bool) -> list[list[str]] | None:
    """The fields of rows, by the first dialect that gives all of them as many, else the first that can read them."""
    fallback = None
    for dialect in _DIALECTS:
        rows = []
        try:
            for row in csv.reader([line + "\n" for line in lines], delimiter=delimiter, **dialect):
                rows.append(row)  # noqa: PERF402 (those before an error may count)
        except csv.Error as error:
            if is_whole or not str(error).startswith("unexpected end"):  # else a quoted text continues after the head
                continue
        rows = [row for row in rows if row]
        if rows and len({len(row) for row in rows}) == 1:
            return rows
        fallback = fallback or rows
    return fallback


def _is_text(head: bytes) -> bool:
    return b"\0" not in head and _is_utf_8(head)


def _is_english_of_windows(head: bytes) -> bool:
    """Whether the bytes beyond ASCII are mostly signs of cp1252, each where English has it: `it's`, 5€, a - b."""
    signs, others = (len(pattern.findall(head)) for pattern in (_SIGN, _OTHER_BYTE))
    return signs > others and len(_SIGN_IN_ENGLISH.findall(head)) > _MOST_SIGNS * signs


def _is_utf_8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(head, final=len(head) < HEAD)
    except UnicodeDecodeError:
        return False
    return True


def _wide_without_mark(head: bytes) -> str | None:
    """UTF-16 or UTF-32 and its byte order, if NUL bytes are where they are in an English text; None otherwise."""
    for width, encoding in ((4, "utf-32"), (2, "utf-16")):
        size = len(head) // width
        if size < 2:  # noqa: PLR2004 (one character is too few)
            continue
        zeros = [head[at : width * size : width].count(0) / size for at in range(width)]
        empty, most = 1 / 20, 1 - _UNKNOWN_SHARE
        if zeros[0] < empty and all(share > most for share in zeros[1:]):
            return f"{encoding}-le"
        if zeros[-1] < empty and all(share > most for share in zeros[:-1]):
            return f"{encoding}-be"
    return None


def _is_object(line: str) -> bool:
    return line.lstrip().startswith("{") and isinstance(_parsed(line), dict)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _is_cut(text: str, error: json.JSONDecodeError) -> bool:
    """Whether JSON is wrong only because its end is missing."""
    return error.msg.startswith("Unterminated string") or error.pos >= len(text) - 8


def _is_number(value: str) -> bool:
    try:
        float(value)
    except ValueError:
        return False
    return True
