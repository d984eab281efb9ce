"""What only a whole process shows: what it imports, how it dies, how it treats a pipe and a terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from imdbsent.bundle.bundle import Bundle, read_bundle
from imdbsent.cli.app import COMMANDS
from imdbsent.errors import ExitCode

IMDBSENT = [sys.executable, "-m", "imdbsent"]
HEAVY = {"tensorflow", "keras", "onnx", "pandas", "requests", "pooch", "torch", "jax", "pyarrow", "sklearn"} | {
    "ray", "pyspark", "daft",
}  # fmt: skip


def modules(*arguments: str) -> set[str]:
    """The modules that a command imports."""
    program = (
        "import sys; from imdbsent.__main__ import main; code = main(); "
        "print(*sys.modules, sep='\\n', file=sys.stderr); sys.exit(code)"
    )
    result = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return set(result.stderr.splitlines())


def imported(*arguments: str) -> set[str]:
    """The packages that a command imports."""
    return {module.partition(".")[0] for module in modules(*arguments)}


@pytest.mark.parametrize(
    ("arguments", "own"),
    [(["--version"], set()), (["--help"], set()), (["predict", "--help"], {"predict"}), (["predict", "x"], {"predict"}),
     (["evaluate", "--help"], {"evaluate"}), (["models", "list"], {"models"})],
)  # fmt: skip
def test_a_command_imports_only_what_it_runs(arguments: list[str], own: set[str]) -> None:
    commands = {command.name for command in COMMANDS}
    found = {module.split(".")[2] for module in modules(*arguments) if module.startswith("imdbsent.cli.")}
    assert found & commands == own


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["predict", "great movie"]])
def test_answering_imports_nothing_of_training_data_and_measuring(arguments: list[str]) -> None:
    found = {module for module in modules(*arguments) if module.startswith("imdbsent.")}
    packages = {module.split(".")[1] for module in found}
    assert not packages & {"training", "dataset", "evaluation", "cluster"}
    assert arguments[0] == "predict" or not packages & {"reading", "writing", "classify", "explain", "models", "bundle"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["predict", "great movie"],
        ["train", "--help"],
        ["evaluate", "--help"],
        ["predict", "-h"],
        ["models", "list"],
    ],
)
def test_answering_and_helping_import_nothing_heavy(arguments: list[str]) -> None:
    packages = imported(*arguments)
    assert "typer" in packages
    assert not packages & HEAVY


def test_a_table_of_a_few_texts_needs_neither_rich_nor_what_other_commands_need(tiny_bundle: Bundle) -> None:
    found = modules("predict", "--model", str(tiny_bundle.directory), "great movie")
    assert not {module.partition(".")[0] for module in found} & {"rich", "pygments", "multiprocessing"}
    unneeded = {"fetch", "models.install", "explain.explain", "writing.resume"}
    assert not found & {f"imdbsent.{module}" for module in unneeded}
    assert not found & {"logging.config", "importlib.metadata", "statistics", "http.client"}


def test_a_few_texts_start_no_process_and_lock_nothing(tiny_bundle: Bundle) -> None:
    packages = imported("predict", "--model", str(tiny_bundle.directory), "great movie")
    assert not packages & {"multiprocessing", "filelock", "sqlite3"}


@pytest.mark.parametrize("arguments", [["--help"], ["train", "--help"], ["evaluate", "--help"]])
def test_help_imports_no_arrays_and_no_engine(arguments: list[str]) -> None:
    assert not imported(*arguments) & {"numpy", "onnxruntime"}


def test_importing_the_package_imports_none_of_its_dependencies() -> None:
    program = "import sys; before = set(sys.modules); import imdbsent; print(*(set(sys.modules) - before))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    packages = {module.partition(".")[0] for module in result.stdout.split()}
    assert packages - sys.stdlib_module_names == {"imdbsent"}


def test_a_reader_that_goes_ends_the_work_quietly(tiny_bundle: Bundle) -> None:
    with subprocess.Popen(
        [*IMDBSENT, "predict", "-", "-q", "--model", str(tiny_bundle.directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"great\n" * 100)
        process.stdin.flush()
        process.stdout.close()  # the reader goes before a line has come
        try:
            process.stdin.write(b"great\n" * 200_000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        errors = process.stderr.read()
        assert process.wait(60) == 0
    assert errors == b""


def test_head_takes_one_line_of_many(tiny_bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "many.txt").write_bytes(b"great\n" * 100_000)
    command = f"'{sys.executable}' -m imdbsent predict --model '{tiny_bundle.directory}' --file many.txt | head -1"
    result = subprocess.run(command, shell=True, capture_output=True, cwd=tmp_path, check=True)
    assert result.stdout.startswith(b"positive\t")
    assert result.stderr == b""


def test_ctrl_c_in_the_middle_answers_what_was_read_and_exits_130(tiny_bundle: Bundle) -> None:
    with subprocess.Popen(
        [*IMDBSENT, "predict", "-", "--model", str(tiny_bundle.directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        process.stdin.write(b"great\n" * 5_000)
        process.stdin.flush()
        assert process.stdout.readline().startswith(b"positive\t")  # it is at work
        process.send_signal(signal.SIGINT)
        rows = process.stdout.read()  # communicate would miss what readline has buffered
        errors = process.stderr.read()
    assert process.returncode == 130
    answered = 1 + rows.count(b"\n")
    assert errors.decode().startswith(f"{answered:,} texts read, {answered:,} answered")
    assert errors.count(b"\n") == 1


def on_terminal(
    *arguments: str, typed: bytes = b"", environment: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Run imdbsent with standard input, output and error on a pseudo-terminal.

    Args:
        typed: sent to it.
        environment: variables to set.
    """
    process_id, terminal = pty.fork()
    if process_id == 0:
        os.environ.update({"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **(environment or {})})
        os.execv(sys.executable, [*IMDBSENT, *arguments])
    os.write(terminal, typed)
    output = b""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                output += os.read(terminal, 65536)
            except OSError:  # the other end is closed
                break
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1]), output


def test_on_a_terminal_without_arguments_help_comes_instead_of_a_hang() -> None:
    code, output = on_terminal("predict")
    assert code == 0
    assert b"Usage" in output


def test_what_is_typed_is_answered_line_by_line(tiny_bundle: Bundle) -> None:
    code, output = on_terminal(
        "predict", "-", "--format", "tsv", "--model", str(tiny_bundle.directory), typed=b"great movie\n\x04"
    )
    assert code == 0
    assert b"positive\t" in output


def test_what_is_typed_gets_a_row_of_the_table_at_once(tiny_bundle: Bundle) -> None:
    code, output = on_terminal("predict", "-", "--model", str(tiny_bundle.directory), typed=b"great movie\n\x04")
    assert code == 0
    assert "█".encode() in output
    assert "┃".encode() not in output


@pytest.mark.parametrize(
    ("environment", "colored"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_a_table_has_color_on_a_terminal_unless_it_is_unwanted(
    tiny_bundle: Bundle, environment: dict[str, str], colored: bool
) -> None:
    _, output = on_terminal("predict", "--model", str(tiny_bundle.directory), "great", environment=environment)
    assert (b"\x1b[32m" in output) == colored
    assert b"positive" in output


def offered_to_train(tmp_path: Path, answer: bytes, data: Path | None = None) -> tuple[int, bytes]:
    """Ask on a terminal for a model that is nowhere, and answer the question that comes."""
    program = (
        "import sys; from pathlib import Path; from imdbsent.models import store; "
        f"store.PRETRAINED = Path({str(tmp_path / 'none')!r}); "
        "from imdbsent.cli import app; sys.exit(app.run(['predict', '--model', 'classic', 'great']))"
    )
    process_id, terminal = pty.fork()
    if process_id == 0:
        os.environ.update({"IMDBSENT_ACLIMDB": str(data)} if data else {})
        os.execv(sys.executable, [sys.executable, "-c", program])
    output = b""
    while b"[y/N]" not in output:
        output += os.read(terminal, 65536)
    os.write(terminal, answer)
    try:
        while piece := os.read(terminal, 65536):
            output += piece
    except OSError:
        pass
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process_id, 0)[1]), output


def test_a_no_to_the_offer_to_train_leaves_everything_as_it_was(tmp_path: Path, home: Path) -> None:
    code, output = offered_to_train(tmp_path, b"n\n")
    assert code == 3
    assert b"imdbsent train --recipe classic" in output
    assert not (home / "models").exists()


@pytest.mark.slow
def test_a_yes_to_the_offer_trains_installs_and_answers(tmp_path: Path, home: Path, tiny_tree: Path) -> None:
    pytest.importorskip("keras", reason="keras is not installed in the light environment")
    code, output = offered_to_train(tmp_path, b"y\n", tiny_tree)
    assert code == 0, output
    assert b"epoch 10/10" in output
    assert b"P(positive)" in output
    assert read_bundle(home / "models" / "classic").verify().card.name == "classic"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is Linux's")
@pytest.mark.parametrize("arguments", [["--help"], ["predict", "great"], ["models", "list"], ["help", "predict"]])
def test_an_output_that_is_full_is_one_line(arguments: list[str]) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 (a device)
        done = subprocess.run([*IMDBSENT, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == ExitCode.FAILED
    *messages, last = done.stderr.splitlines()
    assert last.startswith("imdbsent: cannot write the output: No space left on device. Free some space")
    assert all(message.startswith("installed the model") for message in messages)


def test_a_process_that_ends_at_once_has_done_what_was_asked_for_its_end() -> None:
    program = "import atexit; atexit.register(print, 'at the end'); from imdbsent.__main__ import program; program()"
    for arguments, code in ((["--version"], ExitCode.DONE), (["predict", "--nope"], ExitCode.USAGE)):
        done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == code
        assert done.stdout.splitlines()[-1] == "at the end"
