"""`imdbsent inspect word` and `imdbsent inspect words`: one word, and lists of them."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from imdbsent.cli._console import (
    NoColor,
    PageFormat,
    Quiet,
    RowFormat,
    fact_table,
    json_line,
    json_page,
    new_table,
    probability_text,
    show,
    show_messages,
    stdout_console,
    tsv_line,
    write_lines,
)
from imdbsent.cli._streams import visible
from imdbsent.cli.inspect._common import Model, load_classifier, read_folders
from imdbsent.errors import UsageProblem, WordUnknown
from imdbsent.text.tokenizer import OOV_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from imdbsent.classify.classifier import Classifier
    from imdbsent.dataset.statistics import WordCount
    from imdbsent.explain.words import Neighbor, RankedWord
    from imdbsent.text.tokenizer import Token, Vocabulary

logger = logging.getLogger(__name__)

_LABELED = ("train/neg", "train/pos", "test/neg", "test/pos")
_SEARCHED_FOR_SIMILAR = 10_000  # words; searching all of them takes seconds
_OUTPUT: Final = "Output"


class WordOrder(str, Enum):
    """The orders of `imdbsent inspect words`."""

    RANK = "rank"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    ALPHABET = "alphabet"


@dataclass(frozen=True)
class WordReport:
    """What is known of a word.

    Attributes:
        token: the word, its rank and its id.
        probability: probability of positive for a text of this word alone; None if it has no id of its own.
        neighbors: the nearest words in the embedding; none if it has no id of its own.
        counts: how often each split and class uses it, train first; None if it was not counted.
    """

    token: Token
    probability: float | None
    neighbors: tuple[Neighbor, ...]
    counts: tuple[WordCount, ...] | None


def word(
    word: Annotated[str, typer.Argument(metavar="WORD", help="One word.")],
    nearest: Annotated[
        int,
        typer.Option(
            "--nearest", metavar="N", min=0, max=1000, help="Nearest words to show.", rich_help_panel=_OUTPUT
        ),
    ] = 10,
    model: Model = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="PATH",
            help="Reviews to count in. Default: IMDBSENT_ACLIMDB, the cache, or no counts.",
            rich_help_panel="Input",
        ),
    ] = None,
    output_format: Annotated[
        PageFormat, typer.Option("--format", help="Output format.", rich_help_panel=_OUTPUT)
    ] = PageFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Show a word: rank, id, counts by split and class, and the nearest words in the embedding.

    The flagship has no embedding to show: pass --nearest 0 for the rest.

    imdbsent inspect word great

    imdbsent inspect word awful --format json | python -c "import json, sys; print(json.load(sys.stdin)['rank'])"
    """
    from imdbsent.dataset.aclimdb import find

    show_messages(no_color=no_color, quiet=quiet)
    classifier = load_classifier(model)
    report = word_report(classifier, word, nearest)
    source = find(data)
    if source is None:
        logger.info("not counted: the reviews are not on this machine. Pass --data PATH or set IMDBSENT_ACLIMDB")
    else:
        report = replace(report, counts=word_counts(classifier, word, source))
    if output_format is PageFormat.JSON:
        write_lines(json_page(word_object(report)))
    else:
        console = stdout_console(no_color=no_color)
        show(console, *word_tables(report, classifier.tokenizer.num_words, console.width))


def word_report(classifier: Classifier, word: str, nearest: int) -> WordReport:
    """What a model knows of a word of its vocabulary; it is not counted.

    Args:
        classifier: the model.
        word: one word.
        nearest: number of nearest words; 0 does not use the embedding.

    Raises:
        UsageProblem: it is not one word.
        WordUnknown: the word is not in the vocabulary.
        LayersHidden: nearest words are asked for, but the model does not show its embedding.
    """
    from imdbsent.explain.words import nearest_words

    tokenizer = classifier.tokenizer
    split = tokenizer.split(word)
    if len(split) != 1:
        raise UsageProblem(f"{word!r} is not one word but {len(split)}. Type: imdbsent inspect word great")
    if split[0] not in tokenizer.vocabulary.ranks:
        raise unknown_word(split[0], tokenizer.vocabulary)
    (token,) = tokenizer.tokens(word)
    if token.id is None or token.id == OOV_ID:
        return WordReport(token, None, (), None)
    (prediction,) = classifier.predict([word])
    neighbors = tuple(nearest_words(classifier, token.id, nearest)) if nearest else ()
    return WordReport(token, prediction.probability, neighbors, None)


def word_counts(classifier: Classifier, word: str, source: Path) -> tuple[WordCount, ...]:
    """How often each split and class uses a word, train first.

    Args:
        classifier: a model, whose tokenizer splits the reviews.
        word: one word.
        source: archive or folder of the IMDB reviews.

    Raises:
        DatasetInvalid: the data set is damaged.
    """
    from imdbsent.dataset.statistics import count_word

    tokenizer = classifier.tokenizer
    counts = count_word(read_folders(source, _LABELED), tokenizer.split(word)[0], tokenizer.split)
    return tuple(sorted(counts, key=lambda count: _LABELED.index(count.folder)))


def unknown_word(word: bytes, vocabulary: Vocabulary) -> WordUnknown:
    """The error for a word without a rank, with a similar word to type."""
    import difflib

    written = word.decode("utf-8", "replace")
    frequent = (vocabulary.word(rank) for rank in range(1, min(_SEARCHED_FOR_SIMILAR, len(vocabulary.words)) + 1))
    return WordUnknown(written, len(vocabulary.words), difflib.get_close_matches(written, list(frequent), n=1))


def word_object(report: WordReport) -> dict[str, Any]:
    """The report as a JSON object; counts are null if the word was not counted."""
    return {
        **report.token._asdict(),
        "probability": report.probability,
        "counts": None if report.counts is None else [asdict(count) for count in report.counts],
        "nearest": [asdict(neighbor) for neighbor in report.neighbors],
    }


def word_tables(report: WordReport, num_words: int, width: int) -> list[Table]:
    """The report for people.

    Args:
        report: of a word.
        num_words: the network knows ids below this one.
        width: columns of the console.
    """
    from rich.text import Text

    facts = fact_table()
    facts.add_row("word", Text(visible(report.token.word)))
    facts.add_row("rank", f"{report.token.rank:,}, by frequency in the training reviews")
    if report.probability is None:
        facts.add_row("id", f"{OOV_ID}, out of the vocabulary: the network knows ids below {num_words:,}")
    else:
        facts.add_row("id", f"{report.token.id} = rank + 3")
        facts.add_row("alone", f"P(positive) {report.probability:.4f}, as a text of this word alone")
    tables = [facts]
    if report.counts:
        tables.append(_count_table(report.counts, width))
    if report.neighbors:
        tables.append(_neighbor_table(report.neighbors, width))
    return tables


def words(
    top: Annotated[
        int, typer.Option("--top", "-n", metavar="N", min=1, help="Number of words to show.", rich_help_panel=_OUTPUT)
    ] = 20,
    sort: Annotated[
        WordOrder,
        typer.Option("--sort", help="Order: rank, verdict on the word alone, or alphabet.", rich_help_panel=_OUTPUT),
    ] = WordOrder.RANK,
    model: Model = None,
    output_format: Annotated[
        RowFormat | None,
        typer.Option("--format", help="Output format. Default: table; tsv in a pipe.", rich_help_panel=_OUTPUT),
    ] = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """List words of the vocabulary, each with the verdict on that word alone.

    TSV has one row per word: word, rank, id, probability of positive.

    imdbsent inspect words --top 20 --sort negative

    imdbsent inspect words --top 10000 | cut -f1 | grep -x '.*ly'
    """
    from imdbsent.explain.words import ranked_words

    show_messages(no_color=no_color, quiet=quiet)
    chosen = sorted_words(ranked_words(load_classifier(model)), sort)[:top]
    console = stdout_console(no_color=no_color)
    if output_format is RowFormat.JSONL:
        write_lines(json_line(asdict(row)) for row in chosen)
    elif output_format is RowFormat.TSV or (output_format is None and not console.is_terminal):
        write_lines(tsv_line((visible(row.word), row.rank, row.id, row.probability)) for row in chosen)
    else:
        show(console, _words_table(chosen, console.width))


def sorted_words(rows: Iterable[RankedWord], sort: WordOrder) -> list[RankedWord]:
    """Sort words; ties are in the order of their ranks."""
    keys: dict[WordOrder, Any] = {
        WordOrder.RANK: lambda row: row.rank,
        WordOrder.POSITIVE: lambda row: (-row.probability, row.rank),
        WordOrder.NEGATIVE: lambda row: (row.probability, row.rank),
        WordOrder.ALPHABET: lambda row: row.word,
    }
    return sorted(rows, key=keys[sort])


def _count_table(counts: Sequence[WordCount], width: int) -> Table:
    table = new_table(width)
    table.add_column("in", no_wrap=True)
    table.add_column("times", justify="right", no_wrap=True)
    table.add_column("reviews", justify="right", no_wrap=True)
    table.add_column("of", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    for count in counts:
        share = f"{count.reviews / count.reviews_total:.2%}"
        table.add_row(count.folder, f"{count.occurrences:,}", f"{count.reviews:,}", f"{count.reviews_total:,}", share)
    return table


def _neighbor_table(neighbors: Sequence[Neighbor], width: int) -> Table:
    from rich.text import Text

    table = new_table(width)
    table.add_column("nearest in the embedding", overflow="fold")
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("cosine", justify="right", no_wrap=True)
    for neighbor in neighbors:
        table.add_row(Text(visible(neighbor.word)), f"{neighbor.rank:,}", f"{neighbor.cosine:.4f}")
    return table


def _words_table(rows: Iterable[RankedWord], width: int) -> Table:
    from rich.text import Text

    table = new_table(width)
    table.add_column("word", overflow="fold")
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("id", justify="right", no_wrap=True)
    table.add_column("P(positive)", justify="right", no_wrap=True)
    for row in rows:
        word = Text(visible(row.word))
        table.add_row(word, f"{row.rank:,}", str(row.id), probability_text(row.probability))
    return table
