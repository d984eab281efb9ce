"""`imdbsent inspect model`: the network, its recipe and its figures, from the card alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from imdbsent.cli._console import NoColor, Quiet, show_messages, stdout_console
from imdbsent.cli._streams import visible
from imdbsent.cli.inspect._common import PageFormat, show, write_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.bundle.card import ModelCard


def model(
    name: Annotated[
        str | None,
        typer.Argument(metavar="[NAME|PATH]", help="The model, by name or by its folder.", show_default=False),
    ] = None,
    output_format: Annotated[
        PageFormat, typer.Option("--format", help="'json' gives the whole card.")
    ] = PageFormat.TABLE,
    quiet: Quiet = False,
    no_color: NoColor = False,
) -> None:
    """Show a model: layers, output shapes, parameters, recipe, metrics, and its epochs of training with their curves.

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
    for table in model_tables(bundle, console):
        show(console, table)


def model_tables(bundle: Bundle, console: Console) -> list[Table]:
    """What a card says, for people: the layers, the epochs and their curves where there are any, and the rest.

    Args:
        bundle: whose card it is.
        console: where it goes; curves are as wide as it is, and ASCII where it has nothing else.
    """
    from imdbsent.cli._charts import learning_curves

    card = bundle.card
    history = history_table(card) if card.history else None
    curves = learning_curves(card.history, card.validation_split, console.width, ascii_only=console.options.ascii_only)
    return [table for table in (layer_table(card), history, curves, facts_table(bundle)) if table is not None]


def layer_table(card: ModelCard) -> Table:
    """The layers, as `model.summary()` of Keras shows them."""
    from rich.table import Table
    from rich.text import Text

    title = Text(f"{visible(card.name)}, version {card.version}")
    table = Table(title=title, title_style="italic", header_style="bold", show_footer=True)
    table.add_column("layer", "total", overflow="fold")
    table.add_column("kind", overflow="fold")
    table.add_column("output shape", no_wrap=True)
    total = f"{sum(layer.parameters for layer in card.layers):,}"
    table.add_column("parameters", total, justify="right", no_wrap=True)
    for layer in card.layers:
        shape = ", ".join("batch" if size is None else str(size) for size in layer.output_shape)
        name, kind = Text(visible(layer.name)), Text(visible(layer.kind))
        table.add_row(name, kind, f"({shape})", f"{layer.parameters:,}")
    return table


def history_table(card: ModelCard) -> Table:
    """The epochs of training, with the split looked at after each."""
    from rich.table import Table
    from rich.text import Text

    table = Table(title="training", header_style="bold")
    split = visible(card.validation_split)
    for heading in ("epoch", "loss", "accuracy", f"{split} loss", f"{split} acc.", "seconds"):
        table.add_column(Text(heading), justify="right", no_wrap=True)
    for epoch in card.history:
        table.add_row(
            str(epoch.number),
            f"{epoch.loss:.4f}",
            f"{epoch.accuracy:.2%}",
            f"{epoch.test_loss:.4f}",
            f"{epoch.test_accuracy:.2%}",
            f"{epoch.seconds:.0f}",
        )
    return table


def facts_table(bundle: Bundle) -> Table:
    """The figures, what decides an answer, the recipe, and where the model is."""
    from rich.table import Table
    from rich.text import Text

    card = bundle.card
    facts = [
        (split.split, f"accuracy {split.accuracy:.2%}, loss {split.loss:.4f}, on {split.n:,} reviews, as it answers")
        for split in card.metrics
    ] + [
        ("chosen by", card.chosen_by),
        ("reads", f"{card.num_words:,} ids (tokenizer {card.tokenizer}), the last {card.maximum_length} of a text"),
        ("answers", f"positive from {card.threshold:g} on, temperature {card.temperature:g}"),
        ("recipe", ", ".join(f"{key} {value}" for key, value in card.recipe.items())),
        ("seed", str(card.seed)),
        ("data", f"SHA-256 {card.data_sha256}"),
        ("made with", ", ".join(f"{library} {version}" for library, version in card.versions.items())),
        ("folder", str(bundle.directory)),
    ]
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, fact in facts:
        if fact:
            table.add_row(Text(visible(name)), Text(visible(fact)))
    return table
