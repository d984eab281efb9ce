from __future__ import annotations

import io

import pytest
from rich.console import Console

from imdbsent.cli._progress import DownloadBar, counting_bar


def console(*, terminal: bool, quiet: bool = False) -> Console:
    return Console(file=io.StringIO(), quiet=quiet, force_terminal=terminal, width=140, color_system=None, _environ={})


def printed(target: Console) -> str:
    assert isinstance(target.file, io.StringIO)
    return target.file.getvalue()


@pytest.mark.parametrize("terminal", [True, False])
def test_a_download_shows_how_much_has_come_on_a_terminal_only(terminal: bool) -> None:
    target = console(terminal=terminal)
    bar = DownloadBar(lambda: target)
    bar.total = 84_000_000
    bar.update(42_000_000)
    bar.reset()
    bar.update(84_000_000)
    bar.close()
    assert ("84.0/84.0 MB" in printed(target)) == terminal


@pytest.mark.parametrize(
    ("terminal", "quiet", "shown"), [(True, False, True), (True, True, False), (False, False, False)]
)
def test_a_counting_bar_is_drawn_on_a_terminal_alone(terminal: bool, quiet: bool, shown: bool) -> None:
    target = console(terminal=terminal, quiet=quiet)
    with counting_bar(target, "[red]mine", 3) as advance:
        advance()
        advance()
    assert ("[red]mine" in printed(target) and "2/3" in printed(target)) == shown
    assert bool(printed(target).strip()) == shown
