from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
from rich.console import Console

from imdbsent.cli.evaluate import chosen_lines, report_tables
from imdbsent.evaluation.metrics import REPORTED
from imdbsent.evaluation.report import Answers, report
from imdbsent.reading.labeled import Example, Examples
from tests.evaluation.example_report import two_models


def printed(made, width: int = 120, encoding: str = "utf-8") -> str:
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    Console(file=stream, width=width).print(*report_tables(made, width), sep="\n")
    return stream.buffer.getvalue().decode(encoding)


def test_models_have_a_column_each_and_mistakes_a_table_each() -> None:
    made = two_models()
    text = printed(made)
    for model in made.models:
        for metric in REPORTED:
            assert metric.label in text
            assert metric.show(model.metrics[metric.key]) in text
    assert text.count("most confident mistakes of") == 2
    assert "McNemar's test" in text


def test_one_model_has_no_test_and_no_mistakes_table_where_none_are_asked_for() -> None:
    made = two_models(mistakes=0)
    text = printed(replace(made, models=made.models[:1], comparisons=()))
    assert "McNemar" not in text
    assert "mistakes" not in text


def test_a_text_a_name_and_a_card_cannot_steer_the_terminal() -> None:
    items = Examples((Example("\x1b[2Jgone [bold]", 1, "line 1\x1b", None),), "\x1b]0;title\x07", "test")
    made = report(items, [Answers("m\x1b[31m", "by \x1b[5m", 0.5, np.array([0.1]), 1)], mistakes=1)
    text = printed(made)
    assert "\x1b" not in text
    assert "[bold]" in text
    assert "\x1b" not in "".join(map(str, chosen_lines(made)))


def test_tables_are_drawn_where_only_ascii_can_be() -> None:
    assert "accuracy" in printed(replace(two_models(mistakes=0), comparisons=()), encoding="ascii")


def test_on_a_narrow_console_no_figure_no_heading_and_no_text_is_lost() -> None:
    items = Examples(tuple(Example(f"text {i}", i % 2, f"line {i}", None) for i in range(60)), "mine.csv")
    probabilities = np.linspace(0, 1, 60)
    made = report(items, [Answers(n, "", t, probabilities, 2) for n, t in (("a", 0.5), ("b", 0.1))], mistakes=3)
    text = printed(made, width=40)
    assert max(map(len, text.splitlines())) <= 40
    assert "…" not in text
    words = text.split()
    for word in ("accuracy,", "predicted", "only", "test", "P(positive)", "text", "without"):
        assert word in words, word
    for model in made.models:
        for metric in REPORTED:
            assert metric.show(model.metrics[metric.key]).split()[0] in words, metric.key
        for mistake in model.mistakes:
            assert mistake.text in text


def test_the_test_that_was_used_is_named() -> None:
    items = Examples(tuple(Example("", i % 2, "", None) for i in range(80)), "mine.csv")
    labels = (np.arange(80) % 2).astype(np.float64)
    answers = [Answers("right", "", 0.5, labels, 0), Answers("wrong", "", 0.5, 1.0 - labels, 0)]
    assert "chi-squared 78.013" in printed(report(items, answers, mistakes=0))
    few = Examples(items.items[:4], "mine.csv")
    answers = [Answers("right", "", 0.5, labels[:4], 0), Answers("wrong", "", 0.5, 1.0 - labels[:4], 0)]
    assert "exact binomial" in printed(report(few, answers, mistakes=0))
