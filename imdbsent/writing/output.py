"""Where results go and how: standard output, or a file that appears only when complete."""

from __future__ import annotations

import io
import json
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol, cast

from imdbsent import __version__
from imdbsent.errors import OutputClosed, OutputFailed, UsageProblem
from imdbsent.files import new_file
from imdbsent.option_fields import option
from imdbsent.reading.options import compression_of_name
from imdbsent.reading.streams import Compression, compressing, pyarrow
from imdbsent.writing.text import NO_COLUMNS, Format, ResultColumns, TextWriter, text_layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.writing.text import TextLayout


_OF_SUFFIX: Final = {chosen.value: chosen for chosen in Format if chosen is not Format.TABLE} | {"ndjson": Format.JSONL}


@dataclass(frozen=True)
class OutputSpec:
    """Where results go, and how they are written.

    Attributes:
        path: the file; None for standard output.
        format: of the results.
        columns: those other than the usual ones.
        types: pyarrow's types of those columns, by their names in the results; see `ParquetWriter`.
        safe_csv: whether CSV and TSV have an apostrophe before what a spreadsheet would compute.
        is_numbered: whether the first of the columns is the number of the record.
        added: columns about the model: see `MODEL_COLUMNS`.
        metadata: what Parquet says about its content; see `of_model`.

    Raises:
        UsageProblem: the format cannot hold the columns, or is not for spreadsheets.
    """

    path: Path | None
    format: Format = field(metadata=option("--format", decides_bytes=True))
    columns: ResultColumns = NO_COLUMNS
    types: Mapping[str, Any] = field(
        default_factory=dict, metadata=option("columns of the types", decides_bytes=True)
    )
    safe_csv: bool = field(default=False, metadata=option("--safe-csv", decides_bytes=True))
    is_numbered: bool = False
    added: tuple[str, ...] = field(default=(), metadata=option("--add-columns", decides_bytes=True))
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.format is Format.TSV and self.columns != NO_COLUMNS and not self.columns.to_label:
            raise UsageProblem(
                "TSV has only label, probability and text, so it has no column for --id-column, --keep or "
                "--add-columns. Type: --format csv"
            )
        if self.safe_csv and self.format not in (Format.CSV, Format.TSV):
            raise UsageProblem(
                f"--safe-csv is for CSV and TSV, not for {self.format.value}. Type: --format csv --safe-csv"
            )

    def of_model(self, bundle: Bundle, options: Mapping[str, str]) -> OutputSpec:
        """The same, with what says which model, under which options, made the results.

        Args:
            bundle: the model.
            options: those that decide the results, by their names on the command line.
        """
        facts = {name: fact(bundle) for name, fact in MODEL_COLUMNS.items()}
        metadata = {f"imdbsent.{name}": str(value) for name, value in facts.items()}
        metadata["imdbsent.model_version"] = metadata.pop("imdbsent.version")
        metadata |= {"imdbsent.version": __version__, "imdbsent.options": json.dumps(options, sort_keys=True)}
        columns = self.columns._replace(added=tuple(facts[name] for name in self.added))
        return replace(self, columns=columns, metadata=metadata)

    @property
    def layout(self) -> TextLayout:
        """The layout of predictions; the format is a plain one."""
        return text_layout(self.format, self.columns, safe_csv=self.safe_csv)

    @property
    def is_resumable(self) -> bool:
        """Whether it is a file: not standard output, and not a pipe or device that has a name."""
        return self.path is not None and (not self.path.exists() or self.path.is_file())


MODEL_COLUMNS: Final[dict[str, Callable[[Bundle], Any]]] = {
    "model": lambda bundle: bundle.card.name,
    "version": lambda bundle: bundle.card.version,
    "sha256": lambda bundle: bundle.sha256,
}
"""What `--add-columns` can add: the name of the model, its version, and its content."""


def parse_columns(text: str) -> tuple[str, ...]:
    """The columns that a person names, with commas between them.

    Raises:
        UsageProblem: there is no such column.
    """
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    for name in names:
        if name not in MODEL_COLUMNS:
            raise UsageProblem(f"there is no column {name!r} to add. Type: --add-columns {','.join(MODEL_COLUMNS)}")
    return names


class Writer(Protocol):
    """Takes results as they come."""

    written: int

    def write(self, predictions: Iterable[Any]) -> None:
        """Append predictions, or explanations."""

    def flush(self) -> None:
        """Let what was appended be seen: the next may take a while."""

    def close(self) -> None:
        """Write what follows the last one; the stream stays open."""


def format_of_output(path: Path, option: str = "-o") -> Format:
    """The format that the name of a file implies.

    Args:
        path: the file.
        option: what names it on the command line.

    Raises:
        UsageProblem: it implies none.
    """
    suffixes = [suffix.lower().removeprefix(".") for suffix in path.suffixes]
    if compression_of_name(path) is not Compression.NONE:
        suffixes.pop()
    chosen = _OF_SUFFIX.get(suffixes[-1]) if suffixes else None
    if chosen is None:
        raise UsageProblem(
            f"the name of '{path}' does not say its format. Type: {option} FILE.csv, .tsv, .jsonl, .json or .parquet"
            f"{', or --format with it' if option == '-o' else ''}"
        )
    return chosen


def check_output(path: Path, chosen: Format, option: str = "-o") -> None:
    """Check before the work that a file can be written.

    Args:
        path: the file.
        chosen: its format.
        option: what names it on the command line.

    Raises:
        UsageProblem: it cannot be written, or not in this format.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    compression = compression_of_name(path)
    if chosen is Format.TABLE:
        raise UsageProblem("a table is for the terminal, not for a file. Type: --format csv")
    if chosen is Format.PARQUET and compression is not Compression.NONE:
        raise UsageProblem(f"Parquet has its own compression. Type: {option} '{path.with_suffix('')}'")
    if chosen is Format.PARQUET or compression is Compression.ZSTD:
        pyarrow("Parquet" if chosen is Format.PARQUET else "zstd")
    if compression is Compression.ZIP:
        raise UsageProblem(f"results cannot be zipped. Type: {option} '{path.with_suffix('.gz')}'")
    if path.is_dir():
        raise UsageProblem(f"'{path}' is a folder. Type: {option} '{path / 'verdicts'}.{chosen.value}'")
    if not path.parent.is_dir():
        raise UsageProblem(f"there is no folder '{path.parent}'. Type: mkdir -p '{path.parent}'")
    is_device = path.exists() and not path.is_file()  # or a named pipe: it is written directly
    written = path if is_device else path.parent
    if not os.access(written, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        what = "" if is_device else "the folder "
        raise UsageProblem(f"{what}'{written}' cannot be written. Type: {option} with another FILE")


@contextmanager
def open_output(spec: OutputSpec, layout: TextLayout | None = None) -> Iterator[Writer]:
    """Open the output of a run.

    Args:
        spec: a file appears after the block, when it is complete; if the block raises, nothing changes. Any format but
            the table.
        layout: of what is written, if that is not predictions.

    Yields:
        The writer.

    Raises:
        OutputClosed: the reader is gone, for example `head -1`.
        OutputFailed: the output cannot be written, or the disk is full.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    path = spec.path
    if path is None:
        with _dropping(Sink(sys.stdout.buffer)) as sink:
            writer = _new_writer(sink, spec, layout)
            yield writer
            writer.close()
        return
    try:
        with new_file(path) as temporary, temporary.open("wb") as stream, _dropping(Sink(stream, str(path))) as sink:
            packed = compressing(cast("BinaryIO", sink), compression_of_name(path))
            writer = _new_writer(packed, spec, layout)
            yield writer
            writer.close()
            packed.close()
            stream.flush()
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


@contextmanager
def _dropping(sink: Sink) -> Iterator[Sink]:
    """Context after whose failure nothing more is written: half a file must not get an end that makes it look whole."""
    try:
        yield sink
    except BaseException:
        sink.drop()
        raise


def _new_writer(stream: Any, spec: OutputSpec, layout: TextLayout | None) -> Writer:
    if spec.format is Format.PARQUET:
        from imdbsent.writing.parquet import ParquetWriter  # noqa: PLC0415 (only Parquet needs it)

        return ParquetWriter(stream, spec.columns, spec.types, spec.metadata)
    return TextWriter(stream, layout or spec.layout)


class Sink(io.RawIOBase):
    """Writes to a stream that it does not close.

    Only the first error is raised. Compressors, and pyarrow above all, write what they still hold when they are
    deleted, and would report on standard error that this failed, too. So what is written after an error, or after
    `drop`, is discarded.

    Args:
        stream: takes the bytes.
        name: its name in errors; "" for standard output.
    """

    def __init__(self, stream: BinaryIO, name: str = "") -> None:
        super().__init__()
        self._stream = stream
        self._name = name
        self._dropped = False

    def writable(self) -> bool:
        """Always true."""
        return True

    def write(self, content: Any) -> int:
        """Write all of some bytes.

        Raises:
            OutputClosed: the reader is gone, for example `head -1`.
            OutputFailed: the system refuses, for example because the disk is full.
        """
        self._attempt(lambda: self._stream.write(content))
        return len(content)

    def flush(self) -> None:
        """Flush the stream; it raises what `write` raises."""
        if not self.closed and not self._stream.closed:  # Python 3.13 also flushes on deletion
            self._attempt(self._stream.flush)

    def drop(self) -> None:
        """Discard whatever is written from now on."""
        self._dropped = True

    def _attempt(self, work: Callable[[], object]) -> None:
        if self._dropped:
            return
        self._dropped = True
        try:
            work()
        except BrokenPipeError as error:
            raise OutputClosed from error
        except OSError as error:
            raise OutputFailed((self._name and f"{self._name}: ") + (error.strerror or str(error))) from error
        self._dropped = False
