"""How good is the default model on texts that are not film reviews, and how much do labels of that domain help?

    python -m benchmarks.domains --vader vaderSentiment-3.3.2.tar.gz [--kotzias ZIP] [--set DOMAIN=FILE ...]

- VADER's own data are in the source of its package, under the MIT license (Hutto & Gilbert, ICWSM 2014): tweets,
  sentences of product reviews (Amazon) and of film reviews (Rotten Tomatoes), and sentences of editorials (New York
  Times), each rated by 20 people from -4 to 4. `pip download --no-deps --no-binary :all: vaderSentiment==3.3.2` fetches
  it; the hash is checked.
- Kotzias et al. (KDD 2015): 1,000 sentences each of product (Amazon) and restaurant (Yelp) reviews, from
  https://archive.ics.uci.edu/dataset/331, whose page names the license.
- FILE is any labeled file that `imdbsent evaluate` reads without options.

A text is positive with a mean rating of at least 1, negative with at most -1, and left out between: people do not agree
on what it says. 1,000 texts of a domain are drawn to measure on, fewer if it has few, and the same ones for every row;
200 and 1,000 others to learn from. The models learn as `imdbsent train FILE` does, with its own settings.

A text that VADER's or TextBlob's lexicon does not know has a score of 0, which counts as positive, as in
`benchmarks.others`. What of the texts is also a sentence of the IMDB reviews, which the model learned from, is counted
and left out if `--data` names the archive of the reviews.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import random
import re
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks import others

if TYPE_CHECKING:
    from collections.abc import Iterable

VADER_SHA256: Final = "5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9"
VADER_SETS: Final = {
    "films": "movieReviewSnippets",
    "products": "amazonReviewSnippets",
    "tweets": "tweets",
    "editorials": "nytEditorialSnippets",
}
KOTZIAS_SETS: Final = {"products (Kotzias)": "amazon_cells_labelled.txt", "restaurants": "yelp_labelled.txt"}
WITHOUT_SET: Final = ("restaurants", "hotels", "apps")
"""Domains that people ask for; those without a set are named."""
CLEAR: Final = 1.0
"""The mean rating, from -4 to 4, from which most people call a text positive; the same below 0 for negative."""
MEASURED: Final = 1_000
LEAST: Final = 500
"""Texts to measure on, at least, if there are enough to learn from 1,000 others."""
LEARNED: Final = (200, 1_000)
MODEL: Final = "flagship"


class Text(NamedTuple):
    """A text and its label, 1 for positive."""

    text: str
    label: int


def vader_sets(path: Path) -> dict[str, list[Text]]:
    """The sets in the source of VADER's package, without what people do not agree on.

    Raises:
        SystemExit: it is another file.
    """
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != VADER_SHA256:
        sys.exit(f"{path} is not vaderSentiment-3.3.2.tar.gz")
    found = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as source:
        name = next(name for name in source.getnames() if name.endswith("hutto_ICWSM_2014.tar.gz"))
        inner = source.extractfile(name)
        assert inner is not None  # it is a file
        with tarfile.open(fileobj=io.BytesIO(inner.read())) as data:
            for domain, stem in VADER_SETS.items():
                member = data.extractfile(f"hutto_ICWSM_2014/{stem}_GroundTruth.txt")
                assert member is not None  # as above
                found[domain] = rated(member.read().decode("utf-8", "replace").splitlines())
    return found


def rated(lines: Iterable[str]) -> list[Text]:
    """The texts of lines with a number, a mean rating and a text between tabs."""
    rows = (line.split("\t", 2) for line in lines)
    return [Text(text.strip(), int(float(rating) > 0)) for _, rating, text in rows if abs(float(rating)) >= CLEAR]


def kotzias_sets(path: Path) -> dict[str, list[Text]]:
    """The sets in the zip of Kotzias et al.: lines with a text, a tab, and 1 or 0."""
    found = {}
    with zipfile.ZipFile(path) as archive:
        for domain, name in KOTZIAS_SETS.items():
            member = next(one for one in archive.namelist() if Path(one).name == name and "__MACOSX" not in one)
            rows = (line.rpartition("\t") for line in archive.read(member).decode("utf-8").split("\n") if line.strip())
            found[domain] = [Text(text.strip(), int(label)) for text, _, label in rows]
    return found


def own_set(path: str) -> list[Text]:
    """The texts of a labeled file."""
    from imdbsent.reading.labeled import parse_rules, read_examples

    return [Text(example.text, example.label) for example in read_examples(path, parse_rules(), allow_blank=False)]


def distinct(texts: Iterable[Text], known: frozenset[str] = frozenset()) -> list[Text]:
    """The texts without copies, and without those that are known."""
    first: dict[str, Text] = {}
    for text in texts:
        first.setdefault(normalized(text.text), text)
    return [text for key, text in first.items() if key and key not in known]


def normalized(text: str) -> str:
    """A text without case and punctuation, so that a copy is found."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def sentences_of_reviews(archive: Path, wanted: frozenset[str]) -> frozenset[str]:
    """Which of some normalized texts are sentences of the IMDB reviews."""
    from imdbsent.dataset.aclimdb import read_reviews

    found: set[str] = set()
    for review in read_reviews(archive, ("train/neg", "train/pos", "train/unsup")):
        found.update(wanted.intersection(map(normalized, re.split(r"[.!?]+\s|<br />", review.text))))
    return frozenset(found)


def accuracy(labels: Iterable[int], verdicts: Iterable[str]) -> float:
    """Share of right verdicts."""
    right = [(verdict == "positive") == label for label, verdict in zip(labels, verdicts, strict=True)]
    return sum(right) / len(right)


def tuned(learned: list[Text], measured: list[Text], folder: Path, seed: int) -> float:
    """Accuracy of a fine-tuned model, as `imdbsent train FILE --validation FILE` measures it."""
    from imdbsent.reading.options import ReadOptions
    from imdbsent.training.base import start_tuning
    from imdbsent.training.recipes import TUNED, FineTuning
    from imdbsent.training.request import TUNING_VALIDATION_FRACTION, OwnData, TrainingRequest
    from imdbsent.training.run import train_bundle

    for name, texts in (("learned", learned), ("measured", measured)):
        rows = (json.dumps({"text": text.text, "label": text.label}) + "\n" for text in texts)
        (folder / f"{name}.jsonl").write_text("".join(rows), encoding="utf-8")
    own = OwnData(
        str(folder / "learned.jsonl"),
        ReadOptions(command="train"),
        validation=str(folder / "measured.jsonl"),
        validation_fraction=TUNING_VALIDATION_FRACTION,
    )
    base, recipe = start_tuning(MODEL, TUNED)
    request = TrainingRequest(recipe, seed, name="domain", own=own, base=base, tuning=FineTuning(), replace=True)
    standing = train_bundle(request).standing
    assert standing is not None  # a fine-tuned model is compared
    return standing.pairs[-1][1].new.accuracy


def measure(domain: str, texts: list[Text], folder: Path, seed: int) -> None:
    """Print the row of a domain."""
    import imdbsent

    texts = random.Random(seed).sample(texts, len(texts))
    spare = len(texts) - max(LEARNED)
    count = min(MEASURED, spare if spare >= LEAST else len(texts) // 2)
    measured, rest = texts[:count], texts[count:]
    labels = [text.label for text in measured]
    words = [text.text for text in measured]
    verdicts = (prediction.label or "positive" for prediction in imdbsent.load(MODEL).predict_iter(words))
    figures = [accuracy(labels, verdicts)]
    figures += [
        tuned(rest[:number], measured, folder, seed) if len(rest) >= number else float("nan") for number in LEARNED
    ]
    for name in ("vader", "textblob"):
        judged = [] if others.missing(name) else [verdict for verdict, _ in others.SCRIPTS[name](words)]
        figures.append(accuracy(labels, judged) if judged else float("nan"))
    shown = " | ".join("-" if figure != figure else f"{figure:.1%}" for figure in figures)  # noqa: PLR0124 (NaN)
    print(f"| {domain} | {count:,} ({sum(labels) / count:.0%} positive) | {shown} |", flush=True)


def main() -> None:
    """Measure every domain that there is a set of."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vader", type=Path, help="vaderSentiment-3.3.2.tar.gz")
    parser.add_argument("--kotzias", type=Path, help="the zip of Kotzias et al.")
    parser.add_argument("--set", action="append", default=[], metavar="DOMAIN=FILE", help="a labeled file of a domain")
    parser.add_argument("--data", type=Path, help="archive of the IMDB reviews, to leave out what the model has read")
    parser.add_argument("--only", help="only this domain")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    sets: dict[str, list[Text]] = {}
    if given.vader:
        sets |= vader_sets(given.vader)
    if given.kotzias:
        sets |= kotzias_sets(given.kotzias)
    for one in given.set:
        domain, _, path = one.partition("=")
        sets[domain] = own_set(path)
    if given.data:
        wanted = frozenset(normalized(text.text) for texts in sets.values() for text in texts)
        known = sentences_of_reviews(given.data, wanted)
        print(f"{len(known):,} of {len(wanted):,} texts are sentences of the IMDB reviews, and left out")
        sets = {domain: distinct(texts, known) for domain, texts in sets.items()}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["IMDBSENT_HOME"] = folder
        labels = " | ".join(f"{number:,} labels" for number in LEARNED)
        print(f"| domain | texts | as it comes | {labels} | VADER | TextBlob |\n|{'---|' * 7}", flush=True)
        for domain, texts in sets.items():
            if given.only in (None, domain):
                measure(domain, distinct(texts), Path(folder), given.seed)
    for domain in WITHOUT_SET:
        if domain not in sets:
            print(f"{domain}: no set was given, so nothing was measured")


if __name__ == "__main__":
    main()
