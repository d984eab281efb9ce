from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest

from imdbsent.training.recipes import CLASSIC, RECIPES, SETTINGS, Recipe, problem_of_size, problem_of_value


def test_every_field_but_the_name_says_what_it_may_be() -> None:
    assert ["name", *SETTINGS] == [field.name for field in fields(Recipe)]


@pytest.mark.parametrize("name", RECIPES)
def test_the_named_recipes_keep_their_own_rules(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.name == name
    assert [problem_of_value(field, getattr(recipe, field)) for field in SETTINGS] == [None] * len(SETTINGS)
    assert problem_of_size(recipe) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("epochs", 0), ("epochs", 1_001), ("epochs", True), ("epochs", 10.0), ("epochs", "10"), ("epochs", [10]),
        ("units", -1), ("vocabulary_size", 4), ("maximum_length", 0), ("learning_rate", 0.0),
        ("learning_rate", math.nan), ("learning_rate", math.inf), ("learning_rate", True), ("learning_rate", "fast"),
        ("bucketed", 1), ("bucketed", "yes"), ("architecture", "letters"), ("architecture", 1),
    ],
)  # fmt: skip
def test_a_value_that_makes_no_sense_is_named_with_what_would(field: str, value: object) -> None:
    problem = problem_of_value(field, value)
    assert problem is not None
    assert problem.startswith(f"{field} is ")
    assert ", not " in problem


@pytest.mark.parametrize(("field", "value"), [("learning_rate", 1), ("epochs", 1), ("epochs", 1_000), ("units", 4_096)])
def test_a_value_at_the_edge_is_good(field: str, value: object) -> None:
    assert problem_of_value(field, value) is None


def test_a_long_value_is_cut() -> None:
    problem = problem_of_value("epochs", "ten" * 1_000)
    assert problem is not None
    assert len(problem) < 120


def test_a_model_too_large_to_be_written_is_found_out_before_it_is_trained() -> None:
    assert problem_of_size(replace(CLASSIC, vocabulary_size=1_000_000, embedding_size=256)) is None
    problem = problem_of_size(replace(CLASSIC, vocabulary_size=1_000_000, embedding_size=300))
    assert problem is not None
    assert "1.2 GB" in problem
