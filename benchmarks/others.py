"""What a user would write without imdbsent: JSONL with a `text` in, JSONL with `label` and `probability` out.

python -m benchmarks.others keras|textblob|vader IN.jsonl OUT.jsonl

`benchmarks.bulk` runs each of them as a process of its own.
"""

from __future__ import annotations

import importlib.util
import json
import string
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    Verdicts = Iterable[tuple[str, float]]

NEEDS = {"keras": ("keras", "tensorflow"), "textblob": ("textblob", "textblob"), "vader": ("vaderSentiment",) * 2}
"""The module of each, and the package that it comes with."""


def missing(name: str) -> str | None:
    """What to type where a library is not installed; None where it is."""
    module, package = NEEDS[name]
    return None if importlib.util.find_spec(module) else f"pip install {package}"


def keras(texts: list[str]) -> Verdicts:
    """The network that the classic model was exported from, as the tutorials use it: all settings left as they are."""
    import keras as library
    import numpy as np

    from imdbsent.models import store

    folder = store.PRETRAINED / "classic"
    network = library.saving.load_model(folder / "network.keras", safe_mode=True)
    # The tutorials have the index from keras.datasets.imdb.get_word_index(), which is the same and a download.
    words = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
    index = {word: rank for rank, word in enumerate(words, 1)}
    punctuation = str.maketrans(dict.fromkeys(string.punctuation.replace("'", "") + "\t\n", " "))

    def encode(text: str) -> list[int]:
        ids = [1]
        for word in text.lower().translate(punctuation).split():
            rank = index.get(word)
            if rank is not None:
                ids.append(rank + 3 if rank + 3 < 10_000 else 2)  # noqa: PLR2004 (as people write it)
        return ids

    padded = library.utils.pad_sequences([encode(text) for text in texts], maxlen=500)
    for probability in network.predict(np.asarray(padded))[:, 0].tolist():
        yield "positive" if probability >= 0.5 else "negative", probability  # noqa: PLR2004


def textblob(texts: list[str]) -> Verdicts:
    """The polarity of each text, from -1 to 1."""
    from textblob import TextBlob

    for text in texts:
        polarity = TextBlob(text).sentiment.polarity
        yield "positive" if polarity >= 0 else "negative", (polarity + 1) / 2


def vader(texts: list[str]) -> Verdicts:
    """The compound score of each text, from -1 to 1."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    for text in texts:
        compound = analyzer.polarity_scores(text)["compound"]
        yield "positive" if compound >= 0 else "negative", (compound + 1) / 2


SCRIPTS: dict[str, Callable[[list[str]], Verdicts]] = {"keras": keras, "textblob": textblob, "vader": vader}


def read_texts(path: Path) -> Iterator[str]:
    """The texts of a JSONL file."""
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)["text"]


def main() -> int:
    """Read, judge, write."""
    name, source, target = sys.argv[1:]
    texts = list(read_texts(Path(source)))
    with Path(target).open("w", encoding="utf-8") as stream:
        for text, (label, probability) in zip(texts, SCRIPTS[name](texts)):
            row = {"label": label, "probability": round(probability, 6), "text": text}
            stream.write(json.dumps(row, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
