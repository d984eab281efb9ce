"""Training: recipes, networks, the loop, and the export to a bundle. The only room that imports keras or onnx."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from imdbsent.errors import TrainingUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


def import_library(name: str) -> Any:
    """Import keras or onnx, with the noise of TensorFlow's C++ log off.

    Args:
        name: "keras", "onnx" or a module of theirs.

    Returns:
        The module.

    Raises:
        TrainingUnavailable: it, or the backend that keras needs, is not installed.
    """
    if module := sys.modules.get(name):
        return module
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read once, when TensorFlow is imported
    try:
        with _log_noise_held_back():
            return importlib.import_module(name)
    except ImportError as error:
        raise TrainingUnavailable((error.name or name).partition(".")[0]) from error


@contextlib.contextmanager
def _log_noise_held_back() -> Iterator[None]:
    """Hold back what C++ code writes to file descriptor 2, and show it only if the block fails.

    TF_CPP_MIN_LOG_LEVEL does not reach what TensorFlow logs before its logging is set up.
    """
    with tempfile.TemporaryFile() as held, contextlib.ExitStack() as stack:
        sys.stderr.flush()
        stderr = os.dup(2)
        stack.callback(os.close, stderr)
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
