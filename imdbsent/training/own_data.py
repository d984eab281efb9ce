"""A user's own labelled texts, checked and split, ready to train on. Nothing is written, and no network is built.

Whoever reads this gets texts to learn from and texts to validate on that share no text, and no group where the file
has groups: a figure on texts that were learned from says what the network remembers, not what it will do.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent.errors import UsageProblem, and_more
from imdbsent.records.sources import Columns, read_examples
from imdbsent.records.trees import VALIDATION, find_held_out_folder, find_training_folders, is_folder
from imdbsent.training.data_checks import check_classes, check_number, check_shared
from imdbsent.training.data_notes import notes_of_certainty, notes_of_repeats, summary
from imdbsent.training.duplicates import find_shared, same_text
from imdbsent.training.splitting import hold_out, text_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.records.examples import Example
    from imdbsent.records.labels import LabelRule

VALIDATION_FRACTION: Final = 0.1
_COMMAND: Final = "train"


@dataclass(frozen=True)
class TrainingData:
    """What a network is trained and validated on.

    Attributes:
        train: examples to learn from, the vocabulary included, of both classes.
        validation: examples to choose by, of both classes; none of their texts is in `train`.
        source: what they are, as "reviews.csv".
        sha256: of texts and labels of both parts in order (`content_sha256`).
        notes: what a user should know of them, a line each.
    """

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    source: str
    sha256: str
    notes: tuple[str, ...]


def read_own_data(
    source: str,
    rule: LabelRule,
    columns: Columns = Columns(),  # noqa: B008 (frozen)
    *,
    validation: str | None = None,
    fraction: float = VALIDATION_FRACTION,
    seed: int,
) -> TrainingData:
    """Read, check and split a user's labelled texts.

    Args:
        source: path of a file (`imdbsent.records.sources`), or of a folder with `pos/` and `neg/`, or with `train/`
            and perhaps `validation/` or `test/` that have these.
        rule: which labels of a file are positive.
        columns: where a file has what. Of a group, all texts are in one part.
        validation: path of a file or folder to validate on; None for the held-out folder of `source`, else for a part
            of its texts.
        fraction: how large that part is, between 0 and 1.
        seed: which part it is; same seed, same part.

    Returns:
        The two parts, with enough texts of either class (`imdbsent.training.data_checks`).

    Raises:
        InputUnreadable: a source cannot be read, or breaks its format.
        UsageProblem: it has no such column, texts of one class alone, or is no tree of texts.
        RowsInvalid: some rows have no label, no text or no group, or break the format.
        ExtraMissing: a source needs pyarrow, which is not installed.
        TextsShared: a given part to validate on has texts, or groups, of the other.
        TooFewTexts: there are too few texts.
    """
    learned, held_out = _find_parts(source, validation)
    if columns.group is not None:
        _check_is_file(learned, held_out)
    train = read_examples(learned, rule, columns, command=_COMMAND, allow_blank=False)
    notes = notes_of_repeats(train)
    if held_out is None:
        check_number(source, len(train))
        train, validating, dropped = _split(train, columns.group, fraction, seed)
        notes += dropped
    else:
        validating = read_examples(held_out, rule, columns, command=_COMMAND, allow_blank=False)
        check_number(source, len(train) + len(validating))
        check_shared(train, validating, (learned, held_out), columns.group, is_named=validation is not None)
    check_classes(source, train, validating, columns.group)
    return TrainingData(
        train,
        validating,
        source=Path(source).resolve().name or source,
        sha256=content_sha256(train, validating),
        notes=(summary(train, validating, held_out, columns.group), *notes, *notes_of_certainty(len(validating))),
    )


def content_sha256(train: Sequence[Example], validation: Sequence[Example]) -> str:
    """SHA-256 over labels and texts of both parts in order, whatever file they came from."""
    digest = hashlib.sha256()
    for part, examples in (("train", train), ("validation", validation)):
        for example in examples:
            text = example.text.encode("utf-8", "surrogatepass")
            digest.update(f"{part} {example.label} {len(text)}\n".encode())
            digest.update(text)
    return digest.hexdigest()


def _find_parts(source: str, validation: str | None) -> tuple[str, str | None]:
    """Paths of what is learned from and of what is validated on; None for a part of the first."""
    held_out = None
    if is_folder(source):
        learned, folder = find_training_folders(Path(source), _COMMAND)
        source, held_out = str(learned), None if folder is None else str(folder)
    if validation is not None and is_folder(validation):
        validation = str(find_held_out_folder(Path(validation), VALIDATION, _COMMAND))
    return source, validation or held_out


def _check_is_file(*sources: str | None) -> None:
    folder = next((source for source in sources if source and is_folder(source)), None)
    if folder is not None:
        raise UsageProblem(
            f"--group-column is about the columns of a file, and '{folder}' is a folder. Type: imdbsent train --help"
        )


def _split(
    examples: tuple[Example, ...], group_column: str | None, fraction: float, seed: int
) -> tuple[tuple[Example, ...], tuple[Example, ...], tuple[str, ...]]:
    """Both parts, and what is to be told of them.

    With groups, a text can stand in groups of both parts: then it is learned from, and not validated on.
    """
    units, labels = _units_and_labels(examples, group_column)
    chosen = hold_out(units, labels, fraction, seed)
    train = tuple(example for place, example in enumerate(examples) if place not in chosen)
    validation = tuple(examples[place] for place in sorted(chosen))
    shared = find_shared(train, validation, same_text)
    if not shared:
        return train, validation, ()
    (one, other), more = shared[0], and_more(len(shared) - 1)
    note = f"not validated on: {one.where}{more}, the text of {other.where}, of a {group_column!r} that is learned from"
    left_out = {example.where for example, _ in shared}
    return train, tuple(example for example in validation if example.where not in left_out), (note,)


def _units_and_labels(
    examples: Sequence[Example], group_column: str | None
) -> tuple[list[str], list[int | None]]:
    """What `hold_out` takes: a text of several groups counts for no share, since it may not be validated on."""
    texts = [text_key(example.text) for example in examples]
    if group_column is None:
        return texts, [example.label for example in examples]
    groups: dict[str, set[str]] = defaultdict(set)
    for text, example in zip(texts, examples):
        groups[text].add(example.group)
    labels = [example.label if len(groups[text]) == 1 else None for text, example in zip(texts, examples)]
    return [example.group for example in examples], labels
