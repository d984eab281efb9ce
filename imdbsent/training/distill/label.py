"""The labels: the teacher's logits for every text that the student learns from, and the file that holds them.

The file is all that training the student needs of the teacher: float16 logits in the order of the texts, and the
teacher's vectors of the student's words. The texts are not in it; they are made again from the archive by rule
(`imdbsent.training.distill.texts`), and the file has their hash.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from imdbsent.files import write_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.training.distill.teacher import Teacher

CHUNK = 8_192
"""Texts per file of a run that is under way: a minute or so of labeling on two cores."""


@dataclass(frozen=True)
class Labels:
    """What the teacher says.

    Attributes:
        sha256: of the texts, then the reviews, that the logits belong to (`imdbsent.training.distill.texts`).
        texts: float16 (texts,): logits of the short texts, in their order; NaN where one is not labeled yet.
        reviews: float16 (reviews,): logits of the training reviews that are not held out, in the order of the archive;
            empty before they are labeled.
        words: float16 (words, size): initial embeddings, one row for each word of the vocabulary; empty likewise.
    """

    sha256: str
    texts: npt.NDArray[np.float16]
    reviews: npt.NDArray[np.float16]
    words: npt.NDArray[np.float16]

    def write(self, path: Path) -> None:
        """Write the file; it appears only when complete."""
        write_arrays(
            path, {"sha256": self.sha256, "texts": self.texts, "reviews": self.reviews, "words": self.words}
        )

    @classmethod
    def read(cls, path: Path) -> Labels:
        """Read the file.

        Raises:
            OSError, ValueError, KeyError: it is missing or damaged.
        """
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            return cls(str(file["sha256"]), file["texts"], file["reviews"], file["words"])


def label_texts(
    teacher: Teacher,
    texts: Sequence[str],
    folder: Path,
    report: Callable[[str], None],
    known: npt.NDArray[np.float16] | None = None,
) -> npt.NDArray[np.float16]:
    """The teacher's logits for texts, in their order.

    The texts are labeled chunk by chunk, each chunk a sample of all of them, and each is kept in a file: a run that was
    stopped resumes, and one that was stopped early has labels for a sample.

    Args:
        teacher: fine-tuned, and merged for speed.
        texts: as the teacher is to read them.
        folder: where the chunks are kept; it belongs to these texts alone.
        report: called with a line of progress after each chunk.
        known: logits of an earlier run, NaN where it has none; a chunk that is complete there is not labeled again.

    Returns:
        Shape (texts,).
    """
    folder.mkdir(parents=True, exist_ok=True)
    logits = np.full(len(texts), np.nan, np.float16) if known is None else known.copy()
    chunks = -(-len(texts) // CHUNK)
    for number in range(chunks):
        if np.isfinite(logits[number::chunks]).all():
            continue
        indices = range(number, len(texts), chunks)
        path = folder / f"{number:05}.npz"
        found = _read_chunk(path, len(indices))
        if found is None:
            found = teacher.logits([texts[index] for index in indices]).astype(np.float16)
            write_arrays(path, {"logits": found})
            report(f"labels: {number + 1} of {chunks} chunks")
        logits[number::chunks] = found
    return logits


def _read_chunk(path: Path, texts: int) -> npt.NDArray[np.float16] | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            logits: npt.NDArray[np.float16] = file["logits"]
    except (OSError, ValueError, KeyError):
        return None
    return logits if logits.shape == (texts,) else None


def principal_components(vectors: npt.NDArray[np.float32], size: int) -> npt.NDArray[np.float32]:
    """The coordinates of vectors along the directions in which they differ most (PCA).

    Args:
        vectors: shape (words, hidden).
        size: directions to keep.

    Returns:
        Shape (words, size), scaled to a standard deviation of 1 over all numbers.
    """
    centered = vectors - vectors.mean(axis=0)
    _, directions = np.linalg.eigh(centered.T @ centered)  # ascending
    kept = centered @ directions[:, ::-1][:, :size]
    # A direction's sign is arbitrary: the largest component of each is positive, so that it is the same everywhere.
    signs = np.sign(directions[:, ::-1][:, :size])
    largest = np.abs(directions[:, ::-1][:, :size]).argmax(axis=0)
    kept *= signs[largest, np.arange(size)]
    scaled: npt.NDArray[np.float32] = (kept / kept.std()).astype(np.float32)
    return scaled
