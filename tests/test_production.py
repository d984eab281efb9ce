"""docs/production.md: every command on it runs, and what it says of exit codes, logs and units is so.

What is not here (podman, systemctl, journalctl, a pip that would change this environment) is played by small scripts
that check what they are asked for. `python -m benchmarks.container` takes the steps of the Containerfile for real.
"""

from __future__ import annotations

import configparser
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import container, night
from imdbsent.errors import ExitCode
from tests.test_docs import cannot_run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the page is about cron, systemd and containers")

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "production.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## ([^\n]*)\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE))
CLUSTER = "More than one machine"
TABLE = "id,text\n1,great movie\n2,a waste of time\n3,\n4,not bad at all\n"
UNIT_KEYS = {
    "Description", "Type", "User", "WorkingDirectory", "StateDirectory", "Environment", "ExecStartPre", "ExecStart",
    "SuccessExitStatus", "Restart", "RestartSec", "RestartPreventExitStatus", "CPUQuota", "MemoryMax", "OnCalendar",
    "Persistent", "WantedBy",
}  # fmt: skip

PODMAN = """
import os, subprocess, sys
from pathlib import Path
_, command, *words = sys.argv
if command == "build":
    tag, name, file_option, file, context = words
    assert (tag, name, file_option) == ("-t", "imdbsent", "-f")
    assert (Path(context) / file).is_file()
    sys.exit()
assert command == "run"
folder = "."
while words[0].startswith("-"):
    option = words.pop(0)
    assert option in ("--rm", "--read-only", "--network", "--cpus", "--memory", "-v")
    value = None if option in ("--rm", "--read-only") else words.pop(0)
    if option == "-v":
        folder, _, inside = value.partition(":")
        assert inside == "/data"
assert words.pop(0) == "imdbsent"
sys.exit(subprocess.run(["imdbsent", *words], cwd=folder).returncode)
"""
PIP = """
import sys
from pathlib import Path
match sys.argv[1:]:
    case ["install", "-r", file]:
        assert "onnxruntime" in Path(file).read_text()
    case ["install", "--no-deps", folder]:
        assert (Path(folder) / "pyproject.toml").is_file()
    case ["freeze"]:
        print("numpy==2.0")
    case other:
        sys.exit(f"pip {other}")
"""
SYSTEMCTL = """
import os, sys
from pathlib import Path
*_, unit = sys.argv
assert sys.argv[1:-1] == ["enable", "--now"]
assert (Path(os.environ["UNITS"]) / unit).is_file()
"""
JOURNALCTL = """
print('{"event": "error", "exit_code": 1}')
"""


class Sandbox:
    """A folder that stands for a machine: its programs, units, input and home."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("bin", "units", "work", "home"):
            (folder / name).mkdir()
        self.work = folder / "work"
        self.program("imdbsent", f'exec {sys.executable} -m imdbsent "$@"\n', "/bin/sh")
        for name, text in (("podman", PODMAN), ("pip", PIP), ("systemctl", SYSTEMCTL), ("journalctl", JOURNALCTL)):
            self.program(name, text, sys.executable)
        if shutil.which("systemd-analyze") is None:
            self.program("systemd-analyze", "", "/bin/sh")  # the units are checked below as well
        with gzip.open(self.work / "reviews.csv.gz", "wt", encoding="utf-8") as stream:
            stream.write(TABLE)
        (self.work / "sample.csv").write_text(TABLE)
        (self.work / "parts").mkdir()
        (self.work / "parts" / "1.csv").write_text(TABLE)
        (self.work / "requirements").symlink_to(ROOT / "requirements")
        (self.work / "docs").symlink_to(ROOT / "docs")
        (self.work / "pyproject.toml").symlink_to(ROOT / "pyproject.toml")
        for unit, text in units().items():
            (folder / "units" / unit).write_text(self.local(text))

    def program(self, name: str, text: str, interpreter: str) -> None:
        path = self.folder / "bin" / name
        path.write_text(f"#!{interpreter}\n{text}")
        path.chmod(0o755)

    def local(self, text: str) -> str:
        """A text of the page, with the folders of this machine."""
        places = {"/opt/imdbsent/bin": "bin", "/var/lib/imdbsent": "home", "/srv/reviews": "work"}
        for place, name in (places | {"/etc/systemd/system": "units"}).items():
            text = text.replace(place, str(self.folder / name))
        return re.sub(r"^User=.*\n", "User=nobody\n", text, flags=re.MULTILINE)

    def run(self, command: str, shell: tuple[str, ...], environment: dict[str, str]) -> str:
        done = subprocess.run(
            [*shell, self.local(command)], cwd=self.work, env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    def verdicts(self) -> list[Path]:
        """The results of the nightly job; their names have its date."""
        return list(self.work.glob("verdicts-????-??-??.parquet"))


@pytest.fixture
def sandbox(tmp_path: Path) -> Sandbox:
    (tmp_path / "machine").mkdir()
    return Sandbox(tmp_path / "machine")


def blocks(section: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", SECTIONS[section], re.DOTALL | re.MULTILINE)


def units() -> dict[str, str]:
    """The units of the page by name; the first line of each says where it goes."""
    return {text.splitlines()[0].rpartition("/")[2]: text for text in blocks("systemd", "ini")}


def log_of(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("section", [name for name in SECTIONS if blocks(name, "sh") and name != CLUSTER])
def test_every_command_of_the_page_runs(section: str, sandbox: Sandbox) -> None:
    environment = os.environ | {
        "PATH": f"{sandbox.folder / 'bin'}:/usr/bin:/bin",
        "IMDBSENT_HOME": str(sandbox.folder / "home"),
        "UNITS": str(sandbox.folder / "units"),
    }
    for block in blocks(section, "sh"):
        sandbox.run(block, ("bash", "-euo", "pipefail", "-c"), environment)
    if section == "The job":
        summary = json.loads((sandbox.work / "run.json").read_text())
        assert (summary["rows"]["read"], summary["rows"]["failed"], summary["exit_code"]) == (4, 1, 0)


@pytest.mark.slow
def test_the_job_for_a_cluster_runs(sandbox: Sandbox) -> None:
    pytest.importorskip("ray")
    environment = os.environ | {"PATH": f"{sandbox.folder / 'bin'}:/usr/bin:/bin"}
    for block in blocks(CLUSTER, "sh"):
        sandbox.run(block, ("bash", "-euo", "pipefail", "-c"), environment)
    assert (sandbox.work / "verdicts" / "_SUCCESS").exists()


def test_every_line_for_cron_runs_with_nothing_but_what_cron_gives(sandbox: Sandbox) -> None:
    (block,) = blocks("Cron", "crontab")
    environment = {"SHELL": "/bin/sh", "PATH": "/usr/bin:/bin", "LOGNAME": "nobody", "HOME": "/nonexistent"}
    for line in sandbox.local(block).splitlines():
        if match := re.fullmatch(r"([A-Z_]+)=(.*)", line):
            environment[match[1]] = match[2]
            continue
        when = 1 if line.startswith("@") else 5
        command = line.split(maxsplit=when)[when]
        assert "%" not in command.replace(r"\%", "")  # cron takes it for the end of the command
        for path in sandbox.verdicts():
            path.unlink()
        sandbox.run(command, ("/bin/sh", "-c"), environment)
        assert len(sandbox.verdicts()) == 1
    assert {line["event"] for line in log_of(sandbox.work / "night.log")} >= {"summary", "wrote"}


def test_the_service_runs_what_it_starts(sandbox: Sandbox) -> None:
    service = (sandbox.folder / "units" / "imdbsent.service").read_text()
    environment = dict(
        pair.split("=", 1) for line in re.findall(r"^Environment=(.*)$", service, re.MULTILINE) for pair in line.split()
    )
    commands = re.findall(r"^ExecStart(?:Pre)?=(.*)$", service, re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        sandbox.run(command, ("/bin/sh", "-c"), environment)
    assert len(sandbox.verdicts()) == 1


def test_the_units_have_known_keys_and_the_exit_codes_mean_what_they_should() -> None:
    for text in units().values():
        parser = configparser.ConfigParser(interpolation=None, delimiters="=")
        parser.optionxform = str  # type: ignore[method-assign,assignment]
        parser.read_string(text)
        assert {key for section in parser.sections() for key in parser[section]} <= UNIT_KEYS
    service = units()["imdbsent.service"]
    assert f"SuccessExitStatus={int(ExitCode.TERMINATED)}\n" in service
    never = {ExitCode.USAGE, ExitCode.MISSING, ExitCode.RECORDS_FAILED}
    assert f"RestartPreventExitStatus={' '.join(str(int(code)) for code in sorted(never))}\n" in service


def test_the_table_of_exit_codes_has_every_code() -> None:
    rows = re.findall(r"^\| ([\d, ]+) \|", SECTIONS["Exit codes"], re.MULTILINE)
    codes = {int(code) for row in rows for code in row.split(", ")}
    assert codes - {137} == {int(code) for code in ExitCode}


def test_the_table_of_events_has_those_of_a_log_with_their_fields(run, tmp_path: Path) -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", SECTIONS["Logs"], re.MULTILINE)
    table = {event: set(re.findall(r"`(\w+)`", fields)) for event, fields in rows}
    (tmp_path / "reviews.csv").write_text(TABLE)
    result = run(
        "predict", str(tmp_path / "reviews.csv"), "--id-column", "id", "-o", str(tmp_path / "out.csv"),
        "--log-format", "json", "--strict",
    )  # fmt: skip
    assert result.code == ExitCode.RECORDS_FAILED
    seen = {}
    for line in map(json.loads, result.err.splitlines()):
        seen[line["event"]] = line.keys() - {"time", "level", "event", "message"}
    assert {"summary", "wrote", "error"} <= seen.keys()
    for event, fields in seen.items():
        assert table[event] == fields, event


def test_every_option_that_the_page_names_exists() -> None:
    commands = (ROOT / "docs" / "commands.md").read_text("utf-8")
    foreign = {"--rm", "--network", "--read-only", "--cpus", "--memory", "--no-deps", "--now", "--unit", "--output"}
    foreign |= {"--profile"}  # of benchmarks.bulk
    for option in set(re.findall(r"--[a-z][a-z-]+", PAGE)) - foreign:
        assert re.search(rf"{option}\b", commands), option


def test_every_step_of_the_containerfile_is_one_that_the_script_takes() -> None:
    instructions = container.steps(container.CONTAINERFILE.read_text("utf-8"))
    assert [keyword for keyword, _ in instructions][:2] == ["FROM", "RUN"]
    known = {"FROM", "RUN", "ENV", "WORKDIR", "USER", "HEALTHCHECK", "ENTRYPOINT", "CMD"}
    assert {keyword for keyword, _ in instructions} == known
    install = next(rest for keyword, rest in instructions if keyword == "RUN")
    assert "-r /source/requirements/answer.txt" in install
    assert "--no-deps /source" in install


def test_the_steps_after_the_installation_make_a_container_that_answers(tmp_path: Path) -> None:
    instructions = [
        (keyword, rest)
        for keyword, rest in container.steps(container.CONTAINERFILE.read_text("utf-8"))
        if keyword != "FROM" and "pip install" not in rest
    ]
    program = tmp_path / "bin" / "imdbsent"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m imdbsent "$@"\n')
    program.chmod(0o755)
    (tmp_path / "root").mkdir()
    made = container.Container(tmp_path / "root", {"PATH": f"{program.parent}:/usr/bin:/bin"})
    made.build(instructions)
    assert container.examine(made) == []


@pytest.mark.slow
def test_a_night_of_kills_ends_with_the_same_bytes(
    tiny_tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if not Path("/proc/self/stat").exists():
        cannot_run("there is no /proc to look for processes in")
    (tiny_tree / "train" / "unsup").mkdir()
    (tiny_tree / "train" / "unsup" / "0_0.txt").write_text("a film that is not bad at all")
    arguments = ["night", "--data", str(tiny_tree), "--rows", "40000", "--interval", "0.05"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert night.main() == 0, capsys.readouterr().out
    assert "FAILED" not in capsys.readouterr().out
