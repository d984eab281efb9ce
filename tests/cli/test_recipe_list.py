from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from imdbsent.training.recipes import BUCKETED, CLASSIC, FLAGSHIP, RECIPES, SETTINGS


def cells(out: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("│┃").split("│")] for line in out.splitlines() if line[:1] == "│"]


def test_every_field_of_every_recipe_is_listed(run) -> None:
    result = run("train", "--list")
    assert (result.code, result.err) == (0, "")
    rows = {row[0]: row[1:3] for row in cells(result.out)}
    assert list(rows) == list(SETTINGS)
    assert rows["vocabulary_size"] == ["10,000", "10,000"]
    assert rows["learning_rate"] == ["0.001", "0.001"]
    assert rows["bucketed"] == ["no", "yes"]


@pytest.mark.parametrize("width", [80, 140])
def test_the_list_fits_the_terminal_and_is_a_line_a_field(run, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = run("train", "--list", "--epochs", "3").out
    assert len(cells(out)) == len(SETTINGS)
    assert all(len(line) <= width for line in out.splitlines())
    assert ("meaning" in out) == (width == 140)


def test_a_recipe_of_ones_own_stands_behind_them(run, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('base = "classic"\nunits = 7\n')
    out = run("train", "--list", "--recipe", str(path)).out
    assert "mine *" in out
    assert "* would be trained" in out
    assert next(row for row in cells(out) if row[0] == "units")[1:5] == ["100", "100", "64", "7"]


def test_json_is_an_array_of_recipes(run) -> None:
    assert json.loads(run("train", "--list", "--format", "json").out) == [asdict(r) for r in RECIPES.values()]
    listed = json.loads(run("train", "--list", "--recipe", "bucketed", "--epochs", "3", "--format", "json").out)
    named = (CLASSIC, BUCKETED, FLAGSHIP)
    assert listed == [*map(asdict, named), asdict(replace(BUCKETED, epochs=3))]


def test_nothing_is_trained_and_no_data_are_looked_for(run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMDBSENT_OFFLINE", "1")
    assert run("train", "--list").code == 0
    assert not home.exists()
