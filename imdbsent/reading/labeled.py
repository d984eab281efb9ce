"""A user's own texts with labels, from a file or from folders, checked in one pass.

Every row is checked before an error is raised, so that one message names the first row of each kind of problem, and how
many more there are. A file that breaks its own format is an error that names the row: figures over half a
file would be wrong and look right.
"""

from __future__ import annotations

import json
import logging
import math
import operator
import os
import re
import shlex
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from imdbsent.errors import InputUnreadable, RowsInvalid, UsageProblem
from imdbsent.reading.columns import Row, is_missing, is_nan, listed
from imdbsent.reading.detect import Detected
from imdbsent.reading.lines import problem_of, read_texts
from imdbsent.reading.options import ReadOptions
from imdbsent.reading.streams import name_of
from imdbsent.reading.tables import Table, open_any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


_log = logging.getLogger(__name__)

LABEL_COLUMN: Final = "label"
NO_COLUMN: Final = "none"
"""The label column that means there is none, where texts need no labels."""
POSITIVE: Final = ("positive", "pos", "1", "true")
NEGATIVE: Final = ("negative", "neg", "0", "false")
"""Labels that need no rule, in any case; 1.0 and 0.0 are 1 and 0."""


# What labels mean


_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_RULE: Final = re.compile(r"\s*(>=|<=|==|=|>|<)?\s*(.*?)\s*", re.DOTALL)
_RANGE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(?:-|\.\.)\s*(\d+(?:\.\d+)?)")
_DECIMAL_COMMA: Final = re.compile(r"^([-+]?\d+),(\d{1,2})$")
_RATING: Final = re.compile(r"([-+]?\d+(?:\.\d+)?)\s*(?:%|stars?|points?|/\s*\d+|out of \d+|[-:][^,]*)", re.IGNORECASE)
_FASTTEXT: Final = "__label__"
_GOOD: Final = ("pos", "good", "great", "happy", "like", "love", "up", "excellent", "satisfied")
_BAD: Final = ("neg", "bad", "sad", "hate", "dislike", "unhappy", "dissatisfied", "poor", "awful", "terrible", "worst")
_BETWEEN: Final = ("neutral", "mixed", "neither", "irrelevant", "unknown", "other")
_MOSTLY: Final = 0.8
_MOST_LABELS: Final = 50  # that a message can suggest rules for


@dataclass(frozen=True)
class LabelRule:
    """Some labels: one, or a range of numbers.

    Attributes:
        comparison: ">=", "<=", ">" or "<" with a number; "-" with two; "=" with a text.
        value: the number, the numbers with a hyphen between them, or the text, as it was written.
    """

    comparison: str
    value: str

    @property
    def is_of_numbers(self) -> bool:
        """Whether it judges numbers only."""
        return self.comparison != "="

    def matches(self, label: str) -> bool:
        """Whether a label is one of them; case and outer blanks do not matter."""
        if not self.is_of_numbers:
            return _same(label, self.value)
        number = _number(_bare(label))
        if self.comparison == "-":
            low, high = self.value.split("-")
            return _same(label, self.value) or (number is not None and float(low) <= number <= float(high))
        return number is not None and _COMPARISONS[self.comparison](number, float(self.value))

    def __str__(self) -> str:
        return self.value if self.comparison in "=-" else self.comparison + self.value


@dataclass(frozen=True)
class LabelRules:
    """Which labels are positive, and which negative.

    Attributes:
        positive: the positive labels; if there are none, all that are not negative.
        negative: the negative labels; if there are none, all that are not positive. Without any rule, a label is one of
            the names `POSITIVE` and `NEGATIVE`.
    """

    positive: tuple[LabelRule, ...] = ()
    negative: tuple[LabelRule, ...] = ()

    def label(self, value: str | None) -> int | None:
        """1 if a label is positive, 0 if it is negative, None if it is neither and both have a rule.

        Args:
            value: the label as the file has it; None if the text has none.

        Raises:
            ValueError: it is no label, or both; the message says why.
        """
        if value is None or not value.strip():
            raise ValueError("it has no label")
        if not self.positive and not self.negative:
            if not has_label(value):
                raise ValueError(f"it has no label, only {value!r}")
            return _named(value)
        is_positive = any(rule.matches(value) for rule in self.positive)
        is_negative = any(rule.matches(value) for rule in self.negative)
        if is_positive and is_negative:
            raise ValueError(f"the rules make the label {value!r} both positive and negative")
        if self.positive and self.negative:
            return 1 if is_positive else 0 if is_negative else None
        rules = self.positive or self.negative
        if not has_label(value) and not (is_positive or is_negative):
            raise ValueError(f"it has no label, only {value!r}")
        if all(rule.is_of_numbers for rule in rules) and not (is_positive or is_negative):
            self._check_number(value, rules)
        return int(is_positive if self.positive else not is_negative)

    def stars(self, value: str | None) -> float | None:
        """A label as a rating, if a rule is about numbers and it is one; None otherwise."""
        is_of_numbers = any(rule.is_of_numbers for rule in (*self.positive, *self.negative))
        return _number(_bare(value)) if is_of_numbers and value is not None else None

    @staticmethod
    def _check_number(value: str, rules: Sequence[LabelRule]) -> None:
        if _number(_bare(value)) is None:
            raise ValueError(f"the label {value!r} is not a number, so '{rules[0]}' cannot judge it")


def parse_rules(
    positive: str | Sequence[str] | None = None, negative: str | Sequence[str] | None = None
) -> LabelRules:
    """The rules of a command line.

    Args:
        positive: which labels are positive: a label, several with commas between them, a range such as "4-5", or a
            comparison such as ">=7"; or a list of these; None for no rule.
        negative: the same for negative labels.

    Raises:
        UsageProblem: a rule is empty, or compares with what is not a number.
    """
    return LabelRules(_parsed("--positive", positive), _parsed("--negative", negative))


def _parsed(option: str, texts: str | Sequence[str] | None) -> tuple[LabelRule, ...]:
    given = [] if texts is None else [texts] if isinstance(texts, str) else list(texts)
    rules = [_rule(option, part) for text in given for part in text.split(",")]
    whole = [LabelRule("=", text.strip()) for text in given if "," in text]
    return (*rules, *whole)


def _rule(option: str, text: str) -> LabelRule:
    match = _RULE.fullmatch(text)
    assert match is not None  # the pattern takes any text
    comparison, value = (match[1] or "=").replace("==", "="), match[2]
    between = _RANGE.fullmatch(value) if not match[1] else None
    if between is not None:
        return LabelRule("-", f"{between[1]}-{between[2]}")
    if not value or (comparison in _COMPARISONS and _number(value) is None):
        raise UsageProblem(
            f"{text!r} does not say which labels are {option[2:]}. Type: {option} '>=7', or {option} good"
        )
    return LabelRule(comparison, value)


def suggested_rules(labels: Mapping[str, int]) -> str:
    """The two rules to type for the labels of a file, by their numbers or their names.

    Args:
        labels: the labels, and how often each comes.
    """
    numbers = {number: label for label in labels if (number := _number(_bare(label))) is not None}
    of_numbers = sum(count for label, count in labels.items() if _number(_bare(label)) is not None)
    if of_numbers and of_numbers >= _MOSTLY * sum(labels.values()):
        found = sorted(numbers)
        low, high = found[0], found[-1]
        if len(found) > 2:  # noqa: PLR2004 (of two, one is positive)
            middle, gap = (low + high) / 2, (high - low) / 10
            return f"--positive '>={math.ceil(middle + gap)}' --negative '<={math.floor(middle - gap)}'"
        return _both([f"{high:g}"], [f"{low:g}"] if low != high else [])
    found_ratings = {label.strip(): _RATING.fullmatch(label.strip()) for label in labels}
    ratings = {name: float(match[1]) for name, match in found_ratings.items() if match is not None}
    if len(ratings) == len(found_ratings) > 1:
        middle = (min(ratings.values()) + max(ratings.values())) / 2
        gap = (max(ratings.values()) - min(ratings.values())) / 10
        names = sorted(ratings, key=ratings.__getitem__)
        return _both(
            [name for name in names if ratings[name] > middle + gap],
            [name for name in names if ratings[name] < middle - gap],
        )
    positive: list[str] = []
    negative: list[str] = []
    others: list[str] = []
    for name in dict.fromkeys(label.strip() for label, _ in Counter(labels).most_common()):
        is_bad, is_good = (any(word in name.casefold() for word in words) for words in (_BAD, _GOOD))
        if is_bad or is_good:  # "unhappy" and "dislike" hold a word of each
            (negative if is_bad else positive).append(name)
        elif not any(word in name.casefold() for word in _BETWEEN):
            others.append(name)
    for names in (positive, negative):
        if not names and others:
            names.append(others.pop(0))
    return _both(positive, negative)


def _both(positive: Sequence[str], negative: Sequence[str]) -> str:
    """Two rules; or, if all labels are of one kind, which of the two it can be."""
    if positive and negative:
        return f"--positive {_typed(positive)} --negative {_typed(negative)}"
    only = _typed(positive or negative) if positive or negative else "LABEL"
    return f"--positive {only}, or --negative {only}"


def _typed(labels: Sequence[str]) -> str:
    return shlex.quote(",".join(labels))


def _named(value: str) -> int:
    name = _bare(value)
    number = _number(name)
    name = f"{number:g}" if number is not None else name
    if name not in POSITIVE + NEGATIVE:
        raise ValueError(f"the label {value!r} is neither {', '.join(POSITIVE)} nor {', '.join(NEGATIVE)}")
    return int(name in POSITIVE)


def _bare(label: str) -> str:
    """A label without case, outer blanks and the prefix of fastText."""
    return label.strip().casefold().removeprefix(_FASTTEXT)


def _same(value: str, other: str) -> bool:
    numbers = _number(_bare(value)), _number(_bare(other))
    return _bare(value) == _bare(other) or (None not in numbers and numbers[0] == numbers[1])


def _number(value: str) -> float | None:
    """A number, as a person writes it, with a point or a comma; None for anything else, NaN and infinity among it."""
    try:
        number = float(_DECIMAL_COMMA.sub(r"\1.\2", value))
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


# Examples


@dataclass(frozen=True, slots=True)
class Example:
    """A text and its class.

    Attributes:
        text: the text.
        label: 1 positive, 0 negative.
        where: its origin, for example "test/pos/7_10.txt" or "line 12".
        stars: its rating; None if it has none.
        group: what it has in common with others, for example a film or a writer; empty if it has none.
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
        source: what they are, for example "IMDB reviews, test" or the name of a file.
        split: "train" or "test" of the IMDB reviews; None for a user's own.
    """

    items: tuple[Example, ...]
    source: str
    split: str | None = None


# Texts, with a label or without


@dataclass(frozen=True, slots=True)
class LabeledRecord:
    """One text of a user's file.

    Attributes:
        text: the text.
        label: its class, as the file has it; None if it has none.
        line: the line of the file on which it ends, or its row or item, from 1.
        unit: what `line` counts.
    """

    text: str
    label: str | None
    line: int
    unit: Literal["line", "row", "item"] = "line"

    @property
    def where(self) -> str:
        """Its position in the file, for example "line 7"."""
        return f"{self.unit} {self.line}"


def read_labeled(file: str, options: ReadOptions | None = None) -> Iterator[LabeledRecord]:
    """Read a user's texts, each with its label if the file has labels.

    Args:
        file: its path, or that of a folder with `pos/` and `neg/`; `-` is standard input.
        options: how to read it. Without a label column, "label" is it, or the only column whose name says that it holds
            labels; "none" is no column.

    Yields:
        The records in order, a blank text included. With `skip_bad`, bad rows are left out and counted in a message.

    Raises:
        InputUnreadable: the file cannot be read, is not text, or breaks its format.
        UsageProblem: it has no such column.
        ExtraMissing: it needs a library that is not installed.
    """
    options = options or ReadOptions(command="stats")
    bad: list[str] = []
    for record in _from_tree(Path(file), options) if is_folder(file) else _from_anything(file, options):
        if isinstance(record, str):
            if not options.skip_bad:
                raise InputUnreadable(file, record, options.command)
            bad.append(record)
        else:
            yield record
    if bad:
        _log.info("skipped %s of %s: %s", _rows(len(bad)), name_of(file), _first_of(bad))


def _from_tree(root: Path, options: ReadOptions) -> Iterator[LabeledRecord | str]:
    """The texts in `pos/` and `neg/` of a folder, or of its parts, with the names of their folders as labels."""
    _refuse_reviews(root, options.command)
    parts = [part for part in (root, *(root / name for name in (TRAIN, *VALIDATION))) if _has_classes(part)]
    if not parts:
        raise _no_tree(root, options.command)
    names = {label: name for name, label in CLASSES.items()}
    files = (file for part in parts for file in read_text_files(part, options))
    for number, file in enumerate(files, start=1):
        yield f"{file.where} {file.problem}" if file.problem else LabeledRecord(file.text, names[file.label], number)


def _from_anything(file: str, options: ReadOptions) -> Iterator[LabeledRecord | str]:
    with closing(open_any(file, options)) as opened:
        if isinstance(opened, Table):
            yield from _from_table(opened, options)
        else:
            yield from _from_lines(opened, file, options)


def _from_lines(opened: Any, file: str, options: ReadOptions) -> Iterator[LabeledRecord | str]:
    records = read_texts(opened.content, file, whole=options.whole, command=options.command)
    for number, record in enumerate(records, start=1):
        hint = _HINT if record.problem and "UTF-8" in record.problem else ""
        yield f"line {number}: {record.problem}{hint}" if record.problem else LabeledRecord(record.text, None, number)


_HINT: Final = " (--encoding cp1252, for example, names another encoding)"


def _from_table(table: Table, options: ReadOptions) -> Iterator[LabeledRecord | str]:
    """The records of a table; a text instead of a record says what is wrong with a row."""
    text_key = table.select(options).text
    label_key = None if _is_none(options, table) else table.label_key(options, is_guessed=True)
    for row in table.rows():
        where = f"{table.unit} {row.number}"
        if row.problem is not None:
            yield row.problem + (_HINT if "UTF-8" in row.problem else "")
            continue
        missing = text_key if text_key not in row.values else label_key if options.label_column is not None else None
        if missing is not None and missing not in row.values:
            yield f"{where} has no column {missing!r} (there are: {listed(list(row.values))})"
            continue
        text = row.values[text_key]
        if isinstance(text, bytes):
            try:
                text = text.decode()
            except UnicodeDecodeError:
                yield f"{where} is not valid UTF-8"
                continue
        if (flaw := _flaw_of(text)) is not None:
            yield f"{where}: {text_key!r} {flaw}"
            continue
        label = None if label_key is None else as_label(row.values.get(label_key))
        yield LabeledRecord(text, label if has_label(label) else None, row.number, table.unit)


def _is_none(options: ReadOptions, table: Table) -> bool:
    """Whether a person says that no column holds labels."""
    return options.label_column == NO_COLUMN and NO_COLUMN not in (table.columns or ())


def has_label(value: str | None) -> bool:
    """Whether a label is one: neither blank, nor a sign for a missing value such as NaN."""
    return value is not None and bool(value.strip()) and not is_missing(value, is_text=False)


def _flaw_of(value: Any) -> str | None:
    """Why a value is no text, as the end of a sentence; None if it is one."""
    return problem_of(value) if isinstance(value, str) else f"is {type(value).__name__}, not a text"


def as_label(value: Any) -> str | None:
    """The value of a column of labels as text; null, NaN and an empty field are no label."""
    if value is None or value == "" or is_nan(value):
        return None
    return value if isinstance(value, str) else json.dumps(value, default=str)  # default: Parquet's dates


# Folders: one file per text in `pos/` and `neg/`, perhaps below `train/` and `test/`


CLASSES: Final = {"neg": 0, "pos": 1}
TRAIN: Final = "train"
VALIDATION: Final = ("validation", "test")
"""The folders to validate a training run on; the first that exists is used."""
EVALUATION: Final = ("test", "validation")
"""The folders to evaluate a model on; the first that exists is used."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text from a folder.

    Attributes:
        text: the text.
        label: 1 for a file in `pos/`, 0 for one in `neg/`.
        where: its path below the folder, for example "pos/12.txt".
        problem: why it cannot be used, for example "is not valid UTF-8"; None if it can.
    """

    text: str
    label: int
    where: str
    problem: str | None = None


def is_folder(path: str | Path) -> bool:
    """Whether a path is a folder; False if that cannot be known, for example without access to its parent."""
    return os.path.isdir(path)  # noqa: PTH112 (Path.is_dir raises PermissionError)


def find_training_folders(root: Path, command: str) -> tuple[Path, Path | None]:
    """Find the folder to learn from and the one to validate on, each with `pos/` and `neg/`.

    Args:
        root: has `pos/` and `neg/`; or has `train/`, and perhaps `validation/` or `test/`, with these in it.
        command: the command that an error names.

    Returns:
        The two folders; None for the second if there is no held-out part.

    Raises:
        UsageProblem: it has no such folders, or holds the IMDB reviews.
    """
    _refuse_reviews(root, command)
    if _has_classes(root):
        return root, None
    if not _has_classes(root / TRAIN):
        raise _no_tree(root, command)
    return root / TRAIN, _first(root, VALIDATION)


def find_held_out_folder(root: Path, names: tuple[str, ...], command: str) -> Path:
    """Find the folder to measure a model on: the root if it has `pos/` and `neg/`, else one of its parts.

    Args:
        root: the folder to search.
        names: the parts to look for, `VALIDATION` or `EVALUATION`.
        command: the command that an error names.

    Raises:
        UsageProblem: it has no such folders, has only `train/`, or holds the IMDB reviews.
    """
    _refuse_reviews(root, command)
    if _has_classes(root):
        return root
    found = _first(root, names)
    if found is None and _has_classes(root / TRAIN):
        raise UsageProblem(
            f"'{root}' has the folder {TRAIN}, but neither {' nor '.join(names)}. "
            f"Name the folder that is meant, as '{root / TRAIN}'"
        )
    if found is None:
        raise _no_tree(root, command)
    return found


def read_text_files(folder: Path, options: ReadOptions) -> Iterator[TextFile]:
    """Read the texts in `neg/` and `pos/`, and in the folders below them, in the order of their paths.

    Args:
        folder: holds `pos/` and `neg/`.
        options: the encoding of the files, and the command that an error names.

    Raises:
        InputUnreadable: a file or a folder cannot be read, or a file is not text.
    """
    of_files = ReadOptions(encoding=options.encoding, whole=True, command=options.command)
    for name, label in CLASSES.items():
        try:
            paths = sorted(_text_paths(folder / name))
        except OSError as error:
            raise InputUnreadable(error.filename, error.strerror or str(error), options.command) from error
        for path in paths:
            opened = open_any(str(path), of_files)
            assert isinstance(opened, Detected)  # a file that is one text has no columns
            with closing(opened):
                (record,) = read_texts(opened.content, str(path), whole=True, command=options.command)
            problem = record.problem
            if problem is not None and "not valid" in problem:
                problem = f"is not valid {opened.format.encoding.upper()}"
            yield TextFile(record.text, label, path.relative_to(folder).as_posix(), problem)


def _text_paths(folder: Path) -> Iterator[Path]:
    """The `.txt` files below a folder, without the hidden ones that other systems leave next to a file.

    Raises:
        OSError: a folder cannot be read; `Path.rglob` would skip it.
    """

    def refuse(error: OSError) -> None:
        raise error

    for directory, _, names in os.walk(folder, onerror=refuse):
        for name in names:
            if name.lower().endswith(".txt") and not name.startswith("."):
                yield Path(directory, name)


def _has_classes(folder: Path) -> bool:
    return all(is_folder(folder / name) for name in CLASSES)


def _first(root: Path, names: tuple[str, ...]) -> Path | None:
    return next((root / name for name in names if _has_classes(root / name)), None)


def _refuse_reviews(root: Path, command: str) -> None:
    """Refuse the IMDB reviews: they have stars and films, which these folders lack."""
    if (root / TRAIN / "urls_pos.txt").is_file():
        raise UsageProblem(f"'{root}' holds the IMDB reviews. Type: imdbsent {command} --data '{root}'")


def _no_tree(root: Path, command: str) -> UsageProblem:
    return UsageProblem(
        f"the folder '{root}' has neither pos and neg, nor {TRAIN} with these in it. "
        f"Put one .txt file per text into '{root / 'pos'}' and '{root / 'neg'}', then type: imdbsent {command} '{root}'"
    )


# Texts with labels


class Fault(Enum):
    """What can be wrong with a row, and what to do about it."""

    FORMAT = "Fix them, then type the same command again; or type: --skip-bad"
    COLUMN = "Type: --text-column NAME, --label-column NAME"
    LABEL = "Type: --label-column NAME, or --positive RULE, for example '>=7'; or --skip-bad for rows without a label"
    RULE = "Type: --positive RULE --negative RULE"
    TEXT = "Remove the rows without a text, or type: --text-column NAME, or --skip-bad"
    GROUP = "Fill it in, or leave out --group-column"
    ENCODING = "Type: --encoding cp1252, if the texts come from Windows, or --encoding auto; or --skip-bad"


_SKIPPED: Final = (Fault.FORMAT, Fault.COLUMN, Fault.LABEL, Fault.TEXT, Fault.ENCODING)
"""Faults that `--skip-bad` passes over."""


class Problems:
    """What is wrong with the rows of a source, counted by kind.

    Args:
        source: path of the file or folder.
        skip_bad: whether rows of some kinds are passed over.
        must_have_label: whether a row without a label is a problem.
    """

    def __init__(self, source: str, *, skip_bad: bool = False, must_have_label: bool = True) -> None:
        self.must_have_label = must_have_label
        self._source = source
        self._skip_bad = skip_bad
        self._first: dict[Fault, str] = {}
        self._counts: Counter[Fault] = Counter()
        self.left_out: Counter[str] = Counter()
        self.unlabeled = 0
        self.labels: Counter[str] = Counter()

    def add(self, kind: Fault, problem: str) -> None:
        """Count a problem. The first of its kind is kept: a sentence that names its row."""
        self._first.setdefault(kind, problem)
        self._counts[kind] += 1

    def see(self, label: str | None) -> None:
        """Count a label, as long as there are not too many to be classes."""
        if label is not None and len(self.labels) <= _MOST_LABELS:
            self.labels[label] += 1

    def check(self) -> None:
        """Check that there is nothing but what is skipped.

        Raises:
            RowsInvalid: there are other problems.
        """
        kinds = [kind for kind in self._first if kind not in self._skipped]
        if kinds:
            raise self._error(kinds)

    def check_some_left(self, number: int) -> None:
        """Check that not all rows were skipped or left out.

        Args:
            number: rows that can be used.

        Raises:
            RowsInvalid: all were skipped.
            UsageProblem: the rules fit no label, or no row has one.
        """
        if number:
            return
        if self.unlabeled and not self.left_out:
            raise UsageProblem(
                f"no row of {name_of(self._source)} has a label. Write positive or negative into the column of "
                "labels, then type the same command again; or type: --label-column NAME"
            )
        if self.left_out:
            raise UsageProblem(
                f"no label of {name_of(self._source)} is in the rules (there are: {self._listed(self.left_out)}). "
                f"{self.rules_to_type()}"
            )
        if self._skipped:
            raise self._error(self._skipped)

    def log(self) -> None:
        """Say what was skipped and left out."""
        name = name_of(self._source)
        if self._skipped:
            number = sum(self._counts[kind] for kind in self._skipped)
            _log.info("skipped %s of %s: %s", _rows(number), name, "; ".join(self._told(self._skipped)))
        if self.left_out:
            number, labels = self.left_out.total(), self._listed(self.left_out)
            _log.info("%s of %s with another label %s left out: %s", _rows(number), name, _are(number), labels)
        if self.unlabeled:
            _log.info("%s of %s without a label %s left out", _rows(self.unlabeled), name, _are(self.unlabeled))

    def rules_to_type(self) -> str:
        """The rules to type for the labels that are there."""
        if not self.labels or len(self.labels) > _MOST_LABELS:
            return Fault.RULE.value
        return f"Type: {suggested_rules(self.labels)}"

    @property
    def _skipped(self) -> list[Fault]:
        return [kind for kind in self._first if self._skip_bad and kind in _SKIPPED]

    @staticmethod
    def _listed(labels: Counter[str]) -> str:
        return listed([label for label, _ in labels.most_common()])

    def _error(self, kinds: Sequence[Fault]) -> RowsInvalid:
        problems = [(self._first[kind], self._counts[kind] - 1) for kind in kinds]
        return RowsInvalid(self._source, problems, self._next_step(kinds[0]))

    def _told(self, kinds: Sequence[Fault]) -> list[str]:
        more = {kind: self._counts[kind] - 1 for kind in kinds}
        return [self._first[kind] + (f" (and {more[kind]:,} more)" if more[kind] else "") for kind in kinds]

    def _next_step(self, kind: Fault) -> str:
        if kind is not Fault.RULE:
            return str(kind.value)
        return self.rules_to_type() if len(self.labels) <= _MOST_LABELS else str(Fault.LABEL.value)


def _rows(number: int) -> str:
    return f"{number:,} row" + ("s" if number != 1 else "")


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def _first_of(problems: Sequence[str]) -> str:
    return problems[0] + (f" (and {len(problems) - 1:,} more)" if len(problems) > 1 else "")


def read_examples(
    source: str,
    rules: LabelRules,
    options: ReadOptions | None = None,
    *,
    group_column: str | None = None,
    allow_blank: bool,
    allow_one_class: bool = False,
    must_have_label: bool = False,
) -> tuple[Example, ...]:
    """Read all of a user's labeled texts.

    Args:
        source: path of a table, `-` for standard input, or path of a folder with `pos/` and `neg/`.
        rules: which labels of a file are positive and negative; rows of neither are left out and counted in a message.
        options: how to read a file; with `skip_bad`, rows without a text or a label are left out, and counted, too.
        group_column: the column with what rows have in common, for example a film.
        allow_blank: whether a text may be blank.
        allow_one_class: whether all labels of a file may be positive, or all negative. A rule that no label fits is an
            error in any case, if it is the only one.
        must_have_label: whether an empty label is an error. Otherwise the row is left out, and counted in a message:
            it is one that nobody has labeled yet.

    Returns:
        The examples in order.

    Raises:
        InputUnreadable: the source cannot be read, or breaks its format.
        UsageProblem: it has no such column, no label, no text, or texts of one class only.
        RowsInvalid: some rows have no label, no text or no group, or break the format.
        ExtraMissing: it needs a library that is not installed.
    """
    options = options or ReadOptions()
    problems = Problems(source, skip_bad=options.skip_bad, must_have_label=must_have_label)
    if is_folder(source):
        found = _from_folder(Path(source), options, problems)
    else:
        found = _from_file(source, rules, options, group_column, problems)
    is_blank_allowed = allow_blank and not options.skip_bad
    examples = tuple(found if is_blank_allowed else _with_text(found, problems))
    problems.check()
    problems.check_some_left(len(examples))
    is_useless = bool(rules.positive) != bool(rules.negative) and not any(
        example.label == bool(rules.positive) for example in examples
    )
    is_tree = is_folder(source)
    if is_tree or is_useless or not examples or not allow_one_class:
        _check_classes(source, examples, problems, is_tree=is_tree)
    problems.log()
    return examples


def _from_folder(folder: Path, options: ReadOptions, problems: Problems) -> Iterator[Example]:
    for file in read_text_files(folder, options):
        if file.problem is not None:
            problems.add(_fault_of(file.problem), f"{file.where} {file.problem}")
        else:
            yield Example(file.text, file.label, file.where, None)


def _fault_of(problem: str) -> Fault:
    return Fault.ENCODING if "not valid" in problem else Fault.FORMAT


def _from_file(
    source: str, rules: LabelRules, options: ReadOptions, group_column: str | None, problems: Problems
) -> Iterator[Example]:
    table = open_any(source, options, is_table=True)
    try:
        if not isinstance(table, Table):
            raise UsageProblem(
                f"{name_of(source)} holds one text per line, and no labels. Name a table with a column of texts and "
                "one of labels, a file of fastText, or a folder with pos and neg; or type: --input-format csv"
            )
        keys = _Keys(table, options, group_column)
        for row in table.rows():
            example = _example_from_row(row, f"{table.unit} {row.number}", rules, keys, problems)
            if example is not None:
                yield example
    finally:
        table.close()


class _Keys:
    """The keys of the columns in the rows of a table.

    Raises:
        UsageProblem: one is missing.
    """

    def __init__(self, table: Table, options: ReadOptions, group_column: str | None) -> None:
        self.text = table.select(options).text
        label = table.label_key(options, is_guessed=True)
        if label is None:
            raise table.no_column(LABEL_COLUMN, "--label-column")
        self.label = label
        self.group = None if group_column is None else table.key_of(group_column, "--group-column")


def _example_from_row(row: Row, where: str, rules: LabelRules, keys: _Keys, problems: Problems) -> Example | None:
    """The example of a row; None if something is wrong with it, or no rule names its label, which is counted."""
    if row.problem is not None:
        problems.add(_fault_of(row.problem), row.problem)
        return None
    missing = [name for name in (keys.text, keys.label, keys.group) if name and name not in row.values]
    if missing:
        problems.add(Fault.COLUMN, f"{where} has no {missing[0]!r} (there are: {', '.join(row.values) or 'none'})")
        return None
    name = as_label(row.values[keys.label])
    if not problems.must_have_label and not has_label(name):
        problems.unlabeled += 1
        return None
    return _labeled_example(row, name, where, rules, keys, problems)


def _labeled_example(
    row: Row, name: str | None, where: str, rules: LabelRules, keys: _Keys, problems: Problems
) -> Example | None:
    group = as_label(row.values[keys.group]) if keys.group else None
    if keys.group and (group is None or not group.strip()):
        problems.add(Fault.GROUP, f"{where}: {keys.group!r} is empty")
    text = row.values[keys.text]
    if text is None or is_nan(text) or (isinstance(text, str) and is_missing(text)):
        text = ""  # it is like a blank one
    if (flaw := _flaw_of(text)) is not None:
        problems.add(Fault.TEXT, f"{where}: {keys.text!r} {flaw}")
        return None
    if has_label(name):
        problems.see(name)
    try:
        label = rules.label(name)
    except ValueError as error:
        problems.add(Fault.RULE if has_label(name) else Fault.LABEL, f"{where}: {error}")
        return None
    if label is None:
        problems.left_out[str(name).strip()] += 1
        return None
    return Example(text, label, where, rules.stars(name), group or "")


def _with_text(examples: Iterator[Example], problems: Problems) -> Iterator[Example]:
    for example in examples:
        if example.text.strip():
            yield example
        else:
            problems.add(Fault.TEXT, f"{example.where}: the text is blank")


def _check_classes(source: str, examples: Sequence[Example], problems: Problems, *, is_tree: bool) -> None:
    name = name_of(source)
    needed = "one .txt file per text in pos and in neg" if is_tree else "a column with the text and one with the label"
    if not examples:
        raise UsageProblem(f"{name} holds no texts. Type the path of one that has {needed}")
    positive = sum(example.label for example in examples)
    if positive in (0, len(examples)):
        only, next_step = "positive" if positive else "negative", "Type: --positive RULE, if they are not"
        if len(problems.labels) > 1:
            next_step = problems.rules_to_type()
        if is_tree:
            next_step = f"Put one .txt file per text into '{Path(source) / ('neg' if positive else 'pos')}'"
        raise UsageProblem(
            f"all {len(examples):,} labels of {name} are {only}: it takes both classes to train a model, "
            f"or to evaluate one. {next_step}"
        )
