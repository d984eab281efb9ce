from __future__ import annotations

import os
import signal
import threading

import pytest

from imdbsent.errors import ExitCode, TrainingStopped
from imdbsent.training.progress import stop_requested


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_says_so(number: int, caplog: pytest.LogCaptureFixture) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_requested() as stop:
        assert not stop()
        os.kill(os.getpid(), number)
        assert stop()
    assert len(caplog.messages) == 1
    assert "Ctrl-C again" in caplog.messages[0]
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)]
)
def test_the_exit_code_says_which_signal_stopped_the_run(number: int, code: ExitCode) -> None:
    with pytest.raises(TrainingStopped, match="stopped in epoch 2 after batch 3") as caught, stop_requested():
        os.kill(os.getpid(), number)
        raise TrainingStopped(2, 3)
    assert caught.value.exit_code is code


def test_the_second_is_what_it_is_elsewhere() -> None:
    with stop_requested(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_after_the_block_ctrl_c_interrupts() -> None:
    with stop_requested():
        pass
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)


def test_a_run_that_ignores_ctrl_c_goes_on_ignoring_it() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with stop_requested() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert not stop()


def test_outside_the_main_thread_nothing_is_caught() -> None:
    answers = []

    def work() -> None:
        with stop_requested() as stop:
            answers.append(stop())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert answers == [False]
