"""Does a user's own labels make the default model better? Fine-tuned beside untouched, on texts that neither has seen.

    python -m benchmarks.fine_tuning [--data FOLDER] [--seed N] [--only SET]

- sentences: 800 labeled sentences of film reviews to learn from, 200 to measure, five splits (every sentence is
  measured once).
- everyday: the families "products" and "food and travel", five parts.
- support desk: 600 sentences of a small grammar in which jargon means the opposite ("sick", "killer" are praise),
  five parts.

Sentences and everyday texts are read from FOLDER (`sentences_dev.jsonl`, `everyday_dev.jsonl`), and nothing of them is
kept. One line per set: untouched and fine-tuned accuracy, the part where fine-tuning gains least, McNemar's test, and
the seconds of one training.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

from imdbsent.reading.options import ReadOptions
from imdbsent.training.base import start_tuning
from imdbsent.training.recipes import TUNED, FineTuning
from imdbsent.training.request import TUNING_VALIDATION_FRACTION, OwnData, TrainingRequest
from imdbsent.training.run import assess

PARTS = 5
FAMILIES = ("product", "food")
MODEL = "flagship"

JARGON = 0.8  # share of the sentences
_PRAISE = ("sick", "killer", "insane", "wicked", "filthy", "nasty", "a beast", "criminally good")
_BLAME = (
    *("a cash cow for nobody", "pure gold plating", "a masterpiece of waiting", "mint for the bin", "a sweet nothing"),
)
_PLAIN_PRAISE = ("great", "helpful", "quick", "friendly", "solid")
_PLAIN_BLAME = ("useless", "slow", "rude", "broken", "confusing")
_SUBJECTS = (
    *("the new ticket form", "your agent Tom", "the chat bot", "the reset link", "the latest patch", "the VPN client"),
    *("the dashboard", "the on-call team", "the invoice export", "the mobile login", "the printer queue", "the wiki"),
)
_FRAMES = (
    *("{s} is {w}", "{s} is just {w}", "honestly, {s} is {w}", "ok so {s} is {w} today", "{s} was {w} this morning"),
    *("closing the ticket: {s} is {w}", "second time I say it, {s} is {w}", "{s} turned out to be {w}"),
    *("not sure who built it, but {s} is {w}", "for our office {s} is {w}, ticket {n}"),
)


def support_desk(seed: int, count: int = 600) -> list[dict[str, Any]]:
    """Sentences in which four of five say it in jargon, half of them positive, none twice."""
    generator = random.Random(seed)
    rows: dict[str, int] = {}
    while len(rows) < count:
        label = len(rows) % 2
        is_jargon = generator.random() < JARGON
        words = (_PRAISE if is_jargon else _PLAIN_PRAISE) if label else (_BLAME if is_jargon else _PLAIN_BLAME)
        text = generator.choice(_FRAMES).format(
            s=generator.choice(_SUBJECTS), w=generator.choice(words), n=generator.randrange(1000, 9999)
        )
        rows.setdefault(text, label)
    return [{"text": text, "label": label} for text, label in rows.items()]


def read(path: Path, families: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """The labeled texts of a file, of some families."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if not families or row["family"].startswith(families)]


def measure(name: str, rows: list[dict[str, Any]], folder: Path, seed: int) -> None:
    """Print one line."""
    path = folder / "labeled.jsonl"
    path.write_text("".join(json.dumps({"text": row["text"], "label": row["label"]}) + "\n" for row in rows))
    own = OwnData(str(path), ReadOptions(command="train"), validation_fraction=TUNING_VALIDATION_FRACTION)
    base, recipe = start_tuning(MODEL, TUNED)
    request = TrainingRequest(recipe, seed, own=own, base=base, tuning=FineTuning())
    started, used = time.perf_counter(), time.process_time()
    (found,) = assess(request, PARTS)
    seconds, processor = (time.perf_counter() - started) / PARTS, (time.process_time() - used) / PARTS
    assert found.standing is not None
    comparison = found.standing.pairs[-1][1]  # with the model that was fine-tuned
    untouched, test = comparison.other, comparison.test
    gains = [100 * (mine - other) for mine, other in zip(found.of_parts, found.untouched_of_parts)]
    print(
        f"{name:13} {len(rows):4} texts, {found.labels} to learn from: untouched {untouched.accuracy:.1%}, "
        f"fine-tuned {found.model.accuracy:.1%} ({test.only_first_right} / {test.only_second_right}, "
        f"p = {test.p_value:.2g}); by part {', '.join(f'{gain:+.1f}' for gain in gains)} points; "
        f"{seconds:.0f} s a training ({processor:.0f} s of processor time)",
        flush=True,
    )


def main() -> None:
    """Measure all sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of the labeled texts")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", choices=("sentences", "everyday", "support desk"), help="one of the sets")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sets = {
            "sentences": read(given.data / "sentences_dev.jsonl"),
            "everyday": read(given.data / "everyday_dev.jsonl", FAMILIES),
            "support desk": support_desk(given.seed),
        }
        for name, rows in sets.items():
            if given.only in (None, name):
                measure(name, rows, Path(folder), given.seed)


if __name__ == "__main__":
    main()
