"""Explanations of texts made up for the page, some of them hostile."""

from __future__ import annotations

from collections.abc import Sequence

from imdbsent.bundle.bundle import read_bundle
from imdbsent.classify.classifier import Classifier
from imdbsent.explain.explain import Explainer, Explanation
from imdbsent.explain.page import article, closing, opening
from imdbsent.records import Record
from tests.tiny import TINY

HOSTILE = (
    '<script>document.title="taken"</script> great <img src="http://192.0.2.1/x.png" onerror="alert(1)"> awful '
    '</p></details> "rare" \'movie\' &amp; \x00\u202e <br />' + "x" * 200
)
TEXTS = ["A GREAT movie. Awful, awful zebra?\nrare movie!", HOSTILE, "", "great " * 9, "zebra"]


def explain(texts: Sequence[str]) -> list[Explanation]:
    return list(Explainer(Classifier(read_bundle(TINY), threads=1)).explain(map(Record, texts)))


def page_of(texts: Sequence[str], model: str = "classic") -> str:
    articles = (article(number, explanation) for number, explanation in enumerate(explain(texts), 1))
    return "".join([opening(model), *articles, closing()])
