"""Every error of imdbsent. Each ends a command with one sentence, the next command to type, and an exit code.

ImdbsentError               Base class; exit code 1.
    UsageProblem            The command line asks for something that cannot be done; exit code 2.
        InvalidOptions      Options are out of range or exclude each other; also a ValueError.
    ExtraMissing            An optional library is not installed.
    MemoryShort             The system gives the program too little memory.

  Texts
    InputUnreadable         A file of texts cannot be read.
    RowUnreadable           A row breaks the format of its file, or repeats an id.
    RowsInvalid             Some rows of the user's labeled texts cannot be used.
    TextsShared             Training and validation share texts or groups.
    TooFewTexts             There are too few texts to train on, or to validate on.
    TextWithoutVerdict      The only text is blank, or the network knows none of its words.
    WordUnknown             No training review contains the word.
    ReviewMissing           There is no review of that number.

  Models
    ModelMissing            There is no model of that name.
    DefaultMissing          The model that the user chose as the default is gone.
    ModelsUnwritable        The user's models, or the default, cannot be changed.
    BundleInvalid           A bundle is damaged, or was made by a newer imdbsent.
    ModelUnexplainable      The network does not show how its verdicts add up.
    LayersHidden            The network does not show its weights and states.
    NameTaken               There is already a model of that name.
    DownloadFailed          A download failed, or has the wrong hash.

  Results
    OutputClosed            The reader of the output is gone, for example `head -1`; exit code 0.
    OutputFailed            The output cannot be written.
    OutputBusy              Another run is writing the same file.
    PlanDiffers             A run with other options cannot resume this output.
    InputChanged            A run with other records cannot resume this output.
    WorkerLost              A worker process died.
    RecordsFailed           Some records got no verdict, and `--strict` was given.

  The IMDB reviews
    DatasetMissing          They are not on this machine and cannot be downloaded.
    DatasetAbsent           They are not on this machine, and the command does not download them.
    DatasetInvalid          The given path does not contain them.
    DatasetIncomplete       Some reviews are missing.
    FiguresDiffer           Recomputed figures differ from those that come with the package.
    RemovalFailed           A file of the cache cannot be removed.

  Training
    RecipeInvalid           A recipe does not exist, or has an invalid value.
    TrainingStopped         The run was asked to stop, and can be resumed.
        TrainingTerminated  It was asked by SIGTERM; exit code 143.
    TrainingUnfinished      A new run would replace one that can be resumed.
    TrainingBusy            Another process is training a model of that name.
    CheckpointMissing       There is no run to resume, or more than one.
    CheckpointInvalid       A checkpoint is damaged, or belongs to other data or another version.
    TrainingUnavailable     A library that training needs is not installed.

  A cluster
    ClusterUnreachable      No cluster answers at the address.
    StorageUnreachable      A remote filesystem cannot be reached.
    JobFailed               A job failed on its cluster.
"""

from __future__ import annotations

import errno
import os
from enum import IntEnum
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)


class ExitCode(IntEnum):
    """The exit codes of every `imdbsent` command."""

    DONE = 0
    """Done."""
    FAILED = 1
    """Failed for a reason without a code of its own."""
    USAGE = 2
    """The command cannot run as typed: an unknown option, an unreadable file, an optional library that is missing."""
    MISSING = 3
    """A model, the data set, a checkpoint, or a library that training needs is missing."""
    NETWORK_OR_INTEGRITY = 4
    """A download failed, a cluster or its storage does not answer, or a file does not match its hash."""
    RECORDS_FAILED = 5
    """Some records got no verdict, and `--strict` was given."""
    HUNG_UP = 129
    """The terminal or the session is gone (SIGHUP)."""
    INTERRUPTED = 130
    """Interrupted with Ctrl-C."""
    TERMINATED = 143
    """Terminated by SIGTERM."""


class ImdbsentError(Exception):
    """Base of the errors that end a command with one line instead of a traceback."""

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the error as it is, for another process or machine; do not make it again from its sentence."""
        return _restored, (type(self), self.args, self.__dict__)


def _restored(kind: type[ImdbsentError], arguments: tuple[Any, ...], facts: dict[str, Any]) -> ImdbsentError:
    error = kind.__new__(kind, *arguments)
    error.__dict__.update(facts)
    return error


class UsageProblem(ImdbsentError):
    """The command line asks for something that cannot be done."""

    exit_code = ExitCode.USAGE


class InvalidOptions(UsageProblem, ValueError):
    """Options are out of range or exclude each other; for callers from Python it is a ValueError."""


def _remedy(reason: str, otherwise: str = "Write to another place") -> str:
    """What to do about a refusal of the system: free some space on a full disk, else something else."""
    if any(os.strerror(code) in reason for code in _FULL):
        return "Free some space"
    if any(os.strerror(code) in reason for code in _DENIED):
        return "Check the permissions"
    return otherwise


class ExtraMissing(ImdbsentError):
    """An optional library is not installed."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, library: str) -> None:
        super().__init__(f"{what} needs an optional library. Type: pip install {library}")


class MemoryShort(ImdbsentError):
    """The system gives the program too little memory."""

    def __init__(self) -> None:
        super().__init__(
            "there is not enough memory. Close other programs or raise the limit (see: ulimit -v), then run the same "
            "command again with --workers 1 if it has that option"
        )


_NO_MEMORY = (
    *("bad_alloc", "failed to map segment", "cannot allocate memory", "failed to allocate memory"),
    *("can't start new thread", "error return without exception set", "without setting an exception"),
)
"""What Python and its libraries say, in lower case; the last two if there was no memory for an exception."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error, of Python, the system or a library, says that there is too little memory."""
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    message = str(error).lower()
    return any(words in message for words in _NO_MEMORY)


def and_more(count: int) -> str:
    """What follows the first of several, for example " (and 3 more)"; empty for 0."""
    return f" (and {count:,} more)" if count else ""


def _name_of(source: str | Path) -> str:
    return "standard input" if source == "-" else repr(str(source))


class InputUnreadable(ImdbsentError):
    """A file of texts cannot be read."""

    exit_code = ExitCode.USAGE

    def __init__(self, path: str | Path, reason: str, command: str = "predict", next_step: str = "") -> None:
        reason = reason.replace(os.strerror(errno.ENOENT), "no such file or folder")
        next_step = _remedy(reason, next_step or f"See: imdbsent {command} --help")
        super().__init__(f"cannot read {_name_of(path)}: {reason.removesuffix('.')}. {next_step}")


class RowUnreadable(ImdbsentError):
    """A row breaks the format of its file, or repeats an id."""

    exit_code = ExitCode.USAGE

    def __init__(self, file: str, problem: str) -> None:
        super().__init__(
            f"cannot read {_name_of(file)}: {problem}. Type: the same command with --skip-bad, to skip such rows; "
            "they get no verdict"
        )


class RowsInvalid(ImdbsentError):
    """Some rows of the user's labeled texts cannot be used: no label, no text, a broken line."""

    exit_code = ExitCode.USAGE

    def __init__(self, source: str, problems: Sequence[tuple[str, int]], next_step: str) -> None:
        """Take each kind of problem: what is wrong with its first row, and how many more rows have it."""
        listed = "; ".join(f"{problem}{and_more(more)}" for problem, more in problems)
        super().__init__(f"rows of {_name_of(source)} cannot be used: {listed}. {next_step}")


class TextsShared(ImdbsentError):
    """Training and validation share texts or groups."""

    exit_code = ExitCode.USAGE

    def __init__(self, what: str, of_validation: str, of_training: str, more: int, next_step: str) -> None:
        super().__init__(
            f"{what} of {of_validation} is also that of {of_training}{and_more(more)}: "
            f"a model looks too good on texts it was trained on. Remove it from one of the two, or {next_step}"
        )


class TooFewTexts(ImdbsentError):
    """There are too few texts to train on, or to validate on."""

    exit_code = ExitCode.USAGE

    def __init__(self, source: str, there: str, needed: int, next_step: str) -> None:
        super().__init__(f"{_name_of(source)} has {there}; at least {needed:,} are needed. {next_step}")


class TextWithoutVerdict(ImdbsentError):
    """The only text is blank, or the network knows none of its words."""

    exit_code = ExitCode.USAGE

    def __init__(self, problem: str) -> None:
        super().__init__(f'the network has nothing to read: {problem}. Type: imdbsent inspect trace "great movie"')


class WordUnknown(ImdbsentError):
    """No training review contains the word."""

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
    """There is no model of that name in the data directory, in the package, or at a URL."""

    exit_code = ExitCode.MISSING

    def __init__(self, name: str, known: Sequence[str], trainable: bool) -> None:
        self.name = name
        self.trainable = trainable
        next_step = (
            f"Train it: imdbsent train --recipe {name} --name {name}"
            if trainable
            else "Type: imdbsent models list"
            if known
            else "Train one: imdbsent train --recipe classic"
        )
        there = f" (there are: {', '.join(known)})" if known else ""
        super().__init__(f"there is no model {name!r}{there}. {next_step}")


class DefaultMissing(ImdbsentError):
    """The model that the user chose as the default is gone."""

    exit_code = ExitCode.MISSING

    def __init__(self, name: str) -> None:
        super().__init__(
            f"the default model {name!r}, chosen with `imdbsent models use`, no longer exists. "
            "Type: imdbsent models use --reset"
        )


class ModelsUnwritable(ImdbsentError):
    """The user's models, or the default, cannot be changed."""

    def __init__(self, path: Path | str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(
            f"cannot change the models: '{path}': {reason}. {_remedy(reason, 'Check the folder')}, "
            "or set IMDBSENT_HOME=FOLDER"
        )


class BundleInvalid(ImdbsentError):
    """A bundle is damaged, is not a bundle, or was made by a newer imdbsent."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, path: Path | str, reason: str, next_step: str = "") -> None:
        self.path, self.reason, self.next_step = path, reason, next_step
        super().__init__(f"the model in '{path}' cannot be used: {reason}{next_step and '. ' + next_step}")


class ModelUnexplainable(ImdbsentError):
    """The network of a model does not show how its verdicts add up."""

    exit_code = ExitCode.USAGE

    def __init__(self) -> None:
        super().__init__(
            "the network of this model does not show how its verdicts add up. "
            "Type: imdbsent predict --explain --model classic TEXT"
        )


class LayersHidden(ImdbsentError):
    """The network of a model does not show its weights and states, as that of the tutorials does."""

    exit_code = ExitCode.USAGE

    def __init__(self, model: str, next_step: str = "the same command with --model classic") -> None:
        self.model = model
        super().__init__(f"the network of {model!r} does not show its weights and states. Type: {next_step}")


class NameTaken(ImdbsentError):
    """There is already a model of that name, installed or in the package."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str, *, shipped: bool) -> None:
        super().__init__(
            f"the name {name!r} belongs to a model that comes with imdbsent. Type: --name my-{name}"
            if shipped
            else f"there is already a model {name!r}. Type: --name OTHER, or --replace"
        )


class DownloadFailed(ImdbsentError):
    """A download failed, or has the wrong hash."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, url: str, reason: str, next_step: str, *, connected: bool = True) -> None:
        self.connected = connected
        super().__init__(f"could not download {url}: {reason}. {next_step}")


class OutputClosed(ImdbsentError):
    """The reader of the output is gone, for example `head -1`: the end of the work, not a failure."""

    exit_code = ExitCode.DONE


class OutputFailed(ImdbsentError):
    """The output cannot be written, for example because the disk is full."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"cannot write the output: {reason}. {_remedy(reason)}, then run the same command again")


class OutputBusy(ImdbsentError):
    """Another run is writing the same file."""

    exit_code = ExitCode.USAGE

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"another run is writing '{path}'. Wait until it ends, or type: the same command with another -o FILE"
        )


class PlanDiffers(ImdbsentError):
    """A run with other options cannot resume this output: its bytes would differ."""

    exit_code = ExitCode.USAGE

    def __init__(self, part: Path, difference: str) -> None:
        super().__init__(
            f"'{part}' {difference}. Type: the original command, or leave out --resume to start over"
        )


class InputChanged(ImdbsentError):
    """A run with other records cannot resume this output."""

    exit_code = ExitCode.USAGE

    def __init__(self, part: Path, records: int) -> None:
        super().__init__(
            f"the input up to record {records:,} differs from that of '{part}'. Type: the same command with the same "
            "input, or leave out --resume to start over"
        )


class WorkerLost(ImdbsentError):
    """A worker process died, for example because the system ran out of memory."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"a worker process was lost ({reason}). Type: the same command with --workers 1")


class RecordsFailed(ImdbsentError):
    """Some records got no verdict, and `--strict` was given."""

    exit_code = ExitCode.RECORDS_FAILED

    def __init__(self, failed: int, total: int) -> None:
        super().__init__(
            f"{failed:,} of {counted(total, 'text')} got no verdict; their rows say why. "
            "Leave out --strict to accept that"
        )


class DatasetMissing(ImdbsentError):
    """The IMDB reviews are not on this machine and cannot be downloaded."""

    exit_code = ExitCode.MISSING

    def __init__(self, url: str, size: int, reason: str) -> None:
        super().__init__(
            f"the IMDB reviews are not on this machine and {reason}. Download {url} ({size / 1e6:.0f} MB) "
            "elsewhere, then type: the same command with --data PATH, or set IMDBSENT_ACLIMDB=PATH"
        )


class DatasetInvalid(ImdbsentError):
    """The given path does not contain the IMDB reviews."""

    exit_code = ExitCode.MISSING

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"'{path}' does not contain the IMDB reviews: {reason}. "
            "Type: the same command with --data and the path of aclImdb_v1.tar.gz or of the folder aclImdb"
        )


class DatasetAbsent(ImdbsentError):
    """The IMDB reviews are not on this machine, and the command does not download them."""

    exit_code = ExitCode.MISSING

    def __init__(self) -> None:
        super().__init__("the IMDB reviews are not on this machine. Type: imdbsent dataset download")


class DatasetIncomplete(ImdbsentError):
    """Some of the IMDB reviews are missing."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, path: Path, shortfalls: Sequence[str]) -> None:
        super().__init__(
            f"'{path}' is incomplete: {', '.join(shortfalls)}. Type: imdbsent dataset download"
        )


class FiguresDiffer(ImdbsentError):
    """Recomputed figures differ from those that come with the package."""

    def __init__(self, path: Path, differences: Sequence[str]) -> None:
        more = and_more(len(differences) - 1)
        super().__init__(
            f"the figures of '{path}' differ from those that come with imdbsent: {differences[0]}{more}. "
            f"Type: imdbsent dataset verify --data '{path}'"
        )


class RemovalFailed(ImdbsentError):
    """A file of the cache cannot be removed."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"cannot remove '{path}': {reason}. Type: rm '{path}'")


class RecipeInvalid(ImdbsentError):
    """A recipe does not exist, or has an invalid value."""

    exit_code = ExitCode.USAGE

    def __init__(self, problem: str, command: str) -> None:
        super().__init__(f"{problem}. Type: {command}")


class TrainingStopped(ImdbsentError):
    """A training run was asked to stop, and can be resumed."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self, epoch: int, batch: int) -> None:
        self.epoch, self.batch = epoch, batch
        super().__init__(f"stopped in epoch {epoch} after batch {batch:,}. To resume, type: imdbsent train --resume")


class TrainingTerminated(TrainingStopped):
    """A training run was asked to stop by SIGTERM, and can be resumed."""

    exit_code = ExitCode.TERMINATED


class TrainingUnfinished(ImdbsentError):
    """A new run would replace one that can be resumed."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str, epoch: int) -> None:
        super().__init__(
            f"the training of {name!r} stopped in epoch {epoch} and can be resumed. "
            f"Type: imdbsent train --resume --name {name}, or --replace to start over"
        )


class TrainingBusy(ImdbsentError):
    """Another process is training a model of that name."""

    exit_code = ExitCode.USAGE

    def __init__(self, name: str) -> None:
        super().__init__(f"another process is training {name!r}. Type: imdbsent train --name OTHER")


class CheckpointMissing(ImdbsentError):
    """There is no run to resume, or more than one."""

    exit_code = ExitCode.MISSING

    def __init__(self, name: str | None, unfinished: Sequence[str]) -> None:
        what = f"there is no unfinished training of {name!r}" if name else "there is no unfinished training"
        if unfinished and not name:
            what = f"there are {len(unfinished)} unfinished trainings"
        next_step = " or ".join(f"imdbsent train --resume --name {one}" for one in unfinished) or "imdbsent train"
        super().__init__(f"{what}. Type: {next_step}")


class CheckpointInvalid(ImdbsentError):
    """A checkpoint is damaged, or belongs to other data or another version."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"training cannot resume from '{path}': {reason}. "
            "Type: the original command with --replace, to start over"
        )


_PACKAGES = {"onnx": "onnx"} | dict.fromkeys(("torch", "transformers", "safetensors"), "'imdbsent[teacher]'")


class TrainingUnavailable(ImdbsentError):
    """A library that training, or exporting a network, needs is not installed."""

    exit_code = ExitCode.MISSING

    def __init__(self, library: str) -> None:
        packages = _PACKAGES.get(library, "tensorflow onnx")  # without Keras or its backend, onnx may be missing too
        super().__init__(f"this needs {library}, which is not installed. Type: pip install {packages}")


class ClusterUnreachable(ImdbsentError):
    """No cluster answers at the address."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(
            f"no Ray cluster answers at {address!r}: {reason}. Type: ray start --head, then the same command with its "
            "--address; or leave out --address to use only this machine"
        )


class StorageUnreachable(ImdbsentError):
    """A remote filesystem cannot be reached, or denies access."""

    exit_code = ExitCode.NETWORK_OR_INTEGRITY

    def __init__(self, location: str, reason: str) -> None:
        super().__init__(
            f"cannot reach {location!r}: {reason}. Check the address, the region and the credentials, then type: "
            "the same command"
        )


class JobFailed(ImdbsentError):
    """A job failed on its cluster, and not because of a record."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"the job failed on Ray: {reason}. Type: the same command with --concurrency 1, or IMDBSENT_DEBUG=1 "
            "before it to see the whole message"
        )


def counted(number: int, thing: str, things: str = "") -> str:
    """A number and its noun: "1 text", "2,000 texts".

    Args:
        number: how many.
        thing: the noun in the singular.
        things: the noun in the plural, if it is not just `thing` with an s.
    """
    return f"{number:,} {thing if number == 1 else things or thing + 's'}"
