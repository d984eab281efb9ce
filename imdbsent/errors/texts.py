"""Texts that cannot be read, or have nothing to be judged by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imdbsent.errors.base import ExitCode, ImdbsentError, and_more

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class InputUnreadable(ImdbsentError):
    """A file of texts cannot be read."""

    exit_code = ExitCode.USAGE

    def __init__(self, path: str | Path, reason: str, command: str = "predict") -> None:
        super().__init__(f"cannot read {str(path)!r}: {reason}. See: imdbsent {command} --help")


class RowUnreadable(ImdbsentError):
    """A row of a table breaks the format of its file, or has an id that another row has."""

    exit_code = ExitCode.USAGE

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(
            f"cannot read {file!r}: {problem}. Type: the same command with --skip-bad, to go on past such rows "
            "without a verdict for them"
        )


class RowsInvalid(ImdbsentError):
    """Some rows of a user's labelled texts cannot be used: no label, no text, a broken line."""

    exit_code = ExitCode.USAGE

    def __init__(self, source: str, problems: Sequence[tuple[str, int]], next_step: str) -> None:
        """Take each kind of problem: what is wrong with its first row, and how many more rows have it."""
        told = "; ".join(f"{problem}{and_more(more)}" for problem, more in problems)
        super().__init__(f"rows of {source!r} cannot be used: {told}. {next_step}")


class TextsShared(ImdbsentError):
    """Texts, or groups, that a training run is to be validated on are among those that it learns from."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, of_validation: str, of_training: str, more: int, next_step: str) -> None:
        super().__init__(
            f"{what} of {of_validation} is that of {of_training}, too{and_more(more)}: "
            f"figures on what was learned from flatter a model. Take it out of one of the two, or {next_step}"
        )


class TooFewTexts(ImdbsentError):
    """There are too few texts to train on, or to validate on."""

    exit_code = ExitCode.USAGE

    def __init__(self, source: str, there: str, needed: int, next_step: str) -> None:
        super().__init__(f"{source!r} has {there}; it takes {needed:,} at least. {next_step}")


class TextWithoutVerdict(ImdbsentError):
    """The one text that was asked about is blank, or none of its words is known."""

    exit_code = ExitCode.USAGE

    def __init__(self, problem: str) -> None:
        super().__init__(f'the network has nothing to read: {problem}. Type: imdbsent inspect trace "great movie"')


class WordUnknown(ImdbsentError):
    """No training review holds the word."""

    exit_code = ExitCode.USAGE

    def __init__(self, word: str, vocabulary_size: int, similar: Sequence[str]) -> None:
        super().__init__(
            f"{word!r} is not among the {vocabulary_size:,} words of the training reviews. "
            f"Type: imdbsent inspect word {similar[0] if similar else 'great'}"
        )


class ReviewMissing(ImdbsentError):
    """There is no review of that number."""

    exit_code = ExitCode.USAGE

    def __init__(self, number: int, split: str, total: int) -> None:
        super().__init__(
            f"there is no review {number:,} in the {split} split, which has {total:,}. "
            f"Type: imdbsent inspect review {total - 1} --split {split}"
        )
