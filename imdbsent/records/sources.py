"""A user's labelled texts, from a file or from folders, checked in one pass.

Every row is looked at before anything is said, so that one message has all that is wrong: of each kind the first row,
and how many more there are.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent.errors import InputUnreadable, RowsInvalid, UsageProblem
from imdbsent.records.examples import Example
from imdbsent.records.formats import SUFFIXES, format_of_name
from imdbsent.records.labelled import LABEL_COLUMN, TEXT_COLUMN, as_label
from imdbsent.records.opening import STDIN
from imdbsent.records.tables import open_table
from imdbsent.records.trees import is_folder, read_text_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imdbsent.records.labels import LabelRule
    from imdbsent.records.tables import Row, Table

TABLE_SUFFIXES: Final = tuple(suffix for suffix in SUFFIXES if suffix != ".txt")


@dataclass(frozen=True)
class Columns:
    """The columns of a user's file.

    Attributes:
        text: name of the one that holds the text.
        label: that of the label.
        group: that of what rows have in common, as a film; None where nobody asks.
    """

    text: str = TEXT_COLUMN
    label: str = LABEL_COLUMN
    group: str | None = None


class Fault(Enum):
    """What can be wrong with a row, and what to do about it."""

    FORMAT = "Mend them, then type the same command again"
    COLUMN = "Type: --text-column NAME, --label-column NAME"
    LABEL = "Type: --label-column NAME, or --positive RULE as --positive '>=7'"
    TEXT = "Take out the rows without a text, or type: --text-column NAME"
    GROUP = "Fill it in, or leave --group-column out"
    ENCODING = "Make them UTF-8, as with: iconv -f latin1 -t utf8"


class Problems:
    """What is wrong with the rows of a source, counted by kind.

    Args:
        source: path of the file or folder.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._first: dict[Fault, str] = {}
        self._counts: Counter[Fault] = Counter()

    def add(self, kind: Fault, problem: str) -> None:
        """Count a problem; the first of its kind is kept, a sentence that says where it is."""
        self._first.setdefault(kind, problem)
        self._counts[kind] += 1

    def check(self) -> None:
        """Check that there are none.

        Raises:
            RowsInvalid: there are.
        """
        if self._first:
            problems = [(problem, self._counts[kind] - 1) for kind, problem in self._first.items()]
            raise RowsInvalid(self._source, problems, next(iter(self._first)).value)


def read_examples(
    source: str, rule: LabelRule, columns: Columns, *, command: str, allow_blank: bool
) -> tuple[Example, ...]:
    """Read a user's labelled texts, all of them.

    Args:
        source: path of a table (`TABLE_SUFFIXES`), compressed or not, or of a folder with `pos/` and `neg/`.
        rule: which labels of a file are positive.
        columns: where a file has what.
        command: the command that the message of an error names.
        allow_blank: whether a text may be blank.

    Returns:
        The examples in order, of both classes.

    Raises:
        InputUnreadable: the source cannot be read, or breaks its format.
        UsageProblem: it has no such column, no text, or texts of one class alone.
        RowsInvalid: some rows have no label, no text or no group, or break the format.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    problems = Problems(source)
    if is_folder(source):
        found = _from_folder(Path(source), command, problems)
    else:
        found = _from_file(source, rule, columns, command, problems)
    examples = tuple(found if allow_blank else _with_text(found, problems))
    problems.check()
    _check_classes(source, examples, is_tree=is_folder(source))
    return examples


def _from_folder(folder: Path, command: str, problems: Problems) -> Iterator[Example]:
    for file in read_text_files(folder, command):
        if file.text is None:
            problems.add(Fault.ENCODING, f"{file.where} is not valid UTF-8")
        else:
            yield Example(file.text, file.label, file.where, None)


def _from_file(
    source: str, rule: LabelRule, columns: Columns, command: str, problems: Problems
) -> Iterator[Example]:
    table = _open(source, columns, command)
    try:
        for row in table.rows():
            example = _example_from_row(row, f"{table.unit} {row.number}", rule, columns, problems)
            if example is not None:
                yield example
    finally:
        table.close()


def _open(source: str, columns: Columns, command: str) -> Table:
    file_format = format_of_name(source)
    if file_format is None and not os.path.lexists(source) and source != STDIN:
        raise InputUnreadable(source, "No such file or directory", command)
    if file_format is None or not file_format.is_table:
        raise UsageProblem(
            f"{source!r} is no table with a column of labels, by its name. Type the path of a file that ends in "
            f"{', '.join(TABLE_SUFFIXES)}, with .gz or .zst behind it if it is compressed, or that of a folder"
        )
    options = {"--text-column": columns.text, "--label-column": columns.label, "--group-column": columns.group}
    table = open_table(source, file_format, [name for name in options.values() if name], command=command)
    try:
        table.require(options)
    except BaseException:
        table.close()
        raise
    return table


def _example_from_row(row: Row, where: str, rule: LabelRule, columns: Columns, problems: Problems) -> Example | None:
    """The example of a row; None where something is wrong with it, which is counted."""
    if row.problem is not None:
        problems.add(Fault.FORMAT, row.problem)
        return None
    missing = [name for name in (columns.text, columns.label, columns.group) if name and name not in row.values]
    if missing:
        problems.add(Fault.COLUMN, f"{where} has no {missing[0]!r} (there are: {', '.join(row.values) or 'none'})")
        return None
    group = as_label(row.values[columns.group]) if columns.group else None
    if columns.group and (group is None or not group.strip()):
        problems.add(Fault.GROUP, f"{where}: {columns.group!r} is empty")
    text, name = row.values[columns.text], as_label(row.values[columns.label])
    if text is None:  # what a blank text is in JSON and Parquet, as pandas writes them
        text = ""
    if not isinstance(text, str):
        problems.add(Fault.TEXT, f"{where}: {columns.text!r} is {type(text).__name__}, not a text")
        return None
    try:
        return Example(text, rule.label(name), where, rule.stars(name), group or "")
    except ValueError as error:
        problems.add(Fault.LABEL, f"{where}: {error}")
        return None


def _with_text(examples: Iterator[Example], problems: Problems) -> Iterator[Example]:
    for example in examples:
        if example.text.strip():
            yield example
        else:
            problems.add(Fault.TEXT, f"{example.where}: the text is blank")


def _check_classes(source: str, examples: Sequence[Example], *, is_tree: bool) -> None:
    needed = "a .txt a text in each of pos and neg" if is_tree else "a column with the text and one with the label"
    if not examples:
        raise UsageProblem(f"{source!r} holds no texts. Type the path of one that has {needed}")
    positive = sum(example.label for example in examples)
    if positive in (0, len(examples)):
        only, next_step = "positive" if positive else "negative", "Type: --positive RULE, if they are not"
        if is_tree:
            next_step = f"Put a .txt a text into '{Path(source) / ('neg' if positive else 'pos')}'"
        raise UsageProblem(
            f"all {len(examples):,} labels of {source!r} are {only}: it takes both classes to train a model, "
            f"or to evaluate one. {next_step}"
        )
