"""What people would use instead, trained on the 25,000 training reviews or as it comes: texts to labels."""

from __future__ import annotations

import importlib.util
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks import others

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    Labels = npt.NDArray[np.int8]
    Judge = Callable[[Sequence[str], Labels, Sequence[str]], Labels]


@dataclass(frozen=True)
class Rival:
    """Something else that judges texts.

    Attributes:
        name: as it is called.
        modules: what it imports, by the packages of PyPI that they come with.
        judge: from training texts, their labels and test texts to the labels of these: 1 positive, 0 negative.
    """

    name: str
    modules: dict[str, str]
    judge: Judge

    @property
    def missing(self) -> str | None:
        """What to type where a library is not installed; None where all are."""
        packages = [package for module, package in self.modules.items() if importlib.util.find_spec(module) is None]
        return f"pip install {' '.join(packages)}" if packages else None


def nb_svm(train: Sequence[str], labels: Labels, test: Sequence[str]) -> Labels:
    """Words and pairs of words, weighed by their naive-Bayes log-count ratio (Wang & Manning, ACL 2012).

    A logistic regression replaces the SVM. Each text is scaled to length 1, and every word counts that occurs in
    two training reviews.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import normalize

    from imdbsent.text.words import split_words

    vectorizer = CountVectorizer(
        ngram_range=(1, 2), min_df=2, binary=True, lowercase=False, tokenizer=split_words, token_pattern=None
    )
    presence = vectorizer.fit_transform(train)
    counts = [1 + np.asarray(presence[labels == label].sum(axis=0))[0] for label in (0, 1)]
    ratio = np.log(counts[1] / counts[1].sum()) - np.log(counts[0] / counts[0].sum())
    regression = LogisticRegression(C=30.0, max_iter=200)
    regression.fit(normalize(presence.multiply(ratio).tocsr()), labels)
    weighed = normalize(vectorizer.transform(test).multiply(ratio).tocsr())
    return np.asarray(regression.predict(weighed), np.int8)


def tfidf(train: Sequence[str], labels: Labels, test: Sequence[str]) -> Labels:
    """TF-IDF of words and pairs of words, and a logistic regression, as scikit-learn's guides put them together."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    regression = LogisticRegression(C=10.0, max_iter=200)
    regression.fit(vectorizer.fit_transform(train), labels)
    return np.asarray(regression.predict(vectorizer.transform(test)), np.int8)


def fasttext(train: Sequence[str], labels: Labels, test: Sequence[str]) -> Labels:
    """Supervised classifier of fastText, with pairs of words, on lowercased texts with marks apart."""
    import fasttext as library

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "train.txt"
        lines = [f"__label__{label} {_one_line(text)}\n" for label, text in zip(labels, train)]
        random.Random(0).shuffle(lines)  # it learns line by line: all of one label, then all of the other, misleads it
        path.write_text("".join(lines), encoding="utf-8")
        model = library.train_supervised(str(path), wordNgrams=2, epoch=10, lr=0.5, minCount=2, thread=2, verbose=0)
    # model.predict trips over numpy 2; what it wraps does not.
    said: list[Any] = [model.f.predict(_one_line(text) + "\n", 1, 0.0, "strict") for text in test]
    return np.array([prediction[0][1] == "__label__1" for prediction in said], np.int8)


def vader(_train: Sequence[str], _labels: Labels, test: Sequence[str]) -> Labels:
    """VADER as it comes."""
    return _labels_of(others.vader, test)


def textblob(_train: Sequence[str], _labels: Labels, test: Sequence[str]) -> Labels:
    """TextBlob as it comes."""
    return _labels_of(others.textblob, test)


def _labels_of(script: Callable[[list[str]], others.Verdicts], texts: Sequence[str]) -> Labels:
    return np.array([label == "positive" for label, _ in script(list(texts))], np.int8)


def _one_line(text: str) -> str:
    from imdbsent.text.words import split_words

    return " ".join(split_words(text)).replace("\n", " ")


RIVALS = (
    Rival("NB-SVM", {"scipy": "scipy"}, nb_svm),
    Rival("TF-IDF + LR", {"sklearn": "scikit-learn"}, tfidf),
    Rival("fastText", {"fasttext": "fasttext-wheel"}, fasttext),
    Rival("VADER", {"vaderSentiment": "vaderSentiment"}, vader),
    Rival("TextBlob", {"textblob": "textblob"}, textblob),
)
