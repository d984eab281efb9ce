"""The files that a command line names, on any filesystem that pyarrow knows, and their columns.

A location is a path on this machine, or an address such as `s3://bucket/folder/*.parquet`. Patterns are those of a
shell: `*` and `?` stay within a name, `**` goes through folders. The columns come from the first file with content, so
that a wrong name is found before the work.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, cast

from imdbsent.errors import InputUnreadable, StorageUnreachable, UsageProblem
from imdbsent.reading.options import SUFFIXES, Columns, FileFormat, Kind, compression_of_name, format_of_name
from imdbsent.reading.streams import READ_ERRORS, Compression, reason, unreadable
from imdbsent.reading.tables import Table, column_missing, table_of

if TYPE_CHECKING:
    from collections.abc import Sequence


_WILD: Final = re.compile(r"[*?\[]")
_HIDDEN: Final = ("_", ".")


@dataclass(frozen=True)
class InputFiles:
    """Files of one format on one filesystem.

    Attributes:
        filesystem: a pyarrow filesystem.
        paths: their paths there, sorted.
        format: their format.
        first: the first with content; the first if all are empty.
    """

    filesystem: Any
    paths: tuple[str, ...]
    format: FileFormat
    first: str


def find_files(locations: Sequence[str], file_format: FileFormat | None = None) -> InputFiles:
    """The files that a command line names.

    Args:
        locations: files, folders (all files of records in them) and patterns.
        file_format: their format; None for what their names imply, and lines of text if they imply nothing.

    Raises:
        InputUnreadable: there is nothing at a location.
        StorageUnreachable: its filesystem does not answer.
        UsageProblem: they have several filesystems or formats.
    """
    found: dict[str, int] = {}
    filesystems: list[Any] = []
    for location in locations:
        filesystem, files = _found(location)
        if not files:
            raise InputUnreadable(location, "there is no such file, or no file in the folder")
        if filesystems and not filesystems[0].equals(filesystem):
            raise UsageProblem(f"{location!r} is on another filesystem than {locations[0]!r}. Run one command for each")
        filesystems.append(filesystem)
        found.update((file.path, file.size or 0) for file in files)
    paths = tuple(sorted(found))
    first = next((path for path in paths if found[path]), paths[0])
    return InputFiles(filesystems[0], paths, file_format or _format_of(paths), first)


def locate(location: str) -> tuple[Any, str]:
    """The pyarrow filesystem of a location, and the path there.

    Raises:
        InputUnreadable: pyarrow does not know the address.
        StorageUnreachable: its filesystem does not answer.
    """
    from pyarrow import ArrowException, fs  # noqa: PLC0415 (only this engine needs it)

    if "://" not in location:
        return fs.LocalFileSystem(), str(Path(location).expanduser().absolute())
    try:
        filesystem, path = fs.FileSystem.from_uri(location)
    except (ArrowException, ValueError) as error:
        raise InputUnreadable(location, reason(error)) from error
    except OSError as error:
        raise StorageUnreachable(location, reason(error)) from error
    return filesystem, path


def _found(location: str) -> tuple[Any, list[Any]]:
    """A filesystem, and pyarrow's FileInfo of each file at a location there."""
    from pyarrow import fs  # noqa: PLC0415 (as above)

    base, pattern = _split(location)
    filesystem, path = locate(base)
    try:
        info = filesystem.get_file_info(path)
        if info.type == fs.FileType.File and not pattern:
            return filesystem, [info]
        if info.type != fs.FileType.Directory:
            return filesystem, []
        # Subfolders are searched for a folder, and for a pattern that names them.
        selector = fs.FileSelector(path, recursive=not pattern or "/" in pattern or "**" in pattern)
        files = [file for file in filesystem.get_file_info(selector) if file.type == fs.FileType.File]
    except OSError as error:
        if isinstance(filesystem, fs.LocalFileSystem):
            raise InputUnreadable(location, reason(error)) from error
        raise StorageUnreachable(location, reason(error)) from error
    names = {file.path: file.path[len(path) :].lstrip("/") for file in files}
    if pattern:
        matches = re.compile(_regular(pattern)).fullmatch
        return filesystem, [file for file in files if matches(names[file.path])]
    return filesystem, [file for file in files if _is_of_records(names[file.path])]


def _split(location: str) -> tuple[str, str]:
    """The folder before the first wildcard, and the pattern after it; "" for none."""
    if "://" not in location and Path(location).exists():  # a file may be called "a[1].csv"
        return location, ""
    wild = _WILD.search(location)
    if wild is None:
        return location, ""
    end = location.rfind("/", 0, wild.start()) + 1
    return location[:end] or ".", location[end:]


def _regular(pattern: str) -> str:
    """The regular expression for a shell pattern."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\[[^\]]+\])", pattern)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(known.get(part) or (_of_set(part) if part.startswith("[") else re.escape(part)) for part in parts)


def _of_set(part: str) -> str:
    return part.replace("[!", "[^").replace("\\", "\\\\") if part.endswith("]") else re.escape(part)


def _is_of_records(name: str) -> bool:
    """Whether a file in a folder is read: its name has a known suffix, and no part of its path is hidden."""
    return name.lower().endswith((*SUFFIXES, *(suffix + end for suffix in SUFFIXES for end in (".gz", ".zst")))) and (
        not any(part.startswith(_HIDDEN) for part in name.split("/"))
    )


def _format_of(paths: Sequence[str]) -> FileFormat:
    """The format that the names of files imply. Their compression may differ: the name of each file implies it."""
    kinds = {path: format_of_name(path) or FileFormat(Kind.TXT) for path in paths}
    first = kinds[paths[0]]
    for path, other in kinds.items():
        if other.kind is not first.kind:
            raise UsageProblem(
                f"{path!r} is {other.kind.value}, {paths[0]!r} is {first.kind.value}. Type: a pattern of one format, "
                f"for example '*.{first.kind.value}'"
            )
        if other.kind is Kind.PARQUET and other.compression is not Compression.NONE:
            raise UsageProblem(
                f"{path!r} is compressed as a whole, but Parquet has its own compression. Type: gunzip, or zstd -d, "
                "first"
            )
    return first


_FOOTERS: Final = 100
"""Maximum number of Parquet files whose footers are read to count rows; with more, it would take too long."""
_OBJECTS: Final = 1000
"""Number of JSONL objects whose keys are taken for columns: each object may have different keys."""


@dataclass(frozen=True)
class TableHead:
    """The columns of some files.

    Attributes:
        names: of all columns; none for lines of text, and if all files are empty.
        rows: number of rows in all files; None if only reading them would tell.
    """

    names: tuple[str, ...] = ()
    rows: int | None = None


def read_head(files: InputFiles) -> TableHead:
    """The columns of the first file with content.

    Raises:
        InputUnreadable: it cannot be read.
    """
    if files.format.kind is Kind.TXT:
        return TableHead()
    first = files.first
    try:
        if files.format.kind is Kind.PARQUET:
            few = len(files.paths) <= _FOOTERS
            metadata = [_footer(files, path) for path in (files.paths if few else [first])]
            rows = sum(one.num_rows for one in metadata) if few else None
            return TableHead(tuple(metadata[0].schema.to_arrow_schema().names), rows)
        stream = cast("BinaryIO", io.BufferedReader(files.filesystem.open_input_stream(first, compression=None)))
        table = table_of(stream, first, files.format._replace(compression=compression_of_name(first)))
    except READ_ERRORS as error:
        raise unreadable(first, error) from error
    try:
        return TableHead(_names(table))
    finally:
        table.close()


def _footer(files: InputFiles, path: str) -> Any:
    from pyarrow import parquet  # noqa: PLC0415 (few files need it)

    with files.filesystem.open_input_file(path) as stream:
        return parquet.read_metadata(stream)


def columns_read(files: InputFiles, head: TableHead, columns: Columns | None, *, keep_all: bool) -> Columns:
    """The columns that a job reads.

    Args:
        files: what is read.
        head: their columns.
        columns: the columns that the command line names; None if it names none.
        keep_all: whether all other columns are carried through, not only those that are named.

    Raises:
        UsageProblem: a named column is missing, or the files have no columns.
    """
    if files.format.kind is Kind.TXT:
        if columns is not None:
            raise UsageProblem(
                f"{files.first!r}, read as one text per line, has no columns. Type: --input-format with csv, tsv, "
                "jsonl or parquet"
            )
        return Columns()
    columns = columns or Columns()
    if not head.names:
        return columns
    named = {"--text-column": columns.text, "--id-column": columns.id}
    for option, column in [*named.items(), *(("--keep", column) for column in columns.kept)]:
        if column is not None and head.names.count(column) != 1:
            raise column_missing(repr(files.first), head.names, column, option)
    if not keep_all:
        return columns
    own = (columns.text, columns.id)
    return columns._replace(kept=tuple(name for name in dict.fromkeys(head.names) if name not in own))


def _names(table: Table) -> tuple[str, ...]:
    if table.columns is not None:
        return tuple(table.columns)
    names: dict[str, Any] = {}
    for row in islice(table.rows(), _OBJECTS):
        names.update(row.values)
    return tuple(names)
