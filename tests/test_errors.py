from __future__ import annotations

import errno
import os
import pickle
import re
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


def classes(of: type[ImdbsentError] = ImdbsentError) -> list[type[ImdbsentError]]:
    return [of, *(found for child in of.__subclasses__() for found in classes(child))]


def test_the_tree_in_the_docstring_names_every_error() -> None:
    lines = (errors.__doc__ or "").splitlines()
    named = [line.split()[0] for line in lines if re.match(r" *[A-Z]\w+[a-z]  +[A-Z]", line)]
    own = {kind.__name__ for kind in classes() if kind.__module__ == errors.__name__}
    assert sorted(named) == sorted(own)


@pytest.mark.parametrize(
    ("code", "advice"),
    [(errno.ENOSPC, "Free some space"), (errno.EFBIG, "Free some space"), (errno.EACCES, "Check the permissions"),
     (errno.EROFS, "Check the permissions"), (errno.EIO, "Write to another place")],
)  # fmt: skip
def test_only_a_full_disk_is_asked_for_space(code: int, advice: str) -> None:
    output = str(errors.OutputFailed(f"a.csv: {os.strerror(code)}"))
    assert output.endswith(f"{os.strerror(code)}. {advice}, then run the same command again")
    assert ("Free some space" in str(errors.ModelsUnwritable("m", os.strerror(code)))) == (advice == "Free some space")


def test_every_error_has_an_exit_code_and_one_line() -> None:
    assert errors.ClusterUnreachable.exit_code is errors.StorageUnreachable.exit_code is ExitCode.NETWORK_OR_INTEGRITY
    assert all("\n" not in str(error) for error in MADE)
