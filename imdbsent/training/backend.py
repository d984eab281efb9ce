"""Imports Keras, its backend and ONNX: quietly, and with an error that says what to install."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any

from imdbsent.errors import TrainingUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator


def import_library(name: str) -> Any:
    """Import a library that training needs, without TensorFlow's start-up messages.

    Call it once before the first `import keras` or `import onnx` of a piece of work; after that, plain imports do.

    Args:
        name: "keras", "onnx", or one of their modules.

    Returns:
        The module.

    Raises:
        TrainingUnavailable: the library, or the backend that Keras needs, is not installed.
    """
    # It warns that batches of several lengths compile several functions, which is meant to be.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if module := sys.modules.get(name):
        return module
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read once, when TensorFlow is imported
    try:
        with _native_stderr_held():
            return importlib.import_module(name)
    except ImportError as error:
        raise TrainingUnavailable((error.name or name).partition(".")[0]) from error


def require_libraries() -> None:
    """Find out whether what training needs is installed, without importing it.

    Raises:
        TrainingUnavailable: it is not.
    """
    for name in ("keras", "onnx"):
        if importlib.util.find_spec(name) is None:
            raise TrainingUnavailable(name)


@contextlib.contextmanager
def _native_stderr_held() -> Iterator[None]:
    """Hold back what native code writes to file descriptor 2; show it only if the block fails.

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
