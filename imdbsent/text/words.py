# ruff: noqa: RUF001, RUF002 (the characters that look like others are what this file is about)
"""Text to tokens: the scheme "words", lower-cased words and punctuation marks.

What people mean the same is read the same, so that the network learns it once: `isnt`, `isn’t` and `ISN'T` are `isn't`,
:-) and 😀 are `:)`, `!!!!` is `!!`, typographic quotes and dashes are plain ones, `<br>` is `<br />`. A word that is
outside the vocabulary is looked up once more with letters that are repeated for emphasis left out (`sooo`, `baaad`).
Markup is read as it stands: models whose card names this tokenizer were trained so. The tokenizer "everyday" undoes it.
Numbers keep their fraction, because `8/10` is a verdict. A clitic 's is a token of its own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

from imdbsent.text.tokenizer import INDEX_FROM, OOV_ID, OOV_PACKED, Token, Tokenizer, packed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from imdbsent.text.tokenizer import Vocabulary


_APOSTROPHE: Final = "['’`´]"
_SELECTORS: Final = "\ufe0e\ufe0f\U0001f3fb-\U0001f3ff"
"""What may follow an emoji: how to draw it, and the color of the skin."""
_TOKEN: Final = re.compile(
    r"<br ?/?>"
    r"|[0-9]+(?:[.,/][0-9]+)*"  # 8/10, 1,000, 7.5/10
    r"|[:;=]['’-]?[)(DPp/|]+"  # :-) :( ;D
    rf"|[^\W_]+(?:{_APOSTROPHE}(?!s\b)[^\W_]+)*"  # isn't, o'connor; but movie 's
    rf"|{_APOSTROPHE}s\b"
    r"|\.\.+|[!?]+"
    rf"|\S[{_SELECTORS}]*",
    re.IGNORECASE,
)
_SELECTED: Final = re.compile(rf"(?<=.)[{_SELECTORS}]+")
_EMPHASIS: Final = re.compile(r"(.)\1{2,}")
_SMILES: Final = "😀😁😂😃😄😅😆😇😉😊😋😌😍😎😗😘😙😚😛😜😝😸😹😺😻🙂🙃🤗🤣🤩🥰🥳👍👏🙌💯❤♥💕💖🔥⭐🌟"
_FROWNS: Final = "😑😒😓😔😕😖😞😟😠😡😢😣😤😥😦😧😨😩😫😬😭😰😱😾😿🙁☹🤢🤬🤮🥱👎💩💔"
_NEGATED: Final = (
    *("is", "are", "was", "were", "ai", "do", "does", "did", "has", "have", "had"),
    *("ca", "wo", "could", "would", "should", "must", "need"),
)
_SAME: Final = {
    **{f"{word}nt": f"{word}n't" for word in _NEGATED},
    **dict.fromkeys(_SMILES, ":)"),
    **dict.fromkeys(_FROWNS, ":("),
    **dict.fromkeys(("<br>", "<br/>", "<br >"), "<br />"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‘’`´", "'"),
    **dict.fromkeys("–—―", "-"),
    "…": "...",
}
"""Tokens that are read as others. What an emoji says is known from what it shows; no review of 2011 holds one."""
_BREAK: Final = "<br />"
_SMILEYS: Final = frozenset((":)", ":(", ":/"))
_REMEMBERED: Final = 200_000
"""Spellings whose id is kept, so that memory stays bounded; the reviews of IMDB have fewer."""


def word_spans(text: str) -> list[tuple[int, int]]:
    """Where the tokens of a text stand, in characters: `text[start:end]` is the token as it is written."""
    return [match.span() for match in _TOKEN.finditer(text)]


def split_words(text: str) -> list[str]:
    """The tokens of a text in order, each in the one spelling that it is read in."""
    return list(map(canonical, _TOKEN.findall(text)))


def canonical(token: str) -> str:
    """The spelling that a token is read in.

    Args:
        token: as it is written; one match of the scheme's pattern.

    Returns:
        It in lower case, or what it is read as.
    """
    lower = _SELECTED.sub("", token.lower())
    if lower in _SAME:
        return _SAME[lower]
    first = lower[0]
    if first.isalnum():
        return _plain_apostrophes(lower) if len(lower) > 2 else lower  # noqa: PLR2004 (a letter, an apostrophe, a letter)
    if first in "!?":
        return _marks(lower)
    if first == "." and len(lower) > 1:
        return "..."
    if first in ":;=" and len(lower) > 1:
        return _smiley(lower)
    return _plain_apostrophes(lower)


def without_emphasis(word: str) -> Iterator[str]:
    """The spellings that a word with letters repeated for emphasis may stand for, the likelier first.

    Letters that stand three times or more are taken for two, then for one: `goood` is `good`, `sooo` is `so`.
    """
    if _EMPHASIS.search(word):
        yield _EMPHASIS.sub(r"\1\1", word)
        yield _EMPHASIS.sub(r"\1", word)


class WordsTokenizer(Tokenizer):
    """Encodes texts by the scheme "words". No word is left out: one that is not in the vocabulary is `OOV_ID`."""

    is_padded: ClassVar[bool] = False

    def __init__(self, vocabulary: Vocabulary, num_words: int, maximum_length: int) -> None:
        super().__init__(vocabulary, num_words, maximum_length)
        self._ids = _Spellings(self.known)

    def packed_ids(self, text: str) -> list[bytes]:
        """The id of every token of a text as `packed` has it."""
        return list(map(self._ids.__getitem__, _TOKEN.findall(text)))

    def split(self, text: str) -> list[bytes]:
        """The tokens of a text as the vocabulary has them, UTF-8."""
        return [word.encode("utf-8", "surrogatepass") for word in split_words(text)]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Where each of `tokens` stands: `text[start:end]` is its own text, in characters."""
        return word_spans(text)

    def tokens(self, text: str) -> list[Token]:
        """Every token of a text with its rank and id; the ids are those of `encode_whole` behind the start mark."""
        found = zip(_TOKEN.findall(text), self.encode_whole(text)[1:])  # behind the start mark
        return [Token(canonical(token), None if i == OOV_ID else i - INDEX_FROM, i) for token, i in found]

    def tells(self, word: bytes) -> bool:
        """Whether a word of the vocabulary says something: it has a letter or digit, or is a smiley."""
        text = word.decode("utf-8", "replace")
        return (any(map(str.isalnum, text)) and text != _BREAK) or text in _SMILEYS


class _Spellings(dict[str, bytes]):
    """The id of each token as it is written: those met before, and what becomes of a new one."""

    def __init__(self, words: Iterable[bytes]) -> None:
        super().__init__()
        self._known = {word: rank for rank, word in enumerate(words, 1)}  # a word is decoded only if a text has it

    def __missing__(self, token: str) -> bytes:
        word = canonical(token)
        spellings = (token, word, *without_emphasis(word))
        id_ = next(filter(None, map(self._id, spellings)), OOV_PACKED)
        if len(self) < _REMEMBERED:
            self[token] = id_
        return id_

    def _id(self, word: str) -> bytes | None:
        """The id of a word in this spelling; None if it has none."""
        rank = self._known.get(word.encode("utf-8", "surrogatepass"))
        return None if rank is None else packed([INDEX_FROM + rank])[0]


def _plain_apostrophes(word: str) -> str:
    return word.replace("’", "'").replace("`", "'").replace("´", "'")


def _marks(run: str) -> str:
    """A run of ! and ?: one stays, several of one kind are two, and both kinds together are "?!"."""
    if len(set(run)) > 1:
        return "?!"
    return run[:2]


def _smiley(token: str) -> str:
    mouth = token[-1]
    return ":)" if mouth in ")dp" else ":(" if mouth == "(" else ":/"
