from __future__ import annotations

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from imdbsent.cli import _input_options as options
from imdbsent.errors import UsageProblem
from imdbsent.reading.options import Escape, Quoting, ReadOptions


def read(*arguments: str) -> ReadOptions:
    found: list[ReadOptions] = []
    app = typer.Typer()

    @app.command()
    def command(
        input_format: options.InputFormatOption = None,
        delimiter: options.DelimiterOption = None,
        encoding: options.EncodingOption = None,
        quoting: options.QuotingOption = None,
        escape: options.EscapeOption = None,
        no_header: options.NoHeaderOption = False,
        text_column: options.TextColumnOption = None,
        label_column: options.LabelColumnOption = None,
        id_column: options.IdColumnOption = None,
        keep: options.KeepOption = None,
        sheet: options.SheetOption = None,
        skip_bad: options.SkipBadOption = False,
        whole: options.WholeOption = False,
    ) -> None:
        found.append(
            options.read_options(
                command="predict", input_format=input_format, delimiter=delimiter, encoding=encoding, quoting=quoting,
                escape=escape, no_header=no_header, text_column=text_column, label_column=label_column,
                id_column=id_column, keep=keep, sheet=sheet, skip_bad=skip_bad, whole=whole,
            )
        )  # fmt: skip

    CliRunner().invoke(app, list(arguments), catch_exceptions=False, standalone_mode=False)
    return found[0]


def test_without_options_everything_is_detected() -> None:
    assert read() == ReadOptions()


def test_every_option_reaches_its_field() -> None:
    assert read(
        "--input-format", "csv", "--delimiter", "semicolon", "--encoding", "latin1", "--quoting", "none", "--escape",
        "backslash", "--no-header", "--text-column", "2", "--label-column", "3", "--id-column", "1", "--keep", "4",
        "--keep", "5", "--skip-bad",
    ) == ReadOptions(
        input_format="csv", delimiter=";", encoding="iso8859-1", quoting=Quoting.NONE, escape=Escape.BACKSLASH,
        header=False, text_column="2", label_column="3", id_column="1", kept=("4", "5"), skip_bad=True,
    )  # fmt: skip
    assert read("--sheet", "2", "--whole") == ReadOptions(sheet="2", whole=True)


def test_what_excludes_each_other_is_an_error() -> None:
    with pytest.raises(UsageProblem, match="--no-header"):
        read("--no-header", "--text-column", "body")


def test_the_options_cost_nothing_to_import() -> None:
    heavy = "numpy pyarrow python_calamine sqlite3 tempfile gzip bz2 zipfile charset_normalizer"
    code = (
        "import sys, typer; before = set(sys.modules); import imdbsent.cli._input_options; "
        f"print(*({{*{heavy.split()!r}}} & (set(sys.modules) - before)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""
