"""A tree of aclImdb with forty short reviews per folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

EACH, OF_A_TITLE = 40, 5

_GOOD = ("great", "superb", "lovely", "moving", "charming", "brilliant")
_BAD = ("awful", "dull", "poor", "clumsy", "tedious", "wretched")
_SAID = ("The cast is {}.", "It was {} and {} ,", "What a {} film!", "A very {} story...", "So {}, really {}.")


def write_tree(root: Path) -> Path:
    """Write it: titles tt0 to tt7 have five reviews of both classes, the unlabeled ones and the test are of others."""
    generator = np.random.default_rng(7)
    folders = {"train/pos": 0, "train/neg": 0, "train/unsup": 100, "test/pos": 200, "test/neg": 200}
    for folder, first_title in folders.items():
        split, kind = folder.split("/")
        (root / folder).mkdir(parents=True)
        for number in range(EACH):
            words = {"pos": _GOOD, "neg": _BAD}.get(kind, _GOOD if number % 2 else _BAD)
            frames = generator.choice(_SAID, int(generator.integers(2, 5)))
            said = [frame.format(*generator.choice(words, 2)) for frame in frames]
            stars = {"pos": 9, "neg": 2, "unsup": 0}[kind]
            text = " ".join([f"I saw number{number % 7} .", *said])
            (root / folder / f"{number}_{stars}.txt").write_text(text, encoding="utf-8")
        titles = [first_title + number // OF_A_TITLE for number in range(EACH)]
        addresses = "".join(f"http://www.imdb.com/title/tt{title}/usercomments\n" for title in titles)
        (root / split / f"urls_{kind}.txt").write_text(addresses, encoding="utf-8")
    return root
