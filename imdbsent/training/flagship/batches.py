"""What the networks of the ladder read: reviews, spans and sentences of them, in batches of so many segments.

People ask about "great movie" as well as about reviews, so a part of the reviews of an epoch are short spans, cut at
random from anywhere, and a sentence of some is read besides. A short text has the label of its review: whether reviews
that hold it are positive is what it says. Some reviews are read in part, so that none is learned by heart. Which those
are, and where they are cut, follows from the seed and the epoch alone, so that a run can go on in the middle of one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from imdbsent.text.tokenizer import OOV_ID, PAD_ID, START_ID
from imdbsent.training.architectures.flagship import SEGMENT

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from imdbsent.training.flagship.ladder import Ladder
    from imdbsent.training.flagship.texts import Texts

    Ids = npt.NDArray[np.int32]
    Soft = npt.NDArray[np.float32]

MOST_SHOWN: Final = 192
"""Texts a batch that is only looked at, where they are short."""
MOST_SHOWN_PADDED: Final = 512
"""The same where batches are padded to given widths: a large network on a GPU looks at more as fast."""
LONGEST_SHOWN: Final = 2_047
"""Tokens of a review that are looked at when it is not trained on: the longest has a few more."""


@dataclass(frozen=True)
class Piece:
    """A part of a text.

    Attributes:
        text: place of the text.
        start: its first token.
        length: how many tokens.
        is_span: whether it is a short span or a sentence of the text.
    """

    text: int
    start: int
    length: int
    is_span: bool = False

    @property
    def segments(self) -> int:
        """Segments that it fills, the start mark included."""
        return -(-(self.length + 1) // SEGMENT)


@dataclass(frozen=True)
class Pieces:
    """A batch of parts of texts.

    Attributes:
        pieces: all of as many segments, or of few enough for the same width where widths are given.
        epoch: the epoch that they are cut for, from 1; 0 where they are whole texts, to look at.
        noise: decides which of their tokens are read as unknown; None for none of them.
    """

    pieces: tuple[Piece, ...]
    epoch: int = 0
    noise: tuple[int, ...] | None = None

    def __len__(self) -> int:
        """Parts."""
        return len(self.pieces)


@dataclass(frozen=True)
class Spans:
    """Texts with soft labels, as `imdbsent.training.loop.Loop` goes through them.

    Attributes:
        texts: all texts.
        places: the texts that count.
        targets: probability of positive of each text, hard or soft, float32 (texts,).
        ladder: how they are cut and batched.
        topics: document vectors that a network is to give besides, float32 (texts, size); None for none.
        sentences: how many of the last texts are sentences, of which no span is cut.
        borders: first token of each sentence of the reviews, ascending, and the end of the last, int64; None for no
            sentences.
        widths: segments that a batch may have, ascending: those that a text lacks are padding, and pieces that do not
            fill a batch are left out of an epoch where others of their width do. XLA compiles each shape of batch anew,
            and the fewer there are, the sooner it is done. None for batches of pieces of as many segments each, all of
            which are trained on.
    """

    texts: Texts
    places: npt.NDArray[np.int64]
    targets: Soft
    ladder: Ladder
    topics: Soft | None = None
    sentences: int = 0
    borders: npt.NDArray[np.int64] | None = None
    widths: tuple[int, ...] | None = None

    def __len__(self) -> int:
        """Texts that count."""
        return len(self.places)

    def shuffled(self, batch_size: int, seed: int, epoch: int) -> list[Pieces]:
        """The batches of an epoch in the order in which they are trained on.

        Args:
            batch_size: most parts of texts a batch; fewer where they are long.
            seed: with the epoch, it decides where texts are cut, and the order.
            epoch: from 1.
        """
        generator = np.random.default_rng([seed, epoch])
        pieces = self._cut(generator)
        order = generator.permutation(len(pieces))
        in_turn = (pieces[place] for place in order)
        batches = self._batched(in_turn, batch_size, whole=self.widths is not None)
        return [
            Pieces(batches[place], epoch, (seed, epoch, number))
            for number, place in enumerate(generator.permutation(len(batches)))
        ]

    def in_order(self) -> list[Pieces]:
        """The batches of a look at every text, whole."""
        lengths = np.minimum(self.texts.lengths[self.places], LONGEST_SHOWN)
        order = np.argsort(lengths, kind="stable")
        whole = (Piece(int(self.places[row]), 0, int(lengths[row])) for row in order)
        most = MOST_SHOWN if self.widths is None else MOST_SHOWN_PADDED
        return [Pieces(batch) for batch in self._batched(whole, most)]

    def steps(self, batch_size: int, seed: int, epochs: int) -> int:
        """The most batches that one of so many epochs has: where texts are cut differs, and with it how many."""
        return max(len(self.shuffled(batch_size, seed, epoch)) for epoch in range(1, epochs + 1))

    def batch(self, batch: Pieces) -> tuple[Ids, Soft]:
        """What the network reads of a batch.

        Returns:
            Ids, shape (B, T), T a multiple of `SEGMENT`, padding behind the words; and targets, shape (B, 1), behind
            which the topics stand where there are any, zeros for a short span.
        """
        width = SEGMENT * self._width(max(piece.segments for piece in batch.pieces))
        ids = np.full((len(batch), width), PAD_ID, np.int32)
        ids[:, 0] = START_ID
        for row, piece in zip(ids, batch.pieces):
            row[1 : piece.length + 1] = self.texts[piece.text][piece.start : piece.start + piece.length]
        if batch.noise is not None and self.ladder.word_dropout:
            dropped = np.random.default_rng(batch.noise).random(ids.shape) < self.ladder.word_dropout
            ids[dropped & (ids > START_ID)] = OOV_ID
        texts = [piece.text for piece in batch.pieces]
        targets = self.targets[texts, None]
        if self.topics is None:
            return ids, targets
        whole = np.array([[not piece.is_span] for piece in batch.pieces], np.float32)
        return ids, np.concatenate([targets, whole * self.topics[texts]], axis=1)

    def _cut(self, generator: np.random.Generator) -> list[Piece]:
        """One part of each text, a short span or much of it or all; and a sentence of some."""
        ladder = self.ladder
        lengths = self.texts.lengths[self.places]
        is_review = self.places < len(self.texts) - self.sentences
        is_span = (generator.random(len(lengths)) < ladder.span_share) & is_review
        # Short spans are as many as long ones by the logarithm: 4 to 8 tokens as often as 30 to 60.
        short = np.exp(generator.uniform(np.log(ladder.shortest), np.log(ladder.longest_span + 1), len(lengths)))
        most = np.where(is_span, short.astype(np.int64), self._long(generator, lengths, is_review))
        kept = np.minimum(lengths, most)
        starts = (generator.random(len(lengths)) * (lengths - kept + 1)).astype(np.int64)
        # The verdict often stands at the end: half of the reviews that are too long are cut in front.
        at_end = ~is_span & (generator.random(len(lengths)) < 0.5)  # noqa: PLR2004 (half)
        starts = np.where(at_end, lengths - kept, starts)
        rows = zip(self.places.tolist(), starts.tolist(), kept.tolist(), is_span.tolist())
        return [Piece(*row) for row in rows] + self._sentences(generator, self.places[is_review])

    def _long(
        self, generator: np.random.Generator, lengths: npt.NDArray[np.int64], is_review: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.int64]:
        """The most tokens that are read of each text where it is no short span, shape (texts,)."""
        ladder = self.ladder
        is_part = (generator.random(len(lengths)) < ladder.part_share) & is_review
        shares = generator.uniform(ladder.smallest_part, 1, len(lengths))
        part = np.where(is_part, np.ceil(shares * lengths), lengths).astype(np.int64)
        return np.minimum(part, ladder.longest)

    def _sentences(self, generator: np.random.Generator, reviews: npt.NDArray[np.int64]) -> list[Piece]:
        """A sentence each of some reviews; those that are too long are left out."""
        texts, ladder, borders = self.texts, self.ladder, self.borders
        chosen = reviews[(generator.random(len(reviews)) < ladder.sentence_share) & (texts.lengths[reviews] > 0)]
        if borders is None:
            return []
        first, behind = (np.searchsorted(borders, texts.starts[chosen + offset]) for offset in (0, 1))
        drawn = first + (generator.random(len(chosen)) * (behind - first)).astype(np.int64)
        starts, lengths = borders[drawn] - texts.starts[chosen], borders[drawn + 1] - borders[drawn]
        rows = zip(chosen.tolist(), starts.tolist(), lengths.tolist())
        return [Piece(*row, is_span=True) for row in rows if row[2] <= ladder.longest_span]

    def _width(self, segments: int) -> int:
        """The segments that a batch has whose texts have so many; those longer than any width keep theirs."""
        return next((width for width in self.widths or () if width >= segments), segments)

    def _batched(self, pieces: Iterable[Piece], most: int, *, whole: bool = False) -> list[tuple[Piece, ...]]:
        """Batches of pieces of the same width each, in the order in which they are full.

        Where only whole ones are wanted, the pieces that do not fill one are left out of a width that has others:
        another epoch cuts and orders anew.
        """
        waiting: dict[int, list[Piece]] = defaultdict(list)
        batches: list[tuple[Piece, ...]] = []
        filled = set()
        for piece in pieces:
            width = self._width(piece.segments)
            same = waiting[width]
            same.append(piece)
            if len(same) >= min(most, max(1, self.ladder.segments // width)):
                batches.append(tuple(same))
                filled.add(width)
                same.clear()
        return batches + [tuple(same) for width, same in waiting.items() if same and not (whole and width in filled)]


def sentence_borders(texts: Texts, ends: tuple[int, ...]) -> npt.NDArray[np.int64]:
    """Where the sentences of texts start, ascending, and where the last one ends.

    Args:
        texts: the texts; each starts a sentence.
        ends: ids of the tokens that a sentence ends with.
    """
    after_ends = np.flatnonzero(np.isin(texts.ids, ends)) + 1
    return np.unique(np.concatenate([texts.starts, after_ends]))
