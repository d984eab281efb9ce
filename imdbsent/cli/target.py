"""Where the results of `imdbsent predict` go, and how: decided before the work."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from imdbsent.cli.console import stdout_console
from imdbsent.errors import UsageProblem
from imdbsent.explanation.writing import EXPLANATION
from imdbsent.records.compression import pyarrow
from imdbsent.records.output import check_output, format_of_output
from imdbsent.records.selection import RECORD
from imdbsent.records.writing import NO_COLUMNS, Format, ResultColumns, result_columns

if TYPE_CHECKING:
    from pathlib import Path

    from imdbsent.records.inputs import Inputs

_EXPLAINED: Final = (Format.TABLE, Format.JSONL, Format.JSON)
"""The formats that have room for the words of a text."""


@dataclass(frozen=True)
class Target:
    """Where results go, and how.

    Attributes:
        path: the file; None for standard output.
        format: in which format.
        columns: columns beside the usual ones.
        types: pyarrow's types of those columns, where they have types.
        is_on_terminal: whether they are seen on a terminal.
        is_numbered: whether the first of those columns is the place of the record among all that came in.
    """

    path: Path | None
    format: Format
    columns: ResultColumns
    types: dict[str, Any]
    is_on_terminal: bool = False
    is_numbered: bool = False

    @property
    def is_resumable(self) -> bool:
        """Whether it is a file with a name of its own: not standard output, nor a pipe or device that has a name."""
        return self.path is not None and (not self.path.exists() or self.path.is_file())


def target_of(
    inputs: Inputs,
    path: Path | None,
    chosen: Format | None,
    *,
    explain: bool,
    is_partial: bool = False,
    safe_csv: bool = False,
    no_color: bool,
) -> Target:
    """Decide where results go, and find out that they cannot before the work.

    Args:
        inputs: what is read.
        path: the file; None for standard output.
        chosen: the format; None for what the name of the file says, else a table, or for many into a pipe a plain one.
        explain: whether results are explanations.
        is_partial: whether they are not those of all records in order, so that they say which record they are of.
        safe_csv: whether what a spreadsheet would compute is made text.
        no_color: whether the terminal has no colour.

    Raises:
        UsageProblem: they cannot.
        ExtraMissing: they need pyarrow, which is not installed.
    """
    own, is_terminal = inputs.columns, stdout_console(no_color=no_color).is_terminal
    is_numbered = is_partial and own.id is None
    taken = (*(EXPLANATION if explain else ()), *((RECORD,) if is_numbered else ()))
    columns = result_columns(own.kept, has_id=own.id is not None, taken=taken)
    if path is not None:
        chosen = chosen or format_of_output(path)
        _check_room(chosen, explain=explain)  # before what the format needs: it is not needed
        check_output(path, chosen)
    chosen = chosen or (Format.TABLE if is_terminal or not inputs.are_bulk else Format.JSONL if explain else Format.TSV)
    _check_room(chosen, explain=explain)
    if chosen is Format.TSV and columns != NO_COLUMNS:
        raise UsageProblem(
            "TSV has label, probability and text alone, with no place for --id-column or --keep. Type: --format csv"
        )
    if safe_csv and chosen not in (Format.CSV, Format.TSV):
        raise UsageProblem(
            f"--safe-csv is for what spreadsheets open, not for {chosen.value}. Type: --format csv --safe-csv"
        )
    columns = replace(columns, safe_csv=safe_csv)
    if chosen is Format.PARQUET and path is None and is_terminal:
        raise UsageProblem("standard output is a terminal. Type: -o FILE.parquet, or a pipe behind it")
    names = dict(zip(own.kept, columns.kept))
    types = {names[column]: kind for column, kind in inputs.types.items() if column in names}
    if own.id in inputs.types:
        types["id"] = inputs.types[own.id]
    if is_numbered:
        columns = replace(columns, kept=(RECORD, *columns.kept))
        if chosen is Format.PARQUET:
            types[RECORD] = pyarrow("Parquet").int64()
    return Target(path, chosen, columns, types, path is None and is_terminal, is_numbered)


def _check_room(chosen: Format, *, explain: bool) -> None:
    if explain and chosen not in _EXPLAINED:
        raise UsageProblem(
            f"{chosen.value} has a row a text, and no room for its words. "
            "Type: imdbsent predict --explain --format jsonl TEXT"
        )
