"""The steps of docs/Containerfile in an empty folder, for machines without a container engine; how large is the result?

python -m benchmarks.container [--file docs/Containerfile] [--python PATH]

FROM is a fresh virtual environment, and a folder of the container is one in the empty folder. RUN, ENV, USER,
HEALTHCHECK and ENTRYPOINT do what they say, with no variables but those of the file. The user changes only if root runs
this. Then the container answers, judges a table, and has nothing to write. pip needs its network.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path
from typing import Any

from benchmarks import machine

ROOT = Path(__file__).resolve().parent.parent
CONTAINERFILE = ROOT / "docs" / "Containerfile"
_TABLE = "id,text\n1,great movie\n2,a waste of time\n3,\n"


def steps(text: str) -> list[tuple[str, str]]:
    """The instructions of a Containerfile: the keyword and the rest."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(keyword, rest.strip()) for keyword, _, rest in (line.partition(" ") for line in joined.splitlines())]


@dataclass
class Container:
    """What a Containerfile makes.

    Attributes:
        folder: the root of its filesystem.
        environment: its variables.
        user: the user and group that commands run as; None for those of this process.
        entrypoint: the program.
        default: its arguments if none are given.
        health: the command that tells whether it works.
        python: the interpreter of the image that FROM names.
    """

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    user: tuple[int, int] | None = None
    entrypoint: list[str] = field(default_factory=list)
    default: list[str] = field(default_factory=list)
    health: list[str] = field(default_factory=list)
    python: Path = Path(sys.base_prefix) / "bin" / "python3"
    _folder: str = "/"

    def build(self, instructions: list[tuple[str, str]]) -> None:
        """Take the steps.

        Args:
            instructions: see `steps`.

        Raises:
            ValueError: an instruction is unknown.
            subprocess.CalledProcessError: a step fails.
        """
        for keyword, rest in instructions:
            print(f"{keyword} {rest}", flush=True)
            if keyword == "FROM":
                subprocess.run([str(self.python), "-m", "venv", str(self.folder / "python")], check=True)
                self.environment["PATH"] = f"{self.folder / 'python' / 'bin'}:/usr/bin:/bin"
            elif keyword == "RUN":
                self._run_step(rest)
            elif keyword == "ENV":
                self.environment |= dict(self._inside(pair).split("=", 1) for pair in shlex.split(rest))
            elif keyword == "WORKDIR":
                self._folder = rest
                self.place(rest).mkdir(parents=True, exist_ok=True)
            elif keyword == "USER":
                user, _, group = rest.partition(":")
                self.user = (int(user), int(group)) if self._can_change_user() else None
                if self.user is None:
                    print("(the user stays: this one is not root, or others cannot read the Python of this machine)")
            elif keyword in ("ENTRYPOINT", "CMD", "HEALTHCHECK"):
                words = [self._inside(word) for word in json.loads(rest.removeprefix("CMD "))]
                setattr(self, {"ENTRYPOINT": "entrypoint", "CMD": "default", "HEALTHCHECK": "health"}[keyword], words)
            else:
                raise ValueError(f"{CONTAINERFILE.name}: {keyword} is not known here")

    def place(self, path: str) -> Path:
        """A path of the container on this machine."""
        return self.folder / path.lstrip("/")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """What `podman run imdbsent ARGUMENTS` does."""
        return self.execute([*self.entrypoint, *(arguments or self.default)])

    def execute(self, command: list[str]) -> subprocess.CompletedProcess[str]:
        """Run a command in the container."""
        who: dict[str, Any] = {}
        if self.user is not None:
            who = {"user": self.user[0], "group": self.user[1], "extra_groups": []}
        return subprocess.run(
            ["/usr/bin/env", *command], cwd=self.place(self._folder), env=self.environment,
            capture_output=True, text=True, check=False, **who,
        )  # fmt: skip

    def _can_change_user(self) -> bool:
        parents = self.python.resolve().parents
        return os.geteuid() == 0 and all(path.stat().st_mode & stat.S_IXOTH for path in parents)

    def _run_step(self, rest: str) -> None:
        command = re.sub(r"^(--\S+\s+)*", "", rest)
        if "--mount=type=bind,target=/source" in rest:
            command = command.replace("/source", str(ROOT))
        subprocess.run(["/bin/sh", "-ec", self._inside(command)], cwd=self.folder, env=self.environment, check=True)

    def _inside(self, text: str) -> str:
        """A text of the file, with the folders of the container where they are on this machine."""
        return re.sub(r"(?<![\w/.])/(?=(var|data|opt)/)", f"{self.folder}/", text)


def size(folder: Path) -> int:
    """Bytes of the files in a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def installed_size(name: str, seen: set[str] | None = None) -> int:
    """Bytes of a library and of those that it needs, as they are installed here; 0 if it is not."""
    seen = set() if seen is None else seen
    key = re.sub(r"[-_.]+", "-", name).lower()
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return 0
    if key in seen:
        return 0
    seen.add(key)
    own = sum(int(Path(str(path.locate())).stat().st_size) for path in files if Path(str(path.locate())).is_file())
    others = [re.split(r"[\s<>=!~;\[(]", line)[0] for line in requires(name) or [] if "extra ==" not in line]
    return own + sum(installed_size(other, seen) for other in others)


def examine(container: Container) -> list[str]:
    """Use a container as a job does; what does not work."""
    wrong = []
    data = container.place("/data")
    (data / "reviews.csv").write_text(_TABLE, encoding="utf-8")
    if container.user is not None:
        os.chown(data, *container.user)
    before = size(container.folder) - size(data)
    for words, expected in (
        (("predict", "great movie"), "positive"),
        (("predict", "reviews.csv", "--id-column", "id", "-o", "verdicts.csv"), ""),
        ((), "flagship@sha256:"),
    ):
        done = container.run(*words)
        print(f"$ imdbsent {shlex.join(words) or '(by default: ' + shlex.join(container.default) + ')'}")
        print(done.stdout + done.stderr, end="")
        if done.returncode or expected not in done.stdout:
            wrong.append(f"imdbsent {shlex.join(words)}: exit code {done.returncode}")
    written = data / "verdicts.csv"
    if not written.exists() or written.read_text("utf-8").count("\n") != _TABLE.count("\n"):
        wrong.append("verdicts.csv has not as many rows as reviews.csv")
    if container.execute(container.health).returncode:
        wrong.append("the health check fails")
    if size(container.folder) - size(data) != before:
        wrong.append("something was written outside of /data")
    closed = [path for path in container.folder.rglob("*") if not path.is_symlink() and not _is_open(path)]
    wrong += [f"{path} cannot be read by another user" for path in closed[:1]]
    return wrong


def _is_open(path: Path) -> bool:
    needed = stat.S_IROTH | (stat.S_IXOTH if path.is_dir() else 0)
    return path.stat().st_mode & needed == needed


def main() -> int:
    """Build, use and measure the container; 1 if anything does not work."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, default=CONTAINERFILE)
    parser.add_argument("--python", type=Path, default=Container.python, help="the one in the image that FROM names")
    arguments = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the container's user reads it
        container = Container(Path(folder), python=arguments.python)
        container.build(steps(arguments.file.read_text("utf-8")))
        wrong = examine(container)
        libraries = next(container.place("/python/lib").glob("python*/site-packages"))
        sizes = {path.name: size(path) for path in libraries.iterdir() if path.is_dir()}
        pip = sizes.pop("pip", 0) + sizes.pop("setuptools", 0)  # the image has them already
        total = size(container.folder) - size(container.place("/data")) - pip
        print(f"added to the image: {total / 1e6:.0f} MB, of which")
        for name, its in sorted(sizes.items(), key=lambda item: -item[1])[:5]:
            print(f"  {its / 1e6:5.0f} MB {name}")
        print(f"  {size(container.place('/var')) / 1e6:5.0f} MB the installed model")
    light: set[str] = set()
    installed_size("onnxruntime", light)
    if heavy := installed_size("tensorflow", light):
        print(f"Skipped: TensorFlow and the packages that only it needs, {heavy / 2**30:.1f} GiB in this environment")
    for problem in wrong:
        print(f"FAILED {problem}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
