"""The commands that are killed, what may be seen then, and what the next command must make of it."""

from __future__ import annotations

import csv
import hashlib
import io
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from imdbsent.bundle.bundle import Bundle, read_bundle, write_card
from imdbsent.errors import BundleInvalid
from imdbsent.models import install
from tests.faults.child import Instructions
from tests.tiny import TINY

RECORDS = 3_000
_WORDS = ("great", "awful", "movie", "rare", "zebra")


@dataclass(frozen=True)
class Next:
    """A command after the kill.

    Attributes:
        arguments: of `imdbsent`.
        codes: exit codes that it may end with.
    """

    arguments: tuple[str, ...]
    codes: tuple[int, ...] = (0,)


@dataclass
class Scenario:
    """A command to be killed, in a folder of its own with the home in `home`."""

    name: str
    instructions: Instructions = field(default_factory=Instructions)
    is_forked: ClassVar[bool] = True
    """Whether its processes may be forked from one that has imported everything: TensorFlow's may not."""

    def set_up(self, folder: Path) -> None:
        """Make what is there before."""

    def command(self, folder: Path) -> tuple[str, ...]:
        """The arguments of the command that is killed."""
        raise NotImplementedError

    def half(self, folder: Path) -> str:
        """What is half under its final name; "" for nothing."""
        raise NotImplementedError

    def following(self, folder: Path) -> list[Next]:
        """The commands after it."""
        return [Next(self.command(folder))]

    def wrong(self, folder: Path) -> str:
        """What is not as it must be after those; "" for nothing."""
        raise NotImplementedError


class Download(Scenario):
    """`imdbsent dataset download`, from a server of ours."""

    def command(self, folder: Path) -> tuple[str, ...]:
        return ("dataset", "download")

    def half(self, folder: Path) -> str:
        target = folder / "home" / "cache" / "aclImdb_v1.tar.gz"
        if target.exists() and hashlib.sha256(target.read_bytes()).hexdigest() != self.instructions.sha256:
            return "half an archive"
        return ""

    def wrong(self, folder: Path) -> str:
        return self.half(folder) or _more_than(folder / "home" / "cache", {"aclImdb_v1.tar.gz"})


class Replace(Scenario):
    """`imdbsent models install TAR --replace` over another model of that name."""

    def set_up(self, folder: Path) -> None:
        models = folder / "home" / "models"
        shutil.copytree(TINY, models / "tiny")
        write_tar(_warmer(Path(shutil.copytree(TINY, folder / "warmer"))), folder / "tiny.tar")

    def command(self, folder: Path) -> tuple[str, ...]:
        return ("models", "install", str(folder / "tiny.tar"), "--replace")

    def half(self, folder: Path) -> str:
        return half_models(folder)

    def following(self, folder: Path) -> list[Next]:
        # first, whoever asks: the old model or the new one answers, at whatever point the kill came
        return [Next(("predict", "--model", "tiny", "great movie")), Next(self.command(folder))]

    def wrong(self, folder: Path) -> str:
        model = read_bundle(folder / "home" / "models" / "tiny").verify()
        if model.card.temperature != 2:
            return "the old model"
        return _more_than(folder / "home" / "models", {"tiny"})


class FirstRun(Scenario):
    """`imdbsent predict` in an empty home, which installs the model of the wheel."""

    def command(self, folder: Path) -> tuple[str, ...]:
        return ("predict", "great movie")

    def half(self, folder: Path) -> str:
        return half_models(folder)

    def following(self, folder: Path) -> list[Next]:
        # an installed model is found without looking for what others left: the next change takes that away
        return [Next(self.command(folder)), Next(("models", "install", str(TINY)))]

    def wrong(self, folder: Path) -> str:
        return half_models(folder) or _more_than(folder / "home" / "models", {"flagship", "tiny"})


class Remove(Scenario):
    """`imdbsent models remove` of the model that is the default."""

    def set_up(self, folder: Path) -> None:
        shutil.copytree(TINY, folder / "home" / "models" / "tiny")
        (folder / "home" / "config").mkdir()
        (folder / "home" / "config" / "default-model").write_text("tiny\n")

    def command(self, folder: Path) -> tuple[str, ...]:
        return ("models", "remove", "tiny", "--yes")

    def half(self, folder: Path) -> str:
        return half_models(folder)

    def following(self, folder: Path) -> list[Next]:
        # a default that is gone is reported, with the way out
        return [
            Next(("predict", "great"), (0, 3)),
            Next(self.command(folder), (0, 3)),
            Next(("models", "use", "--reset")),
            Next(("predict", "great")),
        ]

    def wrong(self, folder: Path) -> str:
        return half_models(folder) or _more_than(folder / "home" / "models", {"flagship"})


class Predict(Scenario):
    """`imdbsent predict -o`, started over after the kill."""

    ending = "csv"

    def set_up(self, folder: Path) -> None:
        (folder / "reviews.csv").write_text(reviews())
        (folder / "out").mkdir()

    def command(self, folder: Path) -> tuple[str, ...]:
        files = ("--file", str(folder / "reviews.csv"), "-o", str(folder / "out" / f"out.{self.ending}"))
        return ("predict", "--model", str(TINY), *files, "--workers", "1")

    def half(self, folder: Path) -> str:
        out = folder / "out" / f"out.{self.ending}"
        whole = folder.parent / f"whole-{self.ending}" / "out" / f"out.{self.ending}"
        return "half an output" if out.exists() and out.read_bytes() != whole.read_bytes() else ""

    def wrong(self, folder: Path) -> str:
        return self.half(folder) or _more_than(folder / "out", {f"out.{self.ending}"})


class PredictGzip(Predict):
    """The same, compressed: written from the part at the end."""

    ending = "jsonl.gz"


class Resume(Predict):
    """`imdbsent predict -o --resume`, and gone on with after the kill."""

    ending = "tsv"

    def command(self, folder: Path) -> tuple[str, ...]:
        return (*super().command(folder), "--resume")


class Train(Scenario):
    """`imdbsent train` on texts of one's own, gone on with where there is a checkpoint."""

    is_forked = False

    def set_up(self, folder: Path) -> None:
        chance = random.Random(0)
        rows = io.StringIO()
        writer = csv.writer(rows)
        writer.writerow(["text", "label"])
        for i in range(40):
            mood, label = (("great fine", "pos"), ("awful dull", "neg"))[i % 2]
            writer.writerow([f"{mood} movie {chance.randrange(1000)} number {i}", label])
        (folder / "mine.csv").write_text(rows.getvalue())

    def command(self, folder: Path) -> tuple[str, ...]:
        sizes = ("--vocabulary-size", "60", "--maximum-length", "12", "--embedding-size", "4", "--units", "5")
        run = ("--epochs", "3", "--batch-size", "4", "--name", "mine")
        return ("train", str(folder / "mine.csv"), "--from", "scratch", *sizes, *run)

    def half(self, folder: Path) -> str:
        return half_models(folder)

    def following(self, folder: Path) -> list[Next]:
        if (folder / "home" / "training" / "mine.npz").exists():
            return [Next(("train", "--resume", "--name", "mine"))]
        return [Next((*self.command(folder), "--replace"))]

    def wrong(self, folder: Path) -> str:
        whole = read_bundle(folder.parent / "whole-train" / "home" / "models" / "mine")
        mine = read_bundle(folder / "home" / "models" / "mine").verify()
        if mine.card.files["model.onnx"] != whole.card.files["model.onnx"]:
            return "other weights"
        return _more_than(folder / "home" / "models", {"mine"}) or _more_than(
            folder / "home" / "training", set()
        )


def half_models(folder: Path) -> str:
    """The models of a home that are there under their names and are not whole; "" for none."""
    models = folder / "home" / "models"
    for place in models.iterdir() if models.is_dir() else ():
        if not place.name.startswith("."):
            try:
                read_bundle(place).verify()
            except BundleInvalid as error:
                return str(error)
    return ""


def reviews() -> str:
    """A table of texts, some of them blank."""
    chance = random.Random(0)
    lines = [" ".join(chance.choices(_WORDS, k=i % 9)) + f" {i}" if i % 7 else '""' for i in range(RECORDS)]
    return "text\n" + "\n".join(lines) + "\n"


def write_tar(bundle: Bundle, path: Path) -> None:
    """Pack a bundle."""
    files = [(name, (bundle.directory / name).read_bytes()) for name in ("card.json", *bundle.card.files)]
    with path.open("wb") as stream:
        install.pack(files, "tiny", stream, compressed=False)


def _warmer(directory: Path) -> Bundle:
    """The tiny bundle with another temperature."""
    card = read_bundle(directory).card
    return write_card(directory, type(card)(**{**vars(card), "temperature": 2.0}))


def _more_than(directory: Path, names: set[str]) -> str:
    """What is in a directory beside what may be, and beside the empty files of locks, which hold nobody up."""
    found = {path.name for path in directory.iterdir() if not (path.name.endswith(".lock") and not path.stat().st_size)}
    return "" if found == names else f"{sorted(found)} in {directory}"
