from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import threading
import time

import pytest

from imdbsent.bundle.bundle import Bundle
from imdbsent.bundle.card import VOCABULARY
from imdbsent.classify.classifier import Classifier, windows
from imdbsent.classify.options import PredictOptions
from imdbsent.classify.workers import Workers, classify_windows
from imdbsent.errors import WorkerLost
from imdbsent.records import Record

RECORDS = [
    Record(("great", "awful", "movie zebra", "", "bad \ud800")[i % 5] + f" {i}" * (i % 3), id=i, kept=(i / 7, None))
    for i in range(3_000)
]


def children() -> set[int]:
    """The workers there are."""
    return {process.pid for process in multiprocessing.active_children() if process.pid is not None}


@pytest.fixture
def _many_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second window and all after it are the workers'."""
    monkeypatch.setattr("imdbsent.classify.workers.ALONE", 1)
    monkeypatch.setattr(Workers, "are_ready", lambda _self: True)


@pytest.mark.usefixtures("_many_at_once")
@pytest.mark.parametrize("workers", [2, 3])
def test_the_number_of_workers_changes_no_prediction_and_no_order(tiny_bundle: Bundle, workers: int) -> None:
    classifier = Classifier(tiny_bundle)
    alone = list(classifier.classify(RECORDS))
    parts = list(classify_windows(classifier, windows(RECORDS), workers=workers))
    assert [prediction for part in parts for prediction in part] == alone
    assert [len(part) for part in parts] == [len(window) for window in windows(RECORDS)]
    assert not children()


def test_verdicts_come_with_their_windows_and_reading_stays_little_ahead(tiny_bundle: Bundle) -> None:
    taken = 0

    def parts():
        nonlocal taken
        for record in RECORDS[:50]:
            taken += 1
            yield [record]

    with Workers(tiny_bundle, 2) as workers:
        for number, (window, (verdict,)) in enumerate(workers.judge(parts())):
            assert window == [RECORDS[number]]
            assert (verdict.label is None) == (number % 5 >= 3)
            assert taken <= number + 6
    assert number == 49


def test_threshold_and_batch_size_reach_the_workers(tiny_bundle: Bundle) -> None:
    with Workers(tiny_bundle, 1, PredictOptions(threshold=1.0, batch_size=1)) as workers:
        ((_, (verdict,)),) = workers.judge([[Record("great")]])
    assert verdict.label == "negative"
    with Workers(tiny_bundle, 1, PredictOptions(neutral=(0, 1))) as workers:
        ((_, (verdict,)),) = workers.judge([[Record("great")]])
    assert verdict.label == "neutral"


def test_few_windows_start_no_process(tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imdbsent.classify.workers.Workers.__init__", None)  # whoever makes some fails
    parts = list(classify_windows(Classifier(tiny_bundle), windows(RECORDS), workers=8))
    assert sum(map(len, parts)) == len(RECORDS)


@pytest.mark.usefixtures("_many_at_once")
def test_closing_in_the_middle_ends_the_workers(tiny_bundle: Bundle) -> None:
    answered = classify_windows(Classifier(tiny_bundle), windows(RECORDS * 20), workers=2)
    for _ in range(8):
        next(answered)
    assert len(children()) == 2
    answered.close()
    assert not children()


def test_a_worker_that_is_killed_is_an_error_and_the_others_end(tiny_bundle: Bundle) -> None:
    with Workers(tiny_bundle, 2) as workers:
        answered = workers.judge([record] for record in RECORDS * 100)
        next(answered)
        os.kill(min(children()), signal.SIGKILL)
        with pytest.raises(WorkerLost, match=r"killed by SIGKILL.*--workers 1"):
            list(answered)
    assert not children()


def test_a_worker_that_is_killed_while_it_has_nothing_to_do_is_an_error_too(tiny_bundle: Bundle) -> None:
    with Workers(tiny_bundle, 1) as workers:
        while not workers.are_ready():
            time.sleep(0.01)
        os.kill(min(children()), signal.SIGKILL)
        time.sleep(0.1)
        with pytest.raises(WorkerLost, match="SIGKILL"):
            list(workers.judge([[Record("great")]]))


def test_a_worker_that_finds_another_model_than_ours_is_an_error(tiny_bundle: Bundle) -> None:
    (tiny_bundle.directory / VOCABULARY).write_text("changed\n")
    with Workers(tiny_bundle, 2) as workers, pytest.raises(WorkerLost, match="BundleInvalid: .*damaged"):
        list(workers.judge([[Record("great")]]))


@pytest.mark.parametrize("change", ["removed", "replaced"])
def test_a_run_continues_alone_if_its_model_is_gone_when_the_workers_start(
    tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch, change: str, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("imdbsent.classify.workers.ALONE", 1)
    classifier = Classifier(tiny_bundle)
    alone = list(classifier.classify(RECORDS))
    if change == "removed":
        shutil.rmtree(tiny_bundle.directory)
    else:
        (tiny_bundle.directory / VOCABULARY).write_text("changed\n")

    def slowly():
        for window in windows(RECORDS):
            time.sleep(0.05)
            yield window

    parts = list(classify_windows(classifier, slowly(), workers=2))
    while not caplog.messages:  # the workers may have been slower than all of that
        parts = list(classify_windows(classifier, slowly(), workers=2))
    assert [prediction for part in parts for prediction in part] == alone
    assert "continues alone" in caplog.messages[0]
    assert not children()


def test_windows_larger_than_a_pipe_holds_stop_nobody(tiny_bundle: Bundle) -> None:
    window = [Record("great " * 50)] * 2_000
    with Workers(tiny_bundle, 2) as workers:
        assert sum(len(verdicts) for _, verdicts in workers.judge([window] * 20)) == 40_000


def test_ctrl_c_that_another_thread_takes_waits_until_every_worker_has_started(
    tiny_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    start = Workers.start_worker

    def interrupted(workers: Workers) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        start(workers)
        started.append(workers)

    monkeypatch.setattr(Workers, "start_worker", interrupted)
    done = threading.Event()
    other = threading.Thread(target=done.wait)
    other.start()
    try:
        with pytest.raises(KeyboardInterrupt), Workers(tiny_bundle, 2):
            pytest.fail("it came before")
    finally:
        done.set()
        other.join()
    assert len(started) == 2
    assert not children()


def test_all_that_was_read_is_answered_before_more_is_waited_for(tiny_bundle: Bundle) -> None:
    read, answered = 0, 0

    def records():
        nonlocal read
        for i in range(2_000):
            if i >= 1_000 and i % 100 == 0:  # a pipe that has been empty
                assert answered == read == i
            read = i + 1
            yield Record("great")

    def is_waiting() -> bool:
        return read < 1_000 or read % 100 != 0

    classifier = Classifier(tiny_bundle)
    cut = windows(records(), 100, is_waiting)
    for predictions in classify_windows(classifier, cut, workers=2, is_waiting=is_waiting):
        answered += len(predictions)
    assert answered == 2_000


def test_a_trickle_starts_no_other_process(tiny_bundle: Bundle) -> None:
    cut = ([record] for record in RECORDS[:100])
    for _ in classify_windows(Classifier(tiny_bundle), cut, workers=2, is_waiting=lambda: False):
        assert not children()
