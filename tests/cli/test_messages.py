from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.cli._console import show_messages
from imdbsent.cli._streams import hide_messages

LOGGER = logging.getLogger("imdbsent.models.store")


@pytest.fixture(autouse=True)
def _hidden_again() -> Iterator[None]:
    yield
    hide_messages()


def test_a_message_is_one_line_of_plain_text_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    show_messages()
    LOGGER.info("[red]%s[/red]\n\x1b[2J", "word " * 50)
    assert capsys.readouterr().err == "[red]" + "word " * 50 + "[/red] \\x1b[2J\n"


def test_on_a_terminal_a_message_is_wrapped_between_words_and_a_path_is_left_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    path = "/a/folder/with/a/very/long/name"
    show_messages(no_color=True)
    LOGGER.info("installed the model 'mine' in %s", path)
    lines = [line.replace("\x1b[2m", "").replace("\x1b[0m", "") for line in capsys.readouterr().err.splitlines()]
    assert [line.rstrip() for line in lines] == ["installed the model", "'mine' in", path]


@pytest.mark.parametrize(
    ("options", "shown"),
    [({}, ["info"]), ({"verbose": True}, ["debug", "info"]), ({"quiet": True}, []),
     ({"quiet": True, "verbose": True}, [])],
)  # fmt: skip
def test_quiet_and_verbose_decide_what_is_shown(
    options: dict[str, bool], shown: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    show_messages(**options)
    LOGGER.debug("debug")
    LOGGER.info("info")
    assert capsys.readouterr().err.split() == shown


def test_each_message_is_shown_once_and_after_the_command_none(capsys: pytest.CaptureFixture[str]) -> None:
    show_messages()
    show_messages()
    LOGGER.info("once")
    hide_messages()
    LOGGER.info("hidden")
    assert capsys.readouterr().err == "once\n"


def test_the_package_itself_shows_nothing(tiny_bundle: Bundle) -> None:
    program = "import sys, imdbsent; imdbsent.load().predict(['great'])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("", "")


def test_verbose_names_the_model_that_answers(run, tiny_bundle: Bundle) -> None:
    assert f"the model is 'tiny' in {tiny_bundle.directory}" in run(
        "predict", "--model", str(tiny_bundle.directory), "--verbose", "great"
    ).err
