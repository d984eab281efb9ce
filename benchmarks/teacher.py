"""How good the teacher of the flagship is: reviews of held-out titles, and the short texts of `benchmarks.short_texts`.

python -m benchmarks.teacher FOLDER [--stages FILE ...] [--data PATH] [--longest PIECES] [--reviews N]

FOLDER is that of the transformer. FILE holds what a stage of fine-tuning left; of several, the mean is measured.
Default: those in imdbsent/training/distill, whose mean labels short texts, and the last of which labels reviews. It
needs the extra `imdbsent[teacher]`, and reads no test review.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.short_texts import accuracy, find_dev, show_labeled_sets
from imdbsent.dataset import aclimdb
from imdbsent.evaluation.metrics import log_loss
from imdbsent.text.everyday import plain_text
from imdbsent.training import distill
from imdbsent.training.distill.config import FULL
from imdbsent.training.distill.data import read_distillation_data
from imdbsent.training.distill.teacher import Teacher
from imdbsent.training.distill.texts import TextConfig

if TYPE_CHECKING:
    from imdbsent.evaluation.metrics import Array

PACKAGED = sorted(Path(distill.__file__).parent.glob("stage-*.safetensors"))


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("transformer", type=Path, metavar="FOLDER")
    parser.add_argument("--stages", type=Path, nargs="+", default=PACKAGED, metavar="FILE")
    parser.add_argument("--data", type=Path, metavar="PATH")
    parser.add_argument("--longest", type=int, default=FULL.teacher.longest, metavar="PIECES")
    parser.add_argument("--reviews", type=int, metavar="N", help="the first N reviews of held-out titles alone")
    arguments = parser.parse_args()
    config = replace(FULL.teacher, longest=arguments.longest)
    teacher = Teacher.answering(arguments.transformer, config, arguments.stages)
    known = frozenset(teacher.whole_words())

    def probabilities(texts: Sequence[str]) -> Array:
        logits = teacher.logits([plain_text(text, known) for text in texts]).astype(np.float64)
        return 1 / (1 + np.exp(-logits))

    name = " + ".join(file.stem for file in arguments.stages)
    show_labeled_sets(name, probabilities, 0.5, find_dev(None, arguments.data))
    source = aclimdb.find(arguments.data)
    if source is None:
        print("the IMDB archive is not there; name it with --data PATH")
        return 1
    no_texts = TextConfig(**{field.name: 0 for field in fields(TextConfig)})
    data = read_distillation_data(source, no_texts, held_out=FULL.held_out, seed=FULL.seed, ruled=0)
    held_out = np.flatnonzero(data.held_out)[: arguments.reviews]
    labels = data.labels[held_out].astype(np.float64)
    found = probabilities([data.reviews[index].text for index in held_out])
    right = accuracy(found, labels, 0.5)
    error = math.sqrt(right * (1 - right) / len(held_out))
    print(
        f"{name}: reviews of held-out titles, {arguments.longest} word pieces: {right:.2%} of {len(held_out):,} right, "
        f"log loss {log_loss(labels, found):.4f} (standard error {error:.2%})"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
