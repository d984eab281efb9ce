"""A user's own labeled texts, checked and split. Nothing is written, and no network is built.

The texts to learn from and the texts to validate on share no text, and no group if the file has groups: a figure on
texts that were learned from says what the network remembers, not how it will do.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent.errors import UsageProblem, and_more
from imdbsent.reading.detect import STDIN
from imdbsent.reading.labeled import (
    VALIDATION,
    find_held_out_folder,
    find_training_folders,
    is_folder,
    parse_rules,
    read_examples,
)
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
from imdbsent.training.request import COMMAND, VALIDATION_FRACTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.bundle.card import ModelCard
    from imdbsent.reading.labeled import Example
    from imdbsent.training.request import OwnData

_STREAM_NOTE: Final = (
    "the texts come from standard input, which keeps none of them. If the run is stopped, give them again: "
    "imdbsent train --resume < FILE"
)


def read_own_data(own: OwnData, seed: int) -> TrainingData:
    """Read, check and split a user's labeled texts.

    Args:
        own: the texts. The source is a table (`imdbsent.reading.labeled`), a folder with `pos/` and `neg/`, or a
            folder with `train/` and perhaps `validation/` or `test/` that contain these. If it has no such part and
            none is named, a share of the texts is held out: of each class, and in whole groups if there are groups.
        seed: decides which part is held out.

    Returns:
        The two parts, with enough texts of each class (`imdbsent.training.data`), and no text in both.

    Raises:
        InputUnreadable: a source cannot be read.
        UsageProblem: it lacks a column, has texts of one class only, or is a folder without texts.
        RowsInvalid: some rows have no label, text or group, or break the format.
        TextsShared: the given part to validate on shares texts or groups with the other.
        TooFewTexts: there are too few texts.
        ExtraMissing: a source needs pyarrow, which is not installed.
    """
    rules, options, group_column = parse_rules(own.positive, own.negative), own.read, own.group_column
    learned, held_out = _find_parts(own.source, own.validation)
    if group_column is not None:
        _check_is_file(learned, held_out)
    train = read_examples(learned, rules, options, group_column=group_column, allow_blank=False)
    notes = notes_of_repeats(train)
    if held_out is None:
        check_number(own.source, len(train))
        train, validation, dropped = _split(train, group_column, own.validation_fraction, seed)
        notes += dropped
    else:
        validation = read_examples(held_out, rules, options, group_column=group_column, allow_blank=False)
        check_number(own.source, len(train) + len(validation))
        check_shared(train, validation, (learned, held_out), group_column, is_named=own.validation is not None)
    check_classes(own.source, train, validation, group_column)
    if STDIN in (learned, held_out):
        notes += (_STREAM_NOTE,)
    return TrainingData(
        train,
        validation,
        split="validation",
        sha256=content_sha256(train, validation),
        notes=(summary(train, validation, held_out, group_column), *notes, *notes_of_certainty(len(validation))),
    )


def content_sha256(train: Sequence[Example], validation: Sequence[Example]) -> str:
    """SHA-256 of the labels and texts of both parts, in order; it does not depend on the format of the file."""
    digest = hashlib.sha256()
    for part, examples in (("train", train), ("validation", validation)):
        for example in examples:
            text = example.text.encode("utf-8", "surrogatepass")
            digest.update(f"{part} {example.label} {len(text)}\n".encode())
            digest.update(text)
    return digest.hexdigest()


def is_trained_on(card: ModelCard, examples: Sequence[Example]) -> bool:
    """Whether a model was trained on these labeled texts, as far as its card tells.

    The card has a hash of what was learned from and what was held out. So a file is recognized if it was split as by
    default: without groups, and without a share or a file that the user chose.

    Args:
        card: that of the model.
        examples: the texts, in the order of their file.
    """
    usable = tuple(example for example in examples if example.text.strip())
    if not card.data_sha256 or not usable:
        return False
    train, validation, _ = _split(usable, None, VALIDATION_FRACTION, card.seed)
    return content_sha256(train, validation) == card.data_sha256


def _find_parts(source: str, validation: str | None) -> tuple[str, str | None]:
    """The paths of what is learned from and of what is validated on; None to hold out part of the first."""
    held_out = None
    if is_folder(source):
        learned, folder = find_training_folders(Path(source), COMMAND)
        source, held_out = str(learned), None if folder is None else str(folder)
    if validation is not None and is_folder(validation):
        validation = str(find_held_out_folder(Path(validation), VALIDATION, COMMAND))
    return source, validation or held_out


def _check_is_file(*sources: str | None) -> None:
    folder = next((source for source in sources if source and is_folder(source)), None)
    if folder is not None:
        raise UsageProblem(
            f"--group-column requires a file with columns, and '{folder}' is a folder. Type: imdbsent train --help"
        )


def _split(
    examples: tuple[Example, ...], group_column: str | None, fraction: float, seed: int
) -> tuple[tuple[Example, ...], tuple[Example, ...], tuple[str, ...]]:
    """Both parts, and notes about them.

    With groups, a text can be in groups of both parts: then it is learned from, and not validated on.
    """
    units, labels = _units_and_labels(examples, group_column)
    chosen = hold_out(units, labels, fraction, seed)
    train = tuple(example for index, example in enumerate(examples) if index not in chosen)
    validation = tuple(examples[index] for index in sorted(chosen))
    shared = find_shared(train, validation, same_text)
    if not shared:
        return train, validation, ()
    (one, other), more = shared[0], and_more(len(shared) - 1)
    note = f"not validated on: {one.where}{more}; the same text is learned from, in {other.where} ({group_column!r})"
    left_out = {example.where for example, _ in shared}
    return train, tuple(example for example in validation if example.where not in left_out), (note,)


def _units_and_labels(
    examples: Sequence[Example], group_column: str | None
) -> tuple[list[str], list[int | None]]:
    """What `hold_out` takes. A text of several groups counts for no share, because it may not be validated on."""
    texts = [text_key(example.text) for example in examples]
    if group_column is None:
        return texts, [example.label for example in examples]
    groups: dict[str, set[str]] = defaultdict(set)
    for text, example in zip(texts, examples):
        groups[text].add(example.group)
    labels = [example.label if len(groups[text]) == 1 else None for text, example in zip(texts, examples)]
    return [example.group for example in examples], labels
