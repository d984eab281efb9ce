"""Our word ranks and encoding beside those of `keras.datasets.imdb`.

python -m benchmarks.vocabulary --word-index imdb_word_index.json [--data PATH]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path

import numpy as np

from benchmarks import data_argument, labeled_reviews
from imdbsent.dataset.keras_ids import learn_vocabulary
from imdbsent.text.tokenizer import KerasTokenizer


def main() -> int:
    """Print how many ranks agree, and the figures of the encoded reviews."""
    parser = argparse.ArgumentParser(description=__doc__)
    data_argument(parser)
    parser.add_argument("--word-index", type=Path, required=True, help="Keras's imdb_word_index.json")
    arguments = parser.parse_args()
    content = arguments.word_index.read_bytes()
    theirs = json.loads(content)
    reviews = labeled_reviews(arguments.data, "train", "test")
    vocabulary = learn_vocabulary(review for review in reviews if review.split == "train")
    agree = [theirs.get(word.decode()) == rank for rank, word in enumerate(vocabulary.words, 1)]
    print(f"Keras's word index: {len(theirs):,} words, md5 {hashlib.md5(content).hexdigest()}")
    print(f"ranks that agree: {sum(agree[:10_000]):,} of the first 10,000, {sum(agree):,} of {len(agree):,}")
    tokenizer = KerasTokenizer(vocabulary, num_words=10_000, maximum_length=500)
    ids = [tokenizer.encode_whole(review.text) for review in reviews]
    lengths = np.array([len(text) for text in ids])
    print(f"{len(reviews):,} reviews: mean length {lengths.mean():.5f}, std {lengths.std():.5f}")
    print(f"distinct ids with num_words=10000: {len(set().union(*ids)):,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
