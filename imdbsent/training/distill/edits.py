"""Changes to a text: negation put in or taken out, and the noise of informal typing."""

import re
from collections.abc import Callable, Sequence
from random import Random

from imdbsent.training.distill.grammar import WORD, Grammar, chance, inflect, irregular, lower_first, sections, tidy

_SHORT_NEGATIONS = {"can": "can't", "will": "won't", "am": "am not"}
_LONG_FORMS = {"can't": "can", "cannot": "can", "won't": "will", "ain't": "is"}
_AUXILIARY = re.compile(
    r"\b(?:is|was|are|were|am|can|could|will|would|should|(?:have|has|had)(?= (?:been|ever|seen|[a-z]+ed|[a-z]+en)\b))"
    r"(?! not\b|n't|'t)\b",
    re.IGNORECASE,
)
_CONTRACTION = re.compile(r"\b(?:it|that|he|she|there|they|we|you|I)'(?:s|re|m)\b(?! not)", re.IGNORECASE)
_NEGATION = re.compile(
    r"\b(?:(can't|cannot|won't|ain't)|([a-z]+)n't|(?:not|never|hardly|barely|no longer)(?= )|(no|without)(?= ))\b",
    re.IGNORECASE,
)


def match_case(word: str, replacement: str) -> str:
    """Returns the replacement with the capitals of the word."""
    if word.isupper() and len(word) > 1:
        return replacement.upper()
    return replacement[0].upper() + replacement[1:] if word[0].isupper() else replacement


def _alternatives(words: Sequence[str]) -> re.Pattern[str]:
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(r"\b(?:" + "|".join(map(re.escape, longest_first)) + r")\b", re.IGNORECASE)


def _table(entries: Sequence[str]) -> dict[str, str]:
    return dict(entry.split(" = ") for entry in entries)


def _replace_one(matches: Sequence[re.Match[str]], text: str, rng: Random, new: Callable[[re.Match[str]], str]) -> str:
    if not matches:
        return text
    match = rng.choice(matches)
    return text[: match.start()] + new(match) + text[match.end() :]


class Negation:
    """Puts negation in or takes it out."""

    def __init__(self, grammar: Grammar) -> None:
        self._lists = sections("negation.txt", ",")
        self._opposites = _table(self._lists["opposite"])
        self._opposite = _alternatives(list(self._opposites))
        self._plural_subjects = frozenset(self._lists["plural subject"])
        self._singular_subjects = frozenset(self._lists["singular subject"])
        self._determiners = frozenset(self._lists["determiner"])
        self._no_subjects = frozenset(self._lists["no subject"])
        self._subjects = frozenset(self._lists["subject"])
        self._names = frozenset((*grammar.words["name"], *grammar.words["brand"]))
        self._adjectives = frozenset((*grammar.words["good"], *grammar.words["bad"], *grammar.words["mood"]))
        self._verbs = _negated_verbs(grammar)
        self._kinds: tuple[Callable[[str, Random], str], ...] = (
            *(self._auxiliary,) * 3,
            *(self._remove,) * 2,
            *(self._verb,) * 2,
            self._contracted,
            self._adjective,
            self._wrap,
            self._oppose,
        )

    def negate(self, text: str, rng: Random) -> str:
        """Returns the text changed in one way; empty where no change fits."""
        for _ in range(4):
            changed = rng.choice(self._kinds)(text, rng)
            if changed != text:
                return tidy(changed)
        return ""

    def is_clause(self, text: str) -> bool:
        """Whether a text begins as a main clause does: with a subject."""
        word = text.split(" ", 1)[0]
        return word.lower() in self._subjects or word in self._names

    def inside(self, text: str) -> str:
        """Returns a text as it reads inside a sentence: in lower case, but for "I", names and acronyms."""
        word = WORD.match(text)
        keeps_case = not word or not word[0][1:].islower() or word[0] in self._names or word[0].startswith("I'")
        return text if keeps_case and lower_first(text) == text else text[:1].lower() + text[1:]

    def _auxiliary(self, text: str, rng: Random) -> str:
        # "It was good": "It wasn't good", "It was hardly good"
        def negated(match: re.Match[str]) -> str:
            word = match[0].lower()
            if chance(rng, 0.5):
                return match_case(match[0], _SHORT_NEGATIONS.get(word, word + "n't"))
            return f"{match[0]} {rng.choice(self._lists['after auxiliary'])}"

        return _replace_one(list(_AUXILIARY.finditer(text)), text, rng, negated)

    def _contracted(self, text: str, rng: Random) -> str:
        # "It's good": "It's not good"
        matches = list(_CONTRACTION.finditer(text))
        return _replace_one(
            matches, text, rng, lambda match: f"{match[0]} {rng.choice(self._lists['after auxiliary'])}"
        )

    def _remove(self, text: str, rng: Random) -> str:
        # "It isn't good": "It is good"
        def positive(match: re.Match[str]) -> str:
            if match[1]:
                return match_case(match[0], _LONG_FORMS[match[1].lower()])
            return match[2] or ("with" if (match[3] or "").lower() == "without" else "a lot of" if match[3] else "")

        return _replace_one(list(_NEGATION.finditer(text)), text, rng, positive)

    def _verb(self, text: str, rng: Random) -> str:
        # "I loved it": "I didn't love it", "I never loved it"
        def fits(before: str, previous: str, word: str) -> bool:
            auxiliary = self._verbs[word][0]
            if auxiliary == "doesn't":
                return previous in self._singular_subjects or before in self._determiners
            return previous in self._plural_subjects if auxiliary == "don't" else previous not in self._no_subjects

        def negated(match: re.Match[str]) -> str:
            auxiliary, base = self._verbs[match[0]]
            return (
                f"{auxiliary} {base}" if chance(rng, 0.7) else f"{rng.choice(('never', 'hardly', 'rarely'))} {match[0]}"
            )

        found = list(WORD.finditer(text))
        words = ["", "", *(match[0].lower() for match in found)]
        matches = [
            match
            for before, previous, match in zip(words, words[1:], found)
            if match[0] in self._verbs and fits(before, previous, match[0])
        ]
        return _replace_one(matches, text, rng, negated)

    def _adjective(self, text: str, rng: Random) -> str:
        # "A good phone": "A not very good phone"
        def negated(match: re.Match[str]) -> str:
            return match_case(match[0], rng.choice(self._lists["before adjective"])) + " " + match[0].lower()

        matches = [match for match in WORD.finditer(text) if match[0].lower() in self._adjectives]
        return _replace_one(matches, text, rng, negated)

    def _wrap(self, text: str, rng: Random) -> str:
        # "It was good": "I don't think it was good"
        return f"{rng.choice(self._lists['before clause'])} {self.inside(text)}" if self.is_clause(text) else text

    def _oppose(self, text: str, rng: Random) -> str:
        # "Everyone loved it": "No one loved it"
        matches = list(self._opposite.finditer(text))
        return _replace_one(matches, text, rng, lambda match: match_case(match[0], self._opposites[match[0].lower()]))


def _negated_verbs(grammar: Grammar) -> dict[str, tuple[str, str]]:
    """Returns the auxiliary that negates a form of a verb, and the base that follows it."""
    phrases = (*(phrase for name in ("like", "dislike", "works", "fails", "happen") for phrase in grammar.words[name]),)
    bases = dict.fromkeys(
        (*(phrase.split()[0] for phrase in phrases), *irregular(), "want", "look", "seem", "need", "care")
    )
    forms = {base: ("don't", base) for base in bases}
    for base in bases:
        forms[inflect(base, "third")] = ("doesn't", base)
        forms[inflect(base, "past")] = ("didn't", base)
    for word in ("be", "was", "is", "have", "has", "had", "do", "did", "does", "never", "highly"):
        forms.pop(word, None)
    return forms


class Noise:
    """Types a text as people do in a hurry, in chat or in anger."""

    def __init__(self, grammar: Grammar) -> None:
        self._words = grammar.words
        self._lists = sections("noise.txt", ",")
        self._neighbors = _table(self._lists["neighbor"])
        self._informal = _table(self._lists["informal"])
        self._informal_words = _alternatives(list(self._informal))
        spoken = (grammar.words[name] for name in ("good", "bad", "degree", "interj"))
        self._lengthened = frozenset((*(word for words in spoken for word in words), *self._lists["lengthened"]))
        self._kinds: tuple[Callable[[str, Random], str], ...] = (
            *(self._typo, self._slang, self._emoji) * 3,
            *(self._lengthen, self._tag) * 2,
            self._drop_apostrophes,
            self._shout,
            self._exclaim,
            self._stars,
            self._lower,
            self._drop_marks,
        )

    def add(self, text: str, rng: Random) -> str:
        """Returns the text changed in one to three ways."""
        for _ in range(1 + rng.randrange(3)):
            text = rng.choice(self._kinds)(text, rng)
        return text

    def _typo(self, text: str, rng: Random) -> str:
        def mistyped(match: re.Match[str]) -> str:
            word = match[0]
            index = 1 + rng.randrange(len(word) - 2)
            letter, following = word[index], word[index + 1]
            slip = rng.choice((following + letter, following, letter + letter + following, ""))
            near = rng.choice(self._neighbors.get(letter.lower(), "e"))
            return word[:index] + (slip or near + following) + word[index + 2 :]

        matches = [match for match in WORD.finditer(text) if len(match[0]) > len("the")]
        return _replace_one(matches, text, rng, mistyped)

    def _lengthen(self, text: str, rng: Random) -> str:
        def lengthened(match: re.Match[str]) -> str:
            word = match[0]
            vowels = [index for index, letter in enumerate(word.lower()) if letter in "aeiouy"]
            index = rng.choice(vowels) if vowels and chance(rng, 0.75) else len(word) - 1
            return word[:index] + word[index] * (2 + rng.randrange(5)) + word[index + 1 :]

        matches = [match for match in WORD.finditer(text) if match[0].lower() in self._lengthened]
        return _replace_one(matches, text, rng, lengthened)

    def _slang(self, text: str, rng: Random) -> str:
        lowered = text.lower() if chance(rng, 0.6) else text
        return self._informal_words.sub(
            lambda match: self._informal[match[0].lower()] if chance(rng, 0.6) else match[0], lowered
        )

    def _emoji(self, text: str, rng: Random) -> str:
        mark = rng.choice(self._words["emoji" if chance(rng, 0.8) else "emoticon"]) * rng.choice((1, 1, 1, 2, 3))
        place = rng.random()
        if chance(rng, 0.15):
            return f"{mark} {text}"
        if chance(rng, 0.15) and " " in text:  # instead of one of the last words
            words = text.split(" ")
            words[-1 - rng.randrange(2)] = mark
            return " ".join(words)
        return f"{text.rstrip('. ') if chance(rng, place) else text} {mark}"

    def _tag(self, text: str, rng: Random) -> str:
        bare = text.rstrip(".!? ")
        if chance(rng, 0.6):
            return f"{bare} {rng.choice(self._words['tag'])}"
        return f"{rng.choice(self._words['interj'])} {bare[:1].lower()}{bare[1:]}"

    def _drop_apostrophes(self, text: str, _: Random) -> str:
        return text.replace("'", "")

    def _shout(self, text: str, rng: Random) -> str:
        if chance(rng, 0.4):
            return text.upper()
        words = text.split(" ")
        index = rng.randrange(len(words))
        words[index] = words[index].upper()
        return " ".join(words)

    def _exclaim(self, text: str, rng: Random) -> str:
        return text.rstrip(".!? ") + rng.choice(self._lists["end"])

    def _stars(self, text: str, rng: Random) -> str:
        filled = 1 + rng.randrange(5)
        stars = "★" * filled + "☆" * (5 - filled)
        return f"{stars} {text}" if chance(rng, 0.6) else f"{text} {stars}"

    def _lower(self, text: str, _: Random) -> str:
        return text.lower().rstrip(".")

    def _drop_marks(self, text: str, _: Random) -> str:
        return re.sub(r"[.,!?;:\"]+(?= |$)", "", text)
