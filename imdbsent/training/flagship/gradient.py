"""The gradient of a number with respect to an array, on whichever backend Keras has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imdbsent.training import import_library

if TYPE_CHECKING:
    from collections.abc import Callable


def gradient(function: Callable[[Any], tuple[Any, Any]], at: Any) -> tuple[Any, Any]:
    """How a number changes with each number of an array. Nothing is learned through it: it is a constant to training.

    Args:
        function: from an array of that shape to a number, and whatever else it finds on the way.
        at: where, a tensor of the backend.

    Returns:
        The gradient, of the shape of `at`; and what else was found, a constant as well.

    Raises:
        TrainingUnavailable: Keras or its backend is not installed.
    """
    keras = import_library("keras")
    found, besides = _BACKENDS[keras.backend.backend()](function, keras.ops.stop_gradient(at))
    return keras.ops.stop_gradient(found), keras.ops.stop_gradient(besides)


def _with_tensorflow(function: Callable[[Any], tuple[Any, Any]], at: Any) -> tuple[Any, Any]:
    tensorflow = import_library("tensorflow")
    with tensorflow.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(at)
        value, besides = function(at)
    return tape.gradient(value, at), besides


def _with_jax(function: Callable[[Any], tuple[Any, Any]], at: Any) -> tuple[Any, Any]:
    found, besides = import_library("jax").grad(function, has_aux=True)(at)
    return found, besides


def _with_torch(function: Callable[[Any], tuple[Any, Any]], at: Any) -> tuple[Any, Any]:
    torch = import_library("torch")
    with torch.enable_grad():
        here = at.detach().requires_grad_()
        value, besides = function(here)
        (found,) = torch.autograd.grad(value, here)
    return found, besides


_BACKENDS = {"tensorflow": _with_tensorflow, "jax": _with_jax, "torch": _with_torch}
