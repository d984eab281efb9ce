"""How a job is going, and what came of it: its pace, the time left, and the summary that `--summary` writes."""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import time
from collections import Counter, deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from imdbsent import __version__
from imdbsent.classify.options import is_mostly_unknown
from imdbsent.errors import ExitCode, OutputFailed, counted
from imdbsent.files import new_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from imdbsent.bundle.bundle import Bundle
    from imdbsent.reading.streams import Meter, RowsMeter
    from imdbsent.records import Prediction


logger = logging.getLogger(__name__)

_RECENT: Final = 20.0
"""Seconds that decide the rate: long enough to span several windows, short enough to follow a machine that slows."""
_RECENT_SHARE: Final = 0.2
"""Share of the time since the start that decides it in a long job: a busy minute says little about the next hours."""
_LEAST_SAMPLES: Final = 10
"""Windows that decide the rate if they take longer than that."""
_SOON: Final = 4.0
"""Seconds before which nothing is said about the time left: the processes that share the work are still starting."""


class _Sample(NamedTuple):
    time: float
    answered: int
    done: float  # bytes


class Pace:
    """How many records are answered, how fast lately, and how long the rest will take.

    Args:
        meter: measures the reading.
        clock: seconds, from any start.

    Attributes:
        read: number of records read.
        answered: number of records answered, those of an earlier run included.
    """

    def __init__(self, meter: Meter | RowsMeter, clock: Callable[[], float] = time.monotonic) -> None:
        self.read = self.answered = 0
        self._meter = meter
        self._clock = clock
        self._started = clock()
        self._recent = deque([self._sample()])

    def has_read(self, records: int) -> None:
        """Add records that were read."""
        self.read += records

    def resume_after(self, records: int) -> None:
        """So many of the records that were read are already answered; the work starts now."""
        self.answered = records
        self._started = self._clock()
        self.changes()

    def has_answered(self, records: int) -> None:
        """Add records that are answered."""
        self.answered += records
        self._recent.append(self._sample())
        now = self._clock()
        oldest = now - max(_RECENT, _RECENT_SHARE * (now - self._started))
        while len(self._recent) > _LEAST_SAMPLES and self._recent[1].time <= oldest:
            self._recent.popleft()

    def changes(self) -> None:
        """From now on the work is faster or slower: what came before says nothing about the time left."""
        self._recent = deque([self._sample()])

    @property
    def rate(self) -> float:
        """Records a second, lately."""
        return (self._recent[-1].answered - self._recent[0].answered) / max(1e-9, self._elapsed)

    @property
    def share(self) -> float | None:
        """Share of the input that is answered, 0 to 1; None if the size of the input is unknown."""
        total = self._meter.total  # once: another thread may ask while this changes
        return min(1.0, self._recent[-1].done / total) if total else None

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the rest is answered; None if nobody knows, or it is too early to say."""
        first, last, total = self._recent[0], self._recent[-1], self._meter.total
        if not total or last.done <= first.done or self._clock() - self._started < _SOON:
            return None
        rate = (last.done - first.done) / max(1e-9, self._elapsed)
        return max(0.0, (total - last.done) / rate - (self._clock() - last.time))

    @property
    def _elapsed(self) -> float:
        """Seconds that the recent records took. Answers come in bursts: waiting for the next one is no slowness yet."""
        first, last = self._recent[0], self._recent[-1]
        gap = (last.time - first.time) / max(1, len(self._recent) - 1)
        return last.time - first.time + max(0.0, self._clock() - last.time - gap)

    def _sample(self) -> _Sample:
        # Reading is ahead of answering, so only the answered part of the bytes counts.
        total = self._meter.total
        done = self._meter.position() * self.answered / self.read if total and self.read else 0.0
        return _Sample(self._clock(), self.answered, done)


def duration(seconds: float | None) -> str:
    """Hours, minutes and seconds, for example `0:02:10`; `-:--:--` for None."""
    if seconds is None:
        return "-:--:--"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


_REASON: Final = "failed: "
"""What a reason begins with among the counts by name."""
_MOST_REASONS: Final = 20
_NUMBER: Final = re.compile(r"(?<![\w-])\d[\d,]*")
_COUNTED: Final = ("positive", "negative", "neutral", "failed", "unfamiliar", "results")


@dataclass
class Counts:
    """Counts of predictions.

    Attributes:
        positive: number of positive texts.
        negative: number of negative texts.
        neutral: number of neutral texts.
        failed: number of texts without a verdict.
        unfamiliar: number of texts most of whose words the model does not know.
        results: number of results; a selection makes them fewer.
        resumed: number of texts that an earlier run answered, which this run resumed.
        seconds: from the start to the last prediction.
        reasons: number of texts without a verdict by reason, without the numbers in it.
    """

    positive: int = 0
    negative: int = 0
    neutral: int = 0
    failed: int = 0
    unfamiliar: int = 0
    results: int = 0
    resumed: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    _started: float = field(default_factory=time.perf_counter, repr=False, compare=False)

    def add(self, predictions: Iterable[Prediction]) -> None:
        """Count predictions."""
        for prediction in predictions:
            self.positive += prediction.label == "positive"
            self.negative += prediction.label == "negative"
            self.neutral += prediction.label == "neutral"
            if prediction.label is None:
                self.failed += 1
                self._add_reason(prediction.problem or "")
            self.unfamiliar += is_mostly_unknown(prediction)
        self.seconds = time.perf_counter() - self._started

    def _add_reason(self, problem: str) -> None:
        reason = _NUMBER.sub("N", problem.partition(":")[0])
        self.reasons[reason if reason in self.reasons or len(self.reasons) < _MOST_REASONS else "other"] += 1

    def passing(self, results: Iterable[Prediction]) -> Iterator[Prediction]:
        """Count results as they pass."""
        for result in results:
            self.results += 1
            yield result

    @property
    def by_row(self) -> dict[str, Any]:
        """What became of the rows, for a log or a summary: those read are those answered and those that failed."""
        return {
            "read": self.total,
            "answered": self.total - self.failed,
            "failed": self.failed,
            "failed_by_reason": dict(sorted(self.reasons.items())),
            "mostly_unknown": self.unfamiliar,
            "written": self.results,
            "answered_before": self.resumed,
        }

    @property
    def by_name(self) -> dict[str, int]:
        """What a resumed run needs to know."""
        reasons = {_REASON + reason: number for reason, number in self.reasons.items()}
        return {name: getattr(self, name) for name in _COUNTED} | reasons

    def resume(self, counts: Mapping[str, int]) -> None:
        """Start with what an earlier run has counted."""
        self.restore(counts)
        self.resumed = self.total
        self._started = time.perf_counter()

    def restore(self, counts: Mapping[str, int]) -> None:
        """Set the counts to those of a checkpoint."""
        for name in _COUNTED:
            setattr(self, name, counts.get(name, 0))
        reasons = {key.removeprefix(_REASON): number for key, number in counts.items() if key.startswith(_REASON)}
        self.reasons = Counter(reasons)

    @property
    def total(self) -> int:
        """Number of texts."""
        return self.positive + self.negative + self.neutral + self.failed

    def summary(self, *, has_neutral: bool = False, is_selective: bool = False) -> str:
        """The counts in one line.

        Args:
            has_neutral: whether there is a label "neutral".
            is_selective: whether results are selected or sorted.
        """
        if not self.total:
            return "no texts were read"
        judged = self.total - self.failed
        read = f"{counted(self.total, 'text')} read, {judged:,} answered, {self.failed:,} failed"
        share = f" ({self.positive / judged:.1%})" if judged else ""
        neutral = f", {self.neutral:,} neutral" if has_neutral else ""
        rate = counted(round((self.total - self.resumed) / self.seconds), "text") if self.seconds else "? texts"
        resumed = f", {self.resumed:,} of them in an earlier run" if self.resumed else ""
        selected = f" · {self.results:,} of {self.total:,} selected" if is_selective else ""
        return (
            f"{read}{resumed}: {self.positive:,} positive{share}, {self.negative:,} negative{neutral}{selected} · "
            f"{self.seconds:.1f} s, {rate}/s"
        )

    def warning(self) -> str | None:
        """A warning about texts in another language, perhaps; None if there are none."""
        if not self.unfamiliar:
            return None
        if self.total == 1:
            return "most words of the text are unknown to the model; is it English?"
        texts = f"{self.unfamiliar:,} of {self.total:,} texts"
        question = "is it English?" if self.unfamiliar == 1 else "are they English?"
        return f"in {texts}, most words are unknown to the model; {question}"


@dataclass
class JobReport:
    """What is known about a job, however it ends.

    Attributes:
        counts: counts of its predictions.
        bundle: the model; None before it was loaded.
        workers: number of processes that may classify.
        started: when the job started.
    """

    counts: Counts
    bundle: Bundle | None = None
    workers: int = 1
    started: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    def fields(self, error: BaseException | None = None) -> dict[str, Any]:
        """What `--summary` writes: numbers, names and times that JSON can hold.

        Args:
            error: what ended the job; None if it is done.
        """
        ended = datetime.now(timezone.utc)
        counts = self.counts
        rows = counts.by_row
        labels = {name: getattr(counts, name) for name in ("positive", "negative", "neutral")}
        seconds = (ended - self.started).total_seconds()
        of = rows["answered"]
        return {
            "exit_code": exit_code_of(error),
            "error": None if error is None else str(error) or type(error).__name__,
            "resumed": counts.resumed > 0,
            "rows": rows,
            "labels": labels,
            "shares": {name: round(number / of, 6) if of else None for name, number in labels.items()},
            "seconds": round(seconds, 3),
            "rows_per_second": round((counts.total - counts.resumed) / seconds, 1) if seconds else None,
            "peak_memory_bytes": peak_memory(self.workers),
            "workers": self.workers,
            "started": timestamp(self.started),
            "ended": timestamp(ended),
            "model": None if self.bundle is None else provenance(self.bundle),
            "versions": versions(),
        }


def exit_code_of(error: BaseException | None) -> int:
    """The exit code of a command that ends with an error; see `imdbsent.errors.ExitCode`."""
    if error is None:
        return int(ExitCode.DONE)
    default = ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.FAILED
    return int(getattr(error, "exit_code", default))


def provenance(bundle: Bundle) -> dict[str, Any]:
    """What tells one model from another: its name, version, and the SHA-256 of its card."""
    return {"name": bundle.card.name, "version": bundle.card.version, "sha256": bundle.sha256}


def versions() -> dict[str, str]:
    """The versions of what computes and writes; a library that is not loaded is left out."""
    loaded = {name: getattr(sys.modules.get(name), "__version__", None) for name in ("numpy", "onnxruntime", "pyarrow")}
    import platform  # noqa: PLC0415 (only a summary needs it)

    found = {"imdbsent": __version__, "python": platform.python_version(), **loaded}
    return {name: version for name, version in found.items() if version is not None}


def timestamp(moment: datetime) -> str:
    """A time in UTC as RFC 3339 writes it, with milliseconds."""
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def peak_memory(workers: int) -> int | None:
    """The most memory that this process has held, plus the most that its largest child has, times the workers.

    Args:
        workers: number of children that are alike.

    Returns:
        Bytes; None if the system does not say.
    """
    if os.name == "nt":
        return None
    import resource  # noqa: PLC0415 (Windows has none)

    unit = 1 if sys.platform == "darwin" else 1024
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit
    return int(_own_peak(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit) + workers * children)


def _own_peak(most: int) -> int:
    """The most memory that this program has held, in bytes, where Linux says so; else what getrusage says.

    On Linux, the latter is no less than what the process that started this one held at that moment, getrusage(2).
    """
    with suppress(OSError), Path("/proc/self/status").open() as status:
        for line in status:
            if line.startswith("VmHWM:"):  # in kB, which are 1,024 bytes, proc(5)
                return int(line.split()[1]) * 1024
    return most


@contextmanager
def writing_summary(path: Path, report: JobReport) -> Iterator[None]:
    """Write the summary after a block, however it ends. That of an earlier run is removed first.

    Args:
        path: the file, which appears only when complete.
        report: filled by the block.

    Raises:
        OutputFailed: the block has ended well, and the file cannot be written.
    """
    with suppress(OSError):  # a job that is killed must not leave the success of another night
        if path.is_file():
            path.resolve().unlink()  # of a link, the file that it points to, as `new_file` does
    try:
        yield
    except BaseException as error:
        try:
            _write_summary(path, report, error)
        except OutputFailed as second:
            logger.warning(str(second))  # the error that ended the job is the one to report
        raise
    _write_summary(path, report, None)


def _write_summary(path: Path, report: JobReport, error: BaseException | None) -> None:
    try:
        with new_file(path) as place:
            place.write_text(json.dumps(report.fields(error), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as problem:
        raise OutputFailed(f"{path}: {problem.strerror or problem}") from problem
