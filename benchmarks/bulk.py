"""A JSONL file of real reviews to a JSONL file of verdicts, beside what a user would write without imdbsent.

python -m benchmarks.bulk [--data PATH] [--reviews 100000] [--rounds 1] [--only keras]
python -m benchmarks.bulk --memory [--lines 100000 1000000] [--models flagship]
python -m benchmarks.bulk --profile [--reviews 10000] [--models flagship]
python -m benchmarks.bulk --beside FOLDER [--own-models] [--rounds 5] [--reviews 20000] [--models classic]

Each is a process of its own, from start to end, and they take turns: `imdbsent predict` with classic and with the
flagship; the tutorials' way with Keras, to which classic is compared, because it is the same network;
TextBlob and VADER in a loop (`pip install textblob vaderSentiment`; what is not installed is left out, and said).
`--profile` says where the time of the processor goes in one process, which other programs do not change much: in the
network, in making tokens of text, or in the rest, which is reading, JSON and writing. `--memory` runs
`imdbsent predict` with each of the models on two numbers of lines, and needs 3 kB of disk a line in the temporary
folder. `--beside` names a checkout of another version, for example one of `git worktree add`. Both versions
answer the same reviews in turn, with one worker, as CSV and as lines, and with the same model, or each with its own
(`--own-models`). The processor time of each round is compared, since other programs on the machine do not count in it.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import data_argument, machine
from benchmarks.others import SCRIPTS, missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from imdbsent.classify.classifier import Classifier

BARS = {("classic", "keras"): 6, ("flagship", "textblob"): 2}  # times as fast
MODELS = ("classic", "flagship")
MEMORY_BAR = 0.10
AROUND_BAR = 0.10  # of the time of a bulk job, for everything but the network
BESIDE_BAR = 0.97  # of the speed of the version before
OWN_MODELS_BAR = 0.7  # the same, each with its own model
_SAMPLES = 0.25  # seconds between two looks at the memory


def all_texts(named: Path | None) -> list[str]:
    """The texts of the archive, as a nightly job would meet them: neither sorted by label nor by split."""
    from imdbsent.dataset.aclimdb import read_reviews
    from imdbsent.dataset.download import find_or_fetch

    reviews = read_reviews(find_or_fetch(named))
    step = 61_803  # has no factor in common with 100,000: every text, once, from all over
    return [reviews[i * step % len(reviews)].text for i in range(len(reviews))]


def write_reviews(path: Path, texts: Iterable[str]) -> None:
    """Write texts as JSONL, one object per line."""
    with path.open("w", encoding="utf-8") as stream:
        for number, text in enumerate(texts):
            stream.write(json.dumps({"id": number, "text": text}, ensure_ascii=False) + "\n")


def our_command(source: Path, target: Path, model: str) -> list[str]:
    """The command that is measured."""
    predict = [sys.executable, "-m", "imdbsent", "predict", "--quiet", "--model", model]
    return [*predict, "--file", str(source), "--output", str(target)]


def seconds_of(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of a command."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment)
    return time.perf_counter() - started


def compare_speed(source: Path, names: list[str], rounds: int, environment: dict[str, str]) -> dict[str, float]:
    """Median seconds of imdbsent with each model and of each other, in turn."""
    commands = {model: our_command(source, source.with_name(f"{model}.jsonl"), model) for model in MODELS}
    for name in names:
        script = [sys.executable, "-m", "benchmarks.others", name]
        commands[name] = [*script, str(source), str(source.with_name(f"{name}.jsonl"))]
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            seconds[name].append(seconds_of(command, environment))
    return {name: statistics.median(times) for name, times in seconds.items()}


def agreement(one: Path, other: Path) -> float:
    """Share of lines with the same label."""
    with one.open(encoding="utf-8") as lines, other.open(encoding="utf-8") as others:
        same: list[bool] = [json.loads(line)["label"] == json.loads(its)["label"] for line, its in zip(lines, others)]
    return sum(same) / len(same)


def peak_memory(command: list[str], environment: dict[str, str]) -> float:
    """Peak of the memory of a command and all its processes, in MiB; what they share counts once (PSS)."""
    peak = 0
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, start_new_session=True
    ) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(proportional_size, group_members(process.pid))))
            time.sleep(_SAMPLES)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, command)
    return peak / 1024


def group_members(group: int) -> list[Path]:
    """The places in /proc of the processes of a group."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            of_group = int((place / "stat").read_text().rpartition(")")[2].split()[2])
        except OSError:  # it has ended
            continue
        if of_group == group:
            found.append(place)
    return found


def proportional_size(place: Path) -> int:
    """The memory of a process in KiB, its share of what it shares with others."""
    try:
        lines = (place / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def report_speed(folder: Path, texts: list[str], names: list[str], rounds: int, environment: dict[str, str]) -> bool:
    """Print the seconds of each; whether the targets are reached."""
    source = folder / "reviews.jsonl"
    write_reviews(source, texts)
    for name in [name for name in names if missing(name)]:
        print(f"{name} is not installed and left out. Type: {missing(name)}")
        names.remove(name)
    medians = compare_speed(source, names, rounds, environment)
    print(f"{len(texts):,} reviews, {source.stat().st_size / 1e6:.0f} MB, file to file, a process each:")
    for name, seconds in medians.items():
        print(f"{name:10} {seconds:8.1f} s  {len(texts) / seconds:7,.0f} reviews/s")
    for model, name in ((model, name) for model in MODELS for name in names):
        bar = f" (target: {BARS[model, name]})" if (model, name) in BARS else ""
        print(f"{model} is {medians[name] / medians[model]:5.2f} times as fast as {name}{bar}")
    if "keras" in names:
        same = agreement(source.with_name("classic.jsonl"), source.with_name("keras.jsonl"))
        print(f"labels of classic that are those of the Keras script: {same:.2%}")
    return all(medians[name] >= bar * medians[model] for (model, name), bar in BARS.items() if name in names)


def processor_seconds(command: list[str], folder: Path, environment: dict[str, str]) -> float:
    """Processor time of a command in a folder, and of the processes that it starts, in seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_tables(folder: Path, texts: Iterable[str]) -> list[Path]:
    """Write texts as CSV, and as one line each; return the two files."""
    table, lines = folder / "reviews.csv", folder / "reviews.txt"
    with table.open("w", encoding="utf-8", newline="") as stream, lines.open("w", encoding="utf-8") as plain:
        writer = csv.writer(stream)
        writer.writerow(("id", "text"))
        for number, text in enumerate(texts):
            writer.writerow((number, text))
            plain.write(" ".join(text.split()) + "\n")
    return [table, lines]


def report_beside(
    folder: Path, texts: list[str], other: Path, model: str, rounds: int, own_models: bool, environment: dict[str, str]
) -> bool:
    """Print the speed of this version in shares of that of another one; whether the target is reached."""
    bar = OWN_MODELS_BAR if own_models else BESIDE_BAR
    versions = {"this": Path(__file__).resolve().parents[1], "other": other.resolve()}
    is_reached = True
    for source in write_tables(folder, texts):
        seconds: dict[str, list[float]] = {name: [] for name in versions}
        for number in range(rounds):
            for name in list(versions)[:: 1 if number % 2 else -1]:
                bundle = versions[name if own_models else "this"] / "imdbsent" / "pretrained" / model
                command = [*our_command(source, folder / "verdicts.jsonl", str(bundle)), "--workers", "1"]
                of_version = {**environment, "PYTHONPATH": str(versions[name])}
                seconds[name].append(processor_seconds(command, folder, of_version))
        ratios = [its / ours for its, ours in zip(seconds["other"], seconds["this"])]
        ratio = statistics.median(ratios)
        is_reached = is_reached and ratio >= bar
        medians = {name: statistics.median(times) for name, times in seconds.items()}
        print(
            f"{source.suffix}, {len(texts):,} reviews, {model}: {medians['this']:.2f} s of processor time, the other "
            f"version {medians['other']:.2f} s; {ratio:.3f} times its speed (median of {rounds} rounds, "
            f"{min(ratios):.3f} to {max(ratios):.3f}; target: {bar})",
            flush=True,
        )
    return is_reached


def report_memory(
    folder: Path, texts: list[str], sizes: list[int], models: list[str], environment: dict[str, str]
) -> bool:
    """Print the peak memory of each model for each number of lines; whether it grows little."""
    peaks: dict[str, list[float]] = {model: [] for model in models}
    for size in sizes:
        source, target = folder / "many.jsonl", folder / "verdicts.jsonl"
        write_reviews(source, islice(cycle(texts), size))
        for model in models:
            peaks[model].append(peak_memory(our_command(source, target, model), environment))
            print(f"{size:,} lines, {model}: peak memory of all processes {peaks[model][-1]:.0f} MiB", flush=True)
    growths = {model: peaks[model][-1] / peaks[model][0] - 1 for model in models}
    for model, growth in growths.items():
        print(f"{model}: growth {growth:+.1%} (target: {MEMORY_BAR:.0%})")
    return max(growths.values()) <= MEMORY_BAR


def profile(source: Path, target: Path, model: str) -> dict[str, float]:
    """Seconds of the processor of `imdbsent predict --workers 1`, by what they were spent on, without the start.

    Args:
        source: the file to read.
        target: the file to write.
        model: the model that answers.
    """
    import imdbsent
    from imdbsent.predict_job import PredictJob, Screen, run_predict

    classifier = imdbsent.load(model, threads=1)
    spent = {"network": 0.0, "tokens": 0.0}

    def timed(name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **named: Any) -> Any:
            started = time.process_time()
            try:
                return work(*arguments, **named)
            finally:
                spent[name] += time.process_time() - started

        return run

    class Loaded(Screen):
        def load(self, _model: str | None, _workers: int | None) -> Classifier:
            return classifier

    setattr(classifier.engine, "logits", timed("network", classifier.engine.logits))  # noqa: B010 (a wrapper)
    setattr(classifier, "_encode", timed("tokens", classifier._encode))  # noqa: B010, SLF001 (the same)
    started = time.process_time()
    run_predict(PredictJob(files=(str(source),), output=str(target), workers=1), Loaded())
    return spent | {"rest": time.process_time() - started - sum(spent.values())}


def report_profile(folder: Path, texts: list[str], models: list[str]) -> bool:
    """Print what the time of each model is spent on; whether the flagship's goes to the network."""
    source = folder / "reviews.jsonl"
    write_reviews(source, texts)
    is_reached = True
    for model in models:
        spent = profile(source, folder / "verdicts.jsonl", model)
        whole = sum(spent.values())
        print(f"{model}: {len(texts) / whole:,.0f} reviews per second and core, {whole / len(texts) * 1e3:.2f} ms each")
        for name, seconds in spent.items():
            print(f"  {name:8} {seconds / len(texts) * 1e3:6.3f} ms {seconds / whole:6.1%}", flush=True)
        around = 1 - spent["network"] / whole
        if model == "flagship":
            print(f"  all but the network: {around:.1%} (target: {AROUND_BAR:.0%})")
            is_reached = around <= AROUND_BAR
    return is_reached


def main() -> int:
    """Print the figures; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data_argument(parser)
    parser.add_argument("--reviews", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=list(SCRIPTS), default=list(SCRIPTS), help="beside which others")
    parser.add_argument("--memory", action="store_true", help="the peak memory, in place of the speed")
    parser.add_argument("--profile", action="store_true", help="where the time goes, in place of the speed")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), help="not for the speed")
    parser.add_argument("--beside", type=Path, metavar="FOLDER", help="a checkout of another version to compare with")
    parser.add_argument("--own-models", action="store_true", help="with --beside: each version with its own model")
    parser.add_argument("--lines", type=int, nargs=2, default=[100_000, 1_000_000], help="for --memory")
    arguments = parser.parse_args()
    texts = all_texts(arguments.data)
    models = list(arguments.models)
    print(machine())
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "IMDBSENT_HOME": str(Path(folder) / "home")}
        if arguments.memory:
            is_reached = report_memory(Path(folder), texts, arguments.lines, models, environment)
        elif arguments.beside is not None:
            some = list(islice(cycle(texts), arguments.reviews))
            beside = arguments.beside
            rounds, own = arguments.rounds, arguments.own_models
            results = [report_beside(Path(folder), some, beside, m, rounds, own, environment) for m in models]
            is_reached = all(results)
        elif arguments.profile:
            os.environ |= environment
            is_reached = report_profile(Path(folder), list(islice(cycle(texts), arguments.reviews)), models)
        else:
            some = list(islice(cycle(texts), arguments.reviews))
            is_reached = report_speed(Path(folder), some, list(arguments.only), arguments.rounds, environment)
    return int(not is_reached)


if __name__ == "__main__":
    sys.exit(main())
