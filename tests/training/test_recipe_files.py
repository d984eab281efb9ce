from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from imdbsent.errors import ExitCode, RecipeInvalid
from imdbsent.training.recipes import BUCKETED, CLASSIC, FLAGSHIP, RECIPES, Recipe, find_recipe, override, read_recipe

WHOLE = """\
architecture = "classic"
vocabulary_size = 5_000
maximum_length = 200
embedding_size = 16
units = 32
epochs = 2
batch_size = 128
learning_rate = 0.01
bucketed = true
"""


@pytest.fixture
def toml(tmp_path: Path):
    """A file of some TOML: toml(text) -> its path."""

    def write(text: str, name: str = "mine.toml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def problem(path: Path) -> str:
    with pytest.raises(RecipeInvalid) as caught:
        read_recipe(path)
    assert caught.value.exit_code is ExitCode.USAGE
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_found_by_its_name(name: str) -> None:
    assert find_recipe(name) is RECIPES[name]


def test_a_file_has_what_is_different_from_its_base_and_gives_its_name(toml) -> None:
    path = toml('base = "bucketed"\n# fewer\nepochs = 3\nlearning_rate = 1\n')
    recipe = find_recipe(str(path))
    assert recipe == replace(BUCKETED, name="mine", epochs=3, learning_rate=1.0)
    assert isinstance(recipe.learning_rate, float)


def test_a_file_may_have_every_field_and_no_base(toml) -> None:
    assert read_recipe(toml(WHOLE)) == Recipe("mine", "classic", 5_000, 200, 16, 32, 2, 128, 0.01, True)


@pytest.mark.parametrize("recipe", [CLASSIC, FLAGSHIP])
def test_a_file_of_an_earlier_version_has_a_scheme(toml, recipe: Recipe) -> None:
    scheme = {"classic": "keras", "flagship": "words"}[recipe.architecture]
    fields = {**asdict(recipe), "scheme": scheme}
    del fields["architecture"]
    assert read_recipe(toml("".join(f"{name} = {json.dumps(value)}\n" for name, value in fields.items()))) == recipe
    base = "flagship" if recipe is CLASSIC else "bucketed"
    changed = read_recipe(toml(f'base = "{base}"\nscheme = "{scheme}"\nname = "x"\n'))
    assert changed == replace(RECIPES[base], name="x", architecture=recipe.architecture)


def test_a_file_may_have_a_name(toml) -> None:
    assert read_recipe(toml('base = "classic"\nname = "small"\n', "with blanks.toml")).name == "small"


def test_a_file_may_end_its_lines_as_windows_does(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b'base = "classic"\r\nepochs = 0\r\n')
    assert "line 2" in problem(path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('base = "classic"\n\nepochs = 0\n', "line 3 of '{}': epochs is 0, not a whole number from 1 to 1,000"),
        ('base = "classic"\n"epochs" = "ten"\n', "line 2 of '{}': epochs is 'ten', not a whole number"),
        ('base = "classic"\nepochs.x = 1\n', "line 2 of '{}': epochs is {{'x': 1}}, not"),
        ('base = "classic"\n[epochs]\nx = 1\n', "line 2 of '{}': epochs is {{'x': 1}}, not"),
        ('base = "classic"\nbucketed = 1\n', "line 2 of '{}': bucketed is 1, not true or false"),
        ('base = "classic"\nlearning_rate = nan\n', "line 2 of '{}': learning_rate is nan, not a number from"),
        ('base = "classic"\narchitecture = "x"\n', "line 2 of '{}': architecture is 'x', not 'classic' or 'flagship'"),
        ('epoch = 3\nbase = "classic"\n', "line 1 of '{}': a recipe has no field 'epoch'; the closest is 'epochs'"),
        ('base = "classic"\nzzz = 3\n', "line 2 of '{}': a recipe has no field 'zzz'; there are base, name, archi"),
        ("# \nbase = 'clasic'\n", "line 2 of '{}': there is no recipe 'clasic'; the closest is 'classic'"),
        ("base = 1\n", "line 1 of '{}': there is no recipe 1"),
        ('base = "classic"\nname = "../up"\n', "line 2 of '{}': '../up' cannot be a name"),
        ("epochs = 3\n", "'{}' lacks architecture, vocabulary_size, maximum_length"),
        ("", 'add them, or base = "classic" for the rest'),
        ("epochs = = 3\n", "'{}' is not TOML: Invalid value (at line 1, column 10)"),
        ("base = 'classic'\nvocabulary_size = 1000000\nembedding_size = 4096", "'{}': its weights would take 16.4 GB"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_file_line_and_field(toml, text: str, said: str) -> None:
    path = toml(text)
    message = problem(path)
    assert said.format(path) in message
    assert message.endswith(f"Type: imdbsent train --list --recipe '{path}'")


def test_what_is_no_text_is_told_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(b'base = "classic"\n# caf\xe9\n')
    assert f"line 2 of '{path}' is not UTF-8" in problem(path)


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert "No such file" in problem(tmp_path / "none.toml")
    assert "Is a directory" in problem(tmp_path)
    (tmp_path / "large.toml").write_bytes(b"#" * (2**20 + 1))
    assert "larger than" in problem(tmp_path / "large.toml")


def test_a_name_that_there_is_not_is_told_with_the_nearest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeInvalid, match="no recipe 'clasic'; the closest is 'classic'"):
        find_recipe("clasic")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text('base = "classic"')
    with pytest.raises(RecipeInvalid, match=r"Type: imdbsent train --recipe '\./mine'"):
        find_recipe("mine")
    assert find_recipe("./mine") == replace(CLASSIC, name="mine")


def test_an_override_keeps_the_name() -> None:
    assert override(CLASSIC, {"epochs": 3}) == replace(CLASSIC, epochs=3)
