"""Keras's own files are code of a kind: nothing here opens one, but with safe_mode."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import NETWORK, Bundle
from imdbsent.bundle.card import CARD
from imdbsent.errors import ExitCode
from imdbsent.files import file_sha256

ROOT = Path(__file__).parent.parent
LOADERS = ("load_model", "load_weights", "model_from_json", "clone_model", "deserialize_keras_object")


def calls() -> list[tuple[str, ast.Call]]:
    paths = [path for folder in ("imdbsent", "benchmarks", "docs") for path in sorted((ROOT / folder).rglob("*.py"))]
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno}", node)
        for path in paths
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call)
    ]


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def test_whatever_loads_a_keras_file_says_safe_mode() -> None:
    loading = [(where, call) for where, call in calls() if name_of(call) in LOADERS]
    assert loading  # benchmarks compare with Keras
    for where, call in loading:
        assert not where.startswith("imdbsent"), f"{where}: the package itself loads none"
        safe = [keyword.value for keyword in call.keywords if keyword.arg == "safe_mode"]
        assert [getattr(value, "value", None) for value in safe] == [True], where


@pytest.mark.parametrize("name", ["eval", "exec", "compile", "__import__"])
def test_nothing_is_evaluated(name: str) -> None:
    here = [where for where, call in calls() if isinstance(call.func, ast.Name) and call.func.id == name]
    assert here == []


def test_arrays_are_never_unpickled() -> None:
    loads = [(where, call) for where, call in calls() if ast.unparse(call.func) == "np.load"]
    assert loads
    for where, call in loads:
        allowed = [keyword.value for keyword in call.keywords if keyword.arg == "allow_pickle"]
        assert [getattr(value, "value", None) for value in allowed] == [False], where


def test_what_is_unpickled_is_our_own_and_in_no_file_of_a_user() -> None:
    """Sorting spills to a table of SQLite that has no name, in which nobody else can write."""
    pickled = [where for where, call in calls() if ast.unparse(call.func) in ("pickle.loads", "pickle.load")]
    assert [where.split(":")[0] for where in pickled] == ["imdbsent/classify/options.py"]


def test_a_keras_file_in_a_bundle_is_bytes_and_no_more(tiny_bundle: Bundle, run) -> None:
    """One that is a pickle, with the right hash, is listed, shown and installed; it never needs to be read."""
    (tiny_bundle.directory / NETWORK).write_bytes(b"\x80\x04cos\nsystem\n(S'false'\ntR.")
    card = json.loads((tiny_bundle.directory / CARD).read_bytes())
    card["files"][NETWORK] = file_sha256(tiny_bundle.directory / NETWORK)
    (tiny_bundle.directory / CARD).write_text(json.dumps(card))
    folder = str(tiny_bundle.directory)
    for arguments in (
        ["predict", "--model", folder, "great"],
        ["models", "show", folder],
        ["models", "install", folder, "--name", "stranger"],
        ["models", "list"],
        ["predict", "--model", "stranger", "--explain", "great"],
    ):
        assert run(*arguments).code == ExitCode.DONE
