"""A user's labelled texts, from a file or from folders, checked in one pass.

Every row is looked at before anything is said, so that one message has all that is wrong: of each kind the first row,
and how many more there are.

What a label of a user's file means: which are positive, which negative, which are no labels.

Labelled texts, which models are trained and evaluated on.

A user's own texts, with or without labels, from a file: a table by its columns, or a text a line.

Only a file's name says what it holds. A file that breaks its own format is an error that names the line: figures over
half a file would be wrong and look right.
"""

from __future__ import annotations

import json
import operator
import os
import re
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from imdbsent.errors import InputUnreadable, RowsInvalid, UsageProblem
from imdbsent.reading.detect import STDIN, SUFFIXES, FileFormat, Kind, format_of_name
from imdbsent.reading.lines import read_file
from imdbsent.reading.tables import column_missing, open_table
from imdbsent.reading.trees import is_folder, read_text_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imdbsent.reading.tables import Row, Table


POSITIVE: Final = ("positive", "pos", "1", "true")
NEGATIVE: Final = ("negative", "neg", "0", "false")
"""Labels that need no rule, in any case; 1.0 and 0.0 are 1 and 0."""

_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_RULE: Final = re.compile(r"\s*(>=|<=|==|=|>|<)?\s*(.*?)\s*", re.DOTALL)


@dataclass(frozen=True)
class LabelRule:
    """Which labels are positive.

    Attributes:
        comparison: ">=", "<=", ">" or "<" with a number; "=" with a text; "" for the names `POSITIVE` and `NEGATIVE`.
        value: the number or the text, as it was written.
    """

    comparison: str
    value: str

    def label(self, value: str | None) -> int:
        """1 where a label is positive, 0 where it is negative.

        Args:
            value: the label as it stands in the file; None where the text has none.

        Raises:
            ValueError: it is no label; the message says why.
        """
        if value is None or not value.strip():
            raise ValueError("it has no label")
        if self.comparison == "=":
            return int(_same(value, self.value))
        if not self.comparison:
            return _named(value)
        number = self.stars(value)
        if number is None:
            raise ValueError(f"the label {value!r} is not a number, so '{self.comparison}{self.value}' cannot judge it")
        return int(_COMPARISONS[self.comparison](number, float(self.value)))

    def stars(self, value: str | None) -> float | None:
        """A label as a rating, where the rule is about numbers and it is one; None else."""
        return _number(value) if self.comparison in _COMPARISONS and value is not None else None


def parse_rule(text: str | None) -> LabelRule:
    """The rule of a command line.

    Args:
        text: as ">=7", "<3", or a label that is the positive one, as "good" or "=5"; None for the usual names.

    Raises:
        UsageProblem: it compares with what is no number, or is empty.
    """
    if text is None:
        return LabelRule("", "")
    match = _RULE.fullmatch(text)
    assert match is not None  # the pattern takes any text
    comparison, value = (match[1] or "=").replace("==", "="), match[2]
    if not value or (comparison in _COMPARISONS and _number(value) is None):
        raise UsageProblem(
            f"{text!r} does not say which labels are positive. Type: --positive '>=7', or --positive good"
        )
    return LabelRule(comparison, value)


def _named(value: str) -> int:
    name = value.strip().lower()
    number = _number(name)
    name = f"{number:g}" if number is not None else name
    if name not in POSITIVE + NEGATIVE:
        raise ValueError(f"the label {value!r} is neither {', '.join(POSITIVE)} nor {', '.join(NEGATIVE)}")
    return int(name in POSITIVE)


def _same(value: str, other: str) -> bool:
    numbers = _number(value), _number(other)
    return value.strip().lower() == other.lower() or (None not in numbers and numbers[0] == numbers[1])


def _number(value: str) -> float | None:
    """A number, as a person writes it; None for anything else, NaN and infinity among it."""
    try:
        number = float(value)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what it is.

    Attributes:
        text: the text.
        label: 1 positive, 0 negative.
        where: where it comes from, as "test/pos/7_10.txt" or "line 12".
        stars: its rating; None where it has none.
        group: what it belongs to with others, as a film or a writer; empty where it has none.
    """

    text: str
    label: int
    where: str
    stars: float | None
    group: str = ""


@dataclass(frozen=True)
class Examples:
    """Examples of one source.

    Attributes:
        items: the examples, of both classes.
        source: what they are, as "IMDB reviews, test" or a file's name.
        split: "train" or "test" of the IMDB reviews; None for a user's own.
    """

    items: tuple[Example, ...]
    source: str
    split: str | None = None

TEXT_COLUMN: Final = "text"
LABEL_COLUMN: Final = "label"


@dataclass(frozen=True, slots=True)
class LabelledRecord:
    """One text of a user's file.

    Attributes:
        text: the text.
        label: its class, as it stands in the file; None where it has none.
        line: the line of the file on which it ends, or its row in a Parquet file, from 1.
        unit: what `line` counts.
    """

    text: str
    label: str | None
    line: int
    unit: Literal["line", "row"] = "line"

    @property
    def where(self) -> str:
        """Its place in the file, as "line 7"."""
        return f"{self.unit} {self.line}"


def read_labelled(
    file: str, text_column: str = TEXT_COLUMN, label_column: str | None = None, *, command: str = "stats"
) -> Iterator[LabelledRecord]:
    """Read a user's texts.

    Args:
        file: path that ends in one of `SUFFIXES`, with .gz or .zst behind it or not; `-` is standard input, a text a
            line.
        text_column: name of the column, or of the key, that holds the text.
        label_column: that of the label; None for "label" where there is one, else for texts without labels.
        command: the command whose help the message of an error names.

    Yields:
        The records in order, a blank text included.

    Raises:
        InputUnreadable: the file cannot be read, is not UTF-8, or breaks its format.
        UsageProblem: its name does not say what it holds, or it has no such column.
        ExtraMissing: it needs pyarrow, which is not installed.
    """
    file_format = FileFormat(Kind.TXT) if file == STDIN else format_of_name(file)
    if file_format is None:
        raise UsageProblem(
            f"the name of {file!r} does not say what it holds. Type the path of a file that ends in "
            f"{', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}, with .gz or .zst behind it if it is compressed"
        )
    if not file_format.is_table:
        yield from _lines(file, file_format, command)
        return
    columns = [text_column, label_column or LABEL_COLUMN]
    table = open_table(file, file_format, columns, command=command)
    try:
        table.require({"--text-column": text_column, "--label-column": label_column})
        for row in table.rows():
            if row.problem is not None:
                raise InputUnreadable(file, row.problem, command)
            yield _from_row(table, row, text_column, label_column, command)
    finally:
        table.close()


def _lines(file: str, file_format: FileFormat, command: str) -> Iterator[LabelledRecord]:
    for number, record in enumerate(read_file(file, file_format.compression, command=command), start=1):
        if record.problem is not None:
            raise InputUnreadable(file, f"line {number}: {record.problem}", command)
        yield LabelledRecord(record.text, None, number)


def _from_row(table: Table, row: Row, text_column: str, label_column: str | None, command: str) -> LabelledRecord:
    where = f"{table.unit} {row.number}"
    for option, column in (("--text-column", text_column), ("--label-column", label_column)):
        if column is not None and column not in row.values:
            raise column_missing(f"{where} of {table.file!r}", tuple(row.values), column, option)
    text = row.values[text_column]
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError as error:
            raise InputUnreadable(table.file, f"{where} is not valid UTF-8", command) from error
    if not isinstance(text, str):
        raise InputUnreadable(table.file, f"{where}: {text_column!r} is {type(text).__name__}, not a text", command)
    return LabelledRecord(text, as_label(row.values.get(label_column or LABEL_COLUMN)), row.number, table.unit)


def as_label(value: Any) -> str | None:
    """The value of a column of labels as text; null and an empty field are no label."""
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, default=str)  # default: Parquet's dates

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
