"""The table of a few texts, which is drawn without Rich, beside the one that Rich draws."""

from __future__ import annotations

import io
import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imdbsent.cli._console import stdout_console
from imdbsent.cli._predict_screen import TablePrinter, small_table
from imdbsent.records import Label, Prediction


class Output(io.TextIOWrapper):
    """A standard output in memory."""

    def __init__(self, *, is_terminal: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding, errors="replace")
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


def predicted(text: str, label: Label | None = "positive", probability: float | None = 0.9423) -> Prediction:
    problem = None if label else "blank"
    return Prediction(text, label, probability, problem, tokens=2, truncated=False, unknown=0.0)


def drawn(
    monkeypatch, predictions, *, terminal: bool, no_color: bool, encoding: str = "utf-8"
) -> tuple[str | None, str]:
    """The table without Rich, and with it."""
    output = Output(is_terminal=terminal, encoding=encoding)
    monkeypatch.setattr("sys.stdout", output)
    lines = small_table(predictions, no_color=no_color)
    TablePrinter(stdout_console(no_color=no_color), paged=False).write(predictions)
    output.seek(0)
    return lines, output.read()


verdicts = st.builds(
    predicted,
    st.text(string.ascii_letters + string.digits + string.punctuation + " \t\n\x1b", min_size=1, max_size=40),
    st.sampled_from(["positive", "negative", "neutral"]),
    st.floats(0, 1),
)


@given(st.lists(verdicts, min_size=1, max_size=4), st.integers(20, 120), st.booleans(), st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_small_table_is_the_one_that_rich_draws(
    monkeypatch: pytest.MonkeyPatch, predictions: list[Prediction], width: int, terminal: bool, no_color: bool
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm-256color")
    lines, rich = drawn(monkeypatch, predictions, terminal=terminal, no_color=no_color)
    assert lines in (None, rich)


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("variable", ["", "1"])
def test_the_usual_table_needs_no_rich(monkeypatch: pytest.MonkeyPatch, terminal: bool, variable: str) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", variable)
    predictions = [predicted("great movie"), predicted("no", "negative", 0.2)]
    lines, rich = drawn(monkeypatch, predictions, terminal=terminal, no_color=False)
    assert lines == rich
    assert ("\x1b[32m" in rich) is (terminal and not variable)


@pytest.mark.parametrize(
    ("text", "width", "encoding"),
    [("great", 40, "utf-8"), ("great movie " * 9, 80, "utf-8"), ("很好", 80, "utf-8"), ("great", 80, "ascii")],
)
def test_other_tables_are_left_to_rich(monkeypatch: pytest.MonkeyPatch, text: str, width: int, encoding: str) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert drawn(monkeypatch, [predicted(text)], terminal=False, no_color=False, encoding=encoding)[0] is None
    assert drawn(monkeypatch, [predicted("", None, None)], terminal=False, no_color=False)[0] is None
