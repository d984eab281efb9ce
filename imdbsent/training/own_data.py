"""A user's own labelled texts, checked and split, ready to train on. Nothing is written, and no network is built.

Whoever reads this gets texts to learn from and texts to validate on that share no text, and no group where the file
has groups: a figure on texts that were learned from says what the network remembers, not what it will do.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent.errors import UsageProblem, and_more
from imdbsent.reading.labelled import Columns, parse_rule, read_examples
from imdbsent.reading.trees import VALIDATION, find_held_out_folder, find_training_folders, is_folder
from imdbsent.training.data import (
    TrainingData,
    check_classes,
    check_number,
    check_shared,
    find_shared,
    hold_out,
    notes_of_certainty,
    notes_of_repeats,
    same_text,
    summary,
    text_key,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.reading.labelled import Example
    from imdbsent.training.request import OwnData

_COMMAND: Final = "train"


def read_own_data(own: OwnData, seed: int) -> TrainingData:
    """Read, check and split a user's labelled texts.

    Args:
        own: the texts. The source is a table (`imdbsent.reading.labelled`), or a folder with `pos/` and `neg/`, or with
            `train/` and perhaps `validation/` or `test/` that have these. Where it has no such part and none is named,
            a share of the texts is held out: of each class, and of whole groups where there are groups.
        seed: which part is held out; same seed, same part.

    Returns:
        The two parts, with enough texts of either class (`imdbsent.training.data`), and no text in both.

    Raises:
        InputUnreadable: a source cannot be read.
        UsageProblem: it has no such column, texts of one class alone, or is no tree of texts.
        RowsInvalid: some rows have no label, no text or no group, or break the format.
        TextsShared: a given part to validate on has texts, or groups, of the other.
        TooFewTexts: there are too few texts.
        ExtraMissing: a source needs pyarrow, which is not installed.
    """
    rule, columns = parse_rule(own.positive), Columns(own.text_column, own.label_column, own.group_column)
    learned, held_out = _find_parts(own.source, own.validation)
    if columns.group is not None:
        _check_is_file(learned, held_out)
    train = read_examples(learned, rule, columns, command=_COMMAND, allow_blank=False)
    notes = notes_of_repeats(train)
    if held_out is None:
        check_number(own.source, len(train))
        train, validation, dropped = _split(train, columns.group, own.validation_fraction, seed)
        notes += dropped
    else:
        validation = read_examples(held_out, rule, columns, command=_COMMAND, allow_blank=False)
        check_number(own.source, len(train) + len(validation))
        check_shared(train, validation, (learned, held_out), columns.group, is_named=own.validation is not None)
    check_classes(own.source, train, validation, columns.group)
    return TrainingData(
        train,
        validation,
        split="validation",
        sha256=content_sha256(train, validation),
        notes=(summary(train, validation, held_out, columns.group), *notes, *notes_of_certainty(len(validation))),
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
