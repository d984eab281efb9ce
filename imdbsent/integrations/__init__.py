"""The classifier inside other engines: Ray Data, Spark, Daft, or whatever gives batches of rows to Python.

>>> from imdbsent.integrations import BatchClassifier, pack
>>> classify = BatchClassifier(pack())

None of those engines is imported here, nor needed.
"""

from imdbsent.integrations.batches import PREDICT_DDL, VERDICT_DDL, BatchClassifier
from imdbsent.integrations.packing import PackedModel, pack

__all__ = ["PREDICT_DDL", "VERDICT_DDL", "BatchClassifier", "PackedModel", "pack"]
