"""`imdbsent inspect review`: one review as the network reads it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from imdbsent.cli._console import (
    Data,
    NoColor,
    PageFormat,
    Quiet,
    fact_table,
    json_page,
    show,
    show_messages,
    stdout_console,
    write_lines,
)
from imdbsent.cli._streams import visible
from imdbsent.cli.inspect._common import Model, check_padding, load_tokenizer, read_folders
from imdbsent.errors import ReviewMissing, UsageProblem, counted
from imdbsent.text.tokenizer import OOV_ID, PAD_ID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.table import Table
    from rich.text import Text

    from imdbsent.dataset.aclimdb import Review
    from imdbsent.fetch import DownloadProgress
    from imdbsent.text.tokenizer import Token, Tokenizer


_INPUT: Final = "Input"
_OUTPUT: Final = "Output"


class ReviewSplit(str, Enum):
    """The labeled splits."""

    TRAIN = "train"
    TEST = "test"


@dataclass(frozen=True)
class EncodedReview:
    """A review and what the network reads of it.

    Attributes:
        review: the review.
        tokens: its words, with their ids.
        cut: number of ids, start mark included, before the part that the network reads.
        length: number of ids, start mark included.
        paddings: number of padding ids before the review.
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
        """The tokens that the network reads, and the words without an id among them."""
        return self.tokens[self._first_read :]

    @property
    def _first_read(self) -> int:
        """Index of the first token that is read: the start mark is the first id to be cut."""
        with_id = [index for index, token in enumerate(self.tokens) if token.id is not None]
        return with_id[self.cut - 1] if self.cut else 0


def review(
    number: Annotated[int, typer.Argument(metavar="N", help="Zero-based index, negatives first.")],
    split: Annotated[
        ReviewSplit, typer.Option("--split", help="Split of the review.", rich_help_panel=_INPUT)
    ] = ReviewSplit.TRAIN,
    ids: Annotated[
        bool, typer.Option("--ids", help="Print only the ids, as a Python list.", rich_help_panel=_OUTPUT)
    ] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Print only the text, unchanged.", rich_help_panel=_OUTPUT)
    ] = False,
    pad: Annotated[
        bool, typer.Option("--pad", help="With --ids: cut and pad, as for the network.", rich_help_panel=_OUTPUT)
    ] = False,
    model: Model = None,
    data: Data = None,
    output_format: Annotated[
        PageFormat, typer.Option("--format", help="Output format.", rich_help_panel=_OUTPUT)
    ] = PageFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Show a review as the network reads it: label, stars, film, length, words, and what is cut off.

    imdbsent inspect review 13076 --split train

    imdbsent inspect review 0 --split test --raw | imdbsent predict --whole -

    imdbsent inspect review 0 --split train --ids | imdbsent inspect decode -
    """
    if ids and raw:
        raise UsageProblem("--ids cannot be combined with --raw. Type: imdbsent inspect review 0 --ids")
    if pad and not ids:
        raise UsageProblem("--pad requires --ids. Type: imdbsent inspect review 0 --ids --pad")
    from imdbsent.cli._progress import DownloadBar

    console = show_messages(no_color=no_color, quiet=quiet)
    chosen = find_review(number, split.value, data, DownloadBar(lambda: console))
    if raw:
        write_lines([chosen.text])
        return
    tokenizer = load_tokenizer(model)
    if pad:
        check_padding(tokenizer)
    if ids:
        write_lines([str(review_ids(chosen, tokenizer, pad=pad))])
        return
    encoded = encode_review(chosen, tokenizer)
    if output_format is PageFormat.JSON:
        write_lines(json_page(review_object(encoded, number, tokenizer)))
    else:
        show(stdout_console(no_color=no_color), review_table(encoded, number, tokenizer))


def find_review(
    number: int, split: str, data: Path | None = None, progress: DownloadProgress | None = None
) -> Review:
    """Find one labeled review, after downloading the data set if necessary.

    Args:
        number: index in the stable order of `read_reviews`, from 0.
        split: "train" or "test".
        data: archive or folder given by the user; None for the usual places.
        progress: follows a download.

    Raises:
        ReviewMissing: the split has fewer reviews.
        ImdbsentError: the reviews are missing or damaged.
    """
    from imdbsent.dataset.download import find_or_fetch

    reviews = read_folders(find_or_fetch(data, progress), (f"{split}/neg", f"{split}/pos"))
    if not 0 <= number < len(reviews):
        raise ReviewMissing(number, split, len(reviews))
    return reviews[number]


def review_ids(chosen: Review, tokenizer: Tokenizer, *, pad: bool) -> list[int]:
    """The ids of a review: all of them, or cut and padded to the length that the network reads."""
    if not pad:
        return tokenizer.encode_whole(chosen.text)
    ids = tokenizer.encode(chosen.text)
    return [PAD_ID] * (tokenizer.maximum_length - len(ids)) + ids


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
    """The review for people: one fact per line, then the words."""
    from rich.text import Text

    chosen = encoded.review
    table = fact_table()
    table.add_row("review", Text(visible(f"{number} of {chosen.split}: {chosen.folder}/{chosen.file_name}")))
    label = (_label(chosen), "green" if chosen.label else "red")
    table.add_row("label", Text.assemble(label, f", {chosen.stars} of 10 stars"))
    table.add_row("film", f"https://www.imdb.com/title/{chosen.title}/" if chosen.title else "unknown")
    oov = sum(token.id == OOV_ID for token in encoded.tokens)
    rare = f"{counted(oov, 'word')} too rare"
    left_out = sum(token.id is None for token in encoded.tokens)
    table.add_row("length", f"{counted(encoded.length, 'id')} with the start mark; {rare}, {left_out} left out")
    if encoded.cut:
        cut = f"the first {counted(encoded.cut, 'id')}: the network reads the last {tokenizer.maximum_length}"
        table.add_row("cut", cut)
        table.add_row("", decoded_text(encoded.unread, style="dim"))
    words = Text()
    if encoded.paddings:
        words.append(f"[pad x {encoded.paddings}] ", style="dim")
    if not encoded.cut:
        words.append("[start] ", style="dim")
    table.add_row("read", words.append_text(decoded_text(encoded.read)))
    if oov or left_out:
        rare_mark, unseen_mark = ("[word]", "yellow"), ("{word}", "dim strike")
        is_rare, is_unseen = f" is too rare: id {OOV_ID}. ", " is not in the training reviews: left out."
        table.add_row("", Text.assemble(rare_mark, (is_rare, "dim"), unseen_mark, (is_unseen, "dim")))
    return table


def decoded_text(tokens: Sequence[Token], style: str = "") -> Text:
    """The words: out-of-vocabulary ones in brackets, words that are left out in braces, the others plain."""
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
