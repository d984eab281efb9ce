"""How good a model is on labelled texts."""

from imdbsent.evaluation.metrics import binary_cross_entropy
from imdbsent.evaluation.report import evaluate, measure

__all__ = ["binary_cross_entropy", "evaluate", "measure"]
