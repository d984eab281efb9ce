"""A user's labelled texts, from a file or from folders, checked in one pass.

Every row is looked at before anything is said, so that one message has all that is wrong: of each kind the first row,
and how many more there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from imdbsent.errors import RowsInvalid, UsageProblem
from imdbsent.records.examples import Example
from imdbsent.records.labelled import LABEL_COLUMN, TEXT_COLUMN, read_labelled
from imdbsent.records.trees import is_folder, read_text_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imdbsent.records.labels import LabelRule


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


class Kind(Enum):
    """What can be wrong with a row, and what to do about it."""

    LABEL = "Type: --label-column NAME, or --positive RULE as --positive '>=7'"
    TEXT = "Take out the rows without a text, or type: --text-column NAME"
    GROUP = "Fill it in, or leave --group-column out"
    ENCODING = "Make it UTF-8, as with: iconv -f latin1 -t utf8"


class Problems:
    """What is wrong with the rows of a source, counted by kind.

    Args:
        source: path of the file or folder.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._first: dict[Kind, tuple[str, str]] = {}
        self._counts: dict[Kind, int] = {}

    def add(self, kind: Kind, where: str, reason: str) -> None:
        """Count a problem; the first of its kind is kept."""
        self._first.setdefault(kind, (where, reason))
        self._counts[kind] = self._counts.get(kind, 0) + 1

    def check(self) -> None:
        """Check that there are none.

        Raises:
            RowsInvalid: there are.
        """
        if self._first:
            rows = [(where, reason, self._counts[kind] - 1) for kind, (where, reason) in self._first.items()]
            raise RowsInvalid(self._source, rows, next(iter(self._first)).value)


def read_examples(
    source: str, rule: LabelRule, columns: Columns, *, command: str, allow_blank: bool
) -> tuple[Example, ...]:
    """Read a user's labelled texts, all of them.

    Args:
        source: path of a .csv, .tsv, .jsonl or .ndjson, or of a folder with `pos/` and `neg/`.
        rule: which labels of a file are positive.
        columns: where a file has what.
        command: the command that the message of an error names.
        allow_blank: whether a text may be blank.

    Returns:
        The examples in order, of both classes.

    Raises:
        InputUnreadable: the source cannot be read, or breaks its format.
        UsageProblem: it has no such column, no text, or texts of one class alone.
        RowsInvalid: some rows have no label, no text or no group.
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
            problems.add(Kind.ENCODING, file.where, "it is not UTF-8")
        else:
            yield Example(file.text, file.label, file.where, None)


def _from_file(
    source: str, rule: LabelRule, columns: Columns, command: str, problems: Problems
) -> Iterator[Example]:
    for record in read_labelled(source, columns.text, columns.label, columns.group, command=command):
        where = f"line {record.line}"
        if columns.group is not None and not record.group:
            problems.add(Kind.GROUP, where, f"{columns.group!r} is empty")
        try:
            label = rule.label(record.label)
        except ValueError as error:
            problems.add(Kind.LABEL, where, str(error))
        else:
            yield Example(record.text, label, where, rule.stars(record.label), record.group)


def _with_text(examples: Iterator[Example], problems: Problems) -> Iterator[Example]:
    for example in examples:
        if example.text.strip():
            yield example
        else:
            problems.add(Kind.TEXT, example.where, "the text is blank")


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
