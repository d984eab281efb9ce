from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from imdbsent import errors
from imdbsent.errors import ExitCode, ImdbsentError

MADE = [
    errors.RowUnreadable("a.csv", "line 3 has 2 fields"),
    errors.InputUnreadable("a.csv", "No such file or directory"),
    errors.BundleInvalid(Path("folder"), "model.onnx is damaged"),
    errors.DownloadFailed("http://a", "no route", "Try again", connected=False),
    errors.ClusterUnreachable("127.0.0.1:1", "Connection refused"),
    errors.UsageProblem("no such thing"),
]


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_an_error_comes_from_another_process_as_it_was(error: ImdbsentError) -> None:
    there = pickle.loads(pickle.dumps(error))
    assert type(there) is type(error)
    assert str(there) == str(error)
    assert there.__dict__ == error.__dict__


def test_every_error_has_an_exit_code_and_one_line() -> None:
    assert errors.ClusterUnreachable.exit_code is errors.StorageUnreachable.exit_code is ExitCode.NETWORK_OR_INTEGRITY
    assert all("\n" not in str(error) for error in MADE)
