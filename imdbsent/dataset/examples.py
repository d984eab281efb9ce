"""The labelled reviews of IMDB as examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imdbsent.records.examples import Example

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imdbsent.dataset.aclimdb import Review


def from_reviews(reviews: Iterable[Review]) -> tuple[Example, ...]:
    """Examples of labelled reviews of IMDB, in order; a review's group is its film."""
    return tuple(
        Example(review.text, review.label, f"{review.folder}/{review.file_name}", review.stars, review.title)
        for review in reviews
        if review.label is not None
    )
