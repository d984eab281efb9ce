"""`imdbsent stats`: what is in the reviews, in figures.

The page of statistics: tables, a histogram of lengths, bars of stars, the words; one column or two, as fits.
"""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich import box
from rich.console import Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from imdbsent.cli._charts import CUT, histogram
from imdbsent.cli._console import Data, NoColor, Quiet, Verbose, show_messages, stdout_console, visible
from imdbsent.errors import OutputFailed, UsageProblem
from imdbsent.writing.text import output_errors, write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console, RenderableType

    from imdbsent.dataset.statistics import SplitStatistics


TWO_COLUMNS: Final = 136
"""Characters from which there is room for two panels side by side."""
_WIDEST: Final = 160

_STYLES: Final = ("red", "green", "blue", "magenta", "yellow", "cyan")
"""Of the classes in order: negative is red and positive green, as in the table of predictions."""
_NAMES: Final = {
    "all": "IMDB reviews, train and test",
    "train": "IMDB reviews, train",
    "test": "IMDB reviews, test",
    "file": "your texts",
}
_GOOD_STARS: Final = 7


def statistics_page(statistics: SplitStatistics, width: int, *, ascii_only: bool = False) -> RenderableType:
    """All the figures as panels.

    Args:
        statistics: the figures.
        width: characters of the terminal.
        ascii_only: whether bars are drawn without block characters.
    """
    width = min(width, _WIDEST)
    is_wide = width >= TWO_COLUMNS
    panel_width = (width - 1) // 2 if is_wide else width
    inside = panel_width - 4  # border and padding
    what = _Words(statistics)
    size = _panel(_NAMES[statistics.split], _size(statistics, what), panel_width)
    length = _panel(f"length of a {what.one} in ids", _lengths(statistics, inside, ascii_only=ascii_only), panel_width)
    frequent = _panel("most frequent words", _frequent(statistics, inside), panel_width)
    left, right = [size], [length]
    if statistics.stars:
        left.append(_panel("stars", _stars(statistics, inside, ascii_only=ascii_only), panel_width))
    if statistics.frequent:
        (left if is_wide else right).append(frequent)
    if statistics.telling:
        right.append(_panel("words that tell the classes apart", _telling(statistics, inside), panel_width))
    if not is_wide:
        return Group(*left, *right)
    page = Table.grid(padding=(0, 1, 0, 0))
    page.add_row(Group(*left), Group(*right))
    return page


class _Words:
    """What a record is called: a review of IMDB, a text of a user's own."""

    def __init__(self, statistics: SplitStatistics) -> None:
        self.one = "text" if statistics.split == "file" else "review"
        self.many = self.one + "s"


def _panel(title: str, content: RenderableType, width: int) -> Panel:
    return Panel(
        content, title=Text(title, style="bold"), title_align="left", border_style="dim", box=box.ROUNDED, width=width
    )


def _pairs() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _size(statistics: SplitStatistics, what: _Words) -> RenderableType:
    vocabulary, titles, n = statistics.vocabulary, statistics.titles, statistics.reviews
    table = _pairs()
    table.add_row(what.many, _groups(statistics))
    if statistics.classes:
        table.add_row("classes", _classes(statistics))
    labelled = sum(size.reviews for size in statistics.sizes if size.label is not None)
    labels = f"\nlabels ({labelled},)" if labelled else ""
    table.add_row("shape", f"ids ({n},), padded ({n}, {statistics.maximum_length}){labels}")
    table.add_row("words", f"{vocabulary.running:,} running, {vocabulary.distinct:,} distinct")
    table.add_row("ids", f"{vocabulary.distinct_ids:,} distinct with num_words={statistics.num_words}")
    table.add_row("out of vocabulary", f"{vocabulary.out_of_vocabulary:.2%} of the running words")
    if vocabulary.left_out:
        table.add_row("left out", f"{vocabulary.left_out:.2%}, in no training review")
    if titles.titles:
        shared = f"; {titles.in_both_splits:,} in both splits" if statistics.split == "all" else ""
        table.add_row("titles", f"{titles.titles:,}{shared}")
        table.add_row("reviews a title", f"mean {titles.mean:.1f}, median {titles.median}, most {titles.most}")
    return table


def _groups(statistics: SplitStatistics) -> RenderableType:
    """Reviews a split and class as a small table."""
    splits = list(dict.fromkeys(size.split for size in statistics.sizes))
    labels = list(dict.fromkeys(size.label for size in statistics.sizes))
    sizes = {(size.split, size.label): size.reviews for size in statistics.sizes}
    if len(labels) > len(_STYLES):
        return f"{statistics.reviews:,}"
    table = Table.grid(padding=(0, 2, 0, 0))
    if len(splits) > 1:
        table.add_column(no_wrap=True)
    for _ in (*labels, None):
        table.add_column(justify="right", no_wrap=True)
    head = [Text(_label(label), style=_style(statistics, label)) for label in labels]
    table.add_row(*([""] if len(splits) > 1 else []), *head, "total")
    for split in splits:
        counts = [sizes.get((split, label), 0) for label in labels]
        table.add_row(*([split] if len(splits) > 1 else []), *_numbers([*counts, sum(counts)]))
    if len(splits) > 1:
        totals = [sum(sizes.get((split, label), 0) for split in splits) for label in labels]
        table.add_row(Text("total", style="bold"), *(Text(n, style="bold") for n in _numbers([*totals, sum(totals)])))
    return table


def _classes(statistics: SplitStatistics) -> Text:
    n = len(statistics.classes)
    shown = statistics.classes[:20]
    names = Text(", ").join(Text(_label(label), style=_style(statistics, label)) for label in shown)
    return Text(f"{n}: ").append_text(names).append(" ..." if n > len(shown) else "")


def _lengths(statistics: SplitStatistics, width: int, *, ascii_only: bool) -> RenderableType:
    lengths, limit = statistics.lengths, statistics.maximum_length
    table = _pairs()
    table.add_row("mean", f"{lengths.mean:.5f}, standard deviation {lengths.std:.5f}")
    table.add_row("percentiles", _percentiles(statistics, width))
    table.add_row("shortest", Text(visible(f"{lengths.shortest.length:,} ids, {lengths.shortest.review}")))
    table.add_row("longest", Text(visible(f"{lengths.longest.length:,} ids, {lengths.longest.review}")))
    table.add_row(Text("cut", style=CUT), f"{lengths.cut:.2%} are longer than {limit} and lose their beginning")
    return Group(table, "", histogram(lengths.histogram, limit, width, ascii_only=ascii_only))


def _percentiles(statistics: SplitStatistics, width: int) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    percentiles = statistics.lengths.percentiles if width >= 56 else statistics.lengths.percentiles[1::2]  # noqa: PLR2004 (characters)
    for _ in percentiles:
        table.add_column(justify="right", no_wrap=True)
    table.add_row(*(Text(f"{percentile.percent}%", style="dim") for percentile in percentiles))
    table.add_row(*_numbers(percentile.length for percentile in percentiles))
    return table


def _stars(statistics: SplitStatistics, width: int, *, ascii_only: bool) -> Table:
    most = max(count.reviews for count in statistics.stars)
    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(justify="right")
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    space = max(8, width - 20)
    for count in statistics.stars:
        length = max(1, round(count.reviews / most * space))
        style = "green" if count.stars >= _GOOD_STARS else "red"
        bar = Text(("#" if ascii_only else "█") * length, style=style)
        share = Text(f"{count.reviews / statistics.reviews:.1%}", style="dim")
        table.add_row(f"{count.stars}", bar, f"{count.reviews:,}", share)
    return table


def _frequent(statistics: SplitStatistics, width: int) -> RenderableType:
    table = _word_table()
    table.add_column("rank", justify="right", style="dim", no_wrap=True)
    table.add_column("word", overflow="fold")
    table.add_column("count", justify="right", no_wrap=True)
    room = (width - 30) // 14  # beside rank, word and count
    labels = statistics.classes if 1 < len(statistics.classes) <= room else ()
    for label in labels:
        table.add_column(Text(f"in {_label(label)}", style=_style(statistics, label)), justify="right")
    for word in statistics.frequent:
        rank = "" if word.rank is None else f"{word.rank:,}"
        table.add_row(rank, Text(visible(word.word)), *_numbers([word.count, *(word.by_class if labels else ())]))
    if statistics.split != "file" and any(word.word == "br" for word in statistics.frequent):
        return Group(table, Text("br is what is left of the line break <br />", style="dim"))
    return table


def _telling(statistics: SplitStatistics, width: int) -> RenderableType:
    """A list for each class; two classes stand side by side."""
    n = len(statistics.classes)
    is_pair = n == 2  # noqa: PLR2004 (what there is room for)
    room = (width - 3) // 2 if is_pair else width
    lists = [_telling_list(statistics, i, room) for i in range(n)]
    note = Text("z of the log-odds ratio, Dirichlet prior (Monroe et al. 2008)", style="dim")
    if not is_pair:
        return Group(*lists, note)
    pair = Table.grid(padding=(0, 3, 0, 0))
    pair.add_row(*lists)
    return Group(pair, note)


def _telling_list(statistics: SplitStatistics, place: int, width: int) -> Table:
    """One class: word and z, and how often it and the others use the word where there is room."""
    label = statistics.classes[place]
    style = _style(statistics, label)
    table = _word_table()
    table.add_column(Text(_label(label), style=style), overflow="fold", style=style)
    for name in ("z", "count", "elsewhere")[: 3 if width >= 36 else 2 if width >= 28 else 1]:  # noqa: PLR2004 (characters)
        table.add_column(name, justify="right", no_wrap=True)
    for word in statistics.telling:
        if word.label == label:
            here = word.by_class[place]
            cells = (f"{word.z:.1f}", *_numbers([here, sum(word.by_class) - here]))
            table.add_row(Text(visible(word.word)), *cells[: len(table.columns) - 1])
    return table


def _word_table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")


def _numbers(values: Iterable[int]) -> list[str]:
    return [f"{value:,}" for value in values]


def _label(label: str | None) -> str:
    return "unlabelled" if label is None else visible(label)


def _style(statistics: SplitStatistics, label: str | None) -> str:
    return "dim" if label is None else _STYLES[statistics.classes.index(label) % len(_STYLES)]


class Split(str, Enum):
    """The labelled splits of the IMDB reviews."""

    ALL = "all"
    TRAIN = "train"
    TEST = "test"


class Layout(str, Enum):
    """The formats of figures."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def stats(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="Your own texts: .csv, .tsv, .jsonl or .parquet with the columns text and label (which may be "
            "missing), or .txt, a text a line, also with .gz or .zst behind it; '-' reads standard input. "
            "Left out: the IMDB reviews.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[Split, typer.Option("--split", help="Which of the IMDB reviews.")] = Split.ALL,
    num_words: Annotated[
        int, typer.Option("--num-words", min=5, max=10_000_000, help="Ids from this one on are out of the vocabulary.")
    ] = 10_000,
    top: Annotated[int, typer.Option("--top", min=0, max=1_000, help="Words a list.")] = 10,
    output_format: Annotated[Layout, typer.Option("--format", help="How to write the figures.")] = Layout.TABLE,
    data: Data = None,
    text_column: Annotated[str, typer.Option("--text-column", help="Column of FILE that holds the text.")] = "text",
    label_column: Annotated[
        str | None,
        typer.Option("--label-column", help="Column of FILE that holds the class. Left out: label, if there."),
    ] = None,
    recompute: Annotated[
        bool,
        typer.Option("--recompute", help="Count anew, and compare with the figures that came with imdbsent."),
    ] = False,
    export_figures: Annotated[
        Path | None,
        typer.Option("--export-figures", metavar="PATH", hidden=True, help="Write the figures that imdbsent ships."),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Show what is in the reviews: classes, words, lengths, stars, titles, and the words that tell classes apart.

    imdbsent stats --num-words 10000

    imdbsent stats --split train --format csv | grep ^reviews_of_stars

    imdbsent stats --format json | jq .lengths.mean

    imdbsent stats my-texts.csv --text-column review --label-column sentiment
    """
    console = show_messages(no_color=no_color, quiet=quiet, verbose=verbose)
    if file is not None:
        _check_file_options(split, data, recompute or export_figures is not None)
    if export_figures is not None:
        _export_figures(export_figures, data)
        return
    statistics = _statistics(
        file, split, num_words, top, data, text_column, label_column, recompute=recompute, console=console
    )
    _show(statistics, output_format, no_color=no_color)


def _check_file_options(split: Split, data: Path | None, is_about_reviews: bool) -> None:
    for option, is_given in (
        (f"--split {split.value}", split is not Split.ALL),
        ("--data", data is not None),
        ("--recompute", is_about_reviews),
    ):
        if is_given:
            raise UsageProblem(f"{option} is about the IMDB reviews, not about FILE. Type one of the two")


def _statistics(
    file: str | None,
    split: Split,
    num_words: int,
    top: int,
    data: Path | None,
    text_column: str,
    label_column: str | None,
    *,
    recompute: bool,
    console: Console,
) -> SplitStatistics:
    from imdbsent.cli._progress import DownloadBar
    from imdbsent.dataset import describe

    question = describe.Question(split.value, num_words, top)
    if file is not None:
        return describe.describe_file(file, question, text_column, label_column)
    answer = describe.recompute if recompute else describe.describe_reviews
    return answer(question, data, DownloadBar(console))


def _show(statistics: SplitStatistics, layout: Layout, *, no_color: bool) -> None:
    """Write statistics to standard output.

    Raises:
        OutputClosed: the reader has gone.
        OutputFailed: the system refuses.
    """
    if layout is Layout.TABLE:

        console = stdout_console(no_color=no_color)
        with output_errors():
            console.print(statistics_page(statistics, console.width, ascii_only=console.options.ascii_only))
        return
    from imdbsent.dataset.figures import as_csv, as_json

    write((as_json if layout is Layout.JSON else as_csv)(statistics), sys.stdout.buffer)


def _export_figures(path: Path, data: Path | None) -> None:
    from imdbsent.dataset.describe import figures_to_ship
    from imdbsent.dataset.figures import to_json

    text = to_json(figures_to_ship(data))
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error
