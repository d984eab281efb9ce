"""The reviews of IMDB as the ladder reads them: labelled and unlabelled ones, some titles held out, the test aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from imdbsent.dataset.aclimdb import FOLDERS, content_sha256, from_reviews, incomplete_folders, read_reviews
from imdbsent.text.tokenizer import INDEX_FROM
from imdbsent.text.words import WordsTokenizer
from imdbsent.training.data import TrainingData, hold_out
from imdbsent.training.flagship.texts import UNLABELLED, Reviews, encode_texts, most_frequent_words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.dataset.aclimdb import Review
    from imdbsent.training.flagship.ladder import Ladder
    from imdbsent.training.recipes import Recipe

_WHOLE = 1_000_000  # tokens: more than any review has


def flagship_data(source: Path, recipe: Recipe, ladder: Ladder, seed: int) -> TrainingData:
    """Read and encode the reviews.

    The vocabulary is that of the training reviews, labelled or not, without those of held-out titles. The test reviews
    are not encoded; they are handed on for the last line of the report.

    Args:
        source: archive or folder of the reviews.
        recipe: size of the vocabulary.
        ladder: what to hold out, and how many reviews to read.
        seed: another seed, other titles.

    Raises:
        DatasetInvalid: the data are damaged, or a folder of them is not there.
    """
    reviews = read_reviews(source)
    short = incomplete_folders(reviews)
    if ladder.reviews:
        reviews = [review for folder in FOLDERS for review in _of(reviews, folder)[: ladder.reviews]]
    training = [review for review in reviews if review.split == "train"]
    labels = [review.label for review in training]
    labelled = [place for place, label in enumerate(labels) if label is not None]
    titles = [training[place].title or training[place].text for place in labelled]
    held = hold_out(titles, [labels[place] for place in labelled], ladder.held_out, seed)
    held_out = np.zeros(len(training), bool)
    held_out[[labelled[place] for place in held]] = True
    known = [review.text for review, is_held_out in zip(training, held_out) if not is_held_out]
    vocabulary = most_frequent_words(known, recipe.vocabulary_size - INDEX_FROM - 1)
    tokenizer = WordsTokenizer(vocabulary, recipe.vocabulary_size, _WHOLE)
    return TrainingData(
        train=from_reviews(training[place] for place in labelled if not held_out[place]),
        validation=from_reviews(review for review, is_held_out in zip(training, held_out) if is_held_out),
        split="validation",
        sha256=content_sha256(reviews),
        notes=tuple(f"{source}: {shortfall} reviews; figures will not be comparable" for shortfall in short),
        test=from_reviews(review for review in reviews if review.split == "test"),
        reviews=Reviews(
            texts=encode_texts(tokenizer, (review.text for review in training)),
            labels=np.array([UNLABELLED if label is None else label for label in labels], np.int8),
            held_out=held_out,
            folds=_folds(training, ladder.folds),
            vocabulary=vocabulary,
        ),
    )


def _of(reviews: Sequence[Review], folder: str) -> list[Review]:
    return [review for review in reviews if review.folder == folder]


def _folds(reviews: Sequence[Review], count: int) -> npt.NDArray[np.int64]:
    """A part for each title, so that no title is in two; in the order in which they first appear, in turn."""
    numbers: dict[str, int] = {}
    found = (numbers.setdefault(review.title or review.text, len(numbers)) for review in reviews)
    return np.array([number % count for number in found], np.int64)
