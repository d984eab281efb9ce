"""A user's own labeled texts, checked and split. Nothing is written, and no network is built.

The texts to learn from and the texts to validate on share no text, and no group if the file has groups: a figure on
texts that were learned from says what the network remembers, not how it will do.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imdbsent.errors import UsageProblem, and_more
from imdbsent.reading.labeled import (
    VALIDATION,
    find_held_out_folder,
    find_training_folders,
    is_folder,
    parse_rules,
    read_examples,
)
from imdbsent.reading.streams import STDIN
from imdbsent.training.data import (
    FEWEST_OF_CLASS,
    HELD_OUT,
    TrainingData,
    check_classes,
    check_number,
    check_shared,
    deal_out,
    find_shared,
    hold_out,
    notes_of_certainty,
    notes_of_repeats,
    same_text,
    summary,
    summary_of_tuning,
    text_key,
)
from imdbsent.training.request import COMMAND, TUNING_VALIDATION_FRACTION, VALIDATION_FRACTION

if TYPE_CHECKING:
    from collections.abc import Sequence

    from imdbsent.bundle.card import ModelCard
    from imdbsent.reading.labeled import Example
    from imdbsent.training.request import OwnData

TEST_FRACTION: Final = 0.2
"""Share of a user's texts that are held out to compare a fine-tuned model with others."""
FEWEST_HELD_OUT: Final = 200
"""Texts in total from which on some are held out for that. Fewer are all learned from, and the models are compared by
cross-validation, which judges each text."""
_MOST_PARTS: Final = 5

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


def read_tuning_data(own: OwnData, seed: int) -> TrainingData:
    """Read and check a user's labeled texts, and split them in three: to learn from, to choose the epoch, to compare.

    The texts that choose an epoch and a temperature make the model look better than it is, so others compare it with
    the model that it was.

    Args:
        own: the texts; those that it names to validate on are the ones to compare on. Without them, and without enough
            texts (`FEWEST_HELD_OUT`) or groups to hold some out, there are none to compare on: see `deal_folds`.
        seed: decides the parts.

    Returns:
        The parts. No text is in two of them, and no group.

    Raises:
        ImdbsentError: those of `read_own_data`.
    """
    rules, options, group_column = parse_rules(own.positive, own.negative), own.read, own.group_column
    source, held_out = _find_parts(own.source, own.validation)
    if group_column is not None:
        _check_is_file(source, held_out)
    rest = read_examples(source, rules, options, group_column=group_column, allow_blank=False)
    notes = notes_of_repeats(rest)
    test: tuple[Example, ...] = ()
    if held_out is not None:
        test = read_examples(held_out, rules, options, group_column=group_column, allow_blank=False)
        check_shared(rest, test, (source, held_out), group_column, is_named=own.validation is not None)
        check_number(own.source, len(rest) + len(test))
        check_classes(own.source, rest, test, group_column)
    else:
        check_number(own.source, len(rest))
        rest, test, dropped = _split_for_comparison(rest, group_column, seed)
        notes += dropped
    train, validation, dropped = _split(rest, group_column, own.validation_fraction, seed)
    check_classes(own.source, train, validation, group_column)
    notes += (*dropped, *((_STREAM_NOTE,) if STDIN in (source, held_out) else ()))
    data = TrainingData(
        train,
        validation,
        split="validation",
        sha256=content_sha256(train, validation, test),
        test=test,
        test_split=HELD_OUT,
    )
    return replace(data, notes=(summary_of_tuning(data, held_out, group_column), *notes))


def _split_for_comparison(
    examples: tuple[Example, ...], group_column: str | None, seed: int
) -> tuple[tuple[Example, ...], tuple[Example, ...], tuple[str, ...]]:
    """The texts to make a model with, and those to compare it on; all and none if there are too few of a class."""
    if len(examples) >= FEWEST_HELD_OUT:
        rest, test, notes = _split(examples, group_column, TEST_FRACTION, seed)
        fewest = min(sum(example.label == label for example in part) for part in (rest, test) for label in (0, 1))
        # both parts of the rest need as many
        if fewest >= 2 * FEWEST_OF_CLASS:
            return rest, test, notes
    return examples, (), ()


@dataclass(frozen=True)
class Fold:
    """Texts to measure a model with, and those that it may learn from.

    Attributes:
        rest: texts to learn from, which share no text and no group with `measured`.
        measured: texts of both classes.
    """

    rest: tuple[Example, ...]
    measured: tuple[Example, ...]


def read_folds(own: OwnData, count: int, seed: int) -> tuple[Fold, ...]:
    """Read a user's labeled texts, and hold out each of them once.

    Each part has its share of both classes, copies of a text are in one part, and so are the texts of a group.

    Args:
        own: the texts, in one file or folder.
        count: number of parts, 2 or more.
        seed: decides the parts.

    Raises:
        UsageProblem: there are texts to validate on already.
        ImdbsentError: the others of `read_own_data`.
    """
    source, held_out = _find_parts(own.source, own.validation)
    if held_out is not None:
        named = "Type: the same command without --validation"
        next_step = named if own.validation is not None else f"Name '{source}' as FILE"
        raise UsageProblem(
            "--cross-validate and --learning-curve hold out parts of FILE themselves, but "
            f"'{held_out}' is held out already. {next_step}"
        )
    if own.group_column is not None:
        _check_is_file(source)
    rules = parse_rules(own.positive, own.negative)
    examples = read_examples(source, rules, own.read, group_column=own.group_column, allow_blank=False)
    check_number(own.source, len(examples))
    return deal_folds(own, examples, count, seed)


def parts_for(examples: Sequence[Example]) -> int:
    """The number of parts to cross-validate with so that each has enough texts of both classes; below 2 if none is."""
    positive = sum(example.label for example in examples)
    return min(_MOST_PARTS, min(positive, len(examples) - positive) // FEWEST_OF_CLASS)


def deal_folds(own: OwnData, examples: Sequence[Example], count: int, seed: int) -> tuple[Fold, ...]:
    """Hold out each text once; see `read_folds`.

    Raises:
        TooFewTexts: a part has too few texts of a class.
    """
    units, labels = _units_and_labels(examples, own.group_column)
    part_of = deal_out(units, labels, count, seed)
    fewer = min(parts_for(examples), len(set(units)))
    rarest = min(labels.count(0), labels.count(1))
    # the rest of the texts is split once more
    is_enough = 1 < fewer < count and rarest * (fewer - 1) // fewer >= 2 * FEWEST_OF_CLASS
    next_step = f"Type: --cross-validate {fewer}" if is_enough else "Label more texts"
    folds = []
    for part in range(count):
        rest = tuple(example for example, its in zip(examples, part_of) if its != part)
        measured = tuple(example for example, its in zip(examples, part_of) if its == part)
        left_out = {example.where for example, _ in find_shared(rest, measured, same_text)}
        measured = tuple(example for example in measured if example.where not in left_out)
        check_classes(own.source, rest, measured, own.group_column, next_step)
        folds.append(Fold(rest, measured))
    return tuple(folds)


def part_of_rest(own: OwnData, rest: Sequence[Example], share: float, seed: int) -> TrainingData:
    """Some of the texts that a model may learn from, in the two parts of a training run.

    Args:
        own: says how they are split.
        rest: the texts.
        share: share of them, of each class, 0 to 1.
        seed: decides which.

    Raises:
        TooFewTexts: so few are left that a class is missing.
    """
    chosen = tuple(rest)
    if share < 1:
        units, labels = _units_and_labels(chosen, own.group_column)
        kept = hold_out(units, labels, share, seed)
        chosen = tuple(chosen[index] for index in sorted(kept))
    train, validation, _ = _split(chosen, own.group_column, own.validation_fraction, seed)
    check_classes(own.source, train, validation, own.group_column, "Label more texts")
    return TrainingData(train, validation, split="validation", sha256=content_sha256(train, validation))


def content_sha256(train: Sequence[Example], validation: Sequence[Example], test: Sequence[Example] = ()) -> str:
    """SHA-256 of the labels and texts of all parts, in order; it does not depend on the format of the file."""
    digest = hashlib.sha256()
    for part, examples in (("train", train), ("validation", validation), ("test", test)):
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
    tuned, test, _ = _split_for_comparison(usable, None, card.seed)
    for rest, held_out, fraction in ((usable, (), VALIDATION_FRACTION), (tuned, test, TUNING_VALIDATION_FRACTION)):
        train, validation, _ = _split(rest, None, fraction, card.seed)
        if content_sha256(train, validation, held_out) == card.data_sha256:
            return True
    return False


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


def _units_and_labels(examples: Sequence[Example], group_column: str | None) -> tuple[list[str], list[int | None]]:
    """What `hold_out` takes. A text of several groups counts for no share, because it may not be validated on."""
    texts = [text_key(example.text) for example in examples]
    if group_column is None:
        return texts, [example.label for example in examples]
    groups: dict[str, set[str]] = defaultdict(set)
    for text, example in zip(texts, examples):
        groups[text].add(example.group)
    labels = [example.label if len(groups[text]) == 1 else None for text, example in zip(texts, examples)]
    return [example.group for example in examples], labels
