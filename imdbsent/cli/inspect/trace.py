"""`imdbsent inspect trace`: the network unrolled over a text."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from imdbsent.cli._console import (
    NARROW,
    NoColor,
    Quiet,
    RowFormat,
    json_line,
    probability_text,
    show,
    show_messages,
    stdout_console,
    tsv_line,
    write_lines,
)
from imdbsent.cli._streams import visible
from imdbsent.cli.inspect._common import Model, has_no_input, load_classifier
from imdbsent.errors import TextWithoutVerdict, counted
from imdbsent.reading.lines import read_records
from imdbsent.reading.streams import STDIN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from imdbsent.classify.lstm import Array
    from imdbsent.explain.trace import Trace, TracedToken

_LEVELS: Final = " ▁▂▃▄▅▆▇█"
_ASCII_LEVELS: Final = " .:-=+*#@"
_TOKEN_WIDTH: Final = 14
_GAP: Final = 2  # between columns
_FACTS_WIDTH: Final = 4 + _TOKEN_WIDTH + 6 + 3 * _GAP  # step, token, P
_GATES: Final = "ifo"
_GATES_WIDTH: Final = len(_GATES) * (4 + _GAP)
_CELLS_OF_TWO: Final = 2 * 20  # with fewer cells, only the hidden state is drawn


def trace(
    context: typer.Context,
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="A text. '-' reads standard input.", show_default=False)
    ] = None,
    model: Model = None,
    output_format: Annotated[
        RowFormat,
        typer.Option("--format", help="Output format; jsonl has the full state and gates.", rich_help_panel="Output"),
    ] = RowFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Watch the LSTM read a text: one row per token, with its gates, its state, and the verdict so far.

    This needs a model that answers from its last state, as classic does; the flagship does not.

    TSV has one row per token: step, token, id, probability of positive, and the means of the gates i, f, o.

    JSONL has one object per token: step, token, id, logit, probability, and the vectors h, c, i, f, o, g.

    imdbsent inspect trace "This is not a great movie"

    imdbsent inspect trace "great movie" --format jsonl > states.jsonl

    imdbsent inspect review 0 --split test --raw | imdbsent inspect trace - --format tsv | cut -f2,4
    """
    from imdbsent.explain.trace import trace as trace_text

    if text is None and has_no_input():
        typer.echo(context.get_help())
        return
    (record,) = read_records([STDIN if text is None else text], [], whole=True)
    if record.problem:
        raise TextWithoutVerdict(record.problem)
    show_messages(no_color=no_color, quiet=quiet)
    classifier = load_classifier(model)
    traced = trace_text(classifier, record.text)
    if output_format is RowFormat.JSONL:
        write_lines(json_line(fields) for fields in trace_objects(traced))
    elif output_format is RowFormat.TSV:
        write_lines(_tsv_lines(traced))
    else:
        console = stdout_console(no_color=no_color)
        show(console, trace_table(traced, console), explanation(traced, classifier.bundle.card.temperature))


def trace_objects(traced: Trace) -> Iterator[dict[str, Any]]:
    """One object per token with the full state vectors; step 0 is the state after the padding."""
    yield {
        "step": 0,
        "token": None,
        "id": None,
        "paddings": traced.paddings,
        "probability": traced.probability,
        "h": traced.hidden.tolist(),
        "c": traced.cell.tolist(),
    }
    for number, token in enumerate(traced.tokens, 1):
        step = token.step
        yield {
            "step": number,
            "token": token.word,
            "id": token.id,
            "logit": token.logit,
            "probability": token.probability,
            "h": step.hidden.tolist(),
            "c": step.cell.tolist(),
            "i": step.input_gate.tolist(),
            "f": step.forget_gate.tolist(),
            "o": step.output_gate.tolist(),
            "g": step.candidate.tolist(),
        }


def trace_table(traced: Trace, console: Console) -> Table:
    """The table of a trace, as wide as the console: a wider one draws more of the state."""
    import numpy as np
    from rich import box
    from rich.table import Table
    from rich.text import Text

    ascii_only = console.options.ascii_only
    gates = _GATES if console.width >= NARROW else ""
    free = console.width - _FACTS_WIDTH - (_GATES_WIDTH if gates else 0)
    both = free - _GAP >= _CELLS_OF_TWO
    cells = max(1, min(traced.hidden.size, (free - _GAP) // 2 if both else free))
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, header_style="bold", padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("step", justify="right", width=4)
    table.add_column("token", width=_TOKEN_WIDTH, no_wrap=True, overflow="ellipsis")
    table.add_column("P(pos)", justify="right", width=6)
    for gate in gates:
        table.add_column(gate, justify="right", width=4)
    if both:
        table.add_column("tanh(c)", width=cells, no_wrap=True)
    table.add_column("h", width=cells, no_wrap=True)

    hidden = np.stack([traced.hidden, *(token.step.hidden for token in traced.tokens)])  # (T + 1, H)
    cell = np.tanh(np.stack([traced.cell, *(token.step.cell for token in traced.tokens)]))
    pictures = [
        [picture(row, cells, largest, ascii_only=ascii_only) for row in states]
        for states, largest in [*([(cell, _largest(cell[1:]))] if both else []), (hidden, _largest(hidden[1:]))]
    ]
    padding = Text(f"[pad x {traced.paddings}]" if traced.paddings else "", style="dim")
    start = probability_text(traced.probability)
    table.add_row("0", padding, start, *[""] * len(gates), *(drawn[0] for drawn in pictures))
    for number, token in enumerate(traced.tokens, 1):
        table.add_row(
            str(number),
            Text(visible(token.word), style=_token_style(token)),
            probability_text(token.probability),
            *(f"{mean:.2f}" for _, mean in zip(gates, _gate_means(token))),
            *(drawn[number] for drawn in pictures),
        )
    return table


def explanation(traced: Trace, temperature: float) -> Text:
    """The meaning of a row in the table."""
    from rich.text import Text

    from imdbsent.classify.lstm import FORMULA

    text = Text("\n")
    text.append("One step, from the embedding x of the word and the h and c of the previous step:\n", style="bold")
    for name, equation, meaning in FORMULA:
        text.append(f"  {name:>7} = {equation:<24}").append(f"{meaning}\n", style="dim")
    largest = max(_largest(token.step.hidden) for token in traced.tokens)
    text.append(
        f"The columns i, f, o are means over the {traced.hidden.size} units. Each block stands for a group of units, "
        f"and shows the strongest of them; a full block of h is {largest:.2f}, "
    )
    text.append("green", style="green").append(" above 0, ").append("red", style="red").append(" below.")
    if temperature != 1:
        text.append(f" The logit is divided by the temperature {temperature:g}.")
    if traced.cut:
        text.append(f" Cut off: the first {counted(traced.cut, 'id')} of the text.")
    return text


def picture(values: Array, cells: int, largest: float, *, ascii_only: bool = False) -> Text:
    """A vector as a row of blocks: the height is the size, the color the sign.

    Args:
        values: the vector, shape (H,).
        cells: number of characters; each shows the strongest of its group of neighboring units.
        largest: the size of a full block.
        ascii_only: whether to draw without block characters.

    Returns:
        Exactly `cells` characters.
    """
    import numpy as np
    from rich.text import Text

    levels = _ASCII_LEVELS if ascii_only else _LEVELS
    strongest = [float(group[np.argmax(np.abs(group))]) for group in np.array_split(values, cells)]
    drawn = Text()
    for is_positive, run in itertools.groupby(strongest, lambda value: value > 0):
        heights = (round(abs(value) / largest * (len(levels) - 1)) if largest else 0 for value in run)
        blocks = "".join(levels[min(height, len(levels) - 1)] for height in heights)
        drawn.append(blocks, style="green" if is_positive else "red")
    return drawn


def _tsv_lines(traced: Trace) -> Iterator[str]:
    yield tsv_line((0, f"[pad x {traced.paddings}]", None, traced.probability, None, None, None))
    for number, token in enumerate(traced.tokens, 1):
        yield tsv_line((number, visible(token.word), token.id, token.probability, *_gate_means(token)))


def _gate_means(token: TracedToken) -> tuple[float, float, float]:
    """Means of the gates i, f, o over the units."""
    step = token.step
    return float(step.input_gate.mean()), float(step.forget_gate.mean()), float(step.output_gate.mean())


def _largest(values: Array) -> float:
    import numpy as np

    return float(np.abs(values).max())


def _token_style(token: TracedToken) -> str:
    from imdbsent.text.tokenizer import OOV_ID, START_ID

    return {START_ID: "dim", OOV_ID: "yellow"}.get(token.id, "")
