"""A slow pipe, and what ends it: each line is answered at once, and a signal answers what was read."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.cli._signals import StopSignals, Terminated

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")


@pytest.fixture
def start(tiny_bundle: Bundle) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    started = []

    def start_predict(*options: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "imdbsent", "predict", "--model", str(tiny_bundle.directory), *options]
        pipe = subprocess.PIPE
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, bufsize=0)
        started.append(process)
        return process

    yield start_predict
    for process in started:
        process.kill()
        process.communicate()


def answer(process: subprocess.Popen[bytes], line: bytes) -> tuple[str, float]:
    """What comes back for a line, and after how many seconds."""
    assert process.stdin
    assert process.stdout
    started = time.monotonic()
    process.stdin.write(line)
    assert select.select([process.stdout], [], [], 60)[0]
    found = process.stdout.readline().decode()
    return found, time.monotonic() - started


def wait_until_read(process: subprocess.Popen[bytes]) -> None:
    """Wait until what is in the pipe has been read, and a little longer."""
    import fcntl
    import termios

    assert process.stdin
    deadline = time.monotonic() + 60
    while fcntl.ioctl(process.stdin, termios.FIONREAD, b"\0" * 4) != b"\0" * 4:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(0.5)


@pytest.mark.parametrize("options", [["--format", "tsv"], ["--format", "jsonl"], ["--input-format", "txt"]])
def test_each_line_of_a_slow_pipe_is_answered_at_once(start, options: list[str]) -> None:
    process = start("-", *options)
    delays = []
    for word, label in (("great", "positive"), ("awful", "negative"), ("movie", "positive"), ("awful", "negative")):
        found, delay = answer(process, f"{word}\n".encode())
        assert label in found
        delays.append(delay)
    assert sorted(delays[1:])[1] < 0.2  # the first includes the start; a busy machine may delay one


def test_rows_of_tables_and_explanations_come_at_once_too(start) -> None:
    process = start("-", "--input-format", "csv", "--format", "jsonl")
    assert "positive" in answer(process, b"id,text\n1,great\n")[0]
    assert "negative" in answer(process, b"2,awful\n")[0]
    process = start("-", "--explain", "--format", "jsonl")
    assert "contributions" in answer(process, b"great\n")[0]
    assert "negative" in answer(process, b"awful\n")[0]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("output_format", ["tsv", "json", "table"])
def test_a_signal_answers_what_was_read(start, number: int, code: int, output_format: str) -> None:
    is_sorted = output_format == "json"  # nothing is out before the end
    process = start("-", "--format", output_format, *(["--sort", "probability"] if is_sorted else []))
    process.stdin.write(b"great\nawful\n")
    if is_sorted:
        wait_until_read(process)
    else:
        assert b"positive" in process.stdout.readline()
    process.send_signal(number)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == code, errors
    assert b"2 texts read, 2 answered, 0 failed" in errors
    assert errors.count(b"\n") == 1
    if is_sorted:
        assert out.count(b'"label"') == 2
        assert out.endswith(b"]\n")


def test_a_log_of_objects_ends_with_the_reason(start) -> None:
    process = start("-", "--format", "tsv", "--log-format", "json")
    process.stdin.write(b"great\n")
    assert b"positive" in process.stdout.readline()
    process.terminate()
    _, errors = process.communicate(timeout=60)
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["event"] for line in lines] == ["summary", "error"]
    assert lines[0]["read"] == lines[0]["answered"] == 1
    assert (lines[1]["message"], lines[1]["exit_code"]) == ("stopped by SIGTERM", 143)


def test_a_file_that_is_not_complete_does_not_appear(start, tmp_path: Path) -> None:
    process = start("-", "--sort", "probability", "-o", str(tmp_path / "out.csv"))
    process.stdin.write(b"great\n")
    wait_until_read(process)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 143
    assert not list(tmp_path.glob("*.csv*"))


def test_the_second_signal_ends_at_once_and_the_first_ends_the_records() -> None:
    found = []
    with pytest.raises(KeyboardInterrupt), StopSignals() as signals:
        for number in signals.until_stopped(range(10)):
            found.append(number)
            if number == 2:
                signal.raise_signal(signal.SIGINT)
        assert found == [0, 1, 2]
        found.append(-1)
    assert found[-1] == -1
    with pytest.raises(Terminated), StopSignals() as signals:
        for _ in signals.until_stopped(range(10)):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGTERM)
            pytest.fail("the second one has not ended it")


def test_before_there_are_records_a_signal_ends_at_once_and_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Terminated), StopSignals():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_read_that_waits_is_ended() -> None:
    read, write = os.pipe()

    def lines() -> Iterator[bytes]:
        yield b"first"
        yield os.read(read, 10)

    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt), StopSignals() as signals:
        timer.start()
        assert list(signals.until_stopped(lines())) == [b"first"]
    os.close(read)
    os.close(write)


def test_ignored_signals_and_other_threads_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with StopSignals() as signals:
            signal.raise_signal(signal.SIGINT)
            assert list(signals.until_stopped("ab")) == ["a", "b"]
    finally:
        signal.signal(signal.SIGINT, before)
    found: list[str] = []

    def work() -> None:
        with StopSignals() as signals:
            found.extend(signals.until_stopped("ab"))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["a", "b"]


def test_a_signal_that_a_library_makes_an_error_of_while_it_loads_is_a_signal() -> None:
    def load() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except BaseException as error:
            raise ImportError("initialization failed") from error

    with pytest.raises(Terminated), StopSignals():
        load()
    with pytest.raises(ImportError, match="really missing"), StopSignals():
        raise ImportError("really missing")


def test_a_signal_that_says_something_does_not_stumble_over_a_message_that_is_being_written() -> None:
    program = """
import signal, sys
from imdbsent.cli._streams import lose_what_nobody_reads
lose_what_nobody_reads()
signal.signal(signal.SIGALRM, lambda *_: sys.stderr.write("signal\\n"))
signal.setitimer(signal.ITIMER_REAL, 0.0001, 0.0001)
for _ in range(20_000):
    sys.stderr.write("message\\n")
signal.setitimer(signal.ITIMER_REAL, 0)
"""
    done = subprocess.run([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
    assert done.stderr.count("message") == 20_000
    assert done.stderr.count("signal") > 10
