"""What the tutorials' network holds before the first word of a text, by the length of the text."""

import sys

import imdbsent

explainer = imdbsent.Explainer(imdbsent.load("classic"))
for words in map(int, sys.argv[1:]):
    (explanation,) = explainer.explain(["movie " * words])
    if explanation.breakdown is not None:
        print(f"{words:4} words: {explanation.breakdown.before:+.3f}")
