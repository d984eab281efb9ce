"""A cluster, or storage that a cluster shares, that cannot be reached, and jobs that fail on it.

What every error is: one line, and an exit code.

Texts that cannot be read, or have nothing to be judged by.

Models that are missing, damaged or in the way.

Results that cannot be written, or not all.

The IMDB reviews, where they are not what or where they should be.

Training that cannot begin, was stopped, or cannot go on.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class ExitCode(IntEnum):
    """The exit codes of every `imdbsent` command."""

    DONE = 0
    """Done."""
    FAILED = 1
    """Failed, in a way none of the codes below names."""
    USAGE = 2
    """The command line cannot be carried out as it was typed: an unknown option, a file that cannot be read."""
    MISSING = 3
    """A model or the data set is not there."""
    NETWORK_OR_INTEGRITY = 4
    """A download failed, a cluster or its storage does not answer, or a file is not what its hash says."""
    RECORDS_FAILED = 5
    """Some records got no verdict, and `--strict` was given."""
    INTERRUPTED = 130
    """Interrupted with Ctrl-C."""


class ImdbsentError(Exception):
    """Base of the errors that end a command with one line instead of a traceback."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __reduce__(self) -> tuple[Any, ...]:
        """How it travels from another process or machine: as it is, not made anew from its sentence."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[ImdbsentError], arguments: tuple[Any, ...], facts: dict[str, Any]) -> ImdbsentError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(facts)
    return error


class UsageProblem(ImdbsentError):
    """The command line asks for something that cannot be done as typed."""

    exit_code = ExitCode.USAGE


class ExtraMissing(ImdbsentError):
    """An optional library is not installed."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional library. Type: pip install 'imdbsent[{extra}]'")


def and_more(count: int) -> str:
    """What follows the first of several, as " (and 3 more)"; empty where there are no more."""
    return f" (and {count:,} more)" if count else ""


class InputUnreadable(ImdbsentError):
    """A file of texts cannot be read."""

    exit_code = ExitCode.USAGE

    def __init__(self, path: str | Path, reason: str, command: str = "predict") -> None:
        super().__init__(f"cannot read {str(path)!r}: {reason}. See: imdbsent {command} --help")


class RowUnreadable(ImdbsentError):
    """A row of a table breaks the format of its file, or has an id that another row has."""

    exit_code = ExitCode.USAGE

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(
            f"cannot read {file!r}: {problem}. Type: the same command with --skip-bad, to go on past such rows "
            "without a verdict for them"
        )


class RowsInvalid(ImdbsentError):
    """Some rows of a user's labelled texts cannot be used: no label, no text, a broken line."""

    exit_code = ExitCode.USAGE

    def __init__(self, source: str, problems: Sequence[tuple[str, int]], next_step: str) -> None:
        """Take each kind of problem: what is wrong with its first row, and how many more rows have it."""
        told = "; ".join(f"{problem}{and_more(more)}" for problem, more in problems)
        super().__init__(f"rows of {source!r} cannot be used: {told}. {next_step}")


class TextsShared(ImdbsentError):
    """Texts, or groups, that a training run is to be validated on are among those that it learns from."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, of_validation: str, of_training: str, more: int, next_step: str) -> None:
        super().__init__(
            f"{what} of {of_validation} is that of {of_training}, too{and_more(more)}: "
            f"figures on what was learned from flatter a model. Take it out of one of the two, or {next_step}"
        )


class TooFewTexts(ImdbsentError):
    """There are too few texts to train on, or to validate on."""

    exit_code = ExitCode.USAGE

    def __init__(self, source: str, there: str, needed: int, next_step: str) -> None:
        super().__init__(f"{source!r} has {there}; it takes {needed:,} at least. {next_step}")


class TextWithoutVerdict(ImdbsentError):
    """The one text that was asked about is blank, or none of its words is known."""

    exit_code = ExitCode.USAGE

    def __init__(self, problem: str) -> None:
        super().__init__(f'the network has nothing to read: {problem}. Type: imdbsent inspect trace "great movie"')


class WordUnknown(ImdbsentError):
    """No training review holds the word."""

    exit_code = ExitCode.USAGE

    def __init__(self, word: str, vocabulary_size: int, similar: Sequence[str]) -> None:
        super().__init__(
            f"{word!r} is not among the {vocabulary_size:,} words of the training reviews. "
            f"Type: imdbsent inspect word {similar[0] if similar else 'great'}"
        )


class ReviewMissing(ImdbsentError):
    """There is no review of that number."""

    exit_code = ExitCode.USAGE

    def __init__(self, number: int, split: str, total: int) -> None:
        super().__init__(
            f"there is no review {number:,} in the {split} split, which has {total:,}. "
            f"Type: imdbsent inspect review {total - 1} --split {split}"
        )


class ModelMissing(ImdbsentError):
    """No model of that name in the data directory, in the wheel, or at a URL."""

    exit_code = ExitCode.MISSING

    def __init__(self, name: str, known: Sequence[str], trainable: bool) -> None:
        self.name = name
        self.trainable = trainable
        next_step = (
            f"Train it: imdbsent train --recipe {name} --name {name}"
            if trainable
            else f"Type: imdbsent predict --model {known[0]} TEXT"
            if known
            else "Train one: imdbsent train --recipe classic"
        )
        there = f" (there are: {', '.join(known)})" if known else ""
        super().__init__(f"there is no model {name!r}{there}. {next_step}")


class DefaultMissing(ImdbsentError):
    """The model that `imdbsent models use` made the default is not there any more."""

    exit_code = ExitCode.MISSING

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the default model {name!r}, chosen with `imdbsent models use`, is not there any more. "
            "Type: imdbsent models use --reset"
        )


class ModelsUnwritable(ImdbsentError):
    """The user's models, or the choice among them, cannot be changed."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"cannot change the models: '{path}': {reason}. Check its rights and the space there, "
            "or set IMDBSENT_HOME=FOLDER"
        )


class BundleInvalid(ImdbsentError):
    """A bundle is damaged, or is not a bundle, or was made by a newer imdbsent."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, path: Path | str, reason: str, next_step: str = "") -> None:
        self.path, self.reason = path, reason
        super().__init__(f"the model in '{path}' cannot be used: {reason}{next_step and '. ' + next_step}")


class ModelUnexplainable(ImdbsentError):
    """The network of a model does not show what its verdicts are made of."""

    exit_code = ExitCode.USAGE

    def __init__(self) -> None:
        super().__init__(
            "the network of this model does not show what its verdicts are made of. "
            "Type: imdbsent predict --explain --model classic TEXT"
        )


class LayersHidden(ImdbsentError):
    """The graph of a model does not show what happens inside of it: it is not of the tutorials' kind."""

    exit_code = ExitCode.USAGE

    def __init__(self, model: str, next_step: str = "the same command with --model classic") -> None:
        self.model = model
        super().__init__(f"the network of {model!r} does not show its weights and states. Type: {next_step}")


class NameTaken(ImdbsentError):
    """A model of that name is there already, or the name is that of a model in the wheel."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str, *, shipped: bool) -> None:
        super().__init__(
            f"the name {name!r} belongs to a model that comes with imdbsent. Type: --name my-{name}"
            if shipped
            else f"there is a model {name!r} already. Type: --name OTHER, or --replace"
        )


class DownloadFailed(ImdbsentError):
    """A download failed, or what came has the wrong hash."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, url: str, reason: str, next_step: str, *, connected: bool = True) -> None:
        self.connected = connected
        super().__init__(f"could not download {url}: {reason}. {next_step}")


class OutputClosed(ImdbsentError):
    """The reader of our output has gone, as `head -1` does: the end of the work, not a failure."""

    exit_code = ExitCode.DONE


class OutputFailed(ImdbsentError):
    """The output cannot be written: a full disk, say."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"cannot write the output: {reason}. Free some space, then run the same command again")


class OutputBusy(ImdbsentError):
    """Another run is making the same file."""

    exit_code = ExitCode.USAGE

    def __init__(self, path: Path) -> None:
        super().__init__(f"another run is writing '{path}'. Wait for its end, or type: -o with another FILE")


class PlanDiffers(ImdbsentError):
    """A run cannot go on with the output of another: it would not have made the same bytes."""

    exit_code = ExitCode.USAGE

    def __init__(self, part: Path, difference: str) -> None:
        super().__init__(
            f"'{part}' {difference}. Type: the same command as then, or leave out --resume to begin anew"
        )


class InputChanged(ImdbsentError):
    """A run cannot go on with the output of another: it was made of other records."""

    exit_code = ExitCode.USAGE

    def __init__(self, part: Path, records: int) -> None:
        super().__init__(
            f"the first {records:,} records are not those that '{part}' was made of. Type: the same command with the "
            "same input, or leave out --resume to begin anew"
        )


class WorkerLost(ImdbsentError):
    """A process that judged texts for this one has died: the system had no memory left for it, say."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a worker process was lost ({reason}). Type: the same command with --workers 1")


class RecordsFailed(ImdbsentError):
    """`--strict`, and some records got no verdict."""

    exit_code = ExitCode.RECORDS_FAILED

    def __init__(self, failed: int, total: int) -> None:
        super().__init__(
            f"{failed:,} of {total:,} texts got no verdict; their rows say why. "
            "Leave out --strict to accept that"
        )


class DatasetMissing(ImdbsentError):
    """The IMDB archive is nowhere on this machine, and cannot be fetched here."""

    exit_code = ExitCode.MISSING

    def __init__(self, url: str, size: int, reason: str) -> None:
        super().__init__(
            f"the IMDB reviews are not here and {reason}. Fetch {url} ({size / 1e6:.0f} MB) elsewhere, then type: "
            "the same command with --data PATH, or set IMDBSENT_ACLIMDB=PATH"
        )


class DatasetInvalid(ImdbsentError):
    """A path that was named as the IMDB reviews does not hold them."""

    exit_code = ExitCode.MISSING

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"'{path}' does not hold the IMDB reviews: {reason}. "
            "Name aclImdb_v1.tar.gz or the folder aclImdb: type the same command with --data PATH"
        )


class DatasetAbsent(ImdbsentError):
    """The IMDB archive is nowhere on this machine, and the command does not fetch it of itself."""

    exit_code = ExitCode.MISSING

    def __init__(self) -> None:
        super().__init__("the IMDB reviews are not on this machine. Type: imdbsent dataset download")


class DatasetIncomplete(ImdbsentError):
    """The reviews are there, but not as many as the data set has."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, path: Path, shortfalls: Sequence[str]) -> None:
        super().__init__(
            f"'{path}' is not the whole data set: {', '.join(shortfalls)}. Type: imdbsent dataset download"
        )


class FiguresDiffer(ImdbsentError):
    """Figures computed anew are not those that came with the package."""

    def __init__(self, path: Path, differences: Sequence[str]) -> None:
        more = f" (and {len(differences) - 1:,} more)" if len(differences) > 1 else ""
        super().__init__(
            f"the figures of '{path}' are not those that came with imdbsent: {differences[0]}{more}. "
            f"Type: imdbsent dataset verify --data '{path}'"
        )


class RemovalFailed(ImdbsentError):
    """A file of the cache cannot be removed."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"cannot remove '{path}': {reason}. Type: rm '{path}'")


class RecipeInvalid(ImdbsentError):
    """A recipe does not exist, or has a value that makes no sense."""

    exit_code = ExitCode.USAGE

    def __init__(self, problem: str, command: str) -> None:
        super().__init__(f"{problem}. Type: {command}")


class TrainingStopped(ImdbsentError):
    """A training run was asked to stop, and has written a checkpoint."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__(f"stopped in epoch {epoch} after batch {batch:,}. To go on, type: imdbsent train --resume")


class TrainingUnfinished(ImdbsentError):
    """A new run would take the place of one that can still go on."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str, epoch: int, epochs: int) -> None:
        super().__init__(
            f"the training of {name!r} stopped in epoch {epoch} of {epochs} and can go on. "
            f"Type: imdbsent train --resume --name {name}, or --replace to start anew"
        )


class TrainingBusy(ImdbsentError):
    """Another process is training a model of that name."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str) -> None:
        super().__init__(f"another process is training {name!r}. Type: imdbsent train --name OTHER")


class CheckpointMissing(ImdbsentError):
    """There is no run that can go on, or there are several."""

    exit_code = ExitCode.MISSING

    def __init__(self, name: str | None, unfinished: Sequence[str]) -> None:
        what = f"there is no unfinished training of {name!r}" if name else "there is no unfinished training"
        if unfinished and not name:
            what = f"there are {len(unfinished)} unfinished trainings"
        next_step = " or ".join(f"imdbsent train --resume --name {one}" for one in unfinished) or "imdbsent train"
        super().__init__(f"{what}. Type: {next_step}")


class CheckpointInvalid(ImdbsentError):
    """A checkpoint is damaged, or of another version, or of other data."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"training cannot go on from '{path}': {reason}. "
            f"Type: imdbsent train --name {path.stem} --replace to start anew"
        )


_PACKAGES = {"onnx": "onnx", "numba": "'imdbsent[flagship]'", "scipy": "'imdbsent[flagship]'"}


class TrainingUnavailable(ImdbsentError):
    """A library that training, or writing a network, needs is not installed."""

    exit_code = ExitCode.MISSING

    def __init__(self, library: str) -> None:
        packages = _PACKAGES.get(library, "tensorflow onnx")  # without Keras or its backend, onnx may be missing too
        super().__init__(f"this needs {library}, which is not installed. Type: pip install {packages}")


class ClusterUnreachable(ImdbsentError):
    """There is no cluster at an address, or it does not answer in time."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"no Ray cluster answers at {address!r}: {reason}. Type: ray start --head, and its address behind "
            "--address; or the same command without --address, for this machine alone"
        )


class StorageUnreachable(ImdbsentError):
    """A filesystem that is not this machine's cannot be reached, or does not let us in."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(
            f"cannot reach {location!r}: {reason}. Check the address, the region and the credentials, then type: "
            "the same command"
        )


class JobFailed(ImdbsentError):
    """A job failed on its cluster, in a way that the records are not to blame for."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the job failed on Ray: {reason}. Type: the same command with --concurrency 1, or IMDBSENT_DEBUG=1 "
            "before it for the whole message"
        )
