"""`imdbsent inspect model`: the network, its recipe and its metrics, from the card alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli._console import (
    NARROW,
    NoColor,
    PageFormat,
    Quiet,
    complete_models,
    fact_table,
    new_table,
    show,
    show_messages,
    stdout_console,
    write_lines,
)
from imdbsent.cli._streams import visible
from imdbsent.errors import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console
    from rich.table import Table

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.bundle.card import ModelCard


def model(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="[NAME|PATH]",
            autocompletion=complete_models,
            help="Name or folder of a model. Default: IMDBSENT_MODEL, else the model of `imdbsent models use`.",
            show_default=False,
        ),
    ] = None,
    output_format: Annotated[
        PageFormat, typer.Option("--format", help="Output format; json is the whole card.", rich_help_panel="Output")
    ] = PageFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Show a model: layers, output shapes, parameters, recipe, metrics, and the learning curves.

    imdbsent inspect model

    imdbsent inspect model classic --format json | python -m json.tool --no-ensure-ascii
    """
    from imdbsent.models.resolve import resolve

    show_messages(no_color=no_color, quiet=quiet)
    bundle = resolve(name)
    if output_format is PageFormat.JSON:
        write_lines([bundle.card.to_json().removesuffix("\n")])
        return
    console = stdout_console(no_color=no_color)
    show(console, *model_tables(bundle, console))


def model_tables(bundle: Bundle, console: Console) -> list[Table]:
    """The card of a model for people: the layers, the epochs and their curves if there are any, and the facts.

    Args:
        bundle: the model.
        console: where the tables go; curves are as wide as it is, and ASCII if it shows nothing else.
    """
    from imdbsent.cli._charts import learning_curves

    card, width = bundle.card, console.width
    history = history_table(card, width) if card.history else None
    curves = learning_curves(card.history, card.validation_split, width, ascii_only=console.options.ascii_only)
    tables = (layer_table(card, width), history, curves, facts_table(bundle))
    return [table for table in tables if table is not None]


def layer_table(card: ModelCard, width: int) -> Table:
    """The layers, like `model.summary()` of Keras.

    Args:
        card: of a model.
        width: columns of the console.
    """
    from rich.text import Text

    table = new_table(width, f"{card.name}, version {card.version}", has_footer=True)
    table.add_column("layer", "total", overflow="fold")
    is_narrow = width < NARROW
    if not is_narrow:
        table.add_column("kind", overflow="fold")
    table.add_column("output shape")
    total = f"{sum(layer.parameters for layer in card.layers):,}"
    table.add_column("parameters", total, justify="right", no_wrap=True)
    for layer in card.layers:
        kind = [] if is_narrow else [Text(visible(layer.kind))]
        table.add_row(Text(visible(layer.name)), *kind, _shape_text(layer.output_shape), f"{layer.parameters:,}")
    return table


def _shape_text(shape: Sequence[int | None]) -> str:
    """An output shape: the first size that depends on the input is that of the batch, the others are its tokens."""
    sizes = (str(size) if size is not None else "tokens" if axis else "batch" for axis, size in enumerate(shape))
    return f"({', '.join(sizes)})"


def history_table(card: ModelCard, width: int) -> Table:
    """The epochs of training, with the validation after each.

    Args:
        card: of a model.
        width: columns of the console; a narrow one has no column for the seconds.
    """
    from rich.text import Text

    table = new_table(width, "training")
    split = visible(card.validation_split)
    if width < NARROW and split == "validation":
        split = "val."
    headings = ["epoch", "loss", "accuracy", f"{split} loss", f"{split} acc.", "seconds"]
    columns = len(headings) - (width < NARROW)
    for heading in headings[:columns]:
        table.add_column(Text(heading), justify="right", overflow="fold")
    for epoch in card.history:
        cells = (
            str(epoch.number) if epoch.number else "before",  # fine-tuning
            f"{epoch.loss:.4f}",
            f"{epoch.accuracy:.2%}",
            f"{epoch.test_loss:.4f}",
            f"{epoch.test_accuracy:.2%}",
            f"{epoch.seconds:.0f}",
        )
        table.add_row(*cells[:columns])
    return table


def facts_table(bundle: Bundle) -> Table:
    """The metrics, what decides a verdict, the recipe, and the folder of a model."""
    from rich.text import Text

    card = bundle.card
    by = "" if bundle.set_threshold is None else f" (set by `imdbsent models set`; its own: {card.threshold:g})"
    facts = [
        (each.split, f"accuracy {each.accuracy:.2%}, loss {each.loss:.4f} on {counted(each.n, 'text')}")
        for each in card.metrics
    ] + [
        ("chosen by", card.chosen_by),
        ("input", f"{card.num_words:,} ids (tokenizer {card.tokenizer}), the last {card.maximum_length} of a text"),
        ("output", f"positive from {bundle.threshold:g} on{by}, temperature {card.temperature:g}"),
        ("recipe", ", ".join(f"{key} {value}" for key, value in card.recipe.items())),
        ("seed", str(card.seed)),
        ("data", f"SHA-256 {card.data_sha256}"),
        ("made with", ", ".join(f"{library} {version}" for library, version in card.versions.items())),
        ("folder", str(bundle.directory)),
    ]
    table = fact_table()
    for name, fact in facts:
        if fact:
            table.add_row(Text(visible(name)), Text(visible(fact)))
    return table
