"""Export a model: the whole bundle as a tar, or its network or training history for other programs."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import BinaryIO

from imdbsent.bundle.bundle import HISTORY, NETWORK, Bundle
from imdbsent.bundle.card import CARD, MODEL
from imdbsent.errors import OutputFailed, UsageProblem
from imdbsent.files import new_file
from imdbsent.models import store
from imdbsent.models.install import FILES, pack


class ExportFormat(str, Enum):
    """What to export."""

    TAR = "tar"
    """The whole bundle, for `imdbsent models install`; compressed if the name ends in .gz or .tgz."""
    ONNX = "onnx"
    """The network that answers, from ids to a logit."""
    KERAS = "keras"
    """The network from which training can continue."""
    HISTORY = "history"
    """The metrics of each epoch of training, as JSON."""


_FILES = {ExportFormat.ONNX: MODEL, ExportFormat.KERAS: NETWORK, ExportFormat.HISTORY: HISTORY}
_FORMATS = {".onnx": ExportFormat.ONNX, ".keras": ExportFormat.KERAS, ".json": ExportFormat.HISTORY}
_REMEDIES = {
    ExportFormat.KERAS: "the same command with -o FILE.onnx --format onnx",
    ExportFormat.HISTORY: "imdbsent inspect model --format json, with the name of the model; its card has the epochs",
}


def format_of(output: str) -> ExportFormat:
    """The format that the name of a file implies."""
    return _FORMATS.get(Path(output).suffix.lower(), ExportFormat.TAR)


def export_file(bundle: Bundle, export_format: ExportFormat, output: Path, *, replace: bool) -> None:
    """Write an export to a file, which appears only when complete.

    Args:
        bundle: the model; each exported file is checked against its hash.
        export_format: what to export.
        output: the file.
        replace: whether an existing file may be replaced.

    Raises:
        UsageProblem: the file exists, its folder does not, or the bundle lacks what to export.
        BundleInvalid: the model is damaged.
        OutputFailed: the file cannot be written.
    """
    _check_output(output, replace=replace)
    compressed = output.suffix.lower() in (".gz", ".tgz")
    try:
        with new_file(output, replace=replace) as place, place.open("wb") as stream:
            export_stream(bundle, export_format, stream, compressed=compressed)
    except FileExistsError as error:
        raise _exists(output) from error
    except OSError as error:
        raise OutputFailed(f"{output}: {error.strerror or error}") from error


def export_stream(
    bundle: Bundle, export_format: ExportFormat, stream: BinaryIO, *, compressed: bool = False
) -> None:
    """Write an export to a stream that need not be seekable.

    Raises:
        UsageProblem: the bundle lacks what to export.
        BundleInvalid: the model is damaged; the tar is then incomplete.
        OSError: the stream cannot be written.
    """
    if export_format in _REMEDIES and _FILES[export_format] not in bundle.card.files:
        raise UsageProblem(
            f"the model {bundle.card.name!r} has no {_FILES[export_format]}. Type: {_REMEDIES[export_format]}"
        )
    if export_format is ExportFormat.TAR:
        files = (file for file in FILES if file == CARD or file in bundle.card.files)
        folder = bundle.card.name if store.is_name(bundle.card.name) else "model"
        pack(((file, bundle.read(file)) for file in files), folder, stream, compressed=compressed)
    else:
        stream.write(bundle.read(_FILES[export_format]))


def _check_output(output: Path, *, replace: bool) -> None:
    if output.is_dir():
        raise UsageProblem(f"'{output}' is a folder. Type: -o '{output / 'model.tar'}'")
    if not output.parent.is_dir():
        raise UsageProblem(f"there is no folder '{output.parent}'. Type: mkdir -p '{output.parent}'")
    if output.exists() and not output.is_file():
        raise UsageProblem(f"'{output}' is not a plain file. Type: -o - > '{output}'")
    if not replace and os.path.lexists(output):
        raise _exists(output)


def _exists(output: Path) -> UsageProblem:
    return UsageProblem(f"'{output}' already exists. Type: -o OTHER, or --replace")
