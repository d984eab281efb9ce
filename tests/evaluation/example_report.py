"""A report of two models over texts made up for it, some of them hostile."""

from __future__ import annotations

import numpy as np

from imdbsent.evaluation.report import Answers, Report, report
from imdbsent.reading.labeled import Example, Examples

HOSTILE = '<script>document.title="taken"</script><img src="http://192.0.2.1/x.png" onerror="alert(1)">&amp; \x00\u202e'


def examples(n: int = 200) -> Examples:
    random = np.random.default_rng(3)
    items = []
    for i in range(n):
        label = int(i % 2)
        words = "word " * int(random.integers(1, 900))
        text = HOSTILE + words if i < 20 else words
        items.append(Example(text, label, f"line {i}<b>", 7.0 + i % 3 if label else 1.0 + i % 3))
    return Examples(tuple(items), "IMDB reviews, <i>test</i>", "test")


def answers(model: str, items: Examples, seed: int, knowledge: float) -> Answers:
    random = np.random.default_rng(seed)
    labels = np.array([item.label for item in items.items])
    probabilities = np.clip(random.normal(0.5 + knowledge * (labels - 0.5), 0.3), 0, 1)
    return Answers(model, 'by <b>"hand"</b>', 0.5, probabilities, 3)


def two_models(mistakes: int = 4) -> Report:
    items = examples()
    models = [answers("classic", items, 1, 0.6), answers("/home/<em>a very long path</em>/" + "x" * 60, items, 2, 0.2)]
    return report(items, models, mistakes=mistakes)
