"""How good a model is on labelled texts."""

from imdbsent.evaluation.report import measure

__all__ = ["measure"]
