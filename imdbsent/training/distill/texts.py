"""Short texts for distillation: cut from reviews, changed on purpose, or written by a grammar. A teacher labels them.

Reviews speak of films. The families of texts here add what reviews do not hold: other domains, negation, contrast, set
phrases, complaints and praise by fact, irony, informal spelling. Tang et al. 2019 (arXiv 1903.12136) and Mukherjee and
Awadallah 2019 (arXiv 1910.01769) also have the teacher label changed texts.

The same reviews, config and seed give the same texts on every machine: labels are stored in the order of the texts.
"""

import hashlib
import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from random import Random

from imdbsent.training.distill.edits import Negation, Noise, match_case
from imdbsent.training.distill.grammar import WORD, Grammar, articles, capitalized, chance, inflect, sections

MAX_WORDS = 40
VOCABULARY_SIZE = 30_000
ATTEMPTS_PER_TEXT = 4
"""How often a family may try for each text it is asked for; few reviews give fewer texts instead of an endless loop."""


@dataclass(frozen=True)
class TextConfig:
    """How many texts of each family.

    Attributes:
        sentences: Whole sentences of reviews, 3 to 35 words.
        clauses: Parts of sentences, cut at commas, dashes and conjunctions.
        spans: Runs of 1 to 8 words of a sentence.
        words: Single words, most frequent first, then those of the lexicon, then pairs such as adverb and adjective.
        swapped: Sentences whose film words become those of another domain, or whose strong words become others.
        negated: Negation put in or taken out.
        joined: Two pieces in contrast or addition.
        framed: Texts of the grammar in `lexicon/`.
        noisy: Texts like those of the other families with typos, slang, emoji, capitals.
    """

    sentences: int = 250_000
    clauses: int = 50_000
    spans: int = 30_000
    words: int = 60_000
    swapped: int = 150_000
    negated: int = 120_000
    joined: int = 100_000
    framed: int = 210_000
    noisy: int = 60_000


def distillation_texts(reviews: Sequence[str], config: TextConfig, seed: int) -> dict[str, list[str]]:
    """Returns the texts of each family.

    Args:
        reviews: Raw texts of reviews, with their markup.
        config: How many texts of each family.
        seed: Each family has its own random numbers, seeded by this and the family's name.

    Returns:
        Family to texts, in the order of the fields of `TextConfig`; distinct over all families; none over `MAX_WORDS`
        words. A family is shorter than asked for where distinct texts run out.
    """
    writer = _Writer(reviews)
    seen: set[str] = set()
    texts: dict[str, list[str]] = {}
    for field in fields(config):
        family, count = field.name, getattr(config, field.name)
        drafts = getattr(writer, family)(Random(f"{seed} {family}"))  # noqa: S311 - no secret
        kept = texts[family] = []
        for _, draft in zip(range(ATTEMPTS_PER_TEXT * count + VOCABULARY_SIZE), drafts):
            if len(kept) == count:
                break
            text = " ".join(draft.split())
            if text and text not in seen and text.count(" ") < MAX_WORDS:
                seen.add(text)
                kept.append(text)
    return texts


def ruled_texts(count: int, seed: int) -> dict[str, float]:
    """Returns texts whose meaning English fixes ("can't recommend it enough"), with the logit that each is to have.

    A teacher that learned English from reviews takes "could be worse" for blame, as reviewers mean it. These texts are
    labeled by rule (`lexicon/ruled.txt`), not by the teacher.

    Args:
        count: Texts to draw; equal ones count once, so that there are fewer.
        seed: Of the draw.
    """
    rng, grammar = Random(f"{seed} ruled"), Grammar()  # noqa: S311 - no secret
    texts: dict[str, float] = {}
    for _ in range(count):
        text, logit = grammar.ruled_text(rng)
        texts.setdefault(_styled(text, rng), logit)
    return texts


def texts_sha256(texts: Iterable[str]) -> str:
    """Returns the SHA-256, in hexadecimal, of the texts in their order (UTF-8, a newline after each)."""
    digest = hashlib.sha256()
    for text in texts:
        digest.update(text.encode() + b"\n")
    return digest.hexdigest()


_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{1,80}>")
_SENTENCE_END = re.compile(
    r"(?<!\bMr)(?<!\bDr)(?<!\bMs)(?<!\bSt)(?<!\bJr)(?<!\bvs)(?<!\bMrs)(?<!\b[A-Z])([.!?]+[\"')]*)[ \t]+(?=[\"'(]?[A-Z])"
)
_CLAUSE = re.compile(
    r"\s*[,;:()]\s*|\s+-+\s+|\s*--+\s*|\s+(?=(?:and|but|because|although|though|while|which|who|when|if|so|until|or)\s)"
)
_NAME = re.compile(r"(?<=[ (\"'-])(?!I\b)[A-Z]")


def split_sentences(text: str) -> list[str]:
    """Returns the sentences of a raw review, without markup; a line break ends a sentence."""
    plain = html.unescape(_TAG.sub(" ", _BREAK.sub("\n", text)))
    lines = _SENTENCE_END.sub("\\1\n", plain).split("\n")
    return [" ".join(line.split()) for line in lines if line.strip()]


def _styled(text: str, rng: Random) -> str:
    """Lower-cases one text in six, and takes the last mark from one in five."""
    if chance(rng, 1 / 6):
        text = text.lower()
    return text.rstrip(".!? ") or text if chance(rng, 0.2) else text


class _Writer:
    """Writes the drafts of each family: one method a family, named after it, that yields without end."""

    def __init__(self, reviews: Sequence[str]) -> None:
        self._grammar = Grammar()
        self._negation = Negation(self._grammar)
        self._noise = Noise(self._grammar)
        self._film = sections("film.txt", ",")
        self._roles = self._film_roles()
        self._strong = self._strong_words()
        self._joins = sections("joins.txt")
        counts: Counter[str] = Counter()
        self._sentences: list[str] = []
        for review in reviews:
            found = split_sentences(review)
            counts.update(dict.fromkeys(WORD.findall(" ".join(found).lower())).keys())
            self._sentences += [text for text in found if 3 <= text.count(" ") + 1 <= 35]  # noqa: PLR2004
        self._vocabulary = sorted(counts, key=lambda word: (-counts[word], word))[:VOCABULARY_SIZE]
        # Names are mostly of films: what is changed has none.
        self._short = [text for text in self._sentences if 3 <= text.count(" ") < 20 and not _NAME.search(text)]  # noqa: PLR2004
        self._brief = [text for text in self._short if text.count(" ") < 12]  # noqa: PLR2004
        self._filmy = [text for text in self._short if any(word in self._roles for word in text.lower().split())]
        self._evaluative = [text for text in self._short if any(word in self._strong for word in text.lower().split())]

    def sentences(self, rng: Random) -> Iterator[str]:
        while self._sentences:
            yield _styled(rng.choice(self._sentences), rng)

    def clauses(self, rng: Random) -> Iterator[str]:
        while self._sentences:
            clause = rng.choice(_CLAUSE.split(rng.choice(self._sentences)))
            yield _styled(clause, rng) if 1 <= clause.count(" ") < 20 else ""  # noqa: PLR2004

    def spans(self, rng: Random) -> Iterator[str]:
        while self._sentences:
            words = rng.choice(self._sentences).split()
            start = rng.randrange(len(words))
            yield " ".join(words[start : start + 1 + rng.randrange(8)]).strip(" ,;:()\"'-")

    def words(self, rng: Random) -> Iterator[str]:
        yield from self._vocabulary
        for section in self._grammar.words.values():
            yield from section
        while True:
            yield self._grammar.write("pair", rng)

    def swapped(self, rng: Random) -> Iterator[str]:
        while self._filmy:
            yield _styled(self._swap(rng), rng)

    def negated(self, rng: Random) -> Iterator[str]:
        while True:
            yield _styled(self._negate(rng), rng)

    def joined(self, rng: Random) -> Iterator[str]:
        while True:
            yield _styled(self._join(rng), rng)

    def framed(self, rng: Random) -> Iterator[str]:
        while True:
            yield _styled(self._grammar.text(rng), rng)

    def noisy(self, rng: Random) -> Iterator[str]:
        while True:
            kind = rng.choice("FFFFFFSSNJR") if self._filmy else "F"
            if kind == "F":
                text = self._grammar.text(rng)
            elif kind == "R":
                text = rng.choice(self._short)
            else:
                text = {"S": self._swap, "N": self._negate, "J": self._join}[kind](rng)
            yield self._noise.add(text, rng)

    def _film_roles(self) -> dict[str, tuple[str, str]]:
        """Returns the slot, and the form in it, of each word of film reviews that a domain has another for."""
        slots = {"thing": "noun", "person": "person", "part": "part", "audience": "audience", "place": "place"}
        roles = {word.lower(): (slot, "") for name, slot in slots.items() for word in self._film[name]}
        for name, slot in (("things", "noun"), ("persons", "person"), ("audiences", "audience")):
            roles |= {word.lower(): (slot, "plural") for word in self._film[name]}
        roles |= dict.fromkeys(self._film["parts"], ("parts", ""))
        for verb in self._film["use"]:
            roles |= {inflect(verb, form): ("use", form) for form in ("third", "past", "ing")}
            roles.setdefault(verb, ("use", "base"))
        return roles | {"seen": ("use", "pp"), "saw": ("use", "past")}

    def _strong_words(self) -> dict[str, tuple[str, str]]:
        """Returns the section, and the form, of each evaluative word that another of the lexicon may replace."""
        words = self._grammar.words
        strong: dict[str, tuple[str, str]] = {}
        for form in ("base", "third", "past", "ing"):
            strong |= {inflect(word, form): ("love", form) for word in (*words["like"], *words["dislike"])}
        strong |= dict.fromkeys((*words["prize"], *words["flop"]), ("verdict", ""))
        strong |= {word: ("degree", "") for word in words["degree"] if word.endswith("ly") or word in ("very", "quite")}
        strong |= {word: ("manner", "") for word in words["manner"] if word.endswith("ly")}
        strong |= dict.fromkeys(words["mood"], ("mood", ""))
        strong |= dict.fromkeys((*words["good"], *words["bad"]), ("adj", ""))
        for word in self._film["mostly something else"]:
            strong.pop(word, None)
        return {word: role for word, role in strong.items() if re.fullmatch("[a-z]{4,}", word)}

    def _swap(self, rng: Random) -> str:
        if self._evaluative and chance(rng, 0.45):
            text = rng.choice(self._evaluative)
            swapped = self._swap_strong(text, rng, 0.75)
            if swapped != text:
                return swapped
        text = self._swap_film(rng.choice(self._filmy), rng)
        return self._swap_strong(text, rng, 0.6) if chance(rng, 0.5) else text

    def _swap_film(self, text: str, rng: Random) -> str:
        domain = rng.choice(self._grammar.domains)
        chosen: dict[str, str] = {}

        def replace(match: re.Match[str]) -> str:
            word = match[0].lower()
            if word not in self._roles:
                return match[0]
            slot, form = self._roles[word]
            key = slot if slot in ("noun", "use") else word  # one noun and one verb for all that a film is called
            if key not in chosen:
                chosen[key] = rng.choice(self._film.get(f"{slot}.to") or self._grammar.words[f"{domain}.{slot}"])
            return match_case(match[0], inflect(chosen[key], form) if form else chosen[key])

        return articles(WORD.sub(replace, text))

    def _swap_strong(self, text: str, rng: Random, probability: float) -> str:
        def replace(match: re.Match[str]) -> str:
            role = self._strong.get(match[0].lower())
            if role is None or not chance(rng, probability):
                return match[0]
            return match_case(match[0], self._grammar.write(role[0], rng, form=role[1]))

        return articles(WORD.sub(replace, text))

    def _negate(self, rng: Random) -> str:
        if chance(rng, 0.2):
            return capitalized(self._grammar.write("negation", rng))
        if self._filmy and chance(rng, 0.45):
            text = rng.choice(self._short) if chance(rng, 0.4) else self._swap_film(rng.choice(self._filmy), rng)
        else:
            text = capitalized(self._grammar.write("single", rng))
        return self._negation.negate(text, rng)

    def _join(self, rng: Random) -> str:
        domain = rng.choice(self._grammar.domains)
        first, second = self._piece(rng, domain), self._piece(rng, domain)
        both_clauses = self._negation.is_clause(first) and self._negation.is_clause(second)
        return rng.choice(self._joins["clauses" if both_clauses else "loose"]).format(
            A=capitalized(first), a=self._negation.inside(first), B=capitalized(second), b=self._negation.inside(second)
        )

    def _piece(self, rng: Random, domain: str) -> str:
        kind = rng.choice("FFFFFFSSRRR") if self._filmy and self._brief else "F"
        if kind == "F":
            text = self._grammar.write("single", rng, domain)
        else:
            text = self._swap(rng) if kind == "S" else rng.choice(self._brief)
        return text.rstrip(" .!?,;:")
