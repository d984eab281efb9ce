"""Text to tokens to ids, and back: what every tokenizer has in common, and the tokenizer "keras".

Other tokenizers have modules of their own; `load_tokenizer` finds the one that a model was trained with.

The tokenizer "keras" is that of the IMDB data set which Keras ships (`keras.datasets.imdb`), found by encoding the raw
reviews until every published figure agreed: only the ASCII letters are lowercased, text is split on blanks and on the
default filter characters of Keras's `Tokenizer` (so `<br />` becomes the word `br`, and `isn't` stays one word), id 0
pads, 1 starts a review, 2 is a word outside the vocabulary, and the word of rank r is r + 3.

A word that no training review holds is left out of the ids, as it is from Keras's; a word that some review holds but
that is too rare for the network is id 2.

A long text is read in chunks, so that its words need not all be in memory at once.
"""

from __future__ import annotations

import re
import string
import sys
from abc import ABC, abstractmethod
from array import array
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from struct import iter_unpack
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from imdbsent.bundle.card import VOCABULARY

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from imdbsent.bundle.bundle import Bundle


CHUNK_SIZE: Final = 2**20
"""Characters per chunk. A text of a hundred million has twenty million words, which would take a gigabyte."""

_BLANK: Final = re.compile("[ \t\n]")
_MODULES: Final = {"keras": "tokenizer", "words": "words", "everyday": "everyday", "corrected": "everyday"}
"""The module of each tokenizer that a card may name (`imdbsent.bundle.card.TOKENIZERS`)."""


def chunks(text: str) -> Iterator[str]:
    """Cut a text at blanks: the words of its chunks, in order, are the words of the text.

    Args:
        text: any text.

    Yields:
        Chunks of `CHUNK_SIZE` characters, up to the next blank; joined, they are the text.
    """
    start = 0
    while len(text) - start > CHUNK_SIZE:
        blank = _BLANK.search(text, start + CHUNK_SIZE)
        if blank is None:
            break
        yield text[start : blank.end()]
        start = blank.end()
    yield text[start:] if start else text

PAD_ID: Final = 0
START_ID: Final = 1
OOV_ID: Final = 2
OOV: Final = "[OOV]"
"""What an id that belongs to no word decodes to."""
INDEX_FROM: Final = 3
"""The word of rank r has the id r + INDEX_FROM: the default of `keras.datasets.imdb.load_data`."""

_FILTERS: Final = b'!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_BLANKS: Final = " \t\n\r\v\f"  # where bytes.split splits
_WORD: Final = re.compile(f"[^{re.escape(_FILTERS.decode() + _BLANKS)}]+")
_TABLE: Final = bytes.maketrans(
    _FILTERS + string.ascii_uppercase.encode(), b" " * len(_FILTERS) + string.ascii_lowercase.encode()
)


def packed(ids: Iterable[int]) -> list[bytes]:
    """Each id as the bytes of a C int, which is what a tokenizer looks words up as.

    The bytes of a text are joined into one block of memory, which numpy copies. A list of ints would hold one object
    per word, scattered in memory: the network would fetch each again, and so would every run of the garbage collector.
    """
    numbers = array("i", ids)
    return [content for (content,) in iter_unpack(f"{numbers.itemsize}s", numbers)]


def packed_id(id_: int) -> bytes:
    """One id as `packed` has it."""
    return id_.to_bytes(_ID_SIZE, sys.byteorder)


def unpacked(id_: bytes) -> int | None:
    """The id in bytes of `packed`; None for a word that is skipped."""
    return int.from_bytes(id_, sys.byteorder) if id_ else None


_START, OOV_PACKED = packed([START_ID, OOV_ID])
_ID_SIZE: Final = len(_START)
_LEFT_OUT: Final = b""


def split_words(text: str) -> list[bytes]:
    """Split a text into words, as Keras did for its IMDB data set.

    Words are UTF-8 bytes because Keras's were (Python 2): `bytes.translate` lowercases and filters in one pass and
    touches ASCII only, which is what the published vocabulary shows ("Østbye" keeps its capital).

    Args:
        text: any text; lone surrogates are allowed.

    Returns:
        The words in order, none of them empty.
    """
    return text.encode("utf-8", "surrogatepass").translate(_TABLE).split()


def word_spans(text: str) -> list[tuple[int, int]]:
    """The positions of the words of `split_words` in a text.

    Only ASCII characters separate words, and UTF-8 has no ASCII byte within another character, so splitting
    characters gives the same words as splitting bytes.

    Args:
        text: any text; lone surrogates are allowed.

    Returns:
        Start and end of each word in order, in characters: `text[start:end]` is the word as written, before its
        ASCII letters are lowercased.
    """
    return [match.span() for match in _WORD.finditer(text)]


@dataclass(frozen=True)
class Vocabulary:
    """The words of the training reviews, the most frequent first.

    Attributes:
        words: the word of rank r at index r - 1, as UTF-8.
    """

    words: tuple[bytes, ...]

    @classmethod
    def parse(cls, content: bytes) -> Vocabulary:
        """Parse the content of `vocabulary.txt`: UTF-8, one word per line, the most frequent first."""
        return cls(tuple(content.split(b"\n")[:-1]))

    def write(self, path: Path) -> None:
        """Write `vocabulary.txt`, whose content `parse` takes."""
        path.write_bytes(b"".join(word + b"\n" for word in self.words))

    def word(self, rank: int) -> str:
        """The word of a rank, from 1; bytes that are not UTF-8 (training writes none) become U+FFFD."""
        word = self.words[rank - 1]
        try:
            return word.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            return word.decode("utf-8", "replace")

    @cached_property
    def ranks(self) -> dict[bytes, int]:
        """The rank of each word, from 1."""
        return {word: rank for rank, word in enumerate(self.words, 1)}


class Token(NamedTuple):
    """A word of a text, with its rank and id.

    Attributes:
        word: the word, lowercased.
        rank: its rank among the words of the training reviews, from 1; None if no review has it.
        id: what the network reads for it: `OOV_ID` for a rare word, None for one without a rank, which is skipped.
    """

    word: str
    rank: int | None
    id: int | None


class Encoding(NamedTuple):
    """What the network reads of a text, and how much of the text that is.

    Attributes:
        ids: what the network reads, including the start mark unless it was cut.
        tokens: number of ids that are words of the text: all but the start mark.
        truncated: whether words that have ids were cut.
        unknown: share of the words, 0 to 1, that have no id of their own: rare ones (`OOV_ID`) and skipped ones; None
            if the text has no words. The tokenizer "corrected" counts in another way; see `CorrectedTokenizer`.
    """

    ids: array[int]
    tokens: int
    truncated: bool
    unknown: float | None


class Tokenizer(ABC):
    """Encodes texts, and decodes the ids: 0 pads, 1 starts a text, 2 is out of the vocabulary, rank r is r + 3.

    Args:
        vocabulary: the words by rank.
        num_words: this id and those above it become `OOV_ID`: 10,000 leaves the 9,996 most frequent words.
        maximum_length: ids kept of a text, those at its END, as `pad_sequences` does by default.

    Attributes:
        is_padded: whether shorter texts are padded in front to `maximum_length`.
    """

    is_padded: ClassVar[bool] = True

    def __init__(self, vocabulary: Vocabulary, num_words: int, maximum_length: int) -> None:
        self.vocabulary = vocabulary
        self.num_words = num_words
        self.maximum_length = maximum_length
        self.known = vocabulary.words[: max(0, num_words - INDEX_FROM - 1)]

    @abstractmethod
    def packed_ids(self, text: str) -> list[bytes]:
        """The id of every word of a text as `packed` has it; no bytes for a word that is skipped."""

    @abstractmethod
    def split(self, text: str) -> list[bytes]:
        """The words of a text as the vocabulary has them."""

    @abstractmethod
    def spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each of `tokens` in the text, in characters."""

    @abstractmethod
    def tokens(self, text: str) -> list[Token]:
        """Every word of a text with its rank and id; those that are not None are the ids of `encode_whole`."""

    def knows_any(self, ids: Iterable[int]) -> bool:
        """Whether an id belongs to a known word with a meaning (see `tells`); a text without one gets no verdict."""
        known = self.known
        return any(INDEX_FROM < i <= INDEX_FROM + len(known) and self.tells(known[i - INDEX_FROM - 1]) for i in ids)

    def tells(self, _word: bytes) -> bool:
        """Whether a word of the vocabulary has a meaning, unlike punctuation."""
        return True

    def looked_up(self, text: str) -> tuple[list[bytes], int, float]:
        """The ids of `packed_ids`, the number of words, and how many of these the network does not know."""
        found = self.packed_ids(text)
        return found, len(found), found.count(OOV_PACKED) + found.count(_LEFT_OUT)

    def encode_whole(self, text: str) -> list[int]:
        """All ids of a text, start mark first, whatever its length."""
        return array("i", _START + b"".join(self.packed_ids(text))).tolist()

    def encoding(self, text: str) -> Encoding:
        """The ids of `encode`, with the figures about them, in one pass."""
        words, tokens, unknown = 0, 0, 0.0
        most = self.maximum_length * _ID_SIZE
        end = b""
        for chunk in chunks(text):  # one, but for a text of millions of characters
            found, words_here, unknown_here = self.looked_up(chunk)
            content = b"".join(found)
            words, tokens, unknown = words + words_here, tokens + len(content) // _ID_SIZE, unknown + unknown_here
            end = (end + content)[-most:]
        return Encoding(
            ids=array("i", (_START + end)[-most:]),
            tokens=min(tokens, self.maximum_length),
            truncated=tokens > self.maximum_length,
            unknown=unknown / words if words else None,
        )

    def encode(self, text: str) -> list[int]:
        """The ids that the network reads: the last `maximum_length` of `encode_whole`."""
        return self.encode_whole(text)[-self.maximum_length :]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """The words of ids, without padding and start mark; an unknown id becomes `OOV`."""
        known = len(self.vocabulary.words)
        return [
            self.vocabulary.word(i - INDEX_FROM) if INDEX_FROM < i <= INDEX_FROM + known else OOV
            for i in ids
            if i not in (PAD_ID, START_ID)
        ]


class KerasTokenizer(Tokenizer):
    """Encodes texts as `keras.datasets.imdb` does; see `Tokenizer`."""

    def __init__(self, vocabulary: Vocabulary, num_words: int, maximum_length: int) -> None:
        super().__init__(vocabulary, num_words, maximum_length)
        self._ids = _WordIds(self.known, vocabulary.words[len(self.known) :])

    def packed_ids(self, text: str) -> list[bytes]:
        """The id of every word of a text as `packed` has it; no bytes for a word that is skipped."""
        return list(map(self._ids.__getitem__, split_words(text)))

    def split(self, text: str) -> list[bytes]:
        """The words of a text: `split_words`."""
        return split_words(text)

    def tokens(self, text: str) -> list[Token]:
        """Every word of a text with its rank and id; those that are not None are the ids of `encode_whole`."""
        ranks, ids = self.vocabulary.ranks, self._ids
        return [
            Token(word.decode("utf-8", "surrogatepass"), ranks.get(word), unpacked(ids[word]))
            for word in split_words(text)
        ]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each of `tokens` in the text, in characters."""
        return word_spans(text)


class _WordIds(dict[bytes, bytes]):
    """The id of each known word, packed; the others, one word in fifteen, are looked up separately.

    A table of only the known words is small enough to stay in a processor's cache; one of all 88,584 words is not.
    """

    def __init__(self, known: Sequence[bytes], rare: Iterable[bytes]) -> None:
        super().__init__(zip(known, packed(range(INDEX_FROM + 1, INDEX_FROM + 1 + len(known)))))
        self._rare = frozenset(rare)

    def __missing__(self, word: bytes) -> bytes:
        return OOV_PACKED if word in self._rare else _LEFT_OUT


def tokenizer_class(name: str) -> type[Tokenizer]:
    """The class of a tokenizer. Only its own module is imported, because compiling the patterns takes milliseconds."""
    module = import_module(f"imdbsent.text.{_MODULES[name]}")
    found: type[Tokenizer] = getattr(module, f"{name.capitalize()}Tokenizer")
    return found


def load_tokenizer(bundle: Bundle) -> Tokenizer:
    """Load the tokenizer that the network of a bundle was trained with.

    Raises:
        BundleInvalid: the vocabulary is missing or damaged.
    """
    card = bundle.card
    vocabulary = Vocabulary.parse(bundle.read(VOCABULARY))
    return tokenizer_class(card.tokenizer)(vocabulary, card.num_words, card.maximum_length)
