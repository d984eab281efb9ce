"""How far verdicts can be trusted: unknown words, uncertain probabilities, and what a temperature does to them.

python -m benchmarks.verdicts [--data PATH] [--model NAME|PATH] [--seed 0]

Unknown words: the share of words outside the vocabulary, of the test reviews, of 20,000 of their sentences, and of
sentences about films in other languages: above which share is a warning worth it?

Uncertain: of 2,000 test reviews drawn at random, how many have a probability near the threshold, and how often the
verdict is wrong on those and on the others.

Temperature: fitted on the first half of them, and measured on the second. The model that ships is not changed by it.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import data_argument, labeled_reviews, machine
from imdbsent import load
from imdbsent.classify.lstm import sigmoid
from imdbsent.classify.options import MOSTLY_UNKNOWN, UNCERTAIN_WITHIN
from imdbsent.dataset.aclimdb import from_reviews
from imdbsent.evaluation.metrics import calibration_curve, expected_calibration_error, log_loss
from imdbsent.training.calibration import fit_temperature

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imdbsent.classify.classifier import Classifier
    from imdbsent.evaluation.metrics import Array

REVIEWS = 2_000
SENTENCES = 20_000
FOREIGN = (
    "Das war ein wirklich schlechter Film, ich habe mich die ganze Zeit gelangweilt und wollte nach Hause gehen.",
    "Der Film hat mir sehr gut gefallen, die Schauspieler waren alle hervorragend und die Geschichte war spannend.",
    "Una película maravillosa, los actores son excelentes y la historia me hizo llorar de principio a fin.",
    "No me gustó nada, es aburrida y demasiado larga, una pérdida de tiempo.",
    "Ce film est une perte de temps, les acteurs jouent mal et l'histoire n'a aucun intérêt.",
    "Un très beau film, je le recommande à tous ceux qui aiment le cinéma français.",
    "Un film bellissimo, gli attori sono bravissimi e la storia è molto commovente.",
    "Questo film non mi è piaciuto per niente, è noioso e troppo lungo.",
    "Deze film was echt heel slecht, ik heb me de hele tijd verveeld.",
    "Filmen var fantastisk, skuespillerne var dyktige og historien var spennende.",
    "O filme é muito bom, os atores são excelentes e a história é emocionante.",
    "To był naprawdę zły film, nudziłem się przez cały czas.",
    "Bu film gerçekten çok kötüydü, sürekli sıkıldım.",  # noqa: RUF001 (Turkish)
    "Это был ужасный фильм, я скучал всё время.",
    "とても面白い映画でした。",
    "这部电影太好看了",
)


EVERYDAY_FOREIGN = (
    "Das Hotel war sauber und das Personal sehr freundlich.",
    "Ich habe das Buch in zwei Tagen gelesen, großartig!",
    "Nicht zu empfehlen, das Gerät ging nach einer Woche kaputt.",
    "Die Schauspieler sind schlecht und die Handlung ist dumm.",
    "Alles bestens, gerne wieder.",
    "Le livre est ennuyeux et mal écrit.",
    "J'ai adoré ce restaurant, le personnel est charmant.",
    "Je ne recommande pas cet hôtel, la chambre était sale.",
    "Le téléphone est tombé en panne après deux jours.",
    "Quelle belle surprise, un grand film!",
    "El hotel estaba limpio y el personal era muy amable.",
    "No me gustó nada la historia, es aburrida.",
    "Una pérdida de tiempo y de dinero.",
    "La batería dura poco, estoy decepcionado.",
    "Todo perfecto, volveré pronto.",
    "Il cibo era freddo e il cameriere maleducato.",
    "Un libro meraviglioso, non riuscivo a smettere di leggere.",
    "Non lo comprate, si rompe subito.",
    "Het hotel was schoon en het personeel vriendelijk.",
    "Niet kopen, na een week kapot.",
    "Ik ben heel blij met deze telefoon.",
    "O hotel era limpo e os funcionários simpáticos.",
    "Uma perda de tempo, não comprem.",
    "Hotellet var rent och personalen trevlig.",
    "Jag är mycket nöjd med köpet.",
    "Filmen var kjedelig og altfor lang.",
    "Hotel był czysty, a obsługa miła.",
    "Nie polecam, strata pieniędzy.",
    "Otel temizdi ve personel çok nazikti.",
    "Produk ini jelek, jangan beli.",
)


def unknown_shares(classifier: Classifier, texts: Iterable[str]) -> Array:
    """The share of unknown words of each text that has words."""
    shares = (classifier.tokenizer.encoding(text).unknown for text in texts)
    return np.array([share for share in shares if share is not None])


def show_unknown(name: str, shares: Array) -> None:
    """Print a line of them."""
    low, middle, high, highest = np.quantile(shares, [0, 0.5, 0.99, 1])
    print(
        f"{len(shares):,} {name}: unknown words {low:.2f} to {highest:.2f}, half up to {middle:.2f}, 99 % up to "
        f"{high:.2f}; above {MOSTLY_UNKNOWN:g}: {np.mean(shares > MOSTLY_UNKNOWN):.2%}"
    )


def show_uncertain(probabilities: Array, labels: Array, threshold: float) -> None:
    """Print how many verdicts are uncertain, and how often they are wrong."""
    near = np.abs(probabilities - threshold) <= UNCERTAIN_WITHIN
    wrong = (probabilities >= threshold) != (labels == 1)
    print(
        f"within {UNCERTAIN_WITHIN:g} of the threshold: {np.mean(near):.1%}; of these {np.mean(wrong[near]):.0%} are "
        f"wrong, of the others {np.mean(wrong[~near]):.0%}"
    )


def show_calibration(temperature: float, logits: Array, labels: Array) -> None:
    """Print how good probabilities are."""
    probabilities = sigmoid(logits / temperature)
    error = expected_calibration_error(calibration_curve(labels, probabilities))
    loss = log_loss(labels, probabilities)
    print(f"temperature {temperature:.2f}: log loss {loss:.4f}, expected calibration error {error:.4f}")


def main() -> int:
    """Print the figures; 1 where a test review would get the warning, or a sentence in another language none."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data_argument(parser)
    parser.add_argument("--model", help="name or folder of a model; else the default one")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    classifier = load(arguments.model)
    card = classifier.bundle.card
    examples = from_reviews(labeled_reviews(arguments.data, "test"))
    print(f"{card.name} on {machine()}")

    draw = random.Random(arguments.seed)
    some = draw.sample(examples, REVIEWS)
    sentences = [part for example in some for part in re.split(r"[.!?]+|<br />", example.text) if part.strip()]
    reviews, foreign = unknown_shares(classifier, (one.text for one in examples)), unknown_shares(classifier, FOREIGN)
    show_unknown("test reviews", reviews)
    show_unknown("sentences of them", unknown_shares(classifier, draw.sample(sentences, SENTENCES)))
    show_unknown("sentences about films in other languages", foreign)
    show_unknown("everyday texts in other languages", unknown_shares(classifier, EVERYDAY_FOREIGN))

    labels = np.array([example.label for example in some], np.float64)
    ids = [classifier.tokenizer.encode(example.text) for example in some]
    logits = classifier.engine.logits(ids).astype(np.float64)
    show_uncertain(sigmoid(logits / card.temperature), labels, card.threshold)
    half = REVIEWS // 2
    fitted = fit_temperature(logits[:half], labels[:half])
    for temperature in (card.temperature, fitted):
        show_calibration(temperature, logits[half:], labels[half:])
    return int(reviews.max() > MOSTLY_UNKNOWN or foreign.min() <= MOSTLY_UNKNOWN)


if __name__ == "__main__":
    sys.exit(main())
