"""Verdicts to a folder of files, as a sink of Ray Data that counts what it has written.

A task writes one file, whose name has the number of the task: where it is done again, since its machine was lost, it
replaces what it had written. So each row is there once, and what the tasks that Ray counts return adds up to the rows.
Rows stand in a file as `imdbsent predict -o FILE` writes them: the same code does.
"""

from __future__ import annotations

import importlib
import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Final, cast

from ray.data.block import BlockAccessor
from ray.data.datasource import BlockBasedFileDatasink

from imdbsent.records import Prediction
from imdbsent.records.parquet import values_of
from imdbsent.records.writing import Format, ResultColumns, TextWriter, text_layout
from imdbsent.verdicts import is_mostly_unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

FORMATS: Final = (Format.PARQUET, Format.CSV, Format.JSONL)
"""The formats that many files of one folder can have."""
_GROUP_ROWS: Final = 10_000
_FIELDS: Final = ("text", "label", "probability", "problem", "tokens", "truncated", "unknown")


class VerdictSink(BlockBasedFileDatasink):  # type: ignore[misc]  # Ray is not looked into
    """Files of verdicts in a folder.

    Args:
        path: of the folder.
        filesystem: pyarrow's.
        file_format: one of `FORMATS`.
        columns: those of the results beside the usual ones.
        is_json: whether the values of those columns came as JSON.
        progress: an actor of Ray that is told how many rows are written; None for nobody.

    Attributes:
        counts: how many rows had each label, and "failed" and "unfamiliar" of `imdbsent.cli.tally`; there once all is
            written.
    """

    def __init__(
        self,
        path: str,
        filesystem: Any,
        file_format: Format,
        columns: ResultColumns,
        *,
        is_json: bool = False,
        progress: Any = None,
    ) -> None:
        super().__init__(path, filesystem=filesystem, file_format=file_format.value)
        self.counts: Counter[str] = Counter()
        self._format = file_format
        self._columns = columns
        self._is_json = is_json
        self._progress = progress

    def write(self, blocks: Iterable[Any], ctx: Any) -> Counter[str]:
        """Write the rows of one task; what comes back are their counts."""
        some = list(blocks)
        super().write(some, ctx)
        counts = Counter[str]()
        for block in some:
            counts.update(_counts(BlockAccessor.for_block(block).to_arrow()))
        if self._progress is not None:
            self._progress.add.remote(sum(len(block) for block in some))
        return counts

    def write_block_to_file(self, block: Any, file: Any) -> None:
        """Write the file of one task."""
        table = block.to_arrow()
        if self._format is Format.PARQUET:
            parquet = importlib.import_module("pyarrow.parquet")
            parquet.write_table(table, file, compression="zstd", row_group_size=_GROUP_ROWS)
            return
        writer = TextWriter(cast("BinaryIO", file), text_layout(self._format, self._columns))
        writer.write(self._predictions(table))
        writer.close()

    def on_write_complete(self, write_result: Any) -> None:
        """Add up what the tasks have counted."""
        super().on_write_complete(write_result)
        for counts in write_result.write_returns:
            self.counts.update(counts)

    def _predictions(self, table: Any) -> Iterator[Prediction]:
        """The rows as what `imdbsent.records.writing` writes."""
        arrow = importlib.import_module("pyarrow")
        own = [table.column(name).to_pylist() for name in _FIELDS]
        ids = self._values(arrow, table, "id") if self._columns.id else [None] * len(table)
        kept = [self._values(arrow, table, name) for name in self._columns.kept]
        for row, fields in enumerate(zip(*own)):
            text, label, probability, problem, tokens, truncated, unknown = fields
            values = tuple([column[row] for column in kept])
            yield Prediction(
                text, label, probability, problem, tokens, truncated, unknown, id=ids[row], kept=values
            )

    def _values(self, arrow: Any, table: Any, name: str) -> list[Any]:
        values = values_of(arrow, table.column(name))
        return [None if value is None else json.loads(value) for value in values] if self._is_json else values


def _counts(table: Any) -> Iterator[str]:
    """What each row counts as."""
    for label, unknown in zip(table.column("label").to_pylist(), table.column("unknown").to_pylist()):
        yield label or "failed"
        if is_mostly_unknown(Prediction("", None, None, unknown=unknown)):
            yield "unfamiliar"
