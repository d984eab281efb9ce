"""What a command line asks to be read, as one stream of Records: texts, lines, rows of tables.

`find_sources` decides what each argument is: a text, a file, a pattern of files or a folder. `Inputs` opens them.
Problems that can be found before the work are found before it: files that cannot be opened, columns that are
missing. A row that breaks its format ends the work, or with `skip_bad` is a record without a verdict.
"""

from __future__ import annotations

import difflib
import glob
import logging
import os
import re
import shlex
import sys
from collections.abc import Iterator  # noqa: TC003 (a return type of dataclasses)
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from imdbsent.errors import ImdbsentError, InputUnreadable, UsageProblem
from imdbsent.reading.lines import from_argument, read_texts
from imdbsent.reading.options import (
    AUTO,
    DATA_SUFFIXES,
    TEXT_COLUMN,
    Columns,
    FileFormat,
    Kind,
    ReadOptions,
    format_of_name,
    has_data_suffix,
)
from imdbsent.reading.streams import (
    READ_ERRORS,
    STDIN,
    UTF_8,
    Compression,
    Meter,
    PipeStream,
    is_pipe,
    name_of,
    open_bytes,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import BinaryIO

    from imdbsent.reading.columns import SeenIds
    from imdbsent.reading.detect import Detected
    from imdbsent.reading.tables import Table
    from imdbsent.records import Record

_log = logging.getLogger(__name__)


# What arguments are


class Source(NamedTuple):
    """Something to read: a text, or a file.

    Attributes:
        text: the text; None for a file.
        file: path of the file; `-` is standard input; None for a text.
        whole: whether the file is one text in any case.
    """

    text: str | None = None
    file: str | None = None
    whole: bool = False


_PATTERN: Final = re.compile(r"[*?\[]")
_RATING: Final = re.compile(r"\d+([.,]\d+)?/\d+")
_SUFFIX: Final = re.compile(r"\.([A-Za-z][A-Za-z0-9]{1,7})")
_OTHER_SUFFIXES: Final = frozenset((
    "md", "log", "doc", "docx", "pdf", "html", "htm", "xml", "dat", "data", "db", "sqlite", "pkl", "pickle", "png",
    "jpg", "jpeg", "gif", "rtf", "out", "feather", "arrow", "orc", "avro", "yaml", "yml", "tgz", "tar", "7z", "rar",
))  # fmt: skip
_SIMILAR: Final = 0.66
_HIDDEN: Final = (".", "_", "~$")
"""What names begin with that a folder holds for a program; the last are the locks of Excel and Word."""


def find_sources(
    arguments: Sequence[str], files: Sequence[str] = (), texts: Sequence[str] = (), *, command: str = "predict"
) -> list[Source]:
    """What a command line asks to be read.

    Args:
        arguments: values without an option: texts, and names of things to read (`source_of`).
        files: values of `--file`: paths of files and folders, patterns, and `-`.
        texts: values of `--text`: texts, even if they look like names.
        command: the command that an error names.

    Returns:
        The arguments, then the files, then the texts. Files come before arguments that are all files: a shell makes
        `-f a.txt b.txt` of `-f *.txt`.

    Raises:
        InputUnreadable: an argument names a file that is not there.
        UsageProblem: an argument may be a text or a name.
    """
    of_arguments = [source for argument in arguments for source in sources_of_argument(argument, command=command)]
    of_files = [source for file in files for source in sources_of_file(file, command=command)]
    are_files = all(source.file not in (None, STDIN) for source in of_arguments)
    found = [*of_files, *of_arguments] if are_files else [*of_arguments, *of_files]
    return [*found, *(Source(text=text) for text in texts)]


def sources_of_argument(argument: str, *, command: str = "predict") -> list[Source]:
    """What an argument asks to be read.

    With the suffix of a data file or a path separator, and no blank, it is a path or a pattern. Any other name of
    something that exists is an error that shows both commands. Everything else is a text.

    Raises:
        InputUnreadable: it is a path, and there is no such file.
        UsageProblem: it may be a text or a name.
    """
    if argument == STDIN:
        return [Source(file=STDIN)]
    if _is_path(argument):
        return sources_of_file(argument, command=command, is_argument=True)
    if _exists(argument):
        kind = "folder" if _is_folder(argument) else "file"
        word = shlex.quote(argument)
        raise UsageProblem(
            f"{argument!r} is the name of a {kind} here, and may be a text. Type: imdbsent {command} --file {word}, or "
            f"imdbsent {command} --text {word}"
        )
    return [Source(text=argument)]


def sources_of_file(name: str, *, command: str = "predict", is_argument: bool = False) -> list[Source]:
    """The files that a path or a pattern names.

    Args:
        name: the path of a file or a folder, a pattern, or `-`.
        command: the command that an error names.
        is_argument: whether it may be meant as a text, for the message.

    Raises:
        InputUnreadable: there is no such file.
    """
    if name == STDIN:
        return [Source(file=STDIN)]
    if _is_folder(name):
        return _in_folder(name, command)
    if _is_missing(name):
        found = sorted(glob.glob(name, recursive=True)) if _PATTERN.search(name) else []  # noqa: PTH207 (as typed)
        if found:
            return [source for path in found if not _is_folder(path) for source in [Source(file=path)]]
        as_text = f". If it is a text, type: imdbsent {command} --text {shlex.quote(name)}" if is_argument else ""
        raise InputUnreadable(name, f"no such file or folder{as_text}", command)
    return [Source(file=name)]


def _in_folder(folder: str, command: str) -> list[Source]:
    """The files of a folder: tables, and `.txt` files that are one text each."""
    paths: list[Path] = []

    def refuse(error: OSError) -> None:
        raise InputUnreadable(error.filename, error.strerror or str(error), command) from error

    for directory, below, names in os.walk(folder, onerror=refuse):
        below[:] = sorted(name for name in below if not name.startswith(_HIDDEN))
        paths += [Path(directory, name) for name in names if not name.startswith(_HIDDEN) and has_data_suffix(name)]
    if not paths:
        suffixes = ", ".join(DATA_SUFFIXES)
        raise InputUnreadable(folder, f"the folder holds no files of texts, whose names end in {suffixes}", command)
    sources = [Source(file=str(path), whole=_is_text_file(path)) for path in sorted(paths)]
    texts = sum(source.whole for source in sources)
    if texts:
        pattern = shlex.quote(str(Path(folder, "*.txt")))
        _log.info("%r: %s, one text each. --file %s reads each line as a text", folder, _files(texts), pattern)
    return sources


def check_apart(path: Path, sources: Sequence[Source], hint: str) -> None:
    """Check that a file to be written is none of those that are read: what a person has labeled would be lost.

    Args:
        path: the file.
        sources: what is read.
        hint: what to type instead.

    Raises:
        UsageProblem: it is read, too.
    """
    for source in sources:
        if source.file not in (None, STDIN) and _is_same(path, Path(str(source.file))):
            raise UsageProblem(f"'{path}' is also read, and what is in it would be lost. Type: {hint}")


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except (OSError, ValueError):  # one of them is not there
        return False


def _files(number: int) -> str:
    return f"{number:,} file" + ("s" if number != 1 else "")


def _is_text_file(path: Path) -> bool:
    found = format_of_name(path)
    return found is not None and found.kind is Kind.TXT


def _is_path(argument: str) -> bool:
    """Whether an argument looks like a path or a pattern; what exists does not matter."""
    if not argument or any(map(str.isspace, argument)) or not any(map(str.isalnum, argument.replace("*", "x"))):
        return False
    if _RATING.fullmatch(argument):  # 10/10
        return False
    if any(character in '<>|"' for character in argument) and not _exists(argument):  # <b>great</b>
        return False
    separators = "/" if os.sep == "/" else "/\\"
    return any(separator in argument for separator in separators) or _has_suffix(argument)


def _has_suffix(argument: str) -> bool:
    """Whether it ends like the name of a file, perhaps mistyped: `reviews.csv`, `reviews.cvs`, `reviews.pdf`."""
    if has_data_suffix(argument):
        return True
    match = _SUFFIX.fullmatch(Path(argument).suffix)
    if match is None:
        return False
    suffix = match[1].lower()
    known = [name.removeprefix(".") for name in DATA_SUFFIXES]
    return suffix in _OTHER_SUFFIXES or bool(difflib.get_close_matches(suffix, known, 1, _SIMILAR))


def _exists(name: str) -> bool:
    try:
        return os.path.lexists(name)
    except (OSError, ValueError):  # too long for a path, or with a NUL
        return False


def _is_missing(name: str) -> bool:
    """Whether there is no such file. One in a folder that may not be entered is there: opening it tells why not."""
    try:
        os.lstat(name)
    except PermissionError:
        return False
    except (OSError, ValueError):
        return True
    return False


def _is_folder(name: str) -> bool:
    try:
        return os.path.isdir(name)  # noqa: PTH112 (Path.is_dir raises PermissionError)
    except (OSError, ValueError):
        return False


# Records


_OPEN_FILES: Final = 32  # that are not opened a second time, since opening them is work
_INVALID: Final = "not valid UTF-8"


@dataclass
class _File:
    """A file to be read, and what is known of it so far."""

    source: Source
    format: FileFormat | None = None
    columns: Columns | None = None
    paths: dict[str, tuple[str, ...]] | None = None
    lacking: frozenset[str] = frozenset()
    table: Table | None = None
    lines: Detected | None = None
    stream: PipeStream | None = None
    plain: BinaryIO | None = None

    @property
    def name(self) -> str:
        return str(self.source.file)


class Inputs:
    """Texts, files and standard input, in order.

    Args:
        sources: what to read (`find_sources`).
        options: how to read files; what a file is, is detected if they do not say it.

    Attributes:
        columns: the columns of tables: those of the first one, or as they were named while it is not known.
        meter: follows the reading of the files.

    Raises:
        InputUnreadable: a file cannot be opened, its head cannot be read, or it is not text.
        UsageProblem: a table lacks a column; or columns are named, and there are none.
        ExtraMissing: a file needs a library that is not installed.
    """

    def __init__(self, sources: Sequence[Source], options: ReadOptions | None = None) -> None:
        self._options = options or ReadOptions()
        self._files = [_File(source) for source in sources]
        self.columns = Columns(self._options.text_column or TEXT_COLUMN, self._options.id_column, self._options.kept)
        self._has_columns = False
        self.meter = Meter(file.name for file in self._files if file.source.file is not None)
        self._types: list[dict[str, Any]] = []
        self._seen: SeenIds | None = None
        self._at = 0
        self._check()

    @property
    def are_bulk(self) -> bool:
        """Whether there may be many records: a file is among them, or standard input."""
        return any(file.source.file is not None for file in self._files)

    @property
    def may_wait(self) -> bool:
        """Whether a pipe is among them, so that the next record may have to be waited for."""
        return any(file.name == STDIN or is_pipe(file.name) for file in self._files if file.source.file is not None)

    @property
    def types(self) -> dict[str, Any]:
        """The types, pyarrow's, of the columns that are carried through, if all tables agree on one."""
        first = self._types[0] if self._types else {}
        return {name: kind for name, kind in first.items() if all(types.get(name) == kind for types in self._types)}

    def records(self) -> Iterator[Record]:
        """The records in order, once.

        Raises:
            InputUnreadable: a file cannot be read any further.
            RowUnreadable: a row breaks its format or repeats an id, and bad rows are not skipped.
            UsageProblem: standard input is closed, or its format is ambiguous.
        """
        if self._options.id_column is not None:
            from imdbsent.reading.columns import SeenIds  # noqa: PLC0415 (as in `_open`)

            self._seen = SeenIds()
        try:
            for index, file in enumerate(self._files):
                self._at = index
                if file.source.text is not None:
                    yield from_argument(file.source.text)
                else:
                    yield from self._records_of(file)
        finally:
            self.close()
            if self._seen is not None:
                self._seen.close()

    def batches(self, most: int, characters: int | None = None) -> Iterator[list[Record]]:
        """The records in order, once, as many together as can be read without waiting.

        Args:
            most: records in a batch.
            characters: of the texts in a batch, from which no more are added; None for no bound.

        Raises:
            ImdbsentError: as `records`; the records before the error come first.
        """
        batch: list[Record] = []
        size = 0
        records = UntilError(self.records())
        for record in records:
            batch.append(record)
            size += len(record.text)
            if len(batch) >= most or (characters is not None and size > characters) or not self.is_waiting():
                yield batch
                batch, size = [], 0
        if batch:
            yield batch
        records.raise_error()

    def is_waiting(self) -> bool:
        """Whether another record, or the end, can be read without waiting: always, unless a pipe comes next."""
        for file in self._files[self._at :]:
            if file.source.text is not None:
                following = file is not self._files[self._at]
                if following:
                    return True
                continue
            if file.stream is not None:
                return file.stream.is_line_waiting()
            return not (file.name == STDIN or is_pipe(file.name))
        return True

    def close(self) -> None:
        """Close what is open."""
        for file in self._files:
            for opened in (file.table, file.lines):
                if opened is not None:
                    opened.close()
            file.table = file.lines = None

    # opening

    def _check(self) -> None:
        if self._options.names_columns:
            for file in self._files:
                if file.source.text is not None:
                    raise UsageProblem("a TEXT has no columns. Name a file, or leave out the options for columns")
        try:
            for file in self._files:
                if file.source.file is not None:
                    self._prepare(file)
        except BaseException:
            self.close()
            raise

    def _prepare(self, file: _File) -> None:
        """Find out what a file is before the work, unless that may have to be waited for."""
        options = self._options
        named = options.format
        if file.name == STDIN or is_pipe(file.name):
            if options.names_columns or (named is not None and named.is_table):
                self._open(file)
            elif file.name == STDIN:
                self._note_stream(file, open_bytes(STDIN, options.command))
            return
        self._open(file)
        kept = sum(other.table is not None for other in self._files)
        kind = FileFormat(Kind.TXT) if file.format is None else file.format
        is_work = kind.kind in (Kind.EXCEL, Kind.JSON) or (
            kind.kind is Kind.PARQUET and kind.compression is not Compression.NONE
        )
        if not (is_work and kept <= _OPEN_FILES):
            self._close(file)

    def _close(self, file: _File) -> None:
        for opened in (file.table, file.lines):
            if opened is not None:
                opened.close()
        file.table = file.lines = None

    def _note_stream(self, file: _File, stream: BinaryIO) -> None:
        file.stream = stream if isinstance(stream, PipeStream) else None

    def _open(self, file: _File) -> None:
        """Open a file, find out what it is, and find its columns."""
        options = replace(self._options, whole=True) if file.source.whole else self._options
        stream: Any = file.stream or open_bytes(file.name, options.command)
        try:
            self._note_stream(file, stream)
            file.plain = None if isinstance(stream, PipeStream) else stream
            found = self._found(file, stream, options)
        except READ_ERRORS as error:
            stream.close()
            raise unreadable(file.name, error, options.command) from error
        except BaseException:
            stream.close()
            raise
        is_new, file.format = file.format is None, found.format
        if not found.format.is_table:
            self._require_table(file, found)
            file.lines = found
            return
        from imdbsent.reading.tables import table_in  # noqa: PLC0415 (texts and lines do not need it)

        wanted = None if file.columns is None else self._parquet_columns(file)
        table = table_in(found, file.name, wanted, text_column=options.text_column, command=options.command)
        file.table = table
        if not is_new and file.columns is not None:
            table.paths.update(file.paths or {})
            table.lacking = file.lacking
            return
        file.columns = table.select(options, self.columns.kept if self._has_columns else None)
        file.paths, file.lacking = table.paths, table.lacking
        if not self._has_columns:
            self.columns, self._has_columns = file.columns, True
        self._types.append(dict(table.types))

    def _found(self, file: _File, stream: BinaryIO, options: ReadOptions) -> Detected:
        from imdbsent.reading.detect import content_of, detect  # noqa: PLC0415 (as in `_open`)

        if file.format is not None:
            return content_of(stream, file.format)
        if file.name == STDIN and options.format is None and not options.names_columns and _is_typed():
            return content_of(stream, FileFormat(Kind.TXT))
        return detect(stream, file.name, options)

    def _parquet_columns(self, file: _File) -> list[str]:
        assert file.columns is not None
        paths = file.paths or {}
        return [paths[column][0] if column in paths else column for column in file.columns.wanted]

    def _require_table(self, file: _File, found: Detected) -> None:
        if self._options.names_columns:
            found.close()
            raise UsageProblem(
                f"{name_of(file.name)}, with one text per line, has no columns. Type: --input-format with csv, tsv, "
                "jsonl or parquet"
            )

    def _records_of(self, file: _File) -> Iterator[Record]:
        if file.table is None and file.lines is None:
            self._open(file)
        if self.meter.total is not None and file.plain is not None:
            self.meter.watch(file.plain)
        options = self._options
        assert file.format is not None
        if file.lines is not None:
            with closing(file.lines) as found:
                whole = options.whole or file.source.whole
                records = read_texts(found.content, file.name, whole=whole, command=options.command)
                yield from _with_encoding(records, file, is_guessed=options.encoding == AUTO)
            return
        from imdbsent.reading.tables import records_of  # noqa: PLC0415 (as in `_open`)

        assert file.table is not None
        assert file.columns is not None
        with closing(file.table) as table:
            records = records_of(table, file.columns, self._seen, skip_bad=options.skip_bad)
            if self.meter.total is not None:
                records = self._metered(records, table, file.format.kind)
            yield from _with_encoding(records, file, is_guessed=options.encoding == AUTO)

    def _metered(self, records: Iterator[Record], table: Table, kind: Kind) -> Iterator[Record]:
        """Records of a table, of which the meter learns how far they are if the bytes that were read do not tell."""
        if table.count is not None:
            yield from self.meter.counting(records, table.count)
            return
        for record in islice(records, 1):
            if kind is Kind.JSON and self.meter.is_at_end():  # a document that is read as a whole
                self.meter.total = None
            yield record
        yield from records


def _with_encoding(records: Iterator[Record], file: _File, *, is_guessed: bool) -> Iterator[Record]:
    """Records, with a message about the first whose bytes cannot be decoded."""
    encoding = UTF_8 if file.format is None else file.format.encoding
    is_said = file.format is not None and file.format.kind is Kind.PARQUET  # whose texts are UTF-8, or bytes
    for record in records:
        if record.problem is None or _INVALID not in record.problem:
            yield record
            continue
        if not is_said:
            is_said = True
            where = "" if record.number is None else f" (line {record.number:,})"
            _log.info(
                "%s has bytes that are not %s%s. --encoding names another one: --encoding cp1252 if it comes from "
                "Windows%s",
                name_of(file.name), encoding.upper(), where, "" if is_guessed else ", or --encoding auto",
            )  # fmt: skip
        if encoding != UTF_8:
            record = record._replace(problem=record.problem.replace("UTF-8", encoding))  # noqa: PLW2901
        yield record


def _is_typed() -> bool:
    """Whether a person types what is on standard input."""
    return sys.stdin is not None and sys.stdin.isatty()


class UntilError:
    """Records up to an error, which is raised once the results of those before it are out.

    Args:
        records: what is read; an error in it ends it.
    """

    def __init__(self, records: Iterator[Record]) -> None:
        self._records = records
        self._error: ImdbsentError | None = None

    def __iter__(self) -> Iterator[Record]:
        """The records."""
        try:
            yield from self._records
        except ImdbsentError as error:
            self._error = error

    def raise_error(self) -> None:
        """Raise the error that ended the records, if one did."""
        if self._error is not None:
            raise self._error


# Ids of words

_INNERMOST: Final = re.compile(r"\[([^\[\]]*)\]")
_WRAPPING: Final = re.compile(r"(?:list|array|np\.array|dtype=\w+|[\s,()\[\]])*")
_LARGEST: Final = 12  # digits; more are no id, and Python refuses to read numbers of thousands


def parse_ids(text: str) -> list[list[int]]:
    """Read lists of ids.

    Args:
        text: lists in brackets, each over as many lines as it likes and nested as Keras's arrays are
            (`array([list([1, 14]), list([1, 5])], dtype=object)`); or, without a bracket, one list per line.
            Numbers are separated by blanks or commas.

    Returns:
        The lists in order; lines and brackets with nothing in them are no list.

    Raises:
        ValueError: something in it is no id; the message names it.
    """
    if "[" not in text and "]" not in text:
        lists = [_numbers(line) for line in text.splitlines()]
    else:
        outside = _INNERMOST.sub(" ", text)
        stray = _WRAPPING.sub("", outside, count=1)
        if stray:
            raise ValueError(f"{_excerpt(stray)} is not a list of ids")
        if text.count("[") != text.count("]"):
            raise ValueError("a bracket is not closed")
        lists = [_numbers(inside) for inside in _INNERMOST.findall(text)]
    return [ids for ids in lists if ids]


def _numbers(text: str) -> list[int]:
    ids = []
    for item in text.replace(",", " ").split():
        if not (item.isascii() and item.isdigit() and len(item) <= _LARGEST):
            raise ValueError(f"{_excerpt(item)} is not an id")
        ids.append(int(item))
    return ids


def _excerpt(text: str) -> str:
    return repr(" ".join(text.split())[:30])
