from __future__ import annotations

import re

import pytest

from imdbsent.explain.page import running_chart
from tests.explain.examples import explain


@pytest.mark.parametrize("text", ["great", "A GREAT movie. Awful, awful zebra?", "awful " * 9, "movie rare"])
def test_the_line_goes_from_what_stands_before_the_words_to_the_logit(text: str) -> None:
    (explanation,) = explain([text])
    parts = explanation.breakdown
    assert parts is not None
    chart = running_chart(parts)
    assert f"starts at {parts.bias + parts.before:+.3f}" in chart
    assert f"ends at {parts.logit:+.3f}" in chart
    (line,) = re.findall(r'class="line" d="M([^"]*)"', chart)
    points = [tuple(map(float, point.split())) for point in line.split("L")]
    assert len(points) == 1 + parts.count("known") + parts.count("rare")
    assert points[0][0] == 4
    assert points[-1][0] == pytest.approx(716, abs=0.1)
    assert all(4 <= y <= 116 for _, y in points)


def test_a_step_up_is_a_word_towards_positive() -> None:
    (explanation,) = explain(["great awful"])
    assert explanation.breakdown is not None
    (line,) = re.findall(r'class="line" d="M([^"]*)"', running_chart(explanation.breakdown))
    first, great, awful = (float(point.split()[1]) for point in line.split("L"))
    assert great < first  # up
    assert awful > great
