# ruff: noqa: RUF001 (the characters that look like others are what this file is about)
"""Text to tokens: the tokenizers "everyday" and "corrected", for what people type, and `plain_text` for a transformer.

A text is cleaned first: HTML entities and tags, Markdown, links, @names, hashtags, emoji sequences, compatibility
letters, invisible characters, and what programs did to it (wrong encodings, escapes, quotation marks around the whole).
Each step lists its edits, so that every token of the cleaned text still has a span of the user's own text. Then one
pattern finds the tokens, and each distinct one is looked up in its canonical spelling.

Spellings that mean the same become the same token: `isnt`, `isn&rsquo;t` and `ISN'T` are `isn't`; "★★☆☆☆", "2 out of
5" and "two stars" are `4/10`; `:-)` and `^^` are `:)`; an emoji is one character whatever its skin tone. A word outside
the vocabulary is looked up again in a few spellings (`variants`): with lengthened letters shortened, accents dropped,
an apostrophe added or removed.

The tokenizer "corrected" does the same, and reads a word that is still unknown as the frequent word that is one slip of
the fingers away (`Slips`): "servise" is `service`.
"""

from __future__ import annotations

import re
import unicodedata
from array import array
from functools import cache, cached_property, lru_cache
from itertools import chain, count, product
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from imdbsent.text.tokenizer import (
    CHUNK_SIZE,
    INDEX_FROM,
    OOV_ID,
    OOV_PACKED,
    Token,
    Tokenizer,
    chunks,
    packed_id,
    unpacked,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from imdbsent.text.tokenizer import Vocabulary

    Edit: TypeAlias = tuple[int, int, str]
    """Start and end of what is replaced, in characters, and the new text."""
    _Steps: TypeAlias = tuple[tuple[Callable[[str], bool], Callable[[str], Iterator[Edit]]], ...]

BREAK: Final = "<br />"
"""The token of a line break in markup."""

# ---------------------------------------------------------------------------------------------------------- patterns


class _Pattern:
    """A regular expression that is compiled at its first use: all of them take 20 ms, and a text needs few.

    Its methods are those of the compiled one.
    """

    def __init__(self, pattern: str, flags: int) -> None:
        self.pattern = pattern
        self._flags = flags

    def __getattr__(self, name: str) -> Any:
        compiled = re.compile(self.pattern, self._flags)
        for method in ("search", "match", "fullmatch", "sub", "findall", "finditer", "split"):
            setattr(self, method, getattr(compiled, method))  # found without this function from now on
        return getattr(compiled, name)


def _pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return cast("re.Pattern[str]", _Pattern(pattern, flags))


_APOSTROPHE: Final = "['’‘‛`´ʼ′]"
_CLITICS: Final = r"(?:t|s|re|ve|ll|m|d)(?![\w'’-])"
_BLANK: Final = r"\s\x1c-\x1f"  # the same for every text: what re.ASCII leaves out of \s is named

_PART: Final = r"(?:[.,][0-9]{1,2}| ?½| 1/2)?"
_OF: Final = r"(?: ?/ ?| out of (?:a possible )?)"
_WHOLE: Final = r"(?![\w/%]|[.,][0-9])"
_STARS: Final = rf"[ -]?stars?\b(?!-\w|[{_BLANK}]{{1,3}}(?:wars|trek)\b)"
_RATING: Final = (
    rf"(?:(?<=[0-5]){_PART}{_OF}5|(?:(?<=1)[0-5])?{_PART}{_OF}10|(?:(?<=1)[01])?[0-9]?{_OF}100)(?:{_STARS}|{_WHOLE})"
    rf"|(?<=[0-4]){_PART}(?:{_OF}| of )4{_STARS}"
    rf"|(?:(?<=1)0)?{_PART}(?: of (?:5|10){_STARS}|{_STARS}(?:(?:{_OF}| of )(?:4|5|10){_WHOLE})?)"
)
"""What follows the first digit of a rating: one alternative fewer at each token that is none."""
_RATING_ALONE: Final = _pattern(rf"[0-9](?:{_RATING})")
_RATING_PARTS: Final = _pattern(
    r"(?P<value>[0-9]+(?:[.,][0-9]+)?)(?P<half> ?½| 1/2)?"
    r"(?:(?: ?/ ?| out of (?:a possible )?| of )(?P<best>4|5|10|100)(?:[ -]?stars?)?"
    r"|[ -]?stars?(?:(?: ?/ ?| out of (?:a possible )?| of )(?P<of>4|5|10))?)"
)
_SMILEY: Final = (
    r"[:;=]['’]?-?(?:[)(/|]+|[DPp]+(?![^\W_]))"  # :-) :( ;D :'(
    r"|\^[_.o-]?\^|-\.-|\\o/"
    r"|</?3+(?!\w|[.,][0-9])"  # a heart, a broken heart
)
_SMILEY_WORDS: Final = {
    ":)": "smile",
    ":(": "frown",
    ":/": "skeptical face",
    "<3": "love",
    "</3": "broken heart",
}
_TOKEN: Final = _pattern(
    rf"[0-9](?:{_RATING}|[0-9]*(?:[.,/][0-9]+)*)"  # 24/7, 1,000
    rf"|\w+(?:{_APOSTROPHE}(?!s\b)\w+)*"  # isn't, o'connor; but movie 's
    r"|[,\"()]|\.+|[!?]+"  # the most frequent first
    rf"|<br />(?:[{_BLANK}]*<br />)*"
    rf"|{_APOSTROPHE}s\b"
    rf"|{_SMILEY}"
    rf"|[^{_BLANK}]",
    re.IGNORECASE,
)
_ASCII_TOKEN: Final = _pattern(_TOKEN.pattern, re.IGNORECASE | re.ASCII)
"""Finds in ASCII what `_TOKEN` finds, and faster."""

# ------------------------------------------------------------------------------------------------------------- emoji

_EMOJI_RANGES: Final = """
231a-231b 2328 23cf 23e9-23f3 23f8-23fa 2600-2604 260e 2611 2614-2615 2618 261d 2620 2622-2623 2626 262a 262e-262f
2638-263a 2640 2642 2648-2653 265f-2660 2663 2665-2666 2668 267b 267e-267f 2692-2697 2699 269b-269c 26a0-26a1 26a7
26aa-26ab 26b0-26b1 26bd-26be 26c4-26c5 26c8 26ce-26cf 26d1 26d3-26d4 26e9-26ea 26f0-26f5 26f7-26fa 26fd 2702 2705
2708-270d 270f 2712 2714 2716 271d 2721 2728 2733-2734 2744 2747 274c 274e 2753-2755 2757 2763-2764 2795-2797 27a1 27b0
27bf 2934-2935 2b05-2b07 2b1b-2b1c 2b50 2b55 1f004 1f0cf 1f18e 1f191-1f19a
1f300-1f321 1f324-1f393 1f396-1f397 1f399-1f39b 1f39e-1f3f0 1f3f3-1f3f5 1f3f7-1f3fa
1f400-1f4fd 1f4ff-1f53d 1f549-1f54e 1f550-1f567 1f56f-1f570 1f573-1f57a 1f587 1f58a-1f58d 1f590 1f595-1f596 1f5a4-1f5a5
1f5a8 1f5b1-1f5b2 1f5bc 1f5c2-1f5c4 1f5d1-1f5d3 1f5dc-1f5de 1f5e1 1f5e3 1f5e8 1f5ef 1f5f3 1f5fa-1f64f 1f680-1f6c5
1f6cb-1f6d2 1f6d5-1f6d7 1f6e0-1f6e5 1f6e9 1f6eb-1f6ec 1f6f0 1f6f3-1f6fc 1f7e0-1f7eb 1f90c-1f93a 1f93c-1f945 1f947-1f978
1f97a-1f9cb 1f9cd-1f9ff 1fa70-1fa74 1fa78-1fa7a 1fa80-1fa86 1fa90-1faa8 1fab0-1fab6 1fac0-1fac2 1fad0-1fad6
"""
"""The characters with the property Emoji in Unicode 13.0 (emoji-data.txt), which Python 3.10 knows; without digits,
letters and ideographs, signs such as ©, arrows and squares of the Basic Multilingual Plane, the skin tones and the
letters of flags."""
_EMOJI: Final = frozenset(
    chr(code)
    for first, _, last in (ends.partition("-") for ends in _EMOJI_RANGES.split())
    for code in range(int(first, 16), int(last or first, 16) + 1)
)
_PICTURE: Final = "\u231a-\u231b\u2328\u23cf\u23e9-\u23fa\u2600-\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u2934\u2935"
_PICTURES: Final = rf"[{_PICTURE}\U0001f000-\U0001f12f\U0001f170-\U0001f1e5\U0001f200-\U0001f3fa\U0001f400-\U0001faff]"
"""What is read as an emoji: wider than the list, so that one of a later Unicode is a token as well."""
_DRESS: Final = "[\ufe0e\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
"""How to draw an emoji: selectors, keycap, skin tones, the tags of regional flags."""
_SEQUENCE: Final = _pattern(
    rf"[0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{{2}}|{_PICTURES}{_DRESS}*(?:\u200d{_PICTURES}{_DRESS}*)*"
)
_FLAG: Final = "🏳"
_PICTURED: Final = _pattern(_PICTURES)
_GLYPH_WORDS: Final = frozenset({"symbol", "ornament", "heavy", "black", "white", "medium", "squared", "suit"})
_NOT_MEANT: Final = _pattern(r"\bnegative (?=squared|circled)|\bsign\b(?! of)")

# --------------------------------------------------------------------------------------------------------- spellings

_NEGATED: Final = (
    *("is", "are", "was", "were", "ai", "do", "does", "did", "has", "have", "had"),
    *("ca", "wo", "could", "would", "should", "must", "need"),
)
_DOUBLE_QUOTES: Final = '"“”„«»‟❝❞″'
_SAME: Final = {
    **{f"{word}nt": f"{word}n't" for word in _NEGATED},
    **dict.fromkeys(_DOUBLE_QUOTES[1:], '"'),
    **dict.fromkeys("‘’‛`´ʼ′❛❜", "'"),
    **dict.fromkeys("–—―‒‐‑−", "-"),
    **dict.fromkeys("•·‣◦▪●", "-"),
    "…": "...",
}
"""Tokens that are read as others."""
_SAME_APOSTROPHE: Final = str.maketrans(dict.fromkeys("’‘‛`´ʼ′", "'"))
_LAUGHTER: Final = ((frozenset("ha"), "haha"), (frozenset("he"), "hehe"))
_LAUGHING: Final = frozenset("haelx")
"""The first letters of laughter: haha, ahah, hehe, eheh, lol, xD."""
_LOL: Final = _pattern(r"l+(?:o+l+)+")
_RUN: Final = _pattern(r"([^\W\d_])\1{2,}", re.IGNORECASE)
_LAST_TWICE: Final = _pattern(r"([^\W\d_])\1$")
_CLITIC: Final = _pattern(r"(?:(?<=n)'?t|(?<=[a-z])(?:'?(?:re|ve|ll|m)|'d))$")
_MOST_RUNS: Final = 3
_COMMON_ELSEWHERE: Final = """
aber alle alles auch auf bei das dem der des dass ein eine einem einen einer ganz habe haben hatte ich immer ist kein
keine leider mehr mein meine mich mir nach nicht nie noch nur oder schon sehr sich sie sind und viel vom von waren weil
wenn wie wieder wir wird wurde zu zum zur für
avec bien ce ces cette dans du elle est et il ils je la le les leur mais ne nous pas que qui sa ses sont sur trop très
tu un une vous était
como del el esta está fue las lo los muy más nada para pero por su todo una y
anche che della di gli molto nel più questa questo sono tutto è
ele eu foi isso muito não uma é
de deze een het ik maar naar niet ook te veel voor zijn
att av det ett för ikke inte jag jeg meget mycket och på som är
bardzo był było jest się
bir bu çok
itu sangat tidak yang
"""
_FOREIGN: Final = frozenset(_COMMON_ELSEWHERE.split())
"""Common words of German, French, Spanish, Italian, Portuguese, Dutch, Scandinavian languages, Polish, Turkish and
Indonesian that are not also English, as "die", "on" and "no" are."""
_LONGEST_WORD: Final = 64
"""Letters of a word that is still looked up under other spellings, and kept."""
_FREQUENT: Final = 10_000
"""Words of the vocabulary that a misspelled one may stand for; a rarer word is more likely a name that is like it."""
_SHORTEST_SWAPPED: Final = 4
_SHORTEST_WITH_WRONG_COUNT: Final = 5
_SHORTEST_WITH_WRONG_LETTER: Final = 7
"""Letters of a word in which two may be swapped, one may be missing or too many, one may be another.

The shorter a word, the more words are like it: "dunce" is not `dance`."""
_MOST_SEARCHED: Final = 6
"""Spellings that are searched for among the words before these are indexed."""
_REMEMBERED: Final = 200_000
"""Spellings whose id is kept, so that memory stays bounded."""

_LAUGHS: Final = frozenset({"haha", "hehe", "lol"})
_VOWELS: Final = frozenset("aeiouy")
_LENGTHENED: Final = _pattern(r"[^\W\d_]{3,64}")
_NEGATED_WORD: Final = _pattern(rf"\b((?:{'|'.join(_NEGATED)})n)(t)\b", re.IGNORECASE)
_BREAKS: Final = _pattern(r"(?:<br />\s*)+")
_SLASH: Final = _pattern(
    rf"(?<![\w/.,])([0-5]{_PART}(?= ?/ ?5)|(?:1[0-5]|[0-9]){_PART}(?= ?/ ?10)|(?:1[01]|[0-9])?[0-9](?= ?/ ?100))"
    rf" ?/ ?(5|100?)(?:(?={_STARS})|{_WHOLE})",
    re.IGNORECASE,
)
_SMILEY_ALONE: Final = _pattern(rf"{_SMILEY}|\b[xX][dD]+\b")

# ------------------------------------------------------------------------------------------------- the cleaning steps

_ENTITY: Final = _pattern(
    r"&((?:(?:amp|AMP|#0{0,3}38|#[xX]0{0,3}26);)*)(#[0-9]{1,7};?|#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)?"
)
"""An entity, also one that was escaped again and again (`&amp;amp;lt;`)."""
_ESCAPE: Final = _pattern(
    r"\\{1,2}(?=[\"'])"
    r"|\\{1,2}u([dD][89abAB][0-9a-fA-F]{2})\\{1,2}u([dD][c-fC-F][0-9a-fA-F]{2})|\\{1,2}u([0-9a-fA-F]{4})"
)
"""What a string of JSON or of a program has before a quotation mark, and for a character."""
_MISREAD: Final = {
    **{mark.encode().decode("latin-1"): mark for mark in "‘’“”–—…•"},
    **dict(zip(("â€˜", "â€™", "â€œ", "â€\x9d", "â€“", "â€”", "â€¦", "â€¢"), "‘’“”–—…•")),
    **dict(zip(("Ã¢â‚¬Ëœ", "Ã¢â‚¬â„¢", "Ã¢â‚¬Å“", "Ã¢â‚¬Â\x9d", "Ã¢â‚¬â€œ", "Ã¢â‚¬â€\x9d"), "‘’“”–—")),
    # The last byte of ” is no character of Windows-1252, and often lost.
    **dict.fromkeys(("Ã¢â‚¬\x9d", "â€\ufffd", "â€"), "”"),
}
"""Marks whose UTF-8 was read as Latin-1, as Windows-1252, or so twice; one that starts with another comes before it."""
_DAMAGED: Final = _pattern(rf"{'|'.join(_MISREAD)}|[ÂÃ][\x80-\xbf]|(?<=[^\W\d_])\ufffd{{1,3}}(?=(?i:{_CLITICS}))")
_FULL: Final = "★⭐🌟✭✮✯✪"
_EMPTY: Final = "☆✩✰"
_GAP: Final = r"[^\S\r\n\x1c-\x1f]"
"""A blank within a line."""
_STAR_RUN: Final = _pattern(
    rf"(?<![0-9.,])([0-9](?:[.,][0-9]{{1,2}})?){_GAP}{{0,3}}[{_FULL}]\ufe0f?(?![{_FULL}{_EMPTY}])"
    rf"|(?:[{_FULL}]\ufe0f?(?:{_GAP}{{1,3}}(?=[{_FULL}{_EMPTY}]))?)+(½)?"
    rf"(?:[{_EMPTY}]\ufe0f?(?:{_GAP}{{1,3}}(?=[{_EMPTY}]))?)*"
)
_COMPATIBLE: Final = (
    "\x80-\x9f\u0300-\u036f\u203c\u2049\u2102\u210a-\u2113\u2115\u2119-\u211d\u2124\u2128\u212c-\u2134\u24b6-\u24e9"
    "\ufb00-\ufb06\uff01-\uff5e\U0001d400-\U0001d7ff\U0001f130-\U0001f149"
)
_COMPATIBLE_LETTER: Final = _pattern(f"[{_COMPATIBLE}][\u0300-\u036f]*")
_INVISIBLE: Final = (
    "\xad\u0300-\u036f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\u20e3\ufe00-\ufe0f\ufeff\U0001f3fb-\U0001f3ff"
    "\U000e0001-\U000e01ef"
)
_PICTURED_OR_FLAG: Final = rf"\u20e3{_PICTURE}\U0001f000-\U0001faff"
_RARE: Final = _pattern(f"[{_FULL}{_PICTURED_OR_FLAG}{_COMPATIBLE}{_INVISIBLE}ÂÃâ\ufffd]")
"""What the steps for characters beyond ASCII look for; most texts with such a character need none of them."""
_BREAKING: Final = frozenset(
    "address article aside blockquote br center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 "  # noqa: SIM905
    "h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)
_INLINE: Final = frozenset(
    "a abbr acronym b base basefont bdi bdo big body button caption cite code data del details dfn em embed "  # noqa: SIM905
    "font frame head html i iframe img input ins kbd label legend link map mark meta noscript object option q s "
    "samp script select small source spoiler span strike strong style sub summary sup svg textarea time title tt u "
    "var video wbr".split()
)
_TAG: Final = _pattern(r"<!--[^<>]*-->|<!doctype[^<>]*>|</?([a-z][a-z0-9]*)(?:\s[^<>]*)?/?>", re.IGNORECASE)
_FACE: Final = _pattern(r"(\^_+\^)|(;_+;|>_+<|\bT_+T\b|\bQ_+Q\b)|(-_+-|\._+\.|\bo_+o\b|¯\\_\(ツ\)_/¯)", re.IGNORECASE)
"""Faces with an underscore in the middle, by family."""
_FAMILIES: Final = (":)", ":(", ":/")
_LINE_MARK: Final = _pattern(
    rf"^{_GAP}*(?:(?:>{_GAP}*)+(?=[\w\"'“*_#-])|#{{1,6}}{_GAP}+|(?:[-*•·‣◦▪●–—]|[0-9]{{1,2}}[.)]){_GAP}+(?=\S))",
    re.MULTILINE,
)
_LINE_MARKS: Final = frozenset("-*•·‣◦▪●–—>#0123456789")
_LINK_END: Final = _pattern(r"\]\((?:https?:|www\.|mailto:|[/#.])[^\s()]*(?:[ \t]\"[^\"()\n]*\")?\)", re.IGNORECASE)
_URL: Final = _pattern(r"\b[a-z]{2,9}://[^\s<>\"]*|www\.[^\s<>\"]*", re.IGNORECASE)
_AFTER_URL: Final = ".,;:!?)]}'’\"”…"
_ADDRESS: Final = _pattern(r"@[^\W_](?:[\w-]*[^\W_])?(?:\.[^\W_][\w-]*)+|@[^\W\d]\w*")
_MAILBOX: Final = _pattern(r"(?<![\w.+-])[\w.+-]{1,64}$")
_HASHTAG: Final = _pattern(r"(?<![\w&#])#(?=[\d_]*[^\W\d_])(\w+)")
_HUMP: Final = _pattern(r"_+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_MARKS: Final = _pattern(r"([*_~`])\1*")
_OPENED: Final = frozenset("\"'“‘([<$#@&«:;")
_LONGEST_MARK: Final = 3
_MOST_ACCENTS: Final = 8
_FEW: Final = frozenset("12345")
_MOST_QUOTES: Final = 3
_QUOTES_OR_BREAK: Final = frozenset(f"{_DOUBLE_QUOTES}<")
_PULLED_APART: Final = _pattern(
    rf" (?=(?:{_APOSTROPHE}(?:re|ve|ll|m|d)|n{_APOSTROPHE}t)(?![\w'’-]))"
    rf"| (?={_APOSTROPHE}t(?![\w'’-]))(?<=n )"
    rf"| (?=t(?![\w'’-]))(?:(?<=n )|(?<=n{_APOSTROPHE} ))"  # isn t, isn' t
    rf"|'(?='(?!s){_CLITICS})(?<=[^\W\d_]')",  # isn''t, as databases escape
    re.IGNORECASE,
)
_CLITIC_ALONE: Final = _pattern(
    rf"'(?:(?<=\s')(?!s){_CLITICS}|(?<=\sn')t|(?<=n')\s{{1,3}}t(?![\w'’-])|'(?<=[^\W\d_]'')(?!s){_CLITICS})",
    re.IGNORECASE,
)
_APOSTROPHE_LOST: Final = _pattern(rf"\b(?:{'|'.join(_NEGATED)})n(\?{{1,3}})t\b", re.IGNORECASE)
_NUMBERS: Final = "zero one two three four five six seven eight nine ten".split()  # noqa: SIM905
_NO_STARS: Final = r"(?!-\w|\s{1,3}(?:wars|trek|are|were|who|have|had|do|did|play|make)\b)"
_OUT_OF: Final = _pattern(rf" out of (?:a possible )?(?:5|10|100|{'|'.join(_NUMBERS[4:])})\b")
_STARRED: Final = _pattern(rf" stars?\b{_NO_STARS}")
_RATED: Final = (_OUT_OF, _STARRED, _pattern(f"-{_STARRED.pattern[1:]}"))
_NUMBER_BEFORE: Final = _pattern(rf"(?<!\w)({'|'.join(_NUMBERS)})( and a half)?$")
_NOT_RATED: Final = _pattern(r"(?:^|\W)(?:the|its|their|our|these|those|his|her|all|other|only)\s{1,3}$")
_HALF_DIGITS: Final = ".5"
_RATING_WORD: Final = r"out\b|of\b|(?:a\s{1,3})?possible\b|(?:(?:and\s{1,3})?a\s{1,3})?half\b|/(?=\s{0,4}[0-9])"
_NUMBER: Final = rf"(?:[0-9]|(?:{'|'.join(_NUMBERS)})\b)"
_AFTER_BLANK: Final = rf"(?=stars?\b|{_RATING_WORD}|½|{_NUMBER}|(?:wars|trek)\b|n?{_APOSTROPHE}{_CLITICS}|t(?![\w'’-]))"
"""What the patterns of ratings and contractions look for after a space."""
_LINE_END: Final = rf"{_GAP}{{0,3}}(?:\r\n?|\n){_GAP}{{0,3}}"
_WIDE_BLANK: Final = _pattern(rf"  (?<![.,:;!?]  ) ?{_AFTER_BLANK}", re.IGNORECASE)  # most end a sentence
_ANY_BLANK: Final = _pattern(
    rf"(?:{_GAP}{{2,3}}|(?! ){_GAP}){_AFTER_BLANK}"
    rf"|{_LINE_END}(?=stars?\b(?!\s?:)|{_RATING_WORD})"  # but "Episodes: 5" may have "Stars: ..." on the next line
    rf"|(?:(?<=\bof)|(?<=/)){_LINE_END}(?={_NUMBER})",
    re.IGNORECASE,
)
"""Up to three blanks that are not one space, or the end of a line; an empty line ends a rating."""


def _replaced_entities(text: str) -> Iterator[Edit]:
    for found in _ENTITY.finditer(text):
        escaped, entity = found.groups()
        if entity and len(new := _decoded(entity)) == 1:
            yield *found.span(), new
        elif escaped:  # what is no entity stays, and its characters keep their spans
            yield found.start(), found.end(1), "&"


@lru_cache(4096)
def _decoded(entity: str) -> str:
    import html  # noqa: PLC0415 (few texts have entities, and the table of their names takes milliseconds)
    from html.entities import html5  # noqa: PLC0415

    character = html.unescape(f"&{entity}") if entity[0] == "#" else html5.get(entity, "")
    return character if len(character) == 1 else f"&{entity}"


def _replaced_escapes(text: str) -> Iterator[Edit]:
    r"""`don\'t` and `don\u2019t` as don't."""
    for found in _ESCAPE.finditer(text):
        high, low, one = found.groups()
        code = (high or "") + (low or one or "")
        new = bytes.fromhex(code).decode("utf-16-be", "ignore")
        if new or not code:  # half a pair is no character, and stays
            yield *found.span(), new


def _mended(text: str) -> Iterator[Edit]:
    """Marks and letters that were decoded with the wrong encoding."""
    for found in _DAMAGED.finditer(text):
        damaged = found[0]
        if damaged[0] in "ÂÃ" and len(damaged) == len("Ã©"):
            yield *found.span(), damaged.encode("latin-1").decode()
        else:
            yield *found.span(), _MISREAD.get(damaged, "'")


def _replaced_stars(text: str) -> Iterator[Edit]:
    for found in _STAR_RUN.finditer(text):
        before, half = found.groups()
        if before:
            yield found.end(1), found.end(), " stars"
            continue
        full, empty = (sum(character in kind for character in found[0]) for kind in (_FULL, _EMPTY))
        best = 5 if full + empty <= 5 else 10  # noqa: PLR2004 (stars of most sites)
        if 1 < full + empty <= 10:  # noqa: PLR2004
            yield *found.span(), f" {full}{_HALF_DIGITS if half and full < best else ''} out of {best} stars "


def _replaced_sequences(text: str) -> Iterator[Edit]:
    """Each emoji as its first character, and the same one three times or more as two."""
    last, end, times = "", 0, 0
    for found in _SEQUENCE.finditer(text):
        first = found[0][0]
        if "\U0001f1e6" <= first <= "\U0001f1ff":
            first = _FLAG
        between = text[end : found.start()]
        times = times + 1 if first == last and (not between or between.isspace()) else 1
        last, end = first, found.end()
        if times > 2 and not first.isdigit():  # noqa: PLR2004
            yield *found.span(), ""
        elif found[0] != first:
            yield *found.span(), first


def _replaced_letters(text: str) -> Iterator[Edit]:
    for found in _COMPATIBLE_LETTER.finditer(text):
        start, end = found.span()
        first = found[0][0]
        if "\u0300" <= first <= "\u036f":  # accents, written after their letter
            before = text[start - 1 : start]
            if before.isalpha():
                yield start - 1, end, unicodedata.normalize("NFC", before + found[0][:_MOST_ACCENTS])[0]
        elif "\x80" <= first < "\xa0":  # Windows-1252 that was read as Latin-1, as in some reviews of IMDB
            yield start, end, first.encode("latin-1").decode("cp1252", "replace").replace("\ufffd", first)
        else:
            yield start, end, unicodedata.normalize("NFKC", first)


def _replaced_tags(text: str) -> Iterator[Edit]:
    for found in _TAG.finditer(text):
        start, end = found.span()
        name = (found[1] or "").lower()
        if name in _BREAKING:
            if found[0] != BREAK:
                yield start, end, BREAK
        elif not name or name in _INLINE:
            yield start, end, " " if text[start - 1 : start].isalnum() and text[end : end + 1].isalnum() else ""


def _replaced_faces(text: str) -> Iterator[Edit]:
    for found in _FACE.finditer(text):
        yield *found.span(), _FAMILIES[(found.lastindex or 1) - 1]


def _left_out(pattern: re.Pattern[str]) -> Callable[[str], Iterator[Edit]]:
    def edits(text: str) -> Iterator[Edit]:
        for found in pattern.finditer(text):
            yield *found.span(), ""

    return edits


def _replaced_links(text: str) -> Iterator[Edit]:
    """`[text](address)` as its text."""
    after = 0
    for found in _LINK_END.finditer(text):
        start = text.rfind("[", after, found.start())
        after = found.end()
        if start >= 0:
            yield start - (text[start - 1 : start] == "!"), start + 1, ""
            yield *found.span(), ""


def _replaced_urls(text: str) -> Iterator[Edit]:
    for found in _URL.finditer(text):
        yield found.start(), found.start() + len(found[0].rstrip(_AFTER_URL)), " "


def _replaced_addresses(text: str) -> Iterator[Edit]:
    """E-mail addresses and @names as a blank."""
    after = 0
    for found in _ADDRESS.finditer(text):
        start, end = found.span()
        if "." in found[0]:
            mailbox = _MAILBOX.search(text, max(after, start - 64), start)
            start = mailbox.start() if mailbox else start
        elif text[start - 1 : start].isalnum() or text[start - 1 : start] == "@":
            continue
        yield start, end, " "
        after = end


def _replaced_hashtags(text: str) -> Iterator[Edit]:
    """`#BestDayEver` as Best Day Ever."""
    for found in _HASHTAG.finditer(text):
        start = found.start(1)
        yield found.start(), start, ""
        for hump in _HUMP.finditer(found[1]):
            if hump.start() > 1 or not found[1][0].islower():  # but #iPhone
                yield start + hump.start(), start + hump.end(), " "


def _replaced_marks(text: str) -> Iterator[Edit]:
    """Emphasis of Markdown and its ticks without the marks; "5*" as 5 stars; other underscores as blanks."""
    for found in _MARKS.finditer(text):
        start, end = found.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        inside = before.isalnum() and after.isalnum()
        if found[0] == "*" and before in _FEW and not after.isalnum() and not text[start - 2 : start - 1].strip():
            yield start, end, " stars"
            continue
        if end - start <= _LONGEST_MARK and found[0] != "~" and not inside and not text.startswith("1/2", end):
            opens = not before.isalnum() and (after.isalnum() or after in _OPENED or after > "\x7f")
            closes = not after.isalnum() and before != "/" and bool(before.strip())
            if closes or (opens and after.strip()):
                yield start, end, ""
                continue
        if found[0][0] == "_":  # which would be a letter of a token
            yield start, end, " "


def _narrowed_blanks(text: str) -> Iterator[Edit]:
    """Blanks within a rating or a contraction as one space."""
    for found in (_ANY_BLANK if _has_other_blanks(text) else _WIDE_BLANK).finditer(text):
        start, end = found.span()
        if start and not text[start - 1].isspace():
            yield start, end, " "


def _restored_apostrophes(text: str) -> Iterator[Edit]:
    """`don?t` as don't."""
    for found in _APOSTROPHE_LOST.finditer(text):
        yield *found.span(1), "'"


def _enclosing_quotes(text: str) -> Iterator[Edit]:
    """The quotation marks that enclose the whole text, also doubled and tripled as in CSV, if there are no others.

    Those of a text of several chunks stay: two tokens of millions.
    """
    start, end = 0, len(text)
    while start < end and (text[start].isspace() or text.startswith(BREAK, start)):
        start += 1 if text[start].isspace() else len(BREAK)
    while end > start and (text[end - 1].isspace() or text.endswith(BREAK, start, end)):
        end -= 1 if text[end - 1].isspace() else len(BREAK)
    whole = text[start:end]
    before = len(whole) - len(whole.lstrip(_DOUBLE_QUOTES))
    after = len(whole) - len(whole.rstrip(_DOUBLE_QUOTES))
    inner = whole[before : len(whole) - after]
    if 0 < before == after <= _MOST_QUOTES and inner.strip() and not any(mark in inner for mark in _DOUBLE_QUOTES):
        yield start, start + before, ""
        yield end - after, end, ""


def _replaced_number_words(text: str) -> Iterator[Edit]:
    """`five stars` as 5 stars, `ten out of ten` as 10 out of 10."""
    lower = text.replace("İ", "i").lower()  # the one letter whose lower case is longer
    after = 0
    for found in sorted((f for rated in _RATED for f in rated.finditer(lower)), key=re.Match.start):
        number = _NUMBER_BEFORE.search(lower, max(after, found.start() - 20), found.start())
        stars = "star" in found[0]
        if number and not (stars and _NOT_RATED.search(lower, max(0, number.start() - 10), number.start())):
            digits = str(_NUMBERS.index(number[1]))
            after = number.end()
            yield *number.span(), digits + (_HALF_DIGITS if number[2] else "")
        best = found[0].rpartition(" ")[2]
        if best in _NUMBERS and (number or lower[found.start() - 1 : found.start()].isdigit()):
            after = found.end()
            yield found.end() - len(best), after, str(_NUMBERS.index(best))


def _has(character: str) -> Callable[[str], bool]:
    def found(text: str) -> bool:
        return character in text

    return found


def _has_marks(text: str) -> bool:
    return "*" in text or "_" in text or "~" in text or "`" in text


def _has_wide_blanks(text: str) -> bool:
    return "  " in text or _has_other_blanks(text)


def _has_other_blanks(text: str) -> bool:
    """Whether a blank may be no space; an unprintable character may be one."""
    if text.isascii():  # a single character is found faster
        return "\n" in text or "\t" in text or "\r" in text or "\v" in text or "\f" in text
    return not text.isprintable()


def _has_lost_apostrophes(text: str) -> bool:
    return "?" in text and any(part.startswith(("t", "T")) for part in text.split("?")[1:])


def _has_quotes_around(text: str) -> bool:
    return text[:1] in _QUOTES_OR_BREAK or text[:1].isspace()


def _has_tags(text: str) -> bool:
    return "<" in text and text.count("<") != text.count(BREAK)


def _has_links(text: str) -> bool:
    return "[" in text and "](" in text  # a single character is found faster


def _has_urls(text: str) -> bool:
    return "www." in text or (":" in text and "://" in text)


def _has_line_marks(text: str) -> bool:
    return "\n" in text or text[:1] in _LINE_MARKS or text[:1].isspace()


def _has_clitics(text: str) -> bool:
    return (
        ("'" in text and _CLITIC_ALONE.search(text) is not None)
        or "n t " in text
        or text.endswith("n t")
        or ("’" in text and (" ’" in text or " n’" in text or "’ t" in text or "’ T" in text))
    )


def _has_rated(text: str) -> bool:
    lower = text.lower()
    return ("star" in lower and (_STARRED.search(lower) is not None or "-star" in lower)) or (
        "out of" in lower and _OUT_OF.search(lower) is not None
    )


def _finds(characters: str) -> Callable[[str], bool]:
    rare = _pattern(f"[{characters}]")

    def found(text: str) -> bool:
        return rare.search(text) is not None

    return found


_RARE_STEPS: Final[_Steps] = (
    (_finds("ÂÃâ\ufffd"), _mended),
    (_finds(_FULL), _replaced_stars),
    (_finds(_PICTURED_OR_FLAG), _replaced_sequences),
    (_finds(_COMPATIBLE), _replaced_letters),
    (_finds(_INVISIBLE), _left_out(_pattern(f"[{_INVISIBLE}]+"))),
)
_STEPS: Final[_Steps] = (
    (_has_tags, _replaced_tags),
    (_has("_"), _replaced_faces),
    (_has_line_marks, _left_out(_LINE_MARK)),
    (_has_wide_blanks, _narrowed_blanks),
    (_has_links, _replaced_links),
    (_has_urls, _replaced_urls),
    (_has("@"), _replaced_addresses),
    (_has("#"), _replaced_hashtags),
    (_has_marks, _replaced_marks),
    (_has_lost_apostrophes, _restored_apostrophes),
    (_has_clitics, _left_out(_PULLED_APART)),
    (_has_rated, _replaced_number_words),
    (_has_quotes_around, _enclosing_quotes),
)
"""When a step is needed, and its edits; each works on what the one before it left."""


class _Origin:
    """Where the characters of a changed text come from.

    Args:
        length: characters of the text as it was written.
    """

    def __init__(self, length: int) -> None:
        self.starts = array("q", range(length))
        self.ends = array("q", range(1, length + 1))

    def edit(self, edits: Iterable[Edit]) -> None:
        """Follow a text through edits. New text comes from the whole of what it replaces."""
        starts, ends, after = array("q"), array("q"), 0
        for start, end, new in edits:
            starts += self.starts[after:start]
            ends += self.ends[after:start]
            first = self.starts[start] if start < end else self.ends[start - 1] if start else 0
            starts.extend([first] * len(new))
            ends.extend([self.ends[end - 1] if start < end else first] * len(new))
            after = end
        self.starts = starts + self.starts[after:]
        self.ends = ends + self.ends[after:]


def clean(text: str, origin: _Origin | None = None) -> str:
    """A text without markup, in characters with one meaning each.

    Args:
        text: any text; lone surrogates are allowed.
        origin: follows where its characters come from.

    Returns:
        The text with entities decoded; with emoji as one character each; without inline tags, Markdown, links, e-mail
        addresses, @names and invisible characters; with tags that break a line as `BREAK`.
    """
    if "&" in text:
        text = _edited(text, _replaced_entities(text), origin)
    if "\\" in text:
        text = _edited(text, _replaced_escapes(text), origin)
    if not text.isascii() and _RARE.search(text):
        for is_needed, edits in _RARE_STEPS:
            if is_needed(text):
                text = _edited(text, edits(text), origin)
    for is_needed, edits in _STEPS:
        if is_needed(text):
            text = _edited(text, edits(text), origin)
    return text


def clean_with_origins(text: str) -> tuple[str, Sequence[int], Sequence[int]]:
    """A text as `clean` makes it, and where the origin of each of its characters starts and ends in the text."""
    origin = _Origin(len(text))
    return clean(text, origin), origin.starts, origin.ends


def _edited(text: str, edits: Iterable[Edit], origin: _Origin | None) -> str:
    edits = list(edits)
    if not edits:
        return text
    if origin:
        origin.edit(edits)
    parts: list[str] = []
    after = 0
    for start, end, new in edits:
        parts += text[after:start], new
        after = end
    return "".join((*parts, text[after:]))


# ------------------------------------------------------------------------------------------------------------- tokens


def split_words(text: str) -> list[str]:
    """The tokens of a text in order, each in its canonical spelling."""
    return [canonical(token) for chunk in chunks(text) for token in _written(chunk)]


def word_spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each token of a text, in characters: `text[start:end]` is the token as written."""
    spans: list[tuple[int, int]] = []
    before = 0
    for chunk in chunks(text):
        origin = _Origin(len(chunk))
        cleaned = clean(chunk, origin)
        found = _inner([match.span() for match in _TOKEN.finditer(cleaned)], cleaned)
        spans += [(before + origin.starts[start], before + origin.ends[end - 1]) for start, end in found]
        before += len(chunk)
    return spans


def _written(text: str) -> list[str]:
    """The tokens of the cleaned text, without a line break at either end."""
    text = clean(text)
    found: list[str] = (_ASCII_TOKEN if text.isascii() else _TOKEN).findall(text)
    if found and found[0].startswith(BREAK):
        del found[0]
    if found and found[-1].startswith(BREAK):
        del found[-1]
    return found


def _inner(spans: list[tuple[int, int]], text: str) -> list[tuple[int, int]]:
    """Spans without those of a line break at either end."""
    if spans and text.startswith(BREAK, spans[0][0]):
        del spans[0]
    if spans and text.startswith(BREAK, spans[-1][0]):
        del spans[-1]
    return spans


def canonical(token: str) -> str:
    """The spelling under which a token is looked up.

    Args:
        token: as written; one match of the tokenizer's pattern.

    Returns:
        The token in lowercase, or the token that it is read as.
    """
    lower = token.lower()
    if lower in _SAME:
        return _SAME[lower]
    first = lower[0]
    if "0" <= first <= "9":
        return _rating(lower)
    if first.isalnum():
        return _word(lower)
    if len(lower) == 1:
        return lower if lower < "\x80" or lower in _EMOJI else _listed(lower)
    return _signs(lower)


def _word(lower: str) -> str:
    if len(lower) > 2:  # noqa: PLR2004 (a letter, an apostrophe, a letter)
        if not lower.isascii() or "`" in lower:
            lower = lower.translate(_SAME_APOSTROPHE)
        if lower[0] not in _LAUGHING:
            return lower
        if lower[0] == "x" and not lower.strip("xd") and lower.strip("x"):
            return ":)"
        letters = set(lower)
        for of, laugh in _LAUGHTER:
            if letters == of and laugh in lower:
                return laugh
        if _LOL.fullmatch(lower):
            return "lol"
    return ":)" if lower == "xd" else lower


def _signs(lower: str) -> str:
    """A token of several signs."""
    first = lower[0]
    if first in "!?":
        return "?!" if len(set(lower)) > 1 else lower[:2]
    if first == ".":
        return "..."
    if first == "<":
        return BREAK if "b" in lower else "</3" if "/" in lower else "<3"
    if first in ":;=":
        mouth = lower[-1]
        return ":)" if mouth in ")dp" else ":(" if mouth == "(" else ":/"
    if first in "^\\":
        return ":)"
    return ":/" if lower == "-.-" else lower.translate(_SAME_APOSTROPHE)


def _rating(lower: str) -> str:
    """A rating as tenths of the best one; another number as it is."""
    found = _RATING_PARTS.fullmatch(lower)
    if not found or not _RATING_ALONE.fullmatch(lower):
        return lower
    value = float(found["value"].replace(",", ".")) + (0.5 if found["half"] else 0)
    best = int(found["best"] or found["of"] or 0) or (5 if value <= 5 else 10)  # noqa: PLR2004 (stars of most sites)
    return f"{min(10, int(10 * value / best + 0.5))}/10"


def variants(word: str) -> Iterator[str]:
    """Other spellings to look up a word outside the vocabulary under, the likeliest first.

    A letter repeated three times or more becomes two, then one: `goood` is `good`, `sooo` is `so`, `loooove` is `love`.
    Then come the word without a doubled last letter (`yess`), without accents, with an apostrophe added (`theyre`) or
    removed, and without its clitic (`people've`). Lengthened letters are shortened even in a word of the vocabulary.

    Args:
        word: in its canonical spelling.
    """
    if len(word) > _LONGEST_WORD or not word[0].isalpha():
        return
    yield from without_emphasis(word)
    if _LAST_TWICE.search(word):
        yield word[:-1]
    if not word.isascii():
        plain = "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c))
        if plain != word:
            yield plain
    clitic = _CLITIC.search(word)
    if "'" in word:
        yield word.replace("'", "")
        if clitic and clitic[0][0] == "'":
            yield word[: clitic.start()]
    elif clitic:
        yield f"{word[: clitic.start()]}'{clitic[0]}"


def without_emphasis(word: str) -> Iterator[str]:
    """Likely plain spellings of a word with lengthened letters: runs of three or more become two, then one."""
    if word.isascii() and len({*word.lower()}) > len(word) - 2:
        return  # three letters that are one are two kinds of letters fewer; most words end here, at a tenth of the cost
    runs = len(_RUN.findall(word))
    if not runs:
        return
    for choice in product((2, 1), repeat=min(runs, _MOST_RUNS)):
        lengths = iter((*choice, *(1,) * runs))
        yield _RUN.sub(lambda run, lengths=lengths: run[0][: next(lengths)], word)  # type: ignore[misc]


class EverydayTokenizer(Tokenizer):
    """The tokenizer "everyday". It skips no word: one outside the vocabulary is `OOV_ID`."""

    is_padded: ClassVar[bool] = False
    is_corrected: ClassVar[bool] = False
    """Whether an unknown word is read as the frequent word that it is a misspelling of."""

    def __init__(self, vocabulary: Vocabulary, num_words: int, maximum_length: int) -> None:
        super().__init__(vocabulary, num_words, maximum_length)
        self._ids = _Spellings(self.known, is_corrected=self.is_corrected)

    def packed_ids(self, text: str) -> list[bytes]:
        """The id of every token of a text as `packed` has it."""
        find = self._ids.__getitem__
        if len(text) <= CHUNK_SIZE:
            return list(map(find, _written(text)))
        return [find(token) for chunk in chunks(text) for token in _written(chunk)]

    def split(self, text: str) -> list[bytes]:
        """The tokens of a text as the vocabulary has them, UTF-8."""
        return [word.encode("utf-8", "surrogatepass") for word in split_words(text)]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Start and end of each of `tokens` in the text, in characters."""
        return word_spans(text)

    def tokens(self, text: str) -> list[Token]:
        """Every token of a text with its rank and id; the ids are those of `encode_whole` after the start mark."""
        found = zip(split_words(text), self.encode_whole(text)[1:])  # after the start mark
        return [Token(word, None if i == OOV_ID else i - INDEX_FROM, i) for word, i in found]

    def tells(self, word: bytes) -> bool:
        """Whether a word of the vocabulary has a meaning; see `known_words`."""
        return _tells(word.decode("utf-8", "replace"))

    def known_words(self, text: str) -> int:
        """How many tokens of a text are in the vocabulary and have a meaning.

        Words of two letters or more do, and so do emoji, smileys and ratings; punctuation and other numbers do not. A
        text with none of them gets no verdict.
        """
        known = (unpacked(id_) for id_ in self.packed_ids(text))
        return sum(self.knows_any([id_]) for id_ in known if id_ is not None)


class CorrectedTokenizer(EverydayTokenizer):
    """The tokenizer "corrected": "everyday" that also reads a misspelled word as the frequent word it stands for.

    Its share of unknown words tells whether a text is English (`benchmarks/verdicts.py` measures it): punctuation and
    emoji are no words, a corrected word counts half, and a common word of another language is not known, although
    reviews that quote one have made it a word of the vocabulary.
    """

    is_corrected: ClassVar[bool] = True

    def looked_up(self, text: str) -> tuple[list[bytes], int, float]:
        """The ids of `packed_ids`, the number of words, and how many of these the network does not know."""
        found = self.packed_ids(text)
        kinds = list(map(type, found))
        return found, len(found) - kinds.count(_Mark), kinds.count(_Unknown) + kinds.count(_Corrected) / 2


class _Mark(bytes):
    """The id of a token that is not a word: equal to any id of that token, and told apart by its type, as are these."""

    __slots__ = ()


class _Unknown(bytes):
    """The id of a word that the network does not know, or knows only as a word of another language."""

    __slots__ = ()


class _Corrected(bytes):
    """The id of the word that a misspelled one is read as."""

    __slots__ = ()


class Slips:
    """Finds the frequent word that a misspelled one stands for.

    Two words that differ by one letter have the same rest without it, so that frequent words are looked up by what is
    left of them without any one letter (the symmetric deletes of W. Garbe's SymSpell).

    Args:
        words: the words to find, the most frequent first; those of four ASCII letters and more are used.
    """

    def __init__(self, words: Iterable[str]) -> None:
        self._words = [word for word in words if _may_slip(word)]
        self._ranks_of_rest: dict[str, list[int]] = {}
        for rank, word in enumerate(self._words):
            for rest in (word, *_rests(word)):
                self._ranks_of_rest.setdefault(rest, []).append(rank)

    def word(self, misspelled: str) -> str | None:
        """The most frequent word that is one slip away, or None.

        Two neighbors are swapped ("vrey"), a letter is missing or too many (in words of five letters and more), or it
        is another (of seven and more). The first letter is never the wrong one.

        Args:
            misspelled: in its canonical spelling.
        """
        if not _may_slip(misspelled):
            return None
        found = filter(None, map(self._ranks_of_rest.get, (misspelled, *_rests(misspelled))))  # mostly none
        ranks = sorted({*chain.from_iterable(found)})
        return next((self._words[rank] for rank in ranks if _is_slip(misspelled, self._words[rank])), None)


def _may_slip(word: str) -> bool:
    return _SHORTEST_SWAPPED <= len(word) <= _LONGEST_WORD and word.isascii() and word.isalpha()


def _rests(word: str) -> list[str]:
    return [word[:index] + word[index + 1 :] for index in range(1, len(word))]


def _is_slip(written: str, meant: str) -> bool:
    start, most = 0, min(len(written), len(meant))
    while start < most and written[start] == meant[start]:
        start += 1
    end = 0
    while end < most - start and written[-1 - end] == meant[-1 - end]:
        end += 1
    found, expected = written[start : len(written) - end], meant[start : len(meant) - end]
    if len(found) + len(expected) == 1:
        return len(meant) >= _SHORTEST_WITH_WRONG_COUNT
    if len(found) == len(expected) == 1:
        return len(meant) >= _SHORTEST_WITH_WRONG_LETTER
    return len(found) == len("ab") and found[::-1] == expected


class _Spellings(dict[str, bytes]):
    """The id of each token as written; a new one is looked up and cached."""

    def __init__(self, words: Sequence[bytes], *, is_corrected: bool) -> None:
        super().__init__()
        self._words = words
        self._searched = 0
        self._frequent = words[:_FREQUENT] if is_corrected else ()

    @cached_property
    def _ranks(self) -> dict[bytes, int]:
        """The rank of each word, from 1: bytes, because decoding all of them takes time."""
        return dict(zip(self._words, count(1)))

    @cached_property
    def _slips(self) -> Slips:
        """Made for the first unknown word, since it takes tens of milliseconds."""
        return Slips(word.decode("utf-8", "replace") for word in self._frequent)

    def __missing__(self, token: str) -> bytes:
        word = canonical(token)
        # A lengthened word may be a rare word of the vocabulary, with a meaning learned from a handful of reviews.
        plain = without_emphasis(word) if word[:1].isalpha() and len(word) <= _LONGEST_WORD else ()
        found = self._first(plain) or self._id(word) or self._first(variants(word))
        if not any(map(str.isalnum, word)) or word == BREAK:
            id_: bytes = _Mark(found or OOV_PACKED)
        elif found is None and self._frequent and (meant := self._slips.word(word)):
            id_ = _Corrected(self._id(meant) or OOV_PACKED)
        elif found is None or word in _FOREIGN:
            id_ = _Unknown(found or OOV_PACKED)
        else:
            id_ = found
        if len(token) <= _LONGEST_WORD and len(self) < _REMEMBERED:
            self[token] = id_
        return id_

    def _first(self, spellings: Iterable[str]) -> bytes | None:
        """The id of the first spelling that has one."""
        for spelling in spellings:
            if found := self._id(spelling):
                return found
        return None

    def _id(self, word: str) -> bytes | None:
        """The id of a word in this spelling; None if it has none."""
        written = word.encode("utf-8", "surrogatepass")
        if self._searched < _MOST_SEARCHED:  # to index 40,000 words takes longer than to find a few of them
            self._searched += 1
            rank = self._words.index(written) + 1 if written in self._words else None
        else:
            rank = self._ranks.get(written)
        return None if rank is None else packed_id(INDEX_FROM + rank)


def _tells(word: str) -> bool:
    if word in _SMILEY_WORDS or (len(word) == 1 and _PICTURED.match(word)):
        return True
    if word[:1].isalpha():
        return len(word) > 1
    return word.endswith("/10")


# ------------------------------------------------------------------------------------------------------- emoji names


def emoji_characters() -> list[str]:
    """The emoji that a vocabulary should hold, by code point: the same for every version of Python."""
    return sorted(_EMOJI)


@cache
def emoji_name(character: str) -> str:
    """What an emoji shows, in words: its Unicode name in lowercase without words for the glyph.

    Args:
        character: one character.

    Returns:
        Such as "pouting face", "heart", "thumbs up"; "" for one that has no name.
    """
    name = _NOT_MEANT.sub("", unicodedata.name(character, "").lower()).replace("-", " ")
    return " ".join(word for word in name.split() if word not in _GLYPH_WORDS) or name


def _listed(character: str) -> str:
    """An emoji of the list that shows what another character does: ♡ is ♥."""
    return _synonyms().get(emoji_name(character), character) if _PICTURED.match(character) else character


@cache
def _synonyms() -> dict[str, str]:
    """The first emoji of each name, for characters that are not in the list."""
    return {emoji_name(character): character for character in reversed(emoji_characters())}


# --------------------------------------------------------------------------------------------------------- plain text


def plain_text(text: str, known: Container[str] | None = None) -> str:
    """A text as a transformer reads it: what `EverydayTokenizer` reads, in plain English.

    Args:
        text: any text; lone surrogates are allowed.
        known: words in lowercase; a lengthened word becomes the first of `without_emphasis` that is one of them.

    Returns:
        The text without markup; emoji, smileys and ratings in words, lengthened words shortened, single blanks. Case
        and punctuation are kept, but for apostrophes. A line break of markup is a newline.
    """
    text = _BREAKS.sub("\n", clean(text)).translate(_SAME_APOSTROPHE)
    text = _NEGATED_WORD.sub(r"\1'\2", text)
    text = _SLASH.sub(r"\1 out of \2", text)
    text = _SMILEY_ALONE.sub(lambda found: f" {_SMILEY_WORDS[canonical(found[0])]} ", text)
    if not text.isascii():
        text = _PICTURED.sub(lambda found: f" {emoji_name(found[0])} ", text)
    if _RUN.search(text):
        text = _LENGTHENED.sub(lambda found: _shortened(found[0], known), text)
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def _shortened(word: str, known: Container[str] | None) -> str:
    """A lengthened word in a likely spelling."""
    lower = word.lower()
    laugh = _word(lower)
    if laugh in _LAUGHS:
        return laugh.upper() if word.isupper() else laugh
    if len(set(lower)) == 1 or (word.isupper() and not set(word) - {*"IVX"}):  # AAA, VIII
        return word
    if known is not None:
        if lower in known:
            return word
        for spelling in without_emphasis(word):
            if spelling.lower() in known:
                return spelling
    return _RUN.sub(lambda run: run[0][: _usual(run)], word)


def _usual(run: re.Match[str]) -> int:
    """How many times in a row English most likely writes a lengthened letter."""
    letter, before, after = run[1].lower(), run.string[: run.start()].lower(), run.string[run.end() :].lower()
    if not before:
        return 1
    if after:
        return 2 if (letter in "eo" and after[0] not in "aiuv") or letter in "lpst" else 1
    short = not set(before[:-1]) & _VOWELS and before[-1] in _VOWELS
    return 2 if (letter in "lf" and short) or (letter == "e" and not set(before) & _VOWELS and len(before) > 1) else 1
