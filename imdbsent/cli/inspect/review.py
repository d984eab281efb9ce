"""`imdbsent inspect review`: one review as the network reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imdbsent.cli._console import Data, NoColor, Quiet, show_messages, stdout_console
from imdbsent.cli._streams import visible
from imdbsent.cli.inspect._common import (
    Model,
    PageFormat,
    check_reads_padding,
    json_page,
    load_tokenizer,
    read_folders,
    show,
    write_lines,
)
from imdbsent.errors import ReviewMissing, UsageProblem
from imdbsent.text.tokenizer import OOV_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table
    from rich.text import Text

    from imdbsent.dataset.aclimdb import Review
    from imdbsent.text.tokenizer import Token, Tokenizer


class SplitName(str, Enum):
    """The labelled splits."""

    TRAIN = "train"
    TEST = "test"


@dataclass(frozen=True)
class EncodedReview:
    """A review and what the network reads of it.

    Attributes:
        review: the review.
        tokens: its words, with their ids.
        cut: how many ids, the start mark counted, stand before the part that is read.
        length: how many ids there are, the start mark counted.
        paddings: how many paddings are put in front.
    """

    review: Review
    tokens: tuple[Token, ...]
    cut: int
    length: int
    paddings: int

    @property
    def unread(self) -> tuple[Token, ...]:
        """The tokens that are cut off."""
        return self.tokens[: self._first_read]

    @property
    def read(self) -> tuple[Token, ...]:
        """The tokens that the network reads, and among them the words that have no id."""
        return self.tokens[self._first_read :]

    @property
    def _first_read(self) -> int:
        """Place of the first token that is read: the start mark is the first id to be cut."""
        with_id = [place for place, token in enumerate(self.tokens) if token.id is not None]
        return with_id[self.cut - 1] if self.cut else 0


def review(
    number: Annotated[int, typer.Argument(metavar="N", help="Its number: by class, neg first, then by id; from 0.")],
    split: Annotated[SplitName, typer.Option("--split", help="The split it is in.")] = SplitName.TRAIN,
    ids: Annotated[bool, typer.Option("--ids", help="Print its ids instead, as a Python list.")] = False,
    raw: Annotated[bool, typer.Option("--raw", help="Print its text instead, as it stands in the file.")] = False,
    pad: Annotated[bool, typer.Option("--pad", help="With --ids: cut and padded, as the network reads it.")] = False,
    model: Model = None,
    data: Data = None,
    output_format: Annotated[PageFormat, typer.Option("--format")] = PageFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Show a review as the network reads it: label, stars, film, length, what is cut, and the words.

    imdbsent inspect review 13076 --split train

    imdbsent inspect review 0 --split test --raw | imdbsent predict --whole -

    imdbsent inspect review 0 --split train --ids | imdbsent inspect decode -
    """
    if ids and raw:
        raise UsageProblem("--ids and --raw are two things. Type: imdbsent inspect review 0 --ids")
    if pad and not ids:
        raise UsageProblem("--pad is for --ids. Type: imdbsent inspect review 0 --ids --pad")
    from imdbsent.cli._progress import DownloadBar
    from imdbsent.dataset.download import find_or_fetch

    console = show_messages(no_color=no_color, quiet=quiet)
    source = find_or_fetch(data, None if quiet else DownloadBar(console))
    reviews = read_folders(source, (f"{split.value}/neg", f"{split.value}/pos"))
    chosen = review_at(reviews, number)
    if raw:
        write_lines([chosen.text])
        return
    tokenizer = load_tokenizer(model)
    if pad:
        check_reads_padding(tokenizer)
    if ids:
        numbers = tokenizer.encode(chosen.text) if pad else tokenizer.encode_whole(chosen.text)
        write_lines([str([0] * (tokenizer.maximum_length - len(numbers)) * pad + numbers)])
        return
    encoded = encode_review(chosen, tokenizer)
    if output_format is PageFormat.JSON:
        write_lines(json_page(review_object(encoded, number, tokenizer)))
        return
    show(stdout_console(no_color=no_color), review_table(encoded, number, tokenizer))


def review_at(reviews: Sequence[Review], number: int) -> Review:
    """The review of a number, counted from 0 in the stable order of `read_reviews`.

    Raises:
        ReviewMissing: there are not so many.
    """
    if not 0 <= number < len(reviews):
        raise ReviewMissing(number, reviews[0].split, len(reviews))
    return reviews[number]


def encode_review(chosen: Review, tokenizer: Tokenizer) -> EncodedReview:
    """What the network reads of a review."""
    length = len(tokenizer.encode_whole(chosen.text))
    return EncodedReview(
        review=chosen,
        tokens=tuple(tokenizer.tokens(chosen.text)),
        cut=max(0, length - tokenizer.maximum_length),
        length=length,
        paddings=max(0, tokenizer.maximum_length - length) if tokenizer.is_padded else 0,
    )


def review_object(encoded: EncodedReview, number: int, tokenizer: Tokenizer) -> dict[str, Any]:
    """The review as a JSON object."""
    chosen = encoded.review
    return {
        "number": number,
        "file": f"{chosen.folder}/{chosen.file_name}",
        "split": chosen.split,
        "label": _label(chosen),
        "stars": chosen.stars,
        "title": chosen.title,
        "length": encoded.length,
        "cut": encoded.cut,
        "paddings": encoded.paddings,
        "ids": tokenizer.encode(chosen.text),
        "text": chosen.text,
    }


def review_table(encoded: EncodedReview, number: int, tokenizer: Tokenizer) -> Table:
    """The review for people: a line a fact, then the words."""
    from rich.table import Table
    from rich.text import Text

    chosen = encoded.review
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("review", Text(visible(f"{number} of {chosen.split}: {chosen.folder}/{chosen.file_name}")))
    label = (_label(chosen), "green" if chosen.label else "red")
    table.add_row("label", Text.assemble(label, f", {chosen.stars} of 10 stars"))
    table.add_row("film", f"https://www.imdb.com/title/{chosen.title}/" if chosen.title else "unknown")
    oov = sum(token.id == OOV_ID for token in encoded.tokens)
    left_out = sum(token.id is None for token in encoded.tokens)
    table.add_row("length", f"{encoded.length:,} ids with the start mark; {oov} words too rare, {left_out} left out")
    if encoded.cut:
        table.add_row("cut", f"the first {encoded.cut:,} ids: the network reads the last {tokenizer.maximum_length}")
        table.add_row("", decoded_text(encoded.unread, style="dim"))
    words = Text()
    if encoded.paddings:
        words.append(f"[pad x {encoded.paddings}] ", style="dim")
    if not encoded.cut:
        words.append("[start] ", style="dim")
    table.add_row("read", words.append_text(decoded_text(encoded.read)))
    if oov or left_out:
        rare, unseen = ("[word]", "yellow"), ("{word}", "dim strike")
        is_rare, is_unseen = f" is too rare: id {OOV_ID}. ", " stands in no training review: left out."
        table.add_row("", Text.assemble(rare, (is_rare, "dim"), unseen, (is_unseen, "dim")))
    return table


def decoded_text(tokens: Sequence[Token], style: str = "") -> Text:
    """The words: known ones plain, those out of the vocabulary in brackets, those left out in braces."""
    from rich.text import Text

    text = Text(style=style)
    for token in tokens:
        word = visible(token.word)
        if token.id is None:
            text.append(f"{{{word}}}", style="dim strike")
        elif token.id == OOV_ID:
            text.append(f"[{word}]", style="yellow")
        else:
            text.append(word)
        text.append(" ")
    text.rstrip()
    return text


def _label(chosen: Review) -> str:
    return "positive" if chosen.label else "negative"
