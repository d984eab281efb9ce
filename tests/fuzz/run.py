"""Fuzz one target with atheris: `python -m tests.fuzz.run bundle --seconds 1800`.

What is new goes into the folder that `--grow` names, and the input that breaks a promise into `tests/fuzz/found/`; both
are kept out of the repository until somebody has looked at them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
FOUND = HERE / "found"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", choices=sorted(path.name for path in CORPUS.iterdir()))
    parser.add_argument("--seconds", type=int, default=0, help="how long; 0 for no limit")
    parser.add_argument("--runs", type=int, default=-1, help="how many inputs; -1 for no limit")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers; 0 for another each time")
    parser.add_argument("--grow", type=Path, help="folder for inputs that reach new code; left out, they are dropped")
    arguments = parser.parse_args()

    import atheris

    with atheris.instrument_imports(include=["imdbsent"]):
        from tests.fuzz.targets import TARGETS

    FOUND.mkdir(exist_ok=True)
    folders = [str(CORPUS / arguments.target)]
    if arguments.grow is not None:
        arguments.grow.mkdir(parents=True, exist_ok=True)
        folders.insert(0, str(arguments.grow))  # libFuzzer writes to the first
    options = [
        f"-max_total_time={arguments.seconds}",
        f"-runs={arguments.runs}",
        f"-seed={arguments.seed}",
        f"-artifact_prefix={FOUND}/{arguments.target}-",
        "-max_len=65536",
        "-timeout=60",
        "-rss_limit_mb=4096",
        "-print_final_stats=1",
    ]
    if arguments.grow is None:
        options.append("-reduce_inputs=0")
        folders = [_copied(folders[0])]  # it would write into the corpus
    atheris.Setup([sys.argv[0], *options, *folders], TARGETS[arguments.target])
    atheris.Fuzz()


def _copied(folder: str) -> str:
    import shutil
    import tempfile

    return shutil.copytree(folder, Path(tempfile.mkdtemp(prefix="imdbsent-corpus-")) / "corpus").as_posix()


if __name__ == "__main__":
    main()
