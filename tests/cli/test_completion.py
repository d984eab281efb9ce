from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imdbsent.models import store


@pytest.fixture
def complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What a shell offers for a line; its last word is the one that is completed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMDBSENT_HOME", str(tmp_path / "home"))

    def offered(*words: str, shell: str = "bash") -> list[str]:
        environment = {**os.environ, "_IMDBSENT_COMPLETE": f"complete_{shell}"}
        if shell == "bash":
            environment |= {"COMP_WORDS": "\n".join(["imdbsent", *words]), "COMP_CWORD": str(len(words))}
        else:
            environment |= {"_TYPER_COMPLETE_ARGS": " ".join(["imdbsent", *words])}
        done = subprocess.run(
            [sys.executable, "-m", "imdbsent"], env=environment, capture_output=True, text=True, check=True
        )
        assert done.stderr == ""
        return done.stdout.split("\n")[:-1] if done.stdout.strip() else []

    return offered


def test_models_and_the_users_own_models_are_offered(complete) -> None:
    assert complete("predict", "--model", "") == store.names()
    assert complete("models", "show", "fl") == ["flagship"]
    assert complete("models", "remove", "") == []  # nothing is installed


def test_recipes_and_recipe_files_are_offered(complete) -> None:
    Path("mine.toml").touch()
    assert complete("train", "--recipe", "") == ["classic", "bucketed", "flagship", "mine.toml"]


@pytest.mark.parametrize("option", ["--text-column", "--id-column", "--keep"])
def test_the_columns_of_the_file_are_offered(complete, option: str) -> None:
    Path("reviews.csv").write_text("id;Review Text;stars\n1;good;5\n")
    assert complete("predict", "reviews.csv", option, "") == ["id", "Review\\ Text", "stars"]
    assert complete("predict", "-f", "reviews.csv", option, "R") == ["Review\\ Text"]


def test_the_columns_of_json_are_offered_to_the_commands_with_labels(complete) -> None:
    Path("reviews.jsonl").write_text(json.dumps({"body": "good", "stars": 5}) + "\n")
    for command in ("evaluate", "train", "stats"):
        assert complete(command, "reviews.jsonl", "--label-column", "") == ["body", "stars"]


def test_a_file_that_cannot_be_read_offers_nothing_and_says_nothing(complete) -> None:
    Path("picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert complete("predict", "picture.csv", "--keep", "") == []
    assert complete("predict", "missing.csv", "--keep", "") == []
    assert complete("predict", "--keep", "") == []


def test_another_shell_than_bash_quotes_by_itself(complete) -> None:
    Path("reviews.csv").write_text("Review Text,stars\ngood,5\n")
    assert complete("predict", "reviews.csv", "--keep", "Rev", shell="fish") == []  # asked whether there are any
    assert "Review Text" in complete("predict", "reviews.csv", "--keep", "", shell="zsh")[0]


def test_commands_are_offered_without_importing_them(complete) -> None:
    assert complete("pr") == ["predict"]
    assert complete("help", "models", "ex") == ["export"]
    code = (
        "import sys\nfrom imdbsent.cli.app import run\ntry:\n    run([])\nexcept SystemExit:\n    pass\n"
        "print(*(name for name in ('numpy', 'onnxruntime', 'rich', 'imdbsent.cli.predict') if name in sys.modules))"
    )
    environment = {**os.environ, "_IMDBSENT_COMPLETE": "complete_bash", "COMP_WORDS": "imdbsent\n", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == ""
