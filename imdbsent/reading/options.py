from __future__ import annotations

from dataclasses import dataclass, field

from imdbsent.option_fields import Engine, option
from imdbsent.reading.detect import FileFormat, parse_format


@dataclass(frozen=True)
class ReadOptions:
    input_format: str | None = None
    text_column: str | None = None
    id_column: str | None = field(default=None, metadata=option("--id-column", decides_bytes=True))
    kept: tuple[str, ...] = field(default=(), metadata=option("--keep", decides_bytes=True))
    skip_bad: bool = False
    whole: bool = field(default=False, metadata=option("--whole", engine=Engine.LOCAL))
    def __post_init__(self):
        self.format
    @property
    def format(self) -> FileFormat | None:
        return None if self.input_format is None else parse_format(self.input_format)
    @property
    def names_columns(self) -> bool:
        return bool(self.text_column is not None or self.id_column is not None or self.kept)
