# ruff: noqa: RUF001, RUF002 (the characters that look like others are what this file is about)
"""Text to tokens: the tokenizer "words", lowercased words and punctuation marks.

Spellings that mean the same become the same token, so that the network learns it once: `isnt`, `isn’t` and `ISN'T` are
`isn't`, :-) and 😀 are `:)`, `!!!!` is `!!`, typographic quotes and dashes are plain ones, `<br>` is `<br />`. A word
outside the vocabulary is looked up again without letters repeated for emphasis (`sooo`, `baaad`). Markup is not
removed, because the models whose card names this tokenizer were trained that way; the tokenizer "everyday" removes it.
Numbers keep their fraction, because `8/10` is a verdict. The clitic 's is a token of its own.
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
"""Tokens that are read as others. Emoji are mapped by what they show, because no review of 2011 has one."""
_BREAK: Final = "<br />"
_SMILEYS: Final = frozenset((":)", ":(", ":/"))
_REMEMBERED: Final = 200_000
"""How many spellings are cached, which bounds memory; the reviews of IMDB have fewer."""


def word_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each token of a text, in characters: `text[start:end]` is the token as written."""
    return [match.span() for match in _TOKEN.finditer(text)]


def split_words(text: str) -> list[str]:
    """The tokens of a text in order, each in its canonical spelling."""
    return list(map(canonical, _TOKEN.findall(text)))


def canonical(token: str) -> str:
    """The spelling under which a token is looked up.

    Args:
        token: as written; one match of the tokenizer's pattern.

    Returns:
        The token in lowercase, or the token that it is read as.
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
    """Likely plain spellings of a word with letters repeated for emphasis, the likeliest first.

    A letter repeated three times or more becomes two, then one: `goood` is `good`, `sooo` is `so`.
    """
    if _EMPHASIS.search(word):
        yield _EMPHASIS.sub(r"\1\1", word)
        yield _EMPHASIS.sub(r"\1", word)


class WordsTokenizer(Tokenizer):
    """The tokenizer "words". It skips no word: one outside the vocabulary is `OOV_ID`."""

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
        """Start and end of each of `tokens` in the text, in characters."""
        return word_spans(text)

    def tokens(self, text: str) -> list[Token]:
        """Every token of a text with its rank and id; the ids are those of `encode_whole` after the start mark."""
        found = zip(_TOKEN.findall(text), self.encode_whole(text)[1:])  # after the start mark
        return [Token(canonical(token), None if i == OOV_ID else i - INDEX_FROM, i) for token, i in found]

    def tells(self, word: bytes) -> bool:
        """Whether a word of the vocabulary has a meaning: it has a letter or digit, or is a smiley."""
        text = word.decode("utf-8", "replace")
        return (any(map(str.isalnum, text)) and text != _BREAK) or text in _SMILEYS


class _Spellings(dict[str, bytes]):
    """The id of each token as written; a new one is looked up and cached."""

    def __init__(self, words: Iterable[bytes]) -> None:
        super().__init__()
        self._known = {word: rank for rank, word in enumerate(words, 1)}  # bytes: decoding all of them takes time

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
    """A run of ! and ?: one stays one, several of a kind become two, and both kinds together become "?!"."""
    if len(set(run)) > 1:
        return "?!"
    return run[:2]


def _smiley(token: str) -> str:
    mouth = token[-1]
    return ":)" if mouth in ")dp" else ":(" if mouth == "(" else ":/"
