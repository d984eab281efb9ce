"""What a training run is asked to do: everything a later command needs to resume it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from imdbsent.reading.options import ReadOptions
from imdbsent.training.architectures import architecture
from imdbsent.training.recipes import FineTuning, Recipe  # noqa: TC001 (from_json reads the annotations)

DEFAULT_SEED: Final = 7
COMMAND: Final = "train"
VALIDATION_FRACTION: Final = 0.1
"""The share of a user's own texts that is held out, if the user names no other."""
TUNING_VALIDATION_FRACTION: Final = 0.15
"""The same to fine-tune a model: of the texts that are not held out for the comparison."""


@dataclass(frozen=True)
class OwnData:
    """A user's own labeled texts.

    Attributes:
        source: absolute path of the file or folder; `-` for standard input.
        read: how to read the file, and the one to validate on.
        positive: which labels are positive; see `imdbsent.reading.labeled.parse_rules`.
        negative: which labels are negative, likewise.
        group_column: name of the column whose values must not be in both parts of the split; None for no such column.
        validation: absolute path of the texts to validate on (of those to compare the models on, to fine-tune one), or
            `-`; None to hold out part of `source`.
        validation_fraction: share of the texts to hold out, 0 to 1.
    """

    source: str
    read: ReadOptions = field(default_factory=lambda: ReadOptions(command=COMMAND))
    positive: tuple[str, ...] = ()
    negative: tuple[str, ...] = ()
    group_column: str | None = None
    validation: str | None = None
    validation_fraction: float = VALIDATION_FRACTION


@dataclass(frozen=True)
class BaseModel:
    """The model that a run starts from.

    Attributes:
        model: its name, or the absolute path of its folder.
        sha256: SHA-256 of its `model.onnx`.
    """

    model: str
    sha256: str


@dataclass(frozen=True)
class TrainingRequest:
    """One training run; `imdbsent.training.run.train_bundle` does it.

    Attributes:
        recipe: how to train.
        seed: seed of the weights and of the order of the batches.
        name: name of the model. Default: "my-" and the name of the recipe.
        output: absolute path of the folder to write the bundle to; None to install it under its name.
        data: absolute path of the IMDB reviews; None to find or download them, or if the texts are the user's own.
        own: the user's own texts; None for the IMDB reviews.
        base: the model to start from; None to start from random weights.
        tuning: how that model is fine-tuned; None to train it like a new network, and to keep the last epoch.
        smoke: whether to run all stages of a distilled recipe on a few reviews only, as a test.
        teacher: absolute path of the transformer that is to make the labels of a distilled recipe again; None for the
            labels that come with the package.
        replace: whether an existing model may be replaced.
    """

    recipe: Recipe
    seed: int = DEFAULT_SEED
    name: str = ""
    output: str | None = None
    data: str | None = None
    own: OwnData | None = None
    base: BaseModel | None = None
    tuning: FineTuning | None = None
    smoke: bool = False
    teacher: str | None = None
    replace: bool = False

    def __post_init__(self) -> None:
        """Name the model after the recipe if it has no name."""
        if not self.name:
            object.__setattr__(self, "name", f"my-{self.recipe.name}")

    @property
    def is_distilled(self) -> bool:
        """Whether the network learns from a teacher's labels; one that starts from a model learns labels alone."""
        return architecture(self.recipe.architecture).is_distilled and self.base is None

    @property
    def validation_split(self) -> str:
        """What the network is validated on: the "test" split of IMDB, or "validation" for held-out texts."""
        return "validation" if self.own is not None or self.is_distilled else "test"
