"""`imdbsent stats`: figures about the IMDB reviews, or about the user's own texts.

From top to bottom: the command, the work, the page.
"""

from __future__ import annotations

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
from imdbsent.cli._console import (
    NARROW,
    Data,
    FigureFormat,
    NoColor,
    Quiet,
    Verbose,
    show,
    show_messages,
    stdout_console,
    write_text,
)
from imdbsent.cli._input_options import NONE_GIVEN, InputOptions, with_input_options
from imdbsent.cli._streams import visible
from imdbsent.errors import OutputFailed, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from imdbsent.dataset.statistics import SplitStatistics
    from imdbsent.fetch import DownloadProgress
    from imdbsent.reading.options import ReadOptions


_INPUT: Final = "Input"
_OUTPUT: Final = "Output"


class StatsSplit(str, Enum):
    """The labeled splits of the IMDB reviews."""

    ALL = "all"
    TRAIN = "train"
    TEST = "test"


@with_input_options(rules=False)
def stats(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE",
            help="Your own texts: CSV, TSV, JSON, JSON Lines, Parquet, a spreadsheet, fastText, or one text per line; "
            "compressed or not. '-' reads standard input. Default: the IMDB reviews.",
            show_default=False,
        ),
    ] = None,
    split: Annotated[
        StatsSplit, typer.Option("--split", help="Split of the IMDB reviews.", rich_help_panel=_INPUT)
    ] = StatsSplit.ALL,
    num_words: Annotated[
        int,
        typer.Option(
            "--num-words",
            metavar="N",
            min=5,
            max=10_000_000,
            help="Vocabulary limit; ids from this number up are unknown words.",
            rich_help_panel=_INPUT,
        ),
    ] = 10_000,
    top: Annotated[
        int, typer.Option("--top", metavar="N", min=0, max=1_000, help="Words per list.", rich_help_panel=_OUTPUT)
    ] = 10,
    output_format: Annotated[
        FigureFormat, typer.Option("--format", help="Output format.", rich_help_panel=_OUTPUT)
    ] = FigureFormat.TABLE,
    data: Data = None,
    given: InputOptions = NONE_GIVEN,
    recompute: Annotated[
        bool,
        typer.Option("--recompute", help="Count again, and compare with the figures that come with imdbsent."),
    ] = False,
    export_figures: Annotated[
        Path | None,
        typer.Option("--export-figures", metavar="PATH", hidden=True, help="Write the figures that imdbsent ships."),
    ] = None,
    quiet: Quiet = False,
    verbose: Verbose = False,
    no_color: NoColor = False,
) -> None:
    """Show statistics of the reviews: classes, words, lengths, stars, titles, and the words typical of each class.

    imdbsent stats --num-words 10000

    imdbsent stats --split train --format csv | grep ^reviews_of_stars

    imdbsent stats --format json | jq .lengths.mean

    imdbsent stats my-texts.csv --text-column review --label-column sentiment
    """
    from imdbsent.cli._progress import DownloadBar

    console = show_messages(no_color=no_color, quiet=quiet, verbose=verbose)
    if file is not None:
        _check_file_options(split, data, is_about_reviews=recompute or export_figures is not None)
    elif given.given:
        raise UsageProblem(f"{next(iter(given.given))} requires FILE. Type: imdbsent stats --help")
    if export_figures is not None:
        export_shipped_figures(export_figures, data, DownloadBar(lambda: console))
        return
    statistics = compute_statistics(
        file,
        split=split.value,
        num_words=num_words,
        top=top,
        data=data,
        read=given.read("stats"),
        recompute=recompute,
        progress=DownloadBar(lambda: console),
    )
    _show(statistics, output_format, no_color=no_color)


def _check_file_options(split: StatsSplit, data: Path | None, *, is_about_reviews: bool) -> None:
    for option, is_given in (
        (f"--split {split.value}", split is not StatsSplit.ALL),
        ("--data", data is not None),
        ("--recompute", is_about_reviews),
    ):
        if is_given:
            raise UsageProblem(f"{option} applies to the IMDB reviews, not to FILE. Type only one of them")


def _show(statistics: SplitStatistics, output_format: FigureFormat, *, no_color: bool) -> None:
    from imdbsent.dataset.describe import as_csv, as_json

    if output_format is FigureFormat.TABLE:
        console = stdout_console(no_color=no_color)
        show(console, statistics_page(statistics, console.width, ascii_only=console.options.ascii_only))
    else:
        write_text((as_json if output_format is FigureFormat.JSON else as_csv)(statistics))


def compute_statistics(
    file: str | None = None,
    *,
    split: str = "all",
    num_words: int = 10_000,
    top: int = 10,
    data: Path | None = None,
    read: ReadOptions | None = None,
    recompute: bool = False,
    progress: DownloadProgress | None = None,
) -> SplitStatistics:
    """Compute the figures of the IMDB reviews, or of a user's own texts.

    Args:
        file: path of the user's own texts, or `-` for standard input; None for the IMDB reviews.
        split: "train", "test" or "all" of the IMDB reviews.
        num_words: ids from this one on are out of the vocabulary.
        top: words per list.
        data: archive or folder of the IMDB reviews; None for the usual places.
        read: how to read the file; None to detect everything.
        recompute: whether to count the reviews again, and to compare with the figures that come with the package.
        progress: follows a download.

    Raises:
        ImdbsentError: the texts are missing or damaged, or a recomputed figure differs.
    """
    from imdbsent.dataset import describe

    query = describe.StatisticsQuery(split, num_words, top)
    if file is not None:
        return describe.describe_file(file, query, read)
    return (describe.recompute if recompute else describe.describe_reviews)(query, data, progress)


def export_shipped_figures(path: Path, data: Path | None, progress: DownloadProgress | None = None) -> None:
    """Write the figures that the package ships.

    Args:
        path: a JSON file.
        data: archive or folder of the IMDB reviews; None for the usual places.
        progress: follows a download.

    Raises:
        OutputFailed: the file cannot be written.
        ImdbsentError: the reviews are missing or incomplete.
    """
    from imdbsent.dataset.describe import figures_to_ship, to_json

    text = to_json(figures_to_ship(data, progress))
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise OutputFailed(f"{path}: {error.strerror or error}") from error


TWO_COLUMNS: Final = 136
"""Columns from which on two panels fit side by side."""
_WIDEST: Final = 160

_STYLES: Final = ("red", "green", "blue", "magenta", "yellow", "cyan")
"""Of the classes in order: negative is red and positive green, like in the table of predictions."""
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
        width: columns of the terminal.
        ascii_only: whether bars have no block characters.
    """
    width = min(width, _WIDEST)
    is_wide = width >= TWO_COLUMNS
    panel_width = (width - 1) // 2 if is_wide else width
    inside = panel_width - 4  # border and padding
    noun = _noun(statistics)
    size = _panel(_NAMES[statistics.split], _size(statistics, inside), panel_width)
    length = _panel(f"length of a {noun} in ids", _lengths(statistics, inside, ascii_only=ascii_only), panel_width)
    frequent = _panel("most frequent words", _frequent(statistics, inside), panel_width)
    left, right = [size], [length]
    if statistics.stars:
        left.append(_panel("stars", _stars(statistics, inside, ascii_only=ascii_only), panel_width))
    if statistics.frequent:
        (left if is_wide else right).append(frequent)
    if statistics.telling:
        right.append(_panel("words typical of each class", _telling(statistics, inside), panel_width))
    if not is_wide:
        return Group(*left, *right)
    page = Table.grid(padding=(0, 1, 0, 0))
    page.add_row(Group(*left), Group(*right))
    return page


def _noun(statistics: SplitStatistics) -> str:
    """What a record is: a review of IMDB, or a text of the user's own."""
    return "text" if statistics.split == "file" else "review"


def _panel(title: str, content: RenderableType, width: int) -> Panel:
    return Panel(
        content, title=Text(title, style="bold"), title_align="left", border_style="dim", box=box.ROUNDED, width=width
    )


def _pairs() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _size(statistics: SplitStatistics, width: int) -> RenderableType:
    vocabulary, titles, n = statistics.vocabulary, statistics.titles, statistics.reviews
    table = _pairs()
    is_narrow = width < NARROW
    if not is_narrow:
        table.add_row(f"{_noun(statistics)}s", _groups(statistics))
    if statistics.classes:
        table.add_row("classes", _classes(statistics))
    labeled = sum(size.reviews for size in statistics.sizes if size.label is not None)
    labels = f"\nlabels ({labeled},)" if labeled else ""
    table.add_row("shape", f"ids ({n},), padded ({n}, {statistics.maximum_length}){labels}")
    table.add_row("words", f"{vocabulary.running:,} running, {vocabulary.distinct:,} distinct")
    table.add_row("ids", f"{vocabulary.distinct_ids:,} distinct with num_words={statistics.num_words}")
    table.add_row("out of vocabulary", f"{vocabulary.out_of_vocabulary:.2%} of the running words")
    if vocabulary.left_out:
        table.add_row("left out", f"{vocabulary.left_out:.2%}, in no training review")
    if titles.titles:
        shared = f"; {titles.in_both_splits:,} in both splits" if statistics.split == "all" else ""
        table.add_row("titles", f"{titles.titles:,}{shared}")
        table.add_row("per title", f"mean {titles.mean:.1f}, median {titles.median}, most {titles.most}")
    return Group(_group_list(statistics), table) if is_narrow else table


def _groups(statistics: SplitStatistics) -> RenderableType:
    """Reviews of each split and class: one row per split, one column per class."""
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


def _group_list(statistics: SplitStatistics) -> Table:
    """The same as one row per split and class, for a narrow terminal."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for size in statistics.sizes:
        split = "" if statistics.split == "file" else f"{size.split}, "
        table.add_row(f"{size.reviews:,}", Text(split).append(_label(size.label), style=_style(statistics, size.label)))
    table.add_row(f"{statistics.reviews:,}", Text(f"{_noun(statistics)}s", style="cyan"))
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
    table.add_row(Text("cut", style=CUT), f"{lengths.cut:.2%} are longer than {limit} ids and lose their first ones")
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
    columns = (width - 30) // 14  # that fit beside rank, word and count
    labels = statistics.classes if 1 < len(statistics.classes) <= columns else ()
    for label in labels:
        table.add_column(Text(f"in {_label(label)}", style=_style(statistics, label)), justify="right")
    for word in statistics.frequent:
        rank = "" if word.rank is None else f"{word.rank:,}"
        table.add_row(rank, Text(visible(word.word)), *_numbers([word.count, *(word.by_class if labels else ())]))
    if statistics.split != "file" and any(word.word == "br" for word in statistics.frequent):
        return Group(table, Text("br comes from the line break <br />", style="dim"))
    return table


def _telling(statistics: SplitStatistics, width: int) -> RenderableType:
    """One list per class; two classes are side by side."""
    n = len(statistics.classes)
    is_pair = n == 2  # noqa: PLR2004 (lists that fit)
    width = (width - 3) // 2 if is_pair else width
    lists = [_telling_list(statistics, i, width) for i in range(n)]
    note = Text("z of the log-odds ratio, Dirichlet prior (Monroe et al. 2008)", style="dim")
    if not is_pair:
        return Group(*lists, note)
    pair = Table.grid(padding=(0, 3, 0, 0))
    pair.add_row(*lists)
    return Group(pair, note)


def _telling_list(statistics: SplitStatistics, index: int, width: int) -> Table:
    """One class: word and z, and how often it and the others use the word, if that fits."""
    label = statistics.classes[index]
    style = _style(statistics, label)
    table = _word_table()
    table.add_column(Text(_label(label), style=style), overflow="fold", style=style)
    for name in ("z", "count", "elsewhere")[: 3 if width >= 36 else 2 if width >= 28 else 1]:  # noqa: PLR2004 (characters)
        table.add_column(name, justify="right", no_wrap=True)
    for word in statistics.telling:
        if word.label == label:
            here = word.by_class[index]
            cells = (f"{word.z:.1f}", *_numbers([here, sum(word.by_class) - here]))
            table.add_row(Text(visible(word.word)), *cells[: len(table.columns) - 1])
    return table


def _word_table() -> Table:
    return Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")


def _numbers(values: Iterable[int]) -> list[str]:
    return [f"{value:,}" for value in values]


def _label(label: str | None) -> str:
    return "unlabeled" if label is None else visible(label)


def _style(statistics: SplitStatistics, label: str | None) -> str:
    return "dim" if label is None else _STYLES[statistics.classes.index(label) % len(_STYLES)]
