"""Rows of tables, and which of their columns is meant: by name, number or path, or because only one fits."""

from __future__ import annotations

import difflib
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from imdbsent.errors import OutputFailed, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

TEXT: Final = "text"
LABEL: Final = "label"

TEXT_NAMES: Final = frozenset((
    "text", "texts", "review", "reviews", "reviewtext", "textreview", "reviewbody", "reviewcontent", "reviewstext",
    "comment", "comments", "commenttext", "commentbody", "body", "bodytext", "content", "contents", "contenttext",
    "sentence", "sentences", "sentencetext", "tweet", "tweets", "tweettext", "message", "messages", "messagetext",
    "messagebody", "post", "posts", "posttext", "phrase", "feedback", "utterance", "fulltext", "cleantext",
    "cleanedtext", "opinion", "verbatim", "remark", "remarks", "inputtext", "selftext", "customerreview",
    "userreview", "userreviews",
))  # fmt: skip
"""Names of columns with texts, as `normalized` gives them."""
LABEL_NAMES: Final = frozenset((
    "label", "labels", "sentiment", "sentiments", "class", "classes", "target", "polarity", "stars", "starrating",
    "rating", "ratings", "score", "overall", "category", "labelname", "sentimentlabel", "reviewrating", "reviewscore",
    "reviewsrating", "gold", "goldlabel", "airlinesentiment",
))  # fmt: skip
"""Names of columns with labels, as `normalized` gives them."""

KNOWN_LABELS: Final = ("positive", "negative", "neutral", "pos", "neg", "true", "false", "ham", "spam", "good", "bad")
"""Values of columns with labels."""

_MISSING: Final = frozenset(("nan", "null", "na", "n/a", "#n/a", "#na", "<na>", "\\n"))
_MISSING_TEXT: Final = _MISSING | {"none"}  # which may be the name of a class
_LONGEST_MISSING: Final = 6  # characters, with a blank on each side

_SHOWN: Final = 20  # columns in a message
_LONG: Final = 3  # words, on average, from which a column holds sentences
_HEADER_WORDS: Final = 4
_HEADER_LENGTH: Final = 40
_NUMBER: Final = re.compile(r"[-+]?\d+([.,]\d+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table.

    Attributes:
        number: the line on which it ends; or the number of the row or item, from 1.
        values: its columns by name: texts in CSV, TSV and spreadsheets, whatever the file holds in JSON and Parquet.
        problem: what is wrong with it, a sentence that names the line or row; None if nothing is. Without values, the
            row breaks the format. With values, some of its bytes cannot be decoded, and U+FFFD replaces them.
    """

    number: int
    values: dict[str, Any]
    problem: str | None = None


class CountedRows:
    """Rows of which it is known how many come: an iterator for `operator.length_hint`.

    Args:
        rows: the rows.
        count: how many.
    """

    def __init__(self, rows: Iterator[Row], count: int) -> None:
        self._rows = rows
        self._count = count

    def __iter__(self) -> Iterator[Row]:
        """The rows."""
        return self._rows

    def __next__(self) -> Row:
        """The next row."""
        return next(self._rows)

    def __length_hint__(self) -> int:
        """How many there are, those that were read included."""
        return self._count


def with_replacements(text: str) -> str:
    """A text with U+FFFD for each byte that could not be decoded and came as a lone surrogate (PEP 383)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return text


def is_missing(value: str, *, is_text: bool = True) -> bool:
    r"""Whether a field stands for a missing value: NaN, NULL, N/A or `\N`, as pandas, databases and Excel write it.

    Args:
        value: the field.
        is_text: whether it is the text of a row; else it is a label, which may be called "none".
    """
    if len(value) > _LONGEST_MISSING:
        return False
    return value.strip().casefold() in (_MISSING_TEXT if is_text else _MISSING)


def is_nan(value: Any) -> bool:
    """Whether a value is the number NaN, which pandas writes for a missing value."""
    return isinstance(value, float) and value != value  # noqa: PLR0124 (only NaN differs from itself)


# Names


def normalized(name: str) -> str:
    """A name without case, and with letters and digits only: "Review Text" and "review_text" are "reviewtext"."""
    return re.sub(r"[^a-z0-9]", "", name.casefold())


def find_column(wanted: str, names: Sequence[str]) -> int | None:
    """The index of the column that is meant.

    Args:
        wanted: a name, or a number from 1.
        names: those of the table.

    Returns:
        Its index; None if there is none, or if several match equally well.
    """
    for same in (str, _without_case):
        found = [index for index, name in enumerate(names) if same(name) == same(wanted)]
        if found:
            return found[0] if len(found) == 1 else None
    if wanted.isascii() and wanted.isdigit() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    return None


def value_at(path: Sequence[str], value: Any) -> Any:
    """The value at a path of keys and list indices in nested data.

    Raises:
        KeyError: there is nothing at the path.
    """
    for key in path:
        if isinstance(value, dict):
            value = value[key]
        elif isinstance(value, (list, tuple)) and key.isascii() and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise KeyError(key)
    return value


def with_paths(values: Mapping[str, Any], paths: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Values, and those at the paths of other keys, as far as there is something; what is in a null is null, too."""
    found = {key: value_at(path, values) for key, path in paths.items() if has_path(path, values)}
    null = {key: None for key, (outer, *_) in paths.items() if key not in found and values.get(outer, paths) is None}
    return {**values, **found, **null}


def has_path(path: Sequence[str], value: Any) -> bool:
    """Whether there is a value at a path."""
    try:
        value_at(path, value)
    except KeyError:
        return False
    return True


def guess_text(names: Sequence[str], sample: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> int | None:
    """The index of the one column that can only hold the texts.

    Args:
        names: those of the columns.
        sample: some rows.
        keys: the key of each column in the rows.

    Returns:
        The only column with a known name, else the only one with sentences in it; None if there is no such column, or
        more than one.
    """
    known = [index for index, name in enumerate(names) if normalized(name) in TEXT_NAMES]
    known = [index for index in known if _may_be_texts(sample, keys[index])]
    if known:
        return known[0] if len(known) == 1 else None
    long = [index for index, key in enumerate(keys) if is_of_sentences(_texts(sample, key))]
    return long[0] if len(long) == 1 else None


def guess_label(names: Sequence[str]) -> int | None:
    """The index of the one column whose name says that it holds labels; None if there is none, or more than one."""
    known = [index for index, name in enumerate(names) if normalized(name) in LABEL_NAMES]
    return known[0] if len(known) == 1 else None


def likeliest_text(names: Sequence[str], sample: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> int | None:
    """The index of the column to suggest for the texts: one with a known name, else the one with the longest values."""
    if not names:
        return None

    def rank(index: int) -> tuple[bool, float]:
        values = _texts(sample, keys[index])
        return normalized(names[index]) in TEXT_NAMES, sum(map(len, values)) / max(len(values), 1)

    return max(range(len(names)), key=rank)


def likeliest_label(names: Sequence[str], sample: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> int | None:
    """The index of the column to suggest for the labels: not that of the texts; few different values, short ones."""
    texts = likeliest_text(names, sample, keys)

    def rank(index: int) -> tuple[bool, int, int]:
        values = [str(row[keys[index]]) for row in sample if row.get(keys[index]) not in (None, "")]
        number = len(set(values))
        unlikely = 0 if 2 <= number <= max(2, len(values) // 2) else 1 if number == 1 else 2  # noqa: PLR2004 (classes)
        return normalized(names[index]) not in LABEL_NAMES, unlikely, sum(map(len, values))

    return min((index for index in range(len(names)) if index != texts), key=rank, default=None)


def is_of_sentences(values: Sequence[str]) -> bool:
    """Whether values are several words each, on average."""
    return bool(values) and sum(len(value.split()) for value in values) >= _LONG * len(values)


def looks_like_data(names: Sequence[str]) -> bool:
    """Whether the first row of a table holds values instead of names: a number or a sentence, for example."""
    if any(name.strip() and not is_like_name(name) for name in names):
        return True
    are_known = any(normalized(name) in TEXT_NAMES | LABEL_NAMES for name in names)
    is_long = any(len(name.split()) >= _LONG for name in names)
    has_label = any(name.strip().casefold() in KNOWN_LABELS for name in names)
    is_split = any(name.startswith(" ") for name in names[1:])  # at the commas of a sentence
    return not are_known and is_long and (has_label or is_split)


def is_like_name(field: str) -> bool:
    """Whether a field can be the name of a column."""
    field = field.strip()
    return (
        bool(field)
        and len(field) <= _HEADER_LENGTH
        and len(field.split()) <= _HEADER_WORDS
        and _NUMBER.fullmatch(field) is None
        and field[-1] not in ".!,;"
        and any(map(str.isalpha, field))
    )


def missing(place: str, names: Sequence[str], wanted: str, option: str, suggested: int | None = None) -> UsageProblem:
    """The error that a column is missing, or that its name is not unique.

    Args:
        place: the file or a row, in the words of a message.
        names: the columns that there are.
        wanted: what was asked for.
        option: the option that names it.
        suggested: index of the column to suggest; None for the one whose name is most similar.
    """
    matches = [index for index, name in enumerate(names) if _without_case(name) == _without_case(wanted)]
    if len(matches) > 1:
        numbers = " or ".join(f"{option} {index + 1}" for index in matches)
        return UsageProblem(f"{place} has {len(matches)} columns {wanted!r}. Type: {numbers}")
    if suggested is None:
        suggested = likeliest_text(names, (), names) if option == "--text-column" else _similar(wanted, names, option)
    next_step = f"Type: {option} {quoted(names, suggested)}"
    if option == "--group-column" and suggested is None:
        next_step = f"Add it, or type: the same command without {option}"
    return UsageProblem(f"{place} has no column {wanted!r} (there are: {listed(names)}). {next_step}")


def listed(names: Sequence[str]) -> str:
    """Names in a message."""
    more = f", and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) + more) or "none"


def quoted(names: Sequence[str], index: int | None) -> str:
    """A column as a person types it after an option: its name, or its number if the name does not identify it."""
    if index is None or index >= len(names):
        return "NAME"
    name = names[index]
    if name == f"column {index + 1}":  # there is no header
        return str(index + 1)
    is_plain = name.isprintable() and name == name.strip() and 0 < len(name) <= _HEADER_LENGTH
    return shlex.quote(name) if is_plain and find_column(name, names) == index else str(index + 1)


def _similar(wanted: str, names: Sequence[str], option: str) -> int | None:
    """The column whose name is most similar; for groups, of those that are neither texts nor labels."""
    is_group = option == "--group-column"
    others = [name for name in names if not is_group or normalized(name) not in (*TEXT_NAMES, *LABEL_NAMES)]
    close = difflib.get_close_matches(wanted, others, 1, 0.0)
    return names.index(close[0]) if close else None


def _without_case(name: str) -> str:
    return name.strip().casefold()


def _texts(sample: Sequence[Mapping[str, Any]], key: str) -> list[str]:
    values = [row.get(key) for row in sample]
    return [value for value in values if isinstance(value, str) and value.strip()]


def _may_be_texts(sample: Sequence[Mapping[str, Any]], key: str) -> bool:
    """Whether a column holds something else than numbers and nested data, as far as is known."""
    values = [row[key] for row in sample if row.get(key) not in (None, "")]
    texts = [value for value in values if isinstance(value, (str, bytes))]
    are_numbers = all(_NUMBER.fullmatch(value.strip()) for value in texts if isinstance(value, str))
    return not values or (bool(texts) and not are_numbers) or any(isinstance(value, bytes) for value in texts)


# Ids


class SeenIds:
    """The ids that have been read, and where: exact, and in bounded memory for any number of ids.

    They are in a temporary SQLite table, which takes 4 microseconds per id; a set of a million ids would take a hundred
    megabytes.
    """

    def __init__(self) -> None:
        # The thread that reads may not be the one that opened the files; there are never two at once.
        import sqlite3  # noqa: PLC0415 (5 ms, and few runs have ids)

        self._is_known, self._has_failed = sqlite3.IntegrityError, sqlite3.Error
        self._table = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._table.execute("PRAGMA journal_mode = OFF")
        self._table.execute("PRAGMA cache_size = -8000")  # kilobytes
        self._table.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, location TEXT) WITHOUT ROWID")
        self._table.execute("BEGIN")

    def add(self, identifier: str, location: str) -> str | None:
        """Add an id.

        Args:
            identifier: the id.
            location: where it is, in words.

        Returns:
            The location where it was before; None if it is new.

        Raises:
            OutputFailed: there is no space for the temporary file.
        """
        try:
            self._table.execute("INSERT INTO seen VALUES (?, ?)", (identifier, location))
        except self._is_known:
            (first,) = self._table.execute("SELECT location FROM seen WHERE id = ?", (identifier,)).fetchone()
            return str(first)
        except self._has_failed as error:
            raise OutputFailed(f"the temporary table of ids: {error}") from error
        return None

    def close(self) -> None:
        """Drop the table."""
        self._table.close()
