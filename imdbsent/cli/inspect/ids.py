"""`imdbsent inspect decode` and `imdbsent inspect encode`: from ids to words, and from words to ids."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from imdbsent.cli._console import (
    NoColor,
    Quiet,
    RowFormat,
    json_line,
    new_table,
    show,
    show_messages,
    stdout_console,
    tsv_line,
    write_lines,
)
from imdbsent.cli._streams import visible
from imdbsent.cli.inspect._common import Model, check_padding, has_no_input, load_tokenizer
from imdbsent.errors import UsageProblem, counted
from imdbsent.reading.inputs import parse_ids
from imdbsent.reading.lines import read_records
from imdbsent.reading.streams import STDIN
from imdbsent.text.tokenizer import INDEX_FROM, OOV_ID, PAD_ID, START_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rich.table import Table

    from imdbsent.records import Record
    from imdbsent.text.tokenizer import Token, Tokenizer

_NO_IDS = "no ids given. Type: imdbsent inspect decode 1 14 22 16"


def decode(
    context: typer.Context,
    ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="ID...", help="Ids, or a Python list. '-' reads standard input.", show_default=False),
    ] = None,
    model: Model = None,
    quiet: Quiet = False,
) -> None:
    """Turn ids into words, one line per list. Padding (0) and the start mark (1) are left out; id 2 is [OOV].

    imdbsent inspect decode 1 14 22 16 43 530 973

    imdbsent inspect decode "[1, 14, 22, 16]"

    python -c "import keras; print(keras.datasets.imdb.load_data()[0][0][0])" | tail -1 | imdbsent inspect decode -
    """
    if not ids and has_no_input():
        typer.echo(context.get_help())
        return
    lists = read_id_lists(ids or [STDIN])
    show_messages(quiet=quiet)
    write_lines(visible(line) for line in decoded_lines(lists, load_tokenizer(model)))


def decoded_lines(lists: list[list[int]], tokenizer: Tokenizer) -> list[str]:
    """The words of each list of ids.

    Raises:
        UsageProblem: an id is larger than the last one.
    """
    last = len(tokenizer.vocabulary.words) + INDEX_FROM
    largest = max(max(numbers) for numbers in lists)
    if largest > last:
        raise UsageProblem(f"no word has the id {largest}; the last is {last}. Type: imdbsent inspect decode 14 22")
    return [" ".join(tokenizer.decode(numbers)) for numbers in lists]


def read_id_lists(arguments: list[str]) -> list[list[int]]:
    """Read the lists of ids from the command line, or from standard input for `-`.

    Raises:
        UsageProblem: there are none, or something is not an id.
    """
    records = list(read_records([STDIN] if arguments == [STDIN] else [" ".join(arguments)], [], whole=True))
    try:
        lists = [ids for record in records for ids in parse_ids(record.text)]
    except ValueError as error:
        raise UsageProblem(f"{error}. Type: imdbsent inspect decode 1 14 22 16") from error
    if not lists:
        raise UsageProblem(_NO_IDS)
    return lists


def encode(
    context: typer.Context,
    texts: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TEXT...", help="Texts. '-' reads standard input, one text per line.", show_default=False
        ),
    ] = None,
    pad: Annotated[bool, typer.Option("--pad", help="Cut and pad at the start, as for the network.")] = False,
    model: Model = None,
    output_format: Annotated[
        RowFormat | None,
        typer.Option(
            "--format", help="Output format. Default: table; tsv if '-' is read in a pipe.", rich_help_panel="Output"
        ),
    ] = None,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Turn words into ids: each word, its rank by frequency, and its id, which is the rank + 3.

    TSV has one row per word (word, rank, id), and an empty line between texts. JSONL has one object per text.

    imdbsent inspect encode "A truly great movie"

    imdbsent inspect encode --pad --format jsonl "great movie"

    cat reviews.txt | imdbsent inspect encode - --format jsonl > ids.jsonl
    """
    if not texts and has_no_input():
        typer.echo(context.get_help())
        return
    texts = texts or [STDIN]
    records = _at_least_one(read_records(texts, [], whole=False))
    show_messages(quiet=quiet)
    tokenizer = load_tokenizer(model)
    if pad:
        check_padding(tokenizer)
    console = stdout_console(no_color=no_color)
    is_piped = STDIN in texts and not console.is_terminal
    chosen = output_format or (RowFormat.TSV if is_piped else RowFormat.TABLE)
    if chosen is RowFormat.JSONL:
        write_lines(json_line(_encoded_object(record, tokenizer, pad=pad)) for record in records)
    elif chosen is RowFormat.TSV:
        write_lines(_encoded_rows(records, tokenizer, pad=pad))
    else:
        for record in records:
            problem = _problem_of(record)
            if problem:
                raise UsageProblem(f'a text cannot be encoded: {problem}. Type: imdbsent inspect encode "great movie"')
            table = encoded_table(rows_of(record.text, tokenizer, pad=pad), tokenizer, console.width)
            cut = len(tokenizer.encode_whole(record.text)) - tokenizer.maximum_length
            show(console, table, *([f"Cut off: the first {counted(cut, 'id')}."] if pad and cut > 0 else []))


def rows_of(text: str, tokenizer: Tokenizer, *, pad: bool) -> list[Token]:
    """The start mark and the words of a text, each with its rank and id.

    Args:
        text: the text.
        tokenizer: gives the ids.
        pad: whether to leave out what has no id or is cut, and to start with the padding.

    Returns:
        The rows; padding and the start mark have no rank, and the names [pad] and [start].
    """
    from imdbsent.text.tokenizer import Token

    rows = [Token("[start]", None, START_ID), *tokenizer.tokens(text)]
    if not pad:
        return rows
    read = [row for row in rows if row.id is not None][-tokenizer.maximum_length :]
    return [Token("[pad]", None, PAD_ID)] * (tokenizer.maximum_length - len(read)) + read


def encoded_table(rows: list[Token], tokenizer: Tokenizer, width: int) -> Table:
    """The table of words, ranks and ids, with one row for all the padding.

    Args:
        rows: from `rows_of`.
        tokenizer: gave the ids; a word that it read in another spelling has that one beside it.
        width: columns of the console.
    """
    from rich.text import Text

    table = new_table(width)
    table.add_column("word", overflow="fold")
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("id", justify="right", no_wrap=True)
    table.add_column("", overflow="fold")
    paddings = sum(row.id == PAD_ID for row in rows)
    if paddings:
        folded = Text(f"[pad] x {paddings:,}", style="dim")
        table.add_row(folded, "", str(PAD_ID), Text("padding", style="dim"))
    for row in rows[paddings:]:
        style, remark = _remark(row, tokenizer)
        rank = "" if row.rank is None else f"{row.rank:,}"
        table.add_row(
            Text(visible(row.word), style=style), rank, "" if row.id is None else str(row.id), Text(remark, style="dim")
        )
    return table


def _remark(row: Token, tokenizer: Tokenizer) -> tuple[str, str]:
    """The style of a row, and a remark on it."""
    if row.id is None:
        return "dim strike", "not in the training reviews: left out"
    if row.id == OOV_ID:
        return "yellow", "too rare: out of the vocabulary"
    if row.id == START_ID:
        return "dim", "starts every text"
    if row.rank is not None and (read := tokenizer.vocabulary.word(row.rank)) != row.word:
        return "", f"read as {visible(read)}"
    return "", ""


def _encoded_object(record: Record, tokenizer: Tokenizer, *, pad: bool) -> dict[str, Any]:
    problem = _problem_of(record)
    if problem:
        return {"ids": [], "words": [], "problem": problem}
    rows = [row for row in rows_of(record.text, tokenizer, pad=pad) if row.id is not None]
    return {"ids": [row.id for row in rows], "words": [row.word for row in rows]}


def _encoded_rows(records: Iterable[Record], tokenizer: Tokenizer, *, pad: bool) -> Iterator[str]:
    for index, record in enumerate(records):
        if index:
            yield ""
        problem = _problem_of(record)
        if problem:
            yield tsv_line((f"[{problem}]", None, None))
            continue
        for row in rows_of(record.text, tokenizer, pad=pad):
            yield tsv_line((visible(row.word), row.rank, row.id))


def _at_least_one(records: Iterable[Record]) -> Iterator[Record]:
    """The records; an error if there are none."""
    record = None
    for record in records:
        yield record
    if record is None:
        raise UsageProblem('no text given. Type: imdbsent inspect encode "great movie"')


def _problem_of(record: Record) -> str | None:
    return record.problem or (None if record.text.strip() else "blank")
