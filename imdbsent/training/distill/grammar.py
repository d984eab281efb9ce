"""A probabilistic grammar of short everyday texts: frames with slots, words of many domains, all read from `lexicon/`.

`frames.txt` says how a frame is written. A text is of one domain (phones, food, flights, ...), and keeps its noun.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from random import Random

WORD = re.compile(r"[A-Za-z][A-Za-z']*")
_ADVERBS_FIRST = ("never", "highly", "always")


@cache
def irregular() -> dict[str, tuple[str, str]]:
    """Returns the past and the participle of each irregular verb."""
    rows = (line.split() for line in _lines("irregular.txt"))
    return {base: (past, participle) for base, past, participle in rows}


@cache
def _doubled() -> frozenset[str]:
    return frozenset(sections("doubled.txt", ",")["doubled"])


def _inflect_word(word: str, form: str) -> str:
    consonant_y = word.endswith("y") and word[-2:-1] not in ("a", "e", "o", "u")
    if form in ("third", "plural"):
        special = {"be": "is", "have": "has", "man": "men", "woman": "women"}.get(word)
        hissing = word.endswith(("s", "x", "z", "ch", "sh")) or (form == "third" and word.endswith("o"))
        return special or (word[:-1] + "ies" if consonant_y else word + "es" if hissing else word + "s")
    doubled = word + word[-1] if word in _doubled() else word
    if form == "ing":
        if word.endswith("ie"):
            return word[:-2] + "ying"
        return (word[:-1] if word.endswith("e") and not word.endswith(("ee", "oe", "ye", "be")) else doubled) + "ing"
    if word in irregular():
        return irregular()[word][form == "pp"]
    return word + "d" if word.endswith("e") else word[:-1] + "ied" if consonant_y else doubled + "ed"


@cache
def inflect(phrase: str, form: str) -> str:
    """Returns a verb phrase in a form (base, third, past, pp, ing), or a noun phrase in the plural."""
    words = phrase.split()
    if form == "base":
        return phrase
    index = len(words) - 1 if form == "plural" else 1 if words[0] in _ADVERBS_FIRST and len(words) > 1 else 0
    words[index] = _inflect_word(words[index], form)
    return " ".join(words)


_LEXICON = resources.files(__package__) / "lexicon"
_FRAME_TOKEN = re.compile(r"\{([a-z. ]+)(\d?)(?::([a-z]+))?(\?)?\}|([(|)])|([^{}(|)]+)")
_DOMAIN_SLOTS = frozenset(("noun", "part", "parts", "person", "use", "fail", "fine", "fact"))
_SIDES = {
    "adj": ("good", "bad"),
    "do": ("works", "fails"),
    "love": ("like", "dislike"),
    "verdict": ("prize", "flop"),
    "more": ("gooder", "badder"),
}
"""Sections that draw from one of two: mostly the same one within a text: "rude and {adj}" is rarely kind."""
_LOGIT = re.compile(r"-?[0-9.]+")
_REMEMBERED = frozenset(("noun", "part", "parts", "person"))


def _lines(name: str) -> list[str]:
    lines = (_LEXICON / name).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("# ")]


def sections(name: str, separator: str | None = "\n") -> dict[str, list[str]]:
    """Returns the entries of each section of a file of the lexicon; `separator` stands between those of a line."""
    found: dict[str, list[str]] = {}
    entries: list[str] = []
    for line in _lines(name):
        if line.startswith("[") and line.endswith("]"):
            entries = found.setdefault(line[1:-1], [])
        else:
            entries += [entry.strip() for entry in line.split(separator) if entry.strip()]
    return found


@dataclass(frozen=True)
class _Slot:
    name: str
    digit: str
    form: str
    optional: bool


_Frame = tuple["str | _Slot | tuple[_Frame, ...]", ...]  # a tuple inside is a choice of frames


def _parse(frame: str) -> _Frame:
    stack: list[list[list[str | _Slot | tuple[_Frame, ...]]]] = [[[]]]
    if _FRAME_TOKEN.sub("", frame):
        raise ValueError(f"not a frame: {frame}")
    for name, digit, form, optional, mark, literal in _FRAME_TOKEN.findall(frame):
        if mark == "(":
            stack.append([[]])
        elif mark == "|":
            stack[-1].append([])
        elif mark == ")":
            alternatives = tuple(tuple(parts) for parts in stack.pop())
            stack[-1][-1].append(alternatives)
        else:
            stack[-1][-1].append(literal or _Slot(name, digit, form, bool(optional)))
    if len(stack) > 1 or len(stack[0]) > 1:
        raise ValueError(f"unbalanced frame: {frame}")
    return tuple(stack[0][0])


class Grammar:
    """The lexicon: words, and frames that expand to texts.

    Attributes:
        words: Words and phrases of each section of the lexicon.
        frames: Frames of each section.
        domains: Names of the domains.
        ruled: Frames of `ruled.txt`, each with the logit of its section; its other sections are among `frames`.
    """

    def __init__(self) -> None:
        self.words = {
            **sections("words.txt", ","),
            **sections("domains.txt", ","),
            **sections("emoji.txt", None),
            **sections("idioms.txt"),
        }
        frames = {**sections("frames.txt"), **sections("facts.txt")}
        frames["idiom.text"] = [text.replace("(", "").replace(")", "") for text in self.words.pop("idiom.text")]
        self.frames = {section: [_parse(frame) for frame in lines] for section, lines in frames.items()}
        self.domains = [key[: -len(".noun")] for key in self.words if key.endswith(".noun")]
        self.ruled: list[tuple[_Frame, float]] = []
        for section, lines in sections("ruled.txt").items():
            parsed = [_parse(frame) for frame in lines]
            if _LOGIT.fullmatch(section):
                self.ruled += [(frame, float(section)) for frame in parsed]
            else:
                self.frames[section] = parsed

    def write(self, section: str, rng: Random, domain: str = "", form: str = "") -> str:
        """Returns a text of a section, a verb in a form; all its slots are of one domain, drawn if not given."""
        scope = {"": domain or rng.choice(self.domains)}
        return tidy(self._entry(section, rng, scope, form))

    def text(self, rng: Random, domain: str = "") -> str:
        """Returns a text of the section "text"; chat mostly begins in lower case."""
        scope = {"": domain or rng.choice(self.domains)}
        frame = rng.choice(self.frames["text"])
        text = tidy(self._expand(frame, rng, scope, ""))
        is_chat = isinstance(frame[0], _Slot) and frame[0].name in ("chat", "reaction", "rating")
        return text if is_chat and chance(rng, 0.7) else capitalized(text)

    def ruled_text(self, rng: Random) -> tuple[str, float]:
        """Returns a text whose meaning English fixes, and its logit."""
        frame, logit = rng.choice(self.ruled)
        return capitalized(tidy(self._expand(frame, rng, {"": rng.choice(self.domains)}, ""))), logit

    def _entry(self, section: str, rng: Random, scope: dict[str, str], form: str) -> str:
        if section in _SIDES:
            side = scope.setdefault("side", rng.choice("01"))
            other = chance(rng, 0.2)
            section = "plain" if section == "adj" and chance(rng, 0.12) else _SIDES[section][(side == "1") != other]
        key = f"{scope['']}.{section}" if section in _DOMAIN_SLOTS else section
        if key in self.frames:
            return self._expand(rng.choice(self.frames[key]), rng, scope, form)
        word = rng.choice(self.words[key])
        return inflect(word, form) if form else word

    def _expand(self, frame: _Frame, rng: Random, scope: dict[str, str], form: str) -> str:
        parts: list[str] = []
        for part in frame:
            if isinstance(part, str):
                parts.append(part)
            elif isinstance(part, tuple):
                parts.append(self._expand(rng.choice(part), rng, scope, form))
            elif not part.optional or chance(rng, 0.4):
                parts.append(self._slot(part, rng, scope, form))
        return "".join(parts)

    def _slot(self, slot: _Slot, rng: Random, scope: dict[str, str], form: str) -> str:
        if slot.name not in _REMEMBERED:
            return self._entry(slot.name, rng, scope, slot.form or form)
        name = slot.name + slot.digit
        if name not in scope:
            scope[name] = self._entry(slot.name, rng, scope, "")
        return inflect(scope[name], slot.form) if slot.form else scope[name]


def chance(rng: Random, probability: float) -> bool:
    """Returns True with this probability."""
    return rng.random() < probability


_ARTICLE = re.compile(
    r"\b(a)(n)? (?=(one\b|once\b|eu|uni|us)|([aeio]|un|up|ug|honest|hour)|([b-df-gj-np-tv-z]))", re.IGNORECASE
)
_AFTER_COMMA = re.compile(r"(?<=[,:] )([A-Z][a-z']*)")
_SENTENCE_START = re.compile(r"(?:^|(?<=[.!?] ))([\"'(]?)([a-z])")


def articles(text: str) -> str:
    """Puts "a" and "an" right."""
    return _ARTICLE.sub(lambda match: match[1] + ("n " if match[4] else " "), text)


@cache
def _lowerable() -> frozenset[str]:
    return frozenset(sections("negation.txt", ",")["lowerable"])


def tidy(text: str) -> str:
    """Puts blanks, marks, articles and capitals after commas right."""
    text = " ".join(text.split()).replace(" ,", ",").replace(" .", ".").replace("!.", "!").replace("?.", "?")
    text = re.sub(r"(?<!\.)\.\.(?!\.)", ".", text)
    text = articles(text)
    return _AFTER_COMMA.sub(lambda match: lower_first(match[1]), text)


def capitalized(text: str) -> str:
    """Returns the text with a capital at the start of each sentence."""
    return _SENTENCE_START.sub(lambda match: match[1] + match[2].upper(), text)


def lower_first(text: str) -> str:
    """Returns the text begun in lower case, if its first word is one that has a capital only there."""
    word = WORD.match(text)
    return text[0].lower() + text[1:] if word and word[0].lower() in _lowerable() else text
