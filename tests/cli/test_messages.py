from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.cli._console import show_messages
from imdbsent.cli._progress import ProgressLog
from imdbsent.cli._streams import LogFormat, hide_messages
from imdbsent.reading.streams import RowsMeter

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
    options: dict[str, Any], shown: list[str], capsys: pytest.CaptureFixture[str]
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


def test_a_log_of_objects_has_time_level_event_and_fields(capsys: pytest.CaptureFixture[str]) -> None:
    show_messages(log_format=LogFormat.JSON)
    LOGGER.info("12 rows\n", extra={"event": "progress", "fields": {"rows": 12}})
    LOGGER.warning("\x1b[2J")
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first | {"time": ""} == {
        "time": "", "level": "info", "event": "progress", "message": "12 rows\n", "rows": 12
    }  # fmt: skip
    assert datetime.fromisoformat(first["time"].replace("Z", "+00:00")).year > 2000
    assert (second["level"], second["event"], second["message"]) == ("warning", "message", "\x1b[2J")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--nope"], 2), (["--model", "nope"], 3), (["--file", "/nowhere"], 2), (["--top", "0"], 2)],
)
def test_every_error_is_an_object_if_messages_are(run, arguments: list[str], code: int) -> None:
    result = run("predict", *arguments, "--log-format", "json", "great")
    assert result.code == code
    (line,) = map(json.loads, result.err.splitlines())
    assert (line["level"], line["event"], line["exit_code"]) == ("error", "error", code)


def test_a_text_that_looks_like_the_option_is_a_text(run, tiny_bundle: Bundle) -> None:
    result = run("predict", "--model", "/nowhere", "--", "--log-format=json")
    assert result.err.startswith("imdbsent: there is no model")


def test_progress_is_logged_off_a_terminal_only_if_something_has_changed(
    capsys: pytest.CaptureFixture[str]
) -> None:
    show_messages(log_format=LogFormat.JSON)
    meter = RowsMeter(1_000)
    with ProgressLog(meter, 0.05) as log:
        meter.rows = 500
        log.has_read(500)
        log.has_answered(250)
        time.sleep(0.4)
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["event"], line["read"], line["answered"], line["share"]) == ("progress", 500, 250, 0.25)
    assert line["message"].startswith("250 texts answered, ")
    assert line["message"].endswith("/s, 25.0%")


def test_the_end_of_a_job_does_not_wait_for_a_line_that_cannot_be_written(caplog: pytest.LogCaptureFixture) -> None:
    """As after a signal that came when a lock of `logging` had just been taken, or with a reader that has stopped."""
    is_writing, may_end = threading.Event(), threading.Event()

    class Stuck(logging.Handler):
        def emit(self, _record: logging.LogRecord) -> None:
            is_writing.set()
            may_end.wait(60)

    handler = Stuck()
    logging.getLogger("imdbsent").addHandler(handler)
    try:
        with ProgressLog(RowsMeter(100), 0.01) as log:
            log.has_read(10)
            assert is_writing.wait(10)
            log.has_read(10)  # counting waits for nothing either
            log.has_answered(20)
            started = time.monotonic()
        assert time.monotonic() - started < 5
    finally:
        may_end.set()
        logging.getLogger("imdbsent").removeHandler(handler)
