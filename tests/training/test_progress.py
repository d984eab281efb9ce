from __future__ import annotations

from imdbsent.bundle.card import Epoch
from imdbsent.training.progress import CompositeProgress, Position
from imdbsent.training.recipes import CLASSIC, Recipe


class Log:
    """Writes its events into a list that is shared with others."""

    def __init__(self, name: str, told: list[tuple[object, ...]]) -> None:
        self.name, self.told = name, told

    def started(self, recipe: Recipe, train_batches: int, test_batches: int, position: Position) -> None:
        self.told.append((self.name, recipe, train_batches, test_batches, position))

    def batch_done(self, epoch: int, batch: int, loss: float, accuracy: float) -> None:
        self.told.append((self.name, epoch, batch, loss, accuracy))

    def evaluation_done(self, epoch: int, batch: int) -> None:
        self.told.append((self.name, epoch, batch))

    def epoch_done(self, epoch: Epoch) -> None:
        self.told.append((self.name, epoch))


def test_both_are_told_the_same_one_after_another() -> None:
    told: list[tuple[object, ...]] = []
    both = CompositeProgress([Log("a", told), Log("b", told)])
    epoch = Epoch(1, 1.0, 0.5, 0.5, 0.5, 0.5)
    both.started(CLASSIC, 3, 2, Position(2, 1))
    both.batch_done(2, 2, 0.5, 0.75)
    both.evaluation_done(2, 1)
    both.epoch_done(epoch)
    parts = [(CLASSIC, 3, 2, Position(2, 1)), (2, 2, 0.5, 0.75), (2, 1), (epoch,)]
    assert told == [(name, *part) for part in parts for name in "ab"]
