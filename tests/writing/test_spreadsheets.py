from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imdbsent.errors import ExitCode
from imdbsent.records import Prediction
from imdbsent.writing.text import FORMULA_STARTS, NO_COLUMNS, Format, ResultColumns, escape_formula, text_layout
from tests.hostile.texts import FORMULAS
from tests.tiny import TINY


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_gets_an_apostrophe(text: str) -> None:
    assert escape_formula(text) == "'" + text


@pytest.mark.parametrize("text", ["", "great", "1+1", "a=b", "-5", "+3.25", "-1e-3", ".5", "'=1", "(=1)"])
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert escape_formula(text) == text


@given(st.text())
def test_whatever_begins_as_a_formula_is_a_number_or_text(text: str) -> None:
    made = escape_formula(text)
    assert made.removeprefix("'") == text.removeprefix("'") or made == text
    if made[:1] in FORMULA_STARTS and made:
        float(made)


def row(columns: ResultColumns, text: str, *, safe_csv: bool) -> str:
    prediction = Prediction(text, "positive", 0.5, id=text, kept=(text, -5))
    return text_layout(Format.CSV, columns, safe_csv=safe_csv).row(prediction)


def test_csv_guards_whatever_is_the_users() -> None:
    columns = ResultColumns(id=True, kept=("note", "stars"))
    (fields,) = csv.reader(io.StringIO(row(columns, "=1+1", safe_csv=True)))
    assert (fields[0], fields[-3], fields[-2], fields[-1]) == ("'=1+1", "'=1+1", "-5", "'=1+1")
    assert text_layout(Format.CSV, ResultColumns(kept=("=x",)), safe_csv=True).header.split(",")[-2] == "'=x"


def test_without_the_switch_a_text_is_written_as_it_is() -> None:
    (fields,) = csv.reader(io.StringIO(row(NO_COLUMNS, "=1+1", safe_csv=False)))
    assert fields[-1] == "=1+1"


def test_the_switch_is_for_csv_and_tsv(run, tmp_path: Path) -> None:
    (tmp_path / "texts.txt").write_text("=great\n")
    ask = ["predict", "--model", str(TINY), "-f", str(tmp_path / "texts.txt"), "--safe-csv", "-q"]
    assert run(*ask).out.endswith("\t'=great\n")
    assert run(*ask, "--format", "csv").out.endswith(",'=great\n")
    refused = run(*ask, "--format", "jsonl")
    assert refused.code == ExitCode.USAGE
    assert refused.err.endswith("Type: --format csv --safe-csv\n")


def test_a_run_with_the_switch_is_not_resumed_without_it(run, tmp_path: Path) -> None:
    (tmp_path / "texts.csv").write_text("text\n" + "=great\n" * 200 + '"never closed')
    ask = ["predict", "--model", str(TINY), "-f", str(tmp_path / "texts.csv"), "-o", str(tmp_path / "out.csv")]
    assert run(*ask, "--safe-csv").code == ExitCode.USAGE
    assert "was started with --safe-csv yes" in run(*ask, "--resume").err
