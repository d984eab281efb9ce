"""Bad inputs, each put through the command line: how many, what came of them, and how many tracebacks.

`python -m benchmarks.hostile` prints the table of docs/reliability.md. The inputs are those of `tests/hostile`;
`--large` adds the ones that take minutes: a line of 100 MB, and ten million empty lines.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from imdbsent.cli import app
from imdbsent.errors import ExitCode
from tests.hostile.archives import hostile_archives
from tests.hostile.bundles import hostile_bundles
from tests.hostile.cards import hostile_cards
from tests.hostile.graphs import hostile_graphs
from tests.hostile.results import steering
from tests.hostile.texts import FORMULAS, MARKUP, PLANES, TERMINAL_TEXTS
from tests.tiny import TINY

_MODEL = ["--model", str(TINY)]
_TEXTS = [*TERMINAL_TEXTS, *MARKUP, *FORMULAS, PLANES]
_FILES = {
    "cut-off.csv.gz": b"\x1f\x8b\x08\x00",
    "open-quote.csv": b'text\n"great',
    "fields.csv": b"text,a\ngreat\n1,2,3\n",
    "no-header.csv": b"",
    "nul.csv": b"text\ngre\0at\n",
    "bytes.csv": bytes(range(256)),
    "two-headers.tsv": b"text\ttext\na\tb\n",
    "brackets.jsonl": b"[" * 100_000 + b"\n",
    "digits.jsonl": b'{"text": ' + b"9" * 5_000 + b"}\n",
    "surrogate.jsonl": b'{"text": "\\ud800 great"}\n',
    "list.jsonl": b"[1]\n",
    "no.parquet": b"PAR1none",
    "utf16.txt": "great".encode("utf-16"),
    "no.zst": b"(\xb5/\xfdnone",
}


@dataclass
class Kind:
    """What came of the inputs of one kind.

    Attributes:
        name: what they are.
        inputs: how many there were.
        runs: how many commands were run on them.
        codes: the exit codes, and how often each came.
        wrong: what should never be: a traceback, an unexpected error, an output that steers the terminal.
    """

    name: str
    inputs: int = 0
    runs: int = 0
    codes: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def run(self, what: str, *arguments: str, is_data: bool = False) -> None:
        """Run a command line in this process."""
        written = [io.BytesIO(), io.BytesIO()]
        streams = [io.TextIOWrapper(content, encoding="utf-8", write_through=True) for content in written]
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
            try:
                code = int(app.run(arguments))
            except BaseException as error:  # noqa: BLE001 (that is what is counted)
                self.wrong.append(f"{what}: {type(error).__name__}")
                code = -1
        out, err = (content.getvalue().decode("utf-8", "replace") for content in written)
        self.runs += 1
        self.codes[code] += 1
        if "Traceback" in err or "Please report it" in err:
            self.wrong.append(f"{what}: {err.strip()[:200]}")
        if steering(err if is_data else out + err):
            self.wrong.append(f"{what}: it steers the terminal")


def kinds(folder: Path) -> Iterator[Kind]:
    """Every kind of bad input, run."""
    place = folder / "input"
    yield _files_of("tars", [(a.name, a.content) for a in hostile_archives()], place, ["models", "install"])
    graphs = Kind("networks")
    for graph in hostile_graphs():
        _write(TINY, place, {"model.onnx": graph.content})
        graphs.inputs += 1
        graphs.run(graph.name, "predict", "great", "--model", str(place))
    yield graphs
    cards = Kind("cards")
    for card in hostile_cards():
        _write(TINY, place, {"card.json": card.content})
        cards.inputs += 1
        cards.run(card.name, "predict", "great", "--model", str(place))
    yield cards
    yield _bundles(folder)
    yield _texts()
    yield _names(folder)
    yield _records(folder)


def _files_of(name: str, contents: list[tuple[str, bytes]], place: Path, command: list[str]) -> Kind:
    kind = Kind(name)
    path = place.with_suffix(".tar")
    for what, content in contents:
        path.write_bytes(content)
        kind.inputs += 1
        kind.run(what, *command, str(path))
    return kind


def _bundles(folder: Path) -> Kind:
    kind = Kind("bundles whose hashes are right")
    for number, bundle in enumerate(hostile_bundles()):
        path = str(bundle.write(folder / f"bundle-{number}"))
        kind.inputs += 1
        for command in (["predict", "great"], ["predict", "--explain", "great"], ["inspect", "trace", "great"]):
            kind.run(bundle.name, *command, "--model", path)
        kind.run(bundle.name, "inspect", "model", path)
    return kind


def _texts() -> Kind:
    kind = Kind("texts")
    for text in _TEXTS:
        kind.inputs += 1
        for command in (["predict"], ["predict", "--explain"], ["inspect", "trace"], ["inspect", "encode"]):
            kind.run(ascii(text), *command, *_MODEL, "--", text)
        for chosen in ("csv", "tsv", "jsonl", "json"):
            kind.run(ascii(text), "predict", "--format", chosen, *_MODEL, "--", text, is_data=True)
    return kind


def _names(folder: Path) -> Kind:
    kind = Kind("names of files, columns, models, options")
    for text in (*TERMINAL_TEXTS, *MARKUP):
        path = folder / text.replace("/", "")[:60]
        path.with_name(path.name + ".csv").write_text("text,label\ngreat,1\n", "utf-8")
        table = f"{path}.csv"
        kind.inputs += 1
        kind.run(ascii(text), "predict", *_MODEL, "-f", str(path))
        kind.run(ascii(text), "predict", *_MODEL, "-f", table, "--text-column", text)
        kind.run(ascii(text), "predict", "great", "--model", str(path))
        kind.run(ascii(text), "predict", f"--{text}")
        kind.run(ascii(text), "evaluate", table, *_MODEL)
    return kind


def _records(folder: Path) -> Kind:
    kind = Kind("files of records")
    for name, content in _FILES.items():
        path = folder / name
        path.write_bytes(content)
        kind.inputs += 1
        for more in ([], ["--skip-bad"], ["--whole"]):
            kind.run(name, "predict", *_MODEL, "-f", str(path), "-q", *more, is_data=True)
    return kind


def _write(sound: Path, place: Path, changes: dict[str, bytes]) -> None:
    """A sound bundle with some files of another content; where it is not the card, the card's hash is the new one."""
    import hashlib
    import json

    place.mkdir(exist_ok=True)
    for path in sound.iterdir():
        (place / path.name).write_bytes(changes.get(path.name, path.read_bytes()))
    if "card.json" not in changes:
        card = json.loads((place / "card.json").read_bytes())
        card["files"] |= {name: hashlib.sha256(content).hexdigest() for name, content in changes.items()}
        (place / "card.json").write_text(json.dumps(card))


def large() -> None:
    """A line of 100 MB and ten million empty lines, through a pipe; memory is that of the largest process so far."""
    for name, write, lines in (("a line of 100 MB", _long_line, 1), ("10 million empty lines", _empty_lines, 10**7)):
        rows, code = _piped(write)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{name}: {rows:,} of {lines:,} rows, exit code {code}, {peak:,.0f} MiB")


def _piped(write: Callable[[Callable[[bytes], object]], None]) -> tuple[int, int]:
    """Rows that come out of `imdbsent predict -`, and its exit code, while a thread writes what goes in."""
    command = [sys.executable, "-m", "imdbsent", "predict", *_MODEL, "-", "--format", "tsv", "-q"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        feeding, reading = process.stdin, process.stdout

        def feed() -> None:
            write(feeding.write)
            feeding.close()

        writer = threading.Thread(target=feed)
        writer.start()
        rows = sum(block.count(b"\n") for block in iter(lambda: reading.read(2**20), b""))
        writer.join()
    return rows, process.returncode


def _long_line(write: Callable[[bytes], object]) -> None:
    for _ in range(100):
        write(b"great movie " * (10**6 // 12))
    write(b"\n")


def _empty_lines(write: Callable[[bytes], object]) -> None:
    for _ in range(10):
        write(b"\n" * 10**6)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also what takes minutes")
    is_large = parser.parse_args().large
    print("| bad inputs | tried | commands | exit codes | tracebacks, unexpected errors, terminals controlled |")
    print("|---|---:|---:|---|---:|")
    inputs = runs = 0
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        os.environ["IMDBSENT_HOME"] = str(Path(name) / "home")
        for kind in kinds(Path(name)):
            codes = ", ".join(f"{code} ({count:,})" for code, count in sorted(kind.codes.items()))
            print(f"| {kind.name} | {kind.inputs} | {kind.runs} | {codes} | {len(kind.wrong)} |", flush=True)
            inputs, runs = inputs + kind.inputs, runs + kind.runs
            wrong += kind.wrong
    print(f"| total | {inputs} | {runs} | | {len(wrong)} |")
    for what in wrong:
        print(ascii(what), file=sys.stderr)
    if is_large:
        large()
    if wrong:
        sys.exit(ExitCode.FAILED)


if __name__ == "__main__":
    main()
