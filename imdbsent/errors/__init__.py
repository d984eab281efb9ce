"""Everything that can go wrong and be told to a person: one class a kind, one sentence a class, one exit code.

A class holds the facts; the sentence that a person reads is made here and nowhere else. Each sentence says what
failed, on what, and the next command to type.
"""

from imdbsent.errors.base import (
    ExitCode,
    ExtraMissing,
    ImdbsentError,
    UsageProblem,
    and_more,
)
from imdbsent.errors.cluster import ClusterUnreachable, JobFailed, StorageUnreachable
from imdbsent.errors.dataset import (
    DatasetAbsent,
    DatasetIncomplete,
    DatasetInvalid,
    DatasetMissing,
    FiguresDiffer,
    RemovalFailed,
)
from imdbsent.errors.models import (
    BundleInvalid,
    DefaultMissing,
    DownloadFailed,
    LayersHidden,
    ModelMissing,
    ModelsUnwritable,
    ModelUnexplainable,
    NameTaken,
)
from imdbsent.errors.output import (
    InputChanged,
    OutputBusy,
    OutputClosed,
    OutputFailed,
    PlanDiffers,
    RecordsFailed,
    WorkerLost,
)
from imdbsent.errors.texts import (
    InputUnreadable,
    ReviewMissing,
    RowsInvalid,
    RowUnreadable,
    TextsShared,
    TextWithoutVerdict,
    TooFewTexts,
    WordUnknown,
)
from imdbsent.errors.training import (
    CheckpointInvalid,
    CheckpointMissing,
    RecipeInvalid,
    TrainingBusy,
    TrainingStopped,
    TrainingUnavailable,
    TrainingUnfinished,
)

__all__ = [
    "BundleInvalid",
    "CheckpointInvalid",
    "CheckpointMissing",
    "ClusterUnreachable",
    "DatasetAbsent",
    "DatasetIncomplete",
    "DatasetInvalid",
    "DatasetMissing",
    "DefaultMissing",
    "DownloadFailed",
    "ExitCode",
    "ExtraMissing",
    "FiguresDiffer",
    "ImdbsentError",
    "InputChanged",
    "InputUnreadable",
    "JobFailed",
    "LayersHidden",
    "ModelMissing",
    "ModelUnexplainable",
    "ModelsUnwritable",
    "NameTaken",
    "OutputBusy",
    "OutputClosed",
    "OutputFailed",
    "PlanDiffers",
    "RecipeInvalid",
    "RecordsFailed",
    "RemovalFailed",
    "ReviewMissing",
    "RowUnreadable",
    "RowsInvalid",
    "StorageUnreachable",
    "TextWithoutVerdict",
    "TextsShared",
    "TooFewTexts",
    "TrainingBusy",
    "TrainingStopped",
    "TrainingUnavailable",
    "TrainingUnfinished",
    "UsageProblem",
    "WordUnknown",
    "WorkerLost",
    "and_more",
]
