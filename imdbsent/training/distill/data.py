"""What the teacher labels and the student learns from: the training reviews, and the short texts made of them.

No review of the test split is read, and no text of a held-out title is in any text, vocabulary or label: what is chosen
is chosen on those titles.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.dataset.aclimdb import content_sha256, read_reviews
from imdbsent.text.everyday import emoji_characters, split_words, without_emphasis
from imdbsent.text.tokenizer import INDEX_FROM, Vocabulary
from imdbsent.training.data import hold_out
from imdbsent.training.distill.texts import TextConfig, distillation_texts, ruled_texts, split_sentences

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from imdbsent.dataset.aclimdb import Review
    from imdbsent.text.tokenizer import Tokenizer

UNLABELED: Final = -1
"""The label of a review without one."""
_EXCLUDED: Final = "excluded.txt"
_LONGEST_SPAN: Final = 60  # words
_WORDS: Final = re.compile(r"[\w']+")


@dataclass(frozen=True)
class EncodedTexts:
    """Encoded texts, one after another.

    Attributes:
        ids: int32 (tokens,): the ids of all texts, without start marks.
        starts: int64 (texts + 1,): where each text starts, and where the last one ends.
    """

    ids: npt.NDArray[np.int32]
    starts: npt.NDArray[np.int64]

    def __len__(self) -> int:
        """Texts."""
        return len(self.starts) - 1

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Tokens of each text, shape (texts,)."""
        return np.diff(self.starts)

    def text_of_token(self) -> npt.NDArray[np.int64]:
        """The text that each token belongs to, shape (tokens,)."""
        return np.repeat(np.arange(len(self)), self.lengths)


def encode_texts(tokenizer: Tokenizer, texts: Iterable[str]) -> EncodedTexts:
    """Encode whole texts, without their start marks."""
    encoded = [np.array(tokenizer.encode_whole(text)[1:], np.int32) for text in texts]
    ids = np.concatenate(encoded) if encoded else np.zeros(0, np.int32)
    return EncodedTexts(ids, np.cumsum([0, *map(len, encoded)], dtype=np.int64))


@dataclass(frozen=True)
class DistillationData:
    """The training reviews and the short texts, as text.

    Attributes:
        reviews: training reviews, labeled or not, in the order of the archive.
        labels: int8 (reviews,): 1 positive, 0 negative, `UNLABELED`.
        held_out: bool (reviews,): labeled reviews of held-out titles, which nothing learns from.
        families: the short texts, by family.
        test: the test reviews, for the last line of the report alone.
        content_sha256: hash of the archive's reviews.
        ruled: texts that have their label by rule, not by the teacher, with their logits.
    """

    reviews: list[Review]
    labels: npt.NDArray[np.int8]
    held_out: npt.NDArray[np.bool_]
    families: dict[str, list[str]]
    test: list[Review] = field(repr=False)
    content_sha256: str = ""
    ruled: dict[str, float] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """The short texts, family after family."""
        return [text for texts in self.families.values() for text in texts]

    def sha256(self) -> str:
        """Hash of all that the teacher labels: short texts, then reviews that are not held out."""
        digest = hashlib.sha256()
        for text in (*self.texts, *(self.reviews[index].text for index in np.flatnonzero(~self.held_out))):
            digest.update(text.encode("utf-8", "surrogatepass"))
            digest.update(b"\0")
        return digest.hexdigest()


def exclusion_hash(text: str) -> str:
    """What `excluded.txt` has of a text: a hash of its words, whatever their case and the punctuation around them."""
    words = " ".join(_WORDS.findall(text.lower())) or text.strip()
    return hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def without_excluded(texts: Iterable[str]) -> list[str]:
    """The short texts without those that measure the model (`excluded.txt`: hashes, one per line).

    Everyday phrases are few and short, so that texts made by rule come upon those of a dev set now and then.
    """
    file = resources.files("imdbsent.training.distill") / _EXCLUDED
    excluded = frozenset(file.read_text(encoding="ascii").split())
    return [text for text in texts if exclusion_hash(text) not in excluded]


def read_distillation_data(
    source: Path, texts: TextConfig, *, held_out: float, seed: int, ruled: int = 0, most_reviews: int = 0
) -> DistillationData:
    """Read the reviews, hold titles out, and make the short texts.

    Args:
        source: archive or folder of the reviews.
        texts: how many short texts of each family.
        held_out: share of the labeled reviews to hold out, as whole titles.
        seed: of the titles and of the texts.
        ruled: texts to draw that have their label by rule.
        most_reviews: reviews to read of each folder; 0 for all.

    Raises:
        DatasetInvalid: the data are damaged, or a folder of them is missing.
    """
    reviews = read_reviews(source)
    digest = content_sha256(reviews)
    if most_reviews:
        counts: Counter[str] = Counter()
        kept = []
        for review in reviews:
            counts[review.folder] += 1
            if counts[review.folder] <= most_reviews:
                kept.append(review)
        reviews = kept
    training = [review for review in reviews if review.split == "train"]
    labels = np.array([UNLABELED if review.label is None else review.label for review in training], np.int8)
    labeled = np.flatnonzero(labels != UNLABELED)
    titles = [training[index].title or training[index].text for index in labeled]
    held = np.zeros(len(training), bool)
    chosen = hold_out(titles, [int(labels[index]) for index in labeled], held_out, seed)
    held[[labeled[index] for index in chosen]] = True
    known = [review.text for review, is_held in zip(training, held) if not is_held]
    drafts = ruled_texts(ruled, seed)
    return DistillationData(
        reviews=training,
        labels=labels,
        held_out=held,
        families={
            family: without_excluded(written) for family, written in distillation_texts(known, texts, seed).items()
        },
        ruled={text: drafts[text] for text in without_excluded(drafts)},
        test=[review for review in reviews if review.split == "test"],
        content_sha256=digest,
    )


def labeled_spans(
    texts: Sequence[str], labels: Sequence[int], count: int, seed: int
) -> tuple[list[str], list[int]]:
    """One to three neighboring sentences from each of some reviews, with the label of the review.

    A teacher that read whole reviews alone takes a statement of fact for slight praise. What share of the reviews that
    hold a sentence are positive is what the sentence says, so learning it makes the logits of short texts honest.

    Args:
        texts: reviews.
        labels: 1 positive, 0 negative, one for each review.
        count: reviews to draw.
        seed: of the draw.

    Returns:
        Spans of at most 60 words, and their labels; a review without a sentence gives none.
    """
    draw = random.Random(f"{seed} spans")  # noqa: S311 (no secret)
    spans: list[str] = []
    chosen: list[int] = []
    for index in draw.sample(range(len(texts)), min(count, len(texts))):
        sentences = split_sentences(texts[index])
        if not sentences:
            continue
        size = draw.choice((1, 1, 2, 3))
        first = draw.randrange(max(1, len(sentences) - size + 1))
        spans.append(" ".join(" ".join(sentences[first : first + size]).split(" ")[:_LONGEST_SPAN]))
        chosen.append(labels[index])
    return spans, chosen


def student_vocabulary(data: DistillationData, words: Sequence[str], size: int) -> Vocabulary:
    """The words that the student knows, the most frequent first.

    Args:
        data: reviews and short texts that are counted, held-out titles aside; a word counts once per text, in short
            texts and in reviews alike.
        words: words to know however seldom they occur: the teacher's own whole words.
        size: ids of the network, the three special ones and padding included.
    """
    room = size - INDEX_FROM - 1
    counts: Counter[str] = Counter()
    for index in np.flatnonzero(~data.held_out):
        counts.update(set(split_words(data.reviews[index].text)))
    for text in data.texts:
        counts.update(set(split_words(text)))
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    signs = [*emoji_characters(), *(f"{tenths}/10" for tenths in range(11))]
    chosen = dict.fromkeys([*signs, *words][:room])
    for word in ranked:
        if len(chosen) == room:
            break
        # "sooooo" is read as "so", so it needs no row of its own.
        if not (word[:1].isalpha() and any(plain in counts for plain in without_emphasis(word))):
            chosen.setdefault(word)
    ordered = sorted(chosen, key=lambda word: (-counts[word], word))
    return Vocabulary(tuple(word.encode("utf-8", "surrogatepass") for word in ordered))
