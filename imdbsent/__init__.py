"""Is a text positive or negative? An LSTM trained on the IMDB reviews answers.

>>> import imdbsent
>>> imdbsent.load().predict(["great movie"])[0].label
'positive'

Importing the package costs nothing: what is heavy is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imdbsent.classify.classifier import Classifier as Classifier
    from imdbsent.fetch import DownloadProgress
    from imdbsent.records import Prediction as Prediction

__all__ = ["Classifier", "Prediction", "__version__", "load"]
__version__ = "0.1.0"

# ONNX Runtime reports to its makers, from 1.29 on under Linux, too: on what machine, which models, how often. It asks
# this variable when it is imported, so this stands before that. Who has set it himself is not overruled.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

logging.getLogger(__name__).addHandler(logging.NullHandler())  # who uses the package decides what is shown

_HOMES = {"Classifier": "imdbsent.classify.classifier", "Prediction": "imdbsent.records"}


def load(
    model: str | None = None,
    *,
    threads: int | None = None,
    progress: DownloadProgress | None = None,
) -> Classifier:
    """Load a model, installing it first where it is not installed yet.

    Args:
        model: name of a model or path of a bundle's folder; None for IMDBSENT_MODEL, else the model
            of `imdbsent models use`, else the built-in one.
        threads: batches run at the same time; None for the cores that this process may use.
        progress: is told of the bytes of a download.

    Returns:
        A classifier.

    Raises:
        imdbsent.errors.ModelMissing: there is no such model.
        imdbsent.errors.DefaultMissing: the model that the user made the default is not there any more.
        imdbsent.errors.BundleInvalid: the model is damaged.
        imdbsent.errors.DownloadFailed: it could not be fetched from IMDBSENT_MODEL_URL.
    """
    from imdbsent.classify.classifier import Classifier  # noqa: PLC0415
    from imdbsent.errors import BundleInvalid  # noqa: PLC0415
    from imdbsent.models import store  # noqa: PLC0415
    from imdbsent.models.resolve import resolve  # noqa: PLC0415

    while True:
        bundle = resolve(model, progress)
        try:
            return Classifier(bundle, threads)
        except BundleInvalid as error:
            # Another process may be replacing it; None: or has removed it, so that it is to be found anew.
            classifier = store.undisturbed(error, lambda bundle: Classifier(bundle, threads))
            if classifier is not None:
                return classifier


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
