"""Where the results of `imdbsent predict` go, and how: decided before the work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imdbsent.cli.console import stdout_console
from imdbsent.errors import UsageProblem
from imdbsent.explanation.writing import EXPLANATION
from imdbsent.records.output import check_output, format_of_output
from imdbsent.records.writing import NO_COLUMNS, Format, ResultColumns, result_columns

if TYPE_CHECKING:
    from pathlib import Path

    from imdbsent.records.inputs import Inputs


@dataclass(frozen=True)
class Target:
    """Where results go, and how.

    Attributes:
        path: the file; None for standard output.
        format: in which format.
        columns: columns beside the usual ones.
        types: pyarrow's types of those columns, where they have types.
        is_on_terminal: whether they are seen on a terminal.
    """

    path: Path | None
    format: Format
    columns: ResultColumns
    types: dict[str, Any]
    is_on_terminal: bool = False

    @property
    def is_resumable(self) -> bool:
        """Whether it is a file with a name of its own: not standard output, nor a pipe or device that has a name."""
        return self.path is not None and (not self.path.exists() or self.path.is_file())


def target_of(inputs: Inputs, path: Path | None, chosen: Format | None, *, explain: bool, no_color: bool) -> Target:
    """Decide where results go, and find out that they cannot before the work.

    Args:
        inputs: what is read.
        path: the file; None for standard output.
        chosen: the format; None for what the name of the file says, else a table, or for many into a pipe a plain one.
        explain: whether results are explanations.
        no_color: whether the terminal has no colour.

    Raises:
        UsageProblem: they cannot.
        ExtraMissing: they need pyarrow, which is not installed.
    """
    own, is_terminal = inputs.columns, stdout_console(no_color=no_color).is_terminal
    columns = result_columns(own.kept, has_id=own.id is not None, taken=EXPLANATION if explain else ())
    if path is not None:
        chosen = chosen or format_of_output(path)
        check_output(path, chosen)
    chosen = chosen or (Format.TABLE if is_terminal or not inputs.are_bulk else Format.JSONL if explain else Format.TSV)
    if chosen is Format.TSV and columns != NO_COLUMNS:
        raise UsageProblem(
            "TSV has label, probability and text alone, with no place for --id-column or --keep. Type: --format csv"
        )
    if chosen is Format.PARQUET and path is None and is_terminal:
        raise UsageProblem("standard output is a terminal. Type: -o FILE.parquet, or a pipe behind it")
    names = dict(zip(own.kept, columns.kept))
    types = {names[column]: kind for column, kind in inputs.types.items() if column in names}
    if own.id in inputs.types:
        types["id"] = inputs.types[own.id]
    return Target(path, chosen, columns, types, is_on_terminal=path is None and is_terminal)
