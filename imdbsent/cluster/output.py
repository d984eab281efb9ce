"""The folder of results of a job: complete, and marked so, or not there."""

from __future__ import annotations

import contextlib
import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from imdbsent.cluster.paths import locate
from imdbsent.errors import OutputFailed, StorageUnreachable, UsageProblem
from imdbsent.records.compression import reason

if TYPE_CHECKING:
    from collections.abc import Iterator

COMPLETE: Final = "_SUCCESS"
"""The empty file that says that a folder is complete, as Hadoop's and Spark's jobs write it; readers of folders pass
over names that begin so."""


@dataclass(frozen=True)
class OutputFolder:
    """A folder for the results of one job.

    Attributes:
        location: as it was typed.
        filesystem: pyarrow's.
        path: its path there.
        was_there: whether it was there, empty.
    """

    location: str
    filesystem: Any
    path: str
    was_there: bool

    @contextlib.contextmanager
    def whole(self) -> Iterator[tuple[Any, str]]:
        """Context of the writing. At its end the folder is marked as complete; where it raises, the results are gone.

        Yields:
            The filesystem and the path.

        Raises:
            OutputFailed: the folder cannot be written.
        """
        try:
            self.filesystem.create_dir(self.path, recursive=True)
            yield self.filesystem, self.path
            self.filesystem.open_output_stream(posixpath.join(self.path, COMPLETE)).close()
        except BaseException as error:
            self._empty()
            if isinstance(error, OSError):
                raise OutputFailed(f"{self.location}: {reason(error)}") from error
            raise

    def _empty(self) -> None:
        """Take away what is there, all of which this job has written."""
        with contextlib.suppress(OSError):
            self.filesystem.delete_dir_contents(self.path, missing_dir_ok=True)
            if not self.was_there:
                self.filesystem.delete_dir(self.path)


def output_folder(location: str) -> OutputFolder:
    """A folder for results; it is made when they are written.

    Raises:
        UsageProblem: there is a file of that name, or something in the folder.
        StorageUnreachable: its filesystem cannot be reached.
        InputUnreadable: it is no address that pyarrow knows.
    """
    from pyarrow import fs  # noqa: PLC0415 (this engine alone needs it)

    filesystem, path = locate(location.rstrip("/") or location)
    try:
        there = filesystem.get_file_info(path).type
        if there == fs.FileType.File:
            raise UsageProblem(f"'{location}' is a file, and results of --engine ray are a folder. Type: -o FOLDER/")
        if there == fs.FileType.Directory and filesystem.get_file_info(fs.FileSelector(path)):
            raise UsageProblem(f"the folder '{location}' is not empty. Type: -o with another FOLDER")
    except OSError as error:
        raise StorageUnreachable(location, reason(error)) from error
    return OutputFolder(location, filesystem, path, there == fs.FileType.Directory)
