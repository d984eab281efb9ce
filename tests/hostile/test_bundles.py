"""Every command that looks at a model, on models from strangers."""

from __future__ import annotations

from pathlib import Path

import pytest

from imdbsent.errors import ExitCode
from tests.hostile.bundles import HostileBundle, hostile_bundles
from tests.hostile.results import check_errors, check_shown

COMMANDS = {
    "predict": ["predict", "great movie"],
    "predict many": ["predict", "--format", "table", "-"],
    "explain": ["predict", "--explain", "great awful movie"],
    "explain jsonl": ["predict", "--explain", "--format", "jsonl", "great awful movie"],
    "trace": ["inspect", "trace", "great movie"],
    "word": ["inspect", "word", "great"],
    "words": ["inspect", "words", "--format", "table"],
    "words tsv": ["inspect", "words", "--format", "tsv"],
    "decode": ["inspect", "decode", "4 5 6 7"],
    "encode": ["inspect", "encode", "great awful other"],
    "model": ["inspect", "model"],
    "show": ["models", "show"],
}
MODEL_IS_ARGUMENT = ("model", "show")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("bundle", hostile_bundles(), ids=lambda bundle: bundle.name)
def test_a_command_ends_with_an_answer_or_one_line(bundle: HostileBundle, command: str, tmp_path: Path, run) -> None:
    folder = str(bundle.write(tmp_path / "stranger"))
    arguments = COMMANDS[command]
    named = [*arguments, folder] if command in MODEL_IS_ARGUMENT else [*arguments, "--model", folder]
    result = run(*named, stdin=b"great\nawful\nrare\n")
    if "jsonl" in arguments:
        check_errors(result)
    else:
        check_shown(result, tabs="tsv" in arguments)
    assert result.code in (ExitCode.DONE, ExitCode.USAGE, ExitCode.NETWORK_OR_INTEGRITY)
    assert " nan" not in result.out or command in MODEL_IS_ARGUMENT


@pytest.mark.parametrize("bundle", hostile_bundles(), ids=lambda bundle: bundle.name)
def test_it_is_installed_listed_and_removed_or_refused(bundle: HostileBundle, tmp_path: Path, run) -> None:
    folder = str(bundle.write(tmp_path / "stranger"))
    installed = run("models", "install", folder, "--name", "stranger")
    check_shown(installed)
    listed = run("models", "list")
    check_shown(listed)
    assert ("stranger" in listed.out) == (installed.code == ExitCode.DONE)
    if installed.code == ExitCode.DONE:
        assert run("models", "remove", "stranger", "--yes").code == ExitCode.DONE
