"""300 sentences with a negation or a contrast, in twelve families of 25: what a bag of words cannot tell.

`python -m tests.negation` writes them to tests/data/negation.jsonl. Nothing learns from them.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

SENTENCES = Path(__file__).parent / "data" / "negation.jsonl"
A_FAMILY = 25


@dataclass(frozen=True)
class Sentence:
    text: str
    label: int
    family: str


GOOD = ("good", "great", "funny", "interesting", "convincing")
BAD = ("bad", "boring", "dull", "awful", "predictable")
PRAISE = (
    "The acting is superb",
    "The photography is beautiful",
    "The music is wonderful",
    "The cast is excellent",
    "The first half is very funny",
)
BLAME = (
    "the story makes no sense",
    "the film as a whole is a bore",
    "the script is terrible",
    "it never comes to life",
    "the ending ruins everything",
)
FLAWS = (
    "The budget is tiny",
    "The effects look cheap",
    "The plot is simple",
    "It starts slowly",
    "The title is silly",
)
MERITS = (
    "I loved every minute of it",
    "it is a wonderful film",
    "the acting is superb",
    "it is great fun",
    "it is one of the best of the year",
)


def families() -> dict[str, list[tuple[str, int]]]:
    """Each family's sentences with their labels."""
    things = ("movie", "film", "story", "script", "acting")
    return {
        "not good": [(f"The {thing} is not {word}.", 0) for thing, word in product(things, GOOD)],
        "isn't good": [(f"This {thing} isn't {word} at all.", 0) for thing, word in product(things, GOOD)],
        "isnt good": [(f"the {thing} wasnt {word}", 0) for thing, word in product(things, GOOD)],
        "not bad": [
            (f"The {thing} is not {word} at all, quite the opposite.", 1) for thing, word in product(things, BAD)
        ],
        "never": [
            (f"It is never {word}{rest}", label)
            for (words, label), rest in product(
                ((GOOD, 0), (BAD, 1)), (".", " for a moment.", ", not even once.")
            )
            for word in words
        ][:A_FAMILY],
        "nothing": [
            (f"There is nothing {word} about {what}.", 0)
            for word, what in product(GOOD, ("it", "this movie", "the plot", "the jokes", "the cast"))
        ],
        "worth": [
            (text, label)
            for what in ("your time", "the money", "the wait", "watching", "a second look")
            for text, label in (
                (f"Not worth {what}.", 0),
                (f"It isn't worth {what}.", 0),
                (f"Definitely worth {what}.", 1),
                (f"It was hardly worth {what}.", 0),
                (f"Well worth {what}, every bit of it.", 1),
            )
        ],
        "praise but blame": [(f"{praise}, but {blame}.", 0) for praise, blame in product(PRAISE, BLAME)],
        "flaw but merit": [(f"{flaw}, but {merit}.", 1) for flaw, merit in product(FLAWS, MERITS)],
        "although": [
            (f"Although {first[0].lower()}{first[1:]}, {second}.", label)
            for firsts, seconds, label in ((PRAISE, BLAME, 0), (FLAWS, MERITS, 1))
            for first, second in zip(firsts * 3, (*seconds[1:], seconds[0], *seconds[2:], *seconds[:2], *seconds))
        ][:A_FAMILY],
        "could not": [
            (text, label)
            for text, label in (
                *((f"I couldn't {verb} it.", 0) for verb in ("enjoy", "recommend", "like", "finish", "stand")),
                *(
                    (f"I could not stop {verb}.", 1)
                    for verb in ("laughing", "smiling", "watching", "cheering", "grinning")
                ),
                *((f"You won't {verb} it.", label) for verb, label in (("regret", 1), ("enjoy", 0), ("forget", 1),
                                                                      ("like", 0), ("believe how bad", 0))),
                *((f"I would not {verb} this film.", label) for verb, label in (("recommend", 0), ("miss", 1),
                                                                               ("watch", 0), ("pay for", 0),
                                                                               ("want to be without", 1))),
                *((f"It doesn't {verb}.", label) for verb, label in (("disappoint", 1), ("work", 0), ("get better", 0),
                                                                    ("make any sense", 0), ("let you down", 1))),
            )
        ],
        "without": [
            (text, label)
            for text, label in (
                *((f"A film without any {noun}.", 0) for noun in ("charm", "wit", "suspense", "heart", "point")),
                *((f"A movie without a dull {noun}.", 1) for noun in ("moment", "scene", "minute", "second", "line")),
                *((f"It lacks {noun}.", 0) for noun in ("humor", "depth", "tension", "style", "a good script")),
                *(
                    (f"No {noun} in sight.", 0)
                    for noun in ("talent", "humor", "suspense", "originality", "good acting")
                ),
                *((f"It is far from {word}.", label) for word, label in (("perfect", 0), ("boring", 1), ("great", 0),
                                                                        ("funny", 0), ("bad", 1))),
            )
        ],
    }


def sentences() -> list[Sentence]:
    """All sentences, family by family."""
    return [Sentence(text, label, family) for family, found in families().items() for text, label in found]


def read() -> list[Sentence]:
    """The sentences of the file."""
    return [Sentence(**json.loads(line)) for line in SENTENCES.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    lines = [json.dumps(asdict(sentence), ensure_ascii=False) + "\n" for sentence in sentences()]
    SENTENCES.write_text("".join(lines), encoding="utf-8")
