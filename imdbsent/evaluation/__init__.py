"""How good a model is on labeled texts."""

from imdbsent.evaluation.report import measure

__all__ = ["measure"]
