"""The architectures that can be trained, one module each.

To add one, add a module to this package that defines a subclass of `Architecture` and one instance of it, named
`ARCHITECTURE`. It is then known under the name of its module. Nothing here imports Keras or ONNX before a network is
built or exported.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Final

from imdbsent.errors import LayersHidden, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    import numpy.typing as npt

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.text.tokenizer import Vocabulary
    from imdbsent.training.recipes import Recipe

    Weights = tuple[npt.NDArray[np.float32], ...]


class Architecture(ABC):
    """One kind of network: how it reads text, how it is built, and how it is written to a bundle.

    Attributes:
        tokenizer: how text becomes ids; a name that `imdbsent.text.tokenizer.tokenizer_class` knows.
        is_distilled: whether it learns from a teacher's labels of all reviews and of short texts
            (`imdbsent.training.distill`), instead of labeled texts alone.
        keeps_network: whether its bundle also holds the Keras network, in `network.keras`.
        segment: tokens that the network reads as one; a longer batch is padded to a multiple. 0 for no segments.
        largest_vocabulary: the vocabulary size up to which `with_words` can add words; 0 if it cannot.
    """

    tokenizer: ClassVar[str]
    is_distilled: ClassVar[bool] = False
    keeps_network: ClassVar[bool] = False
    segment: ClassVar[int] = 0
    largest_vocabulary: ClassVar[int] = 0

    def learn_vocabulary(self, texts: Iterable[str]) -> Vocabulary:
        """Rank the words of the training texts. Default: the ranks that the tokenizer "keras" needs."""
        from imdbsent.dataset.keras_ids import rank_words

        return rank_words(texts)

    @abstractmethod
    def build(self, recipe: Recipe, dropout: float = 0.0) -> Any:
        """Build the network that a recipe trains.

        Args:
            recipe: its sizes, and whether padding is masked.
            dropout: share of the numbers that training sets to zero, in an architecture with dropout.

        Returns:
            A `keras.Model`, not compiled, from ids (batch, length) to the probability of positive (batch, 1); to the
            logit (batch, 1) if `is_distilled`. `imdbsent.training.loop.Split.batch` says where its padding is.

        Raises:
            TrainingUnavailable: Keras or its backend is not installed.
        """

    def without_training_parts(self, network: Any, recipe: Recipe) -> Any:
        """The trained network as it is exported. Default: as it is.

        Args:
            network: what `build` returned, after training.
            recipe: what it was built from.
        """
        del recipe
        return network

    @abstractmethod
    def to_onnx(self, network: Any, recipe: Recipe) -> Any:
        """Write a network as an ONNX graph: inputs `ids` (B, T) and `lengths` (B,), output `logit` (B,).

        Args:
            network: what `without_training_parts` returned.
            recipe: what it was built from.

        Returns:
            A checked `onnx.ModelProto`.

        Raises:
            TrainingUnavailable: onnx is not installed.
        """

    @abstractmethod
    def size(self, recipe: Recipe) -> int:
        """Bytes of the weights and tables in the ONNX graph; small constants do not count."""

    def problem(self, recipe: Recipe) -> str | None:
        """What this architecture cannot do with a recipe, as a clause; None if nothing."""
        del recipe
        return None

    def rebuild_onnx(self, bundle: Bundle) -> Any:
        """The graph of a model, written again from its weights in the way this version writes it.

        Args:
            bundle: a model of this architecture.

        Returns:
            A checked `onnx.ModelProto`.

        Raises:
            LayersHidden: the graph of the model does not hold its weights in a form that can be read.
            BundleInvalid: the graph is missing or damaged.
            TrainingUnavailable: onnx is not installed.
        """
        raise LayersHidden(bundle.card.name, "the same command without --re-export")

    def weights_of(self, bundle: Bundle) -> Weights:
        """The weights of a model, in the order in which Keras sets them, to start a training run from.

        Raises:
            LayersHidden: no training run can start from a model of this architecture.
            BundleInvalid: the model is damaged.
        """
        raise LayersHidden(bundle.card.name, "the same command with --from flagship")

    def with_words(self, weights: Weights, count: int) -> Weights:
        """The weights of a network that knows more words, which it reads at first like any unknown word.

        Args:
            weights: what `weights_of` returned.
            count: number of words to add, up to `largest_vocabulary` in all.
        """
        raise NotImplementedError  # `largest_vocabulary` is 0

    def with_sizes_of(self, bundle: Bundle, recipe: Recipe) -> Recipe:
        """A recipe with the sizes of a model that training starts from.

        Raises:
            LayersHidden: no training run can start from a model of this architecture.
            BundleInvalid: the model is damaged.
        """
        del recipe
        raise LayersHidden(bundle.card.name, "the same command with --from flagship")


ARCHITECTURES: Final = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))
"""The names of all architectures."""


def architecture(name: str) -> Architecture:
    """Look up an architecture.

    Args:
        name: one of `ARCHITECTURES`.

    Raises:
        UsageProblem: there is none of that name, for example if the model was made by a newer version.
    """
    if name not in ARCHITECTURES:
        raise UsageProblem(f"this version has no architecture {name!r}. Type: pip install -U imdbsent")
    module = importlib.import_module(f"{__name__}.{name}")
    found: Architecture = module.ARCHITECTURE
    return found
