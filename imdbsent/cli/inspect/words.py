"""`imdbsent inspect word` and `imdbsent inspect words`: one word, and lists of them."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imdbsent.cli._console import NoColor, Quiet, show_messages, stdout_console
from imdbsent.cli._streams import visible
from imdbsent.cli.inspect._common import (
    Model,
    PageFormat,
    RowFormat,
    json_line,
    json_page,
    load_classifier,
    read_folders,
    show,
    tsv_line,
    write_lines,
)
from imdbsent.errors import UsageProblem, WordUnknown
from imdbsent.text.tokenizer import OOV_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table

    from imdbsent.classify.classifier import Classifier
    from imdbsent.dataset.word_counts import WordCount
    from imdbsent.explain.words import Neighbor, RankedWord
    from imdbsent.text.tokenizer import Token, Vocabulary

logger = logging.getLogger(__name__)

_LABELLED = ("train/neg", "train/pos", "test/neg", "test/pos")
_SEARCHED_FOR_SIMILAR = 10_000  # words; a search through all of them takes seconds


class SortKey(str, Enum):
    """The orders of `imdbsent inspect words`."""

    RANK = "rank"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    ALPHABET = "alphabet"


@dataclass(frozen=True)
class WordReport:
    """What there is to know of a word.

    Attributes:
        token: the word, its rank and its id.
        probability: probability of positive for a text of this word alone; None where it has no id of its own.
        neighbours: the nearest words in the embedding; none where it has no id of its own.
        counts: how often it stands in each split and class, train first; None where the reviews are not here.
    """

    token: Token
    probability: float | None
    neighbours: tuple[Neighbor, ...]
    counts: tuple[WordCount, ...] | None


def word(
    word: Annotated[str, typer.Argument(metavar="WORD", help="One word.")],
    nearest: Annotated[int, typer.Option("--nearest", min=0, max=1000, help="How many near words to show.")] = 10,
    model: Model = None,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="PATH",
            help="Reviews to count in. Left out: IMDBSENT_ACLIMDB, else the cache, else nothing is counted.",
        ),
    ] = None,
    output_format: Annotated[PageFormat, typer.Option("--format")] = PageFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Show a word: rank, id, how often each class and split holds it, and the nearest words in the embedding.

    The flagship does not show its embedding: of its words there is the rest, with --nearest 0.

    imdbsent inspect word great

    imdbsent inspect word awful --format json | python -c "import json, sys; print(json.load(sys.stdin)['rank'])"
    """
    from imdbsent.dataset import aclimdb
    from imdbsent.dataset.word_counts import count_word

    show_messages(no_color=no_color, quiet=quiet)
    classifier = load_classifier(model)
    split = classifier.tokenizer.split(word)
    if len(split) != 1:
        raise UsageProblem(f"{word!r} is not one word but {len(split)}. Type: imdbsent inspect word great")
    if split[0] not in classifier.tokenizer.vocabulary.ranks:
        raise unknown_word(split[0], classifier.tokenizer.vocabulary)
    report = word_report(classifier, word, nearest)
    source = aclimdb.find(data)
    if source is None:
        logger.info("the reviews are not here, so they are not counted; name them with --data PATH or IMDBSENT_ACLIMDB")
    else:
        counts = count_word(read_folders(source, _LABELLED), split[0], classifier.tokenizer.split)
        report = replace(report, counts=tuple(sorted(counts, key=lambda count: _LABELLED.index(count.folder))))
    if output_format is PageFormat.JSON:
        write_lines(json_page(word_object(report)))
    else:
        show(stdout_console(no_color=no_color), *word_tables(report, classifier.tokenizer.num_words))


def word_report(classifier: Classifier, word: str, nearest: int) -> WordReport:
    """What the model has to say of a word of its vocabulary.

    Args:
        classifier: the model.
        word: one word.
        nearest: how many near words to give; of none, the embedding is not looked at.

    Raises:
        LayersHidden: near words are asked for, and the model does not show its embedding.
    """
    from imdbsent.explain.words import nearest_words

    (token,) = classifier.tokenizer.tokens(word)
    if token.id is None or token.id == OOV_ID:
        return WordReport(token, None, (), None)
    (prediction,) = classifier.predict([word])
    neighbours = tuple(nearest_words(classifier, token.id, nearest)) if nearest else ()
    return WordReport(token, prediction.probability, neighbours, None)


def unknown_word(word: bytes, vocabulary: Vocabulary) -> WordUnknown:
    """The error for a word without a rank, with a similar one to type."""
    import difflib

    written = word.decode("utf-8", "replace")
    frequent = (vocabulary.word(rank) for rank in range(1, min(_SEARCHED_FOR_SIMILAR, len(vocabulary.words)) + 1))
    return WordUnknown(written, len(vocabulary.words), difflib.get_close_matches(written, list(frequent), n=1))


def word_object(report: WordReport) -> dict[str, Any]:
    """The report as a JSON object; counts are null where the reviews are not here."""
    return {
        **asdict(report.token),
        "probability": report.probability,
        "counts": None if report.counts is None else [asdict(count) for count in report.counts],
        "nearest": [asdict(neighbour) for neighbour in report.neighbours],
    }


def word_tables(report: WordReport, num_words: int) -> list[Table]:
    """The report for people."""
    from rich.table import Table
    from rich.text import Text

    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column(overflow="fold")
    facts.add_row("word", Text(visible(report.token.word)))
    facts.add_row("rank", f"{report.token.rank:,}, counting from the most frequent word of the training reviews")
    if report.probability is None:
        facts.add_row("id", f"{OOV_ID}, out of the vocabulary: the network knows ids below {num_words:,}")
    else:
        facts.add_row("id", f"{report.token.id} = rank + 3")
        facts.add_row("alone", f"P(positive) {report.probability:.4f}, as a text of this word alone")
    tables = [facts]
    if report.counts:
        tables.append(_count_table(report.counts))
    if report.neighbours:
        tables.append(_neighbour_table(report.neighbours))
    return tables


def words(
    top: Annotated[int, typer.Option("--top", "-n", min=1, help="How many words to show.")] = 20,
    sort: Annotated[
        SortKey,
        typer.Option(
            "--sort", help="By rank, by the network's verdict on the word alone, or by the alphabet."
        ),
    ] = SortKey.RANK,
    model: Model = None,
    output_format: Annotated[
        RowFormat | None, typer.Option("--format", help="Left out: a table; TSV into a pipe.")
    ] = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """List words that the network knows, each with the verdict on a text of that word alone.

    TSV has a row a word: word, rank, id, probability of positive.

    imdbsent inspect words --top 20 --sort negative

    imdbsent inspect words --top 10000 | cut -f1 | grep -x '.*ly'
    """
    from imdbsent.explain.words import ranked_words

    show_messages(no_color=no_color, quiet=quiet)
    classifier = load_classifier(model)
    chosen = sorted_words(ranked_words(classifier), sort)[:top]
    console = stdout_console(no_color=no_color)
    if output_format is RowFormat.JSONL:
        write_lines(json_line(asdict(row)) for row in chosen)
    elif output_format is RowFormat.TSV or (output_format is None and not console.is_terminal):
        write_lines(tsv_line((visible(row.word), row.rank, row.id, row.probability)) for row in chosen)
    else:
        show(console, _words_table(chosen))


def sorted_words(rows: Iterable[RankedWord], sort: SortKey) -> list[RankedWord]:
    """Words in the order asked for; words that are even in it stand by rank."""
    keys: dict[SortKey, Any] = {
        SortKey.RANK: lambda row: row.rank,
        SortKey.POSITIVE: lambda row: (-row.probability, row.rank),
        SortKey.NEGATIVE: lambda row: (row.probability, row.rank),
        SortKey.ALPHABET: lambda row: row.word,
    }
    return sorted(rows, key=keys[sort])


def _count_table(counts: Sequence[WordCount]) -> Table:
    from rich.table import Table

    table = Table(header_style="bold")
    table.add_column("in", no_wrap=True)
    table.add_column("times", justify="right", no_wrap=True)
    table.add_column("reviews", justify="right", no_wrap=True)
    table.add_column("of", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    for count in counts:
        share = f"{count.reviews / count.reviews_total:.2%}"
        table.add_row(count.folder, f"{count.occurrences:,}", f"{count.reviews:,}", f"{count.reviews_total:,}", share)
    return table


def _neighbour_table(neighbours: Sequence[Neighbor]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold")
    table.add_column("nearest in the embedding", overflow="fold")
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("cosine", justify="right", no_wrap=True)
    for neighbour in neighbours:
        table.add_row(Text(visible(neighbour.word)), f"{neighbour.rank:,}", f"{neighbour.cosine:.4f}")
    return table


def _words_table(rows: Iterable[RankedWord]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold")
    table.add_column("word", overflow="fold")
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("id", justify="right", no_wrap=True)
    table.add_column("P(positive)", justify="right", no_wrap=True)
    for row in rows:
        style = "green" if row.probability >= 0.5 else "red"  # noqa: PLR2004 (even odds)
        probability = Text(f"{row.probability:.4f}", style=style)
        table.add_row(Text(visible(row.word)), f"{row.rank:,}", str(row.id), probability)
    return table
