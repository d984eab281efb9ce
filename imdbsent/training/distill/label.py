"""The labels: the teacher's logits for every text that the student learns from, and the file that holds them.

The file is all that training the student needs of the teacher: float16 logits in the order of the texts, and the
teacher's vectors of the student's words. The texts are not in it; they are made again from the archive by rule
(`imdbsent.training.distill.texts`), and the file has their hash.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.errors import TrainingStopped
from imdbsent.files import write_arrays
from imdbsent.text.tokenizer import Vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.training.distill.teacher import Teacher

logger = logging.getLogger(__name__)

LABELS: Final = "labels.npz"
"""The labels that come with the package, in this folder."""
CHUNK: Final = 8_192
"""Texts per file of a run that is under way: a minute or so of labeling on two cores."""


_NOT: Final = "(?:not|isn't|wasn't|aren't|weren't|ain't|never)"
_HOW: Final = "(?:at all|so|too|that|half|all that|really|actually|exactly|even|particularly|very|such a|an?)"
_UNDERSTATEMENTS: Final = (
    (re.compile(rf"\b{_NOT} (?:{_HOW} )?bad\b", re.IGNORECASE), 1.4),
    (re.compile(r"\b(?:no complaints|can't complain|cannot complain|nothing to complain)\b", re.IGNORECASE), 1.2),
    (re.compile(rf"\b{_NOT} (?:the|one of the) worst\b", re.IGNORECASE), 0.5),
    (re.compile(r"\bcould(?: be|'ve been| have been) worse\b|\b(?:had|seen) worse\b", re.IGNORECASE), 0.3),
)
"""Understatements, and the smallest logit that a text has that says nothing else."""
_SAYS_MORE: Final = re.compile(
    r"[.!?;:,…-]+\s+\w|\b(?:but|if not|though|although|however|yet|except|great|good)\b", re.IGNORECASE
)
_LONGEST_UNDERSTATEMENT: Final = 12  # words


@dataclass(frozen=True)
class Labels:
    """What the teacher says.

    Attributes:
        sha256: of the texts, then the reviews, that the logits belong to (`DistillationData.sha256`).
        texts: float16 (texts,): logits of the short texts, in their order; NaN for a text that is not labeled.
        reviews: float16 (reviews,): logits of the training reviews that are not held out, in the order of the archive;
            NaN likewise.
        vocabulary: the words that the student knows, in the order of their ids.
        words: float16 (words, size): initial embeddings, one row for each word of the vocabulary.
    """

    sha256: str
    texts: npt.NDArray[np.float16]
    reviews: npt.NDArray[np.float16]
    vocabulary: Vocabulary
    words: npt.NDArray[np.float16]

    def write(self, path: Path) -> None:
        """Write the file; it appears only when complete."""
        arrays = {"sha256": self.sha256, "texts": self.texts, "reviews": self.reviews, "words": self.words}
        vocabulary = np.frombuffer(b"\n".join(self.vocabulary.words), np.uint8)
        write_arrays(path, {**arrays, "vocabulary": vocabulary}, compressed=True)

    def content_sha256(self) -> str:
        """Hash of all that the student learns from the file, for its card."""
        digest = hashlib.sha256(self.sha256.encode())
        for array in (self.texts, self.reviews, self.words):
            digest.update(array.tobytes())
        digest.update(b"\n".join(self.vocabulary.words))
        return digest.hexdigest()

    @classmethod
    def read(cls, path: Path) -> Labels:
        """Read the file.

        Raises:
            OSError, ValueError, KeyError: it is missing or damaged.
        """
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            vocabulary = Vocabulary(tuple(file["vocabulary"].tobytes().split(b"\n")))
            return cls(str(file["sha256"]), file["texts"], file["reviews"], vocabulary, file["words"])


def label_texts(
    teacher: Teacher,
    texts: Sequence[str],
    folder: Path,
    stop: Callable[[], bool] = lambda: False,
    known: npt.NDArray[np.float16] | None = None,
) -> npt.NDArray[np.float16]:
    """The teacher's logits for texts, in their order.

    The texts are labeled chunk by chunk, each chunk a sample of all of them, and each is kept in a file: a run that was
    stopped resumes, and one that was stopped early has labels for a sample.

    Args:
        teacher: fine-tuned, and merged for speed.
        texts: as the teacher is to read them.
        folder: where the chunks are kept; it belongs to these texts alone.
        stop: whether someone asked to stop; called after each chunk.
        known: logits of an earlier run, NaN where it has none; a chunk that is complete there is not labeled again.

    Returns:
        Shape (texts,).

    Raises:
        TrainingStopped: it was asked to stop; what is labeled is kept.
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
            logger.info(f"labels of {folder.name}: {number + 1} of {chunks} chunks")
            if stop():
                raise TrainingStopped(1, 0)
        logits[number::chunks] = found
    return logits


def correct_understatements(
    texts: Sequence[str], logits: npt.NDArray[np.floating]
) -> npt.NDArray[np.float32]:
    """The logits of short texts, with those of understatements raised.

    Reviewers use "not the worst" and "not bad" to blame, and the teacher learned it from them: it takes most short
    texts with these words for blame. A reader takes them for mild praise.

    Args:
        texts: short texts.
        logits: the teacher's, NaN for a text that is not labeled; shape (texts,).

    Returns:
        The logits; a text of one sentence of at most 12 words with an understatement, and without a turn such as
        "but", has at least the logit of that understatement, whether it is labeled or not. Shape (texts,).
    """
    corrected = logits.astype(np.float32)
    for index, text in enumerate(texts):
        plain = text.replace("\u2019", "'")
        for pattern, least in _UNDERSTATEMENTS:
            if pattern.search(plain):
                if len(plain.split()) <= _LONGEST_UNDERSTATEMENT and not _SAYS_MORE.search(plain):
                    corrected[index] = np.fmax(corrected[index], least)
                break
    return corrected


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
