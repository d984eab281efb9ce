"""What a training run was asked for: all that a later command needs to go on with it."""

from __future__ import annotations

from dataclasses import dataclass

from imdbsent.training.recipes import Recipe  # noqa: TC001 (from_json reads the annotations)


@dataclass(frozen=True)
class OwnData:
    """A user's own labelled texts.

    Attributes:
        source: absolute path of the file or of the folder.
        text_column: name of the column that holds the text.
        label_column: that of the label.
        positive: which labels are positive; see `imdbsent.reading.labelled.parse_rule`.
        group_column: that of what must not stand on both sides of the split; None for none.
        validation: absolute path of the texts to look at after each epoch; None to hold out some of `source`.
        validation_fraction: share of the texts that is held out, 0 to 1.
    """

    source: str
    text_column: str
    label_column: str
    positive: str | None
    group_column: str | None
    validation: str | None
    validation_fraction: float


@dataclass(frozen=True)
class BaseModel:
    """The model whose weights a run starts from.

    Attributes:
        model: its name, or the absolute path of its folder.
        sha256: of its `model.onnx`.
    """

    model: str
    sha256: str


@dataclass(frozen=True)
class TrainingRequest:
    """A run as it was asked for.

    Attributes:
        recipe: how to train.
        seed: seed of the weights and of the order of the batches.
        name: the model's name.
        output: absolute path of the folder to write the bundle to; None to install it under its name.
        data: absolute path of the IMDB reviews; None where the texts are the user's own.
        own: the user's own texts; None for the IMDB reviews.
        base: the model whose weights it starts from; None to start from random ones.
        smoke: whether to climb the flagship's ladder on a few reviews only, to see that it holds.
        reader: whether the flagship's largest teacher is a part of the ladder, for which a GPU is wanted.
    """

    recipe: Recipe
    seed: int
    name: str
    output: str | None = None
    data: str | None = None
    own: OwnData | None = None
    base: BaseModel | None = None
    smoke: bool = False
    reader: bool = True
