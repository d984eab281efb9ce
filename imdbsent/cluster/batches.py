"""Batches of rows to batches of verdicts, for every engine that hands batches to Python: Ray, Spark, Daft.

`BatchClassifier` takes a `pyarrow.Table` or RecordBatch, a `pandas.DataFrame`, or a dict of arrays or lists by name,
and returns the same kind with the columns that `imdbsent predict` writes: the id if there is one, `label`,
`probability`, `tokens`, `truncated`, `unknown`, `problem`, then the columns that are carried through, and `text`.

It takes its model along as a `PackedModel`: the files as bytes, under the hash of their content. The sender reads the
model from where models are kept; the receiver needs no network and no home directory. Each machine and user unpacks it
once, in the system's temporary folder, and every file is checked against the hash in the card before it is read.
"""

from __future__ import annotations

import hashlib
import math
import os
import re
import shutil
import stat
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from imdbsent.bundle.bundle import HISTORY, NETWORK, Bundle, read_bundle
from imdbsent.bundle.card import CARD
from imdbsent.classify.options import options_or
from imdbsent.errors import BundleInvalid, InvalidOptions
from imdbsent.models.resolve import resolve
from imdbsent.models.store import model_named
from imdbsent.reading.lines import from_bytes
from imdbsent.writing.text import ResultColumns, result_columns, rounded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from imdbsent.classify.classifier import Classifier, Verdict
    from imdbsent.classify.options import NeutralBand, PredictOptions


VERDICT_DDL: Final = (
    "label string, probability double, tokens int, truncated boolean, unknown double, problem string"
)
"""The columns of a verdict, in order, as Spark's SQL declares them."""
PREDICT_DDL: Final = "label string, probability double, tokens int, unknown double, problem string"
"""The columns that Spark's `predict_batch_udf` supports: all but the boolean."""
_FIELDS: Final = ("label", "probability", "tokens", "truncated", "unknown", "problem")
_NULLS: Final = ("NAType", "NaTType")
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")
AT_ONCE: Final = 2**22  # characters judged together, so that memory is bounded


class Judged(NamedTuple):
    """The verdicts on a batch, column by column, and its texts as they were read.

    Attributes:
        text: the texts; "" for null, U+FFFD for bytes that are not UTF-8 and for lone surrogates.
        columns: a list for each field of a verdict, by name; probabilities and shares have 6 decimals.
    """

    text: list[str]
    columns: dict[str, list[Any]]

    def rows(self) -> list[dict[str, Any]]:
        """The verdicts one by one, each as a dict of its fields."""
        return [dict(zip(self.columns, values)) for values in zip(*self.columns.values())]


class BatchClassifier:
    """Adds verdicts to batches of rows.

    It can be pickled, and takes its model along: the receiver needs no network and no home directory. Each process
    loads the network once, with the first batch, and runs it in one thread: engines start one process per core.

    A column is addressed by its name. Names that are numbers, as pandas gives to columns without a header, count as
    texts: they are "0" and "1" in the results.

    Args:
        model: what `pack` returns; or the name or folder of a model on this machine; None for the default.
        text_column: the column with the texts: strings, bytes in UTF-8, or null.
        id_column: the column that becomes `id` in the results; None for no id.
        keep: the columns that are carried through; None for all others.
        problem_column: a column that says why a row gets no verdict, null if it may get one; None for no such column.
        options: how to label; the keywords below are a short form of it.
        threshold: see `PredictOptions`.
        neutral: see `PredictOptions`.
        batch_size: see `PredictOptions`.

    Raises:
        imdbsent.errors.ModelMissing: there is no such model.
        imdbsent.errors.BundleInvalid: the model is damaged.
        imdbsent.errors.InvalidOptions: an option is out of its range, or selects results: every row gets one.
        imdbsent.errors.UsageProblem: two columns of the results would have the same name.
        TypeError: there are both options and keywords, the options are not `PredictOptions`, or `keep` is one name.
    """

    def __init__(
        self,
        model: PackedModel | str | os.PathLike[str] | None = None,
        *,
        text_column: str | int = "text",
        id_column: str | int | None = None,
        keep: Sequence[str | int] | None = None,
        problem_column: str | int | None = None,
        options: PredictOptions | None = None,
        threshold: float | None = None,
        neutral: NeutralBand | None = None,
        batch_size: int | None = None,
    ) -> None:
        self.model = model if isinstance(model, PackedModel) else pack(model)
        if isinstance(keep, str):
            raise TypeError(f"keep takes several columns: keep=[{keep!r}]")
        self._text = str(text_column)
        self._id = None if id_column is None else str(id_column)
        self._keep = None if keep is None else tuple(map(str, keep))
        self._problem = None if problem_column is None else str(problem_column)
        self._options = options_or(options, threshold=threshold, neutral=neutral, batch_size=batch_size)
        if self._options.is_selective:
            raise InvalidOptions("a batch gets as many results as it has rows. Type: no `only` and no `sort`")
        self.columns_of(self._keep or ())  # finds names that collide here, not on the workers

    @property
    def classifier(self) -> Classifier:
        """The classifier of this process, loaded at the first use."""
        return loaded(self.model)

    def columns_of(self, names: Iterable[str]) -> ResultColumns:
        """The columns of the results for rows with these columns."""
        return result_columns(self._kept(names), has_id=self._id is not None)

    def judge(self, texts: Iterable[Any], problems: Iterable[str | None] = repeat(None)) -> Judged:
        """Judge texts.

        Args:
            texts: strings, bytes in UTF-8, or None; anything else gets no verdict.
            problems: why each gets no verdict; None if it may get one.

        Returns:
            The verdicts, in order.

        Raises:
            TypeError: `texts` is one text.
        """
        if isinstance(texts, (str, bytes)):
            raise TypeError("judge takes several texts: judge([text])")
        read = [_read(text, problem, self._text) for text, problem in zip(texts, problems)]
        verdicts: list[Verdict] = []
        for some in _together(read):
            verdicts += self.classifier.judge(some, self._options)
        columns = {name: [getattr(verdict, name) for verdict in verdicts] for name in _FIELDS}
        for name in ("probability", "unknown"):
            columns[name] = list(map(rounded, columns[name]))
        texts = [
            text if problem is None else _LONE_SURROGATE.sub("\ufffd", text)
            for (text, _), problem in zip(read, columns["problem"])
        ]
        return Judged(texts, columns)

    def __call__(self, batch: Any) -> Any:
        """Classify a batch.

        Args:
            batch: a `pyarrow.Table`, `pyarrow.RecordBatch`, `pandas.DataFrame`, or a dict of arrays or lists.

        Returns:
            The same kind, with as many rows, in the same order.

        Raises:
            KeyError: the batch lacks a column.
            imdbsent.errors.InvalidOptions: it has two columns of the same name; it is a ValueError.
            TypeError: it is of another kind.
        """
        if isinstance(batch, Mapping):
            return self._of_arrays(batch)
        if hasattr(batch, "column_names") and hasattr(batch, "from_arrays"):
            return self._of_arrow(batch)
        if hasattr(batch, "columns") and hasattr(batch, "iloc"):
            return self._of_pandas(batch)
        kind = f"{type(batch).__module__.partition('.')[0]}.{type(batch).__name__}"
        raise TypeError(
            "a batch is a pyarrow.Table, pyarrow.RecordBatch, pandas.DataFrame, or a dict of arrays or lists, not a "
            f"{kind}{'. Pass: batch.to_arrow()' if hasattr(batch, 'to_arrow') else ''}"
        )

    def frames(self, batches: Iterable[Any]) -> Iterator[Any]:
        """Classify batches one by one, as Spark's `mapInPandas` and `mapInArrow` hand them over."""
        for batch in batches:
            yield self(batch)

    def predict_function(self) -> Callable[[Any], dict[str, Any]]:
        """A function of an array of texts, as Spark's `predict_batch_udf` needs it; the network is loaded.

        Returns:
            A function that returns the columns of `PREDICT_DDL`, as arrays by name.
        """
        self.classifier  # noqa: B018 (loads it)

        def predict(texts: Any) -> dict[str, Any]:
            columns = _arrays(self.judge(_nones(texts)).columns)
            return {name: values for name, values in columns.items() if name != "truncated"}

        return predict

    def _kept(self, names: Iterable[str]) -> tuple[str, ...]:
        if self._keep is not None:
            return self._keep
        own = (self._text, self._id, self._problem)
        return tuple(name for name in names if name not in own)

    def _of_arrow(self, table: Any) -> Any:
        import pyarrow as pa  # noqa: PLC0415 (a caller with a table has it)

        from imdbsent.reading.tables import values_of  # noqa: PLC0415 (as pyarrow)

        names = self._names(table.column_names)
        problems = None if self._problem is None else table.column(self._problem).to_pylist()
        judged = self.judge(values_of(pa, table.column(self._text)), problems or repeat(None))
        types = {"label": pa.string(), "problem": pa.string(), "tokens": pa.int32(), "truncated": pa.bool_()}
        own = {name: pa.array(values, types.get(name, pa.float64())) for name, values in judged.columns.items()}
        arrays = [
            *([] if self._id is None else [table.column(self._id)]),
            *own.values(),
            *map(table.column, self._kept(names)),
            pa.array(judged.text, pa.string()),
        ]
        return type(table).from_arrays(arrays, names=self.columns_of(names).names)

    def _of_pandas(self, frame: Any) -> Any:
        columns = {name: frame.iloc[:, position] for position, name in enumerate(self._names(frame.columns))}
        return type(frame)(self._answered(columns), index=frame.index)

    def _of_arrays(self, batch: Mapping[Any, Any]) -> dict[str, Any]:
        return self._answered(dict(zip(self._names(batch), batch.values())))

    def _answered(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The columns of the results for those of a batch, by name."""
        problems = repeat(None) if self._problem is None else _nones(batch[self._problem])
        judged = self.judge(_nones(batch[self._text]), problems)
        columns = [
            *([] if self._id is None else [batch[self._id]]),
            *_arrays(judged.columns).values(),
            *[batch[name] for name in self._kept(batch)],
            _objects(judged.text),
        ]
        return dict(zip(self.columns_of(batch).names, columns))

    def _names(self, columns: Iterable[object]) -> list[str]:
        """The names of a batch's columns as texts; those that are used are there, each once."""
        names = list(map(str, columns))
        times = Counter(names)
        for name in (self._text, self._id, self._problem, *self._kept(names)):
            if name is not None and times[name] != 1:
                if not times[name]:
                    raise KeyError(f"the batch has no column {name!r}, only {', '.join(map(repr, names)) or 'none'}")
                raise InvalidOptions(f"two columns of the batch are called {name!r}. Rename one of them")
        return names


@lru_cache(maxsize=2)
def loaded(model: PackedModel) -> Classifier:
    """The classifier of a model: one per process, for any number of batches, tasks or columns."""
    from imdbsent.classify.classifier import Classifier  # noqa: PLC0415 (the sender need not load ONNX Runtime)

    return Classifier(model.unpack(), threads=1)


def _read(value: Any, problem: str | None, column: str) -> tuple[str, str | None]:
    """A text and why it cannot be classified, as if read from a file."""
    if isinstance(value, str):
        return value, problem
    if value is None:
        return "", problem
    if isinstance(value, bytes):
        record = from_bytes(value)
        return record.text, problem or record.problem
    return "", problem or f"{column!r} is {type(value).__name__}, not a text"


def _together(read: Sequence[tuple[str, str | None]]) -> Iterator[list[tuple[str, str | None]]]:
    """The texts in groups that are bounded in characters."""
    group: list[tuple[str, str | None]] = []
    characters = 0
    for text, problem in read:
        group.append((text, problem))
        characters += len(text)
        if characters > AT_ONCE:
            yield group
            group, characters = [], 0
    if group:
        yield group


def _nones(column: Any) -> list[Any]:
    """The values of a list or array, with None for the nulls of numpy and pandas: NaN, NA, NaT."""
    values = column.tolist() if hasattr(column, "tolist") else column
    if isinstance(values, (str, bytes)) or not hasattr(values, "__iter__"):
        raise TypeError(f"a column of a batch is an array or a list, not {type(column).__name__}")
    return [None if _is_null(value) else value for value in values]


def _is_null(value: Any) -> bool:
    return (isinstance(value, float) and math.isnan(value)) or type(value).__name__ in _NULLS


def _arrays(columns: dict[str, list[Any]]) -> dict[str, Any]:
    """Columns as numpy arrays; None among numbers becomes NaN."""
    import numpy as np  # noqa: PLC0415 (importing the package costs nothing)

    types = {"probability": np.float64, "unknown": np.float64, "tokens": np.int32, "truncated": np.bool_}
    return {
        name: np.array(values, types[name]) if name in types else _objects(values)
        for name, values in columns.items()
    }


def _objects(values: list[Any]) -> Any:
    import numpy as np  # noqa: PLC0415 (as above)

    return np.array(values, dtype=object)


_NOT_TO_ANSWER: Final = (NETWORK, HISTORY)
"""Files of a bundle that only training reads: they are not packed."""


@dataclass(frozen=True)
class PackedModel:
    """A model as bytes.

    Attributes:
        name: as in its card.
        sha256: of its card, which has the hash of every other file: it identifies the model.
        files: name and content of each file that it needs to answer, including the card.
        set_threshold: the threshold of `imdbsent models set`; None if there is none.
    """

    name: str
    sha256: str
    files: tuple[tuple[str, bytes], ...] = field(compare=False, repr=False)
    set_threshold: float | None = None

    def unpack(self) -> Bundle:
        """The bundle on this machine; unpack it first if necessary.

        Raises:
            BundleInvalid: the content does not match the card.
            OSError: the temporary folder is not writable.
        """
        final = _own_folder() / self.sha256
        if not _is_whole(final, self.sha256):
            self._write(final)
        return replace(read_bundle(final), set_threshold=self.set_threshold)

    def _write(self, final: Path) -> None:
        staging = Path(tempfile.mkdtemp(dir=final.parent, prefix=".unpacking-"))
        try:
            for name, content in self.files:
                (staging / name).write_bytes(content)
            self._check(staging)
            if final.exists():  # damaged, or half removed when temporary folders were cleaned
                final.rename(staging / "before")
            staging.rename(final)
        except OSError:
            if not _is_whole(final, self.sha256):  # else another process of this machine was faster
                raise
        finally:
            shutil.rmtree(staging, ignore_errors=True)
            shutil.rmtree(final / "before", ignore_errors=True)

    def _check(self, folder: Path) -> None:
        if hashlib.sha256((folder / CARD).read_bytes()).hexdigest() != self.sha256:
            raise BundleInvalid(folder, f"{CARD} is not the one that was packed", "Type: the same command again")
        bundle = read_bundle(folder)
        for name in bundle.card.files:
            if name not in _NOT_TO_ANSWER:
                bundle.read(name)


def pack(model: str | os.PathLike[str] | Bundle | None = None) -> PackedModel:
    """Pack a model, to be sent to another machine.

    Args:
        model: a name, a bundle's folder, or None for the default, as for `imdbsent.load`; or a bundle.

    Raises:
        imdbsent.errors.ModelMissing: there is no such model.
        imdbsent.errors.DefaultMissing: the model that the user made the default no longer exists.
        imdbsent.errors.BundleInvalid: the model is damaged.
        imdbsent.errors.DownloadFailed: it could not be downloaded from IMDBSENT_MODEL_URL.
    """
    bundle = model if isinstance(model, Bundle) else resolve(model_named(model))
    names = [CARD, *(name for name in bundle.card.files if name not in _NOT_TO_ANSWER)]
    files = tuple((name, bundle.read(name)) for name in names)
    return PackedModel(bundle.card.name, bundle.sha256, files, bundle.set_threshold)


def _own_folder() -> Path:
    """Where this user's models are unpacked; a new folder if another user owns the usual one, which anyone can make."""
    user = str(os.getuid()) if hasattr(os, "getuid") else "models"
    folder = Path(tempfile.gettempdir()) / f"imdbsent-{user}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if hasattr(os, "getuid"):
        there = folder.lstat()
        if not stat.S_ISDIR(there.st_mode) or there.st_uid != os.getuid() or there.st_mode & 0o022:
            return Path(tempfile.mkdtemp(prefix="imdbsent-"))
    return folder


def _is_whole(folder: Path, sha256: str) -> bool:
    """Whether a model is unpacked in a folder; its other files are checked against the card when they are read."""
    try:
        card = (folder / CARD).read_bytes()
        files = read_bundle(folder).card.files
        return hashlib.sha256(card).hexdigest() == sha256 and all(
            (folder / name).is_file() for name in files if name not in _NOT_TO_ANSWER
        )
    except (OSError, BundleInvalid):
        return False
