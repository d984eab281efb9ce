"""A text cut into sentences, by a rule that can be said in a sentence."""

from __future__ import annotations

import re
from typing import Final

_END: Final = re.compile(
    r"""
    (?: (?<![.!?]) [.!?]+ ["'\u201d\u2019\xbb)\]]*  # marks, with what closes there,
        (?= [ \t\r\n\v\f] | <br | \Z )             # before a blank or at the end;
      | <br\ ?/?> | \n                            # or a new line, as in a file or as on the web;
    )
    (?: [ \t\r\n\v\f] | <br\ ?/?> )*              # and the blanks before the next sentence
    """,
    re.VERBOSE | re.IGNORECASE,
)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Where the sentences of a text stand.

    A sentence ends after `.`, `!` or `?` (and quotation marks and brackets that close there) before a blank, and at a
    line break: a line feed, or the `<br />` of the reviews. So "Mr. Smith" is cut in two, and "3.5" is not.

    Args:
        text: any text.

    Returns:
        Start and end of each sentence, in characters: together they are the whole text, each character once. A cut
        stands at a character that ends a word for `imdbsent.text.tokenizer`, too, so no word is in two sentences.
    """
    cuts = [match.end() for match in _END.finditer(text)]
    if not cuts or cuts[-1] < len(text):
        cuts.append(len(text))
    return [(start, end) for start, end in zip([0, *cuts], cuts) if start < end]
