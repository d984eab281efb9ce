"""What a graph gives, checked before anything is made of it: a bundle from a stranger may compute what it likes."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from imdbsent.errors import BundleInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt


def run_graph(session: Any, names: Sequence[str], feed: Mapping[str, npt.NDArray[np.int32]], model: Path) -> list[Any]:
    """Run a graph over a batch.

    Args:
        session: an `onnxruntime.InferenceSession`.
        names: of the outputs.
        feed: the inputs, `ids` of shape (B, T) and `lengths` of shape (B,).
        model: path of the graph, for the error.

    Returns:
        An array for each name; `hidden` without the axis of the LSTM's directions, shape (T, B, H).

    Raises:
        BundleInvalid: it cannot be run on these ids, gives numbers that are not finite, or has not one logit a text.
    """
    try:
        outputs: list[Any] = session.run(list(names), dict(feed))
    except Exception as error:  # its exceptions have no common base but Exception
        raise BundleInvalid(model.parent, f"{model.name} cannot be run: {_first_line(error)}") from error
    texts, length = feed["ids"].shape
    for place, name in enumerate(names):
        _check_numbers(name, outputs[place], model)
        if name == "hidden":
            outputs[place] = _of_one_direction(outputs[place])
        _check_shape(name, outputs[place], texts, length, model)
    return outputs


@contextmanager
def numbers_that_fit(directory: Path) -> Iterator[None]:
    """Context in which weights that do not fit each other, as a matrix with other units, are an error of the bundle.

    Args:
        directory: the bundle's.

    Raises:
        BundleInvalid: numpy cannot multiply, cut or index them.
    """
    try:
        yield
    except (ValueError, IndexError, TypeError) as error:
        raise BundleInvalid(directory, f"its weights do not fit together: {_first_line(error)}") from error


def _check_numbers(name: str, output: Any, model: Path) -> None:
    if not isinstance(output, np.ndarray) or output.dtype.kind != "f":
        raise BundleInvalid(model.parent, f"{model.name} gives no fractions as its {name}")
    if not np.isfinite(output).all():
        raise BundleInvalid(model.parent, f"{model.name} gives a {name} that is not a finite number")


def _of_one_direction(hidden: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.floating[Any]]:
    """Hidden states of shape (T, B, H), which a graph may give as the LSTM operator does, (T, 1, B, H)."""
    return hidden[:, 0] if hidden.ndim == 4 and hidden.shape[1] == 1 else hidden  # noqa: PLR2004 (the axes above)


def _check_shape(name: str, output: Any, texts: int, length: int, model: Path) -> None:
    shapes = {
        "logit": (texts,),
        "hidden": (length, texts, *output.shape[2:3]),
        "contributions": (texts, length),
        "bias": (1,),
    }
    expected = shapes.get(name, output.shape)
    if output.shape != expected:
        raise BundleInvalid(
            model.parent, f"{model.name} gives a {name} of the shape {output.shape} for {texts} x {length} ids"
        )


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
