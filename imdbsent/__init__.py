"""Is a text positive or negative? An LSTM trained on the IMDB reviews answers.

>>> import imdbsent
>>> imdbsent.load().predict(["great movie"])[0].label
'positive'

Importing the package costs nothing: its parts are imported at their first use.
"""

from __future__ import annotations

import importlib
import logging
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from imdbsent.classify.classifier import Classifier as Classifier
    from imdbsent.classify.options import PredictOptions as PredictOptions
    from imdbsent.explain.explain import Explainer as Explainer
    from imdbsent.fetch import DownloadProgress
    from imdbsent.records import Prediction as Prediction

__all__ = ["Classifier", "Explainer", "PredictOptions", "Prediction", "__version__", "load"]
__version__ = "0.1.0"

# ONNX Runtime reports to its makers which machine runs which models, and how often; since 1.29 also on Linux. It reads
# this variable when it is imported, so it is set before that. A value that the user has set is kept.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

logging.getLogger(__name__).addHandler(logging.NullHandler())  # the caller decides which messages are shown

_MODULES = {
    "Classifier": "imdbsent.classify.classifier",
    "Explainer": "imdbsent.explain.explain",
    "PredictOptions": "imdbsent.classify.options",
    "Prediction": "imdbsent.records",
}


def load(
    model: str | os.PathLike[str] | None = None,
    *,
    threads: int | None = None,
    progress: DownloadProgress | None = None,
) -> Classifier:
    """Load a model, and install it first if necessary.

    Args:
        model: name of a model, or path of a bundle's folder as a text or a `pathlib.Path`; None for IMDBSENT_MODEL,
            else the model of `imdbsent models use`, else the built-in one.
        threads: batches that run at the same time; None for one per core that this process may use.
        progress: follows a download.

    Returns:
        A classifier.

    Raises:
        imdbsent.errors.ModelMissing: there is no such model.
        imdbsent.errors.DefaultMissing: the model that the user made the default no longer exists.
        imdbsent.errors.BundleInvalid: the model is damaged.
        imdbsent.errors.DownloadFailed: it could not be downloaded from IMDBSENT_MODEL_URL.
        imdbsent.errors.InvalidOptions: `threads` is not a whole number, 1 or more; it is a ValueError.
        TypeError: `model` is neither a text nor a path.
    """
    from imdbsent.bundle.card import MODEL  # noqa: PLC0415
    from imdbsent.classify.options import whole_number  # noqa: PLC0415
    from imdbsent.errors import BundleInvalid  # noqa: PLC0415
    from imdbsent.models import store  # noqa: PLC0415
    from imdbsent.models.resolve import resolve  # noqa: PLC0415

    threads = None if threads is None else whole_number("number of threads", threads)
    name = store.model_named(model)
    while True:
        bundle = resolve(name, progress)
        graph = bundle.reading(MODEL)
        from imdbsent.classify.classifier import Classifier  # noqa: PLC0415 (while the thread reads and hashes)

        try:
            return Classifier(bundle, threads, graph)
        except BundleInvalid as error:
            # Another process may be replacing it. None: it has removed it, so that it must be found again.
            classifier = store.undisturbed(error, lambda bundle: Classifier(bundle, threads))
            if classifier is not None:
                return classifier


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(importlib.import_module(_MODULES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
