"""The work of `imdbsent predict`: records to predictions to where they go, in order, a window at a time."""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING

from imdbsent import __version__
from imdbsent.bulk.classifying import classify_windows
from imdbsent.classifier import windows
from imdbsent.cli.console import print_tables, stdout_console
from imdbsent.cli.tally import Tally
from imdbsent.records.inputs import UntilError
from imdbsent.records.output import open_output
from imdbsent.records.selection import shown
from imdbsent.records.writing import Format

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from imdbsent.bulk.journal import Plan
    from imdbsent.classifier import Classifier
    from imdbsent.cli.records_bar import RecordsBar
    from imdbsent.cli.target import Target
    from imdbsent.records import Prediction, Record
    from imdbsent.records.inputs import Inputs
    from imdbsent.records.selection import Selection


@dataclass(frozen=True)
class Work:
    """What is to be done.

    Attributes:
        classifier: the model.
        inputs: what is read.
        target: where results go.
        threshold: as `Classifier.predict`.
        neutral: as `Classifier.predict`.
        batch_size: as `Classifier.classify`.
        selection: which results are shown, and in which order.
        is_typed: whether a person types the texts, and wants to see each verdict at once.
        bar: shows how far it has come.
        tally: counts what comes of it.
    """

    classifier: Classifier
    inputs: Inputs
    target: Target
    threshold: float | None
    neutral: tuple[float, float] | None
    batch_size: int | None
    selection: Selection
    is_typed: bool
    bar: RecordsBar
    tally: Tally = field(default_factory=Tally)

    def windows(self, records: Iterable[Record]) -> Iterator[Sequence[Record]]:
        """The records as they are classified together."""
        for window in windows(records, 1 if self.is_typed else None):
            self.bar.has_read(len(window))
            yield window

    def answers(self, records: Iterator[Sequence[Record]]) -> Generator[list[Prediction], None, None]:
        """The predictions of each window, counted; closing the generator ends the processes that make them."""
        answered = classify_windows(
            self.classifier,
            records,
            threshold=self.threshold,
            neutral=self.neutral,
            batch_size=self.batch_size,
            workers=1 if self.is_typed else self.classifier.engine.threads,
        )
        with closing(answered):
            for predictions in answered:
                self.tally.add(predictions)
                self.bar.has_answered(len(predictions))
                yield predictions

    def shown(self, predictions: Iterable[Prediction], after: int = 0) -> Iterator[Prediction]:
        """Those of the predictions that are results, counted; `after` so many records that came before."""
        target = self.target
        kept = len(target.columns.kept) - target.is_numbered
        return self.tally.showing(
            shown(predictions, self.selection, kept=kept, is_numbered=target.is_numbered, after=after)
        )


def answer(work: Work, *, resume: bool, no_color: bool, note: Callable[[str], None]) -> None:
    """Do the work.

    Args:
        work: what is to be done.
        resume: whether to go on where a run with the same file and options was stopped.
        no_color: whether a table has no colour.
        note: is told, in one line, of what a user should know of.

    Raises:
        ImdbsentError: of many kinds.
    """
    if work.target.is_resumable and work.selection.sort is None:
        _answer_into_file(work, resume=resume, note=note)
        return
    records, target = UntilError(work.inputs.records()), work.target
    with closing(work.answers(work.windows(records))) as answers:
        predictions = work.shown(chain.from_iterable(answers))
        if target.format is Format.TABLE:
            console = stdout_console(no_color=no_color)
            print_tables(predictions, console, target.columns, paged=work.inputs.are_bulk, typed=work.is_typed)
            records.raise_error()
        else:
            with open_output(target.path, target.format, target.columns, target.types) as writer:
                writer.write(predictions)
                records.raise_error()


def _answer_into_file(work: Work, *, resume: bool, note: Callable[[str], None]) -> None:
    from imdbsent.bulk.resumable import Output, open_resumable

    target = work.target
    assert target.path is not None
    output = Output(target.path, target.format, target.columns, target.types)
    with open_resumable(output, _plan(work), resume=resume, note=note) as file:
        records = work.windows(work.inputs.records())
        file.skip(records)
        work.tally.go_on(file.done.counts)
        work.bar.goes_on(file.done.records)
        with closing(work.answers(records)) as answers:
            for predictions in answers:
                results = list(work.shown(predictions, after=file.reached.records))
                file.write(predictions, work.tally.counts, results)


def _plan(work: Work) -> Plan:
    """What decides the bytes of the results, beside the records."""
    import onnxruntime

    from imdbsent.bulk.journal import Plan

    target, columns = work.target, work.inputs.columns
    versions = {"imdbsent": __version__, "onnxruntime": onnxruntime.__version__}
    if target.format is Format.PARQUET:
        import pyarrow as pa

        versions["pyarrow"] = pa.__version__
    return Plan(
        model=hashlib.sha256(work.classifier.bundle.card.to_json().encode()).hexdigest(),
        options={
            "--format": target.format.value,
            "--safe-csv": "yes" if target.columns.safe_csv else "",
            "--threshold": _typed(work.threshold),
            "--neutral": "" if work.neutral is None else ":".join(map(str, work.neutral)),
            "--only": work.selection.only.value if work.selection.only else "",
            "--batch-size": _typed(work.batch_size),
            "--id-column": columns.id or "",
            "--keep": ", ".join(columns.kept),
            "columns of the types": ", ".join(f"{name} {kind}" for name, kind in sorted(target.types.items())),
        },
        versions=versions,
    )


def _typed(number: float | None) -> str:
    return "" if number is None else str(number)
