from __future__ import annotations

import csv
import html
import importlib.util
import os
import random
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import numpy as np
import pytest
import typer

DOCS = Path(__file__).parent.parent / "docs"
sys.path.insert(0, str(DOCS))

import generate  # noqa: E402
import pictures  # noqa: E402
import python_page  # noqa: E402
import site_pages  # noqa: E402
import transcript  # noqa: E402

NUMBER = r"\d+([.,]\d+)*(e-\d+)?"
COMMANDS = dict(generate.commands())
PAGE = generate.PAGE.read_text("utf-8")
PAGES = [*sorted(DOCS.glob("*.md")), DOCS.parent / "README.md", DOCS.parent / "SECURITY.md"]


def cannot_run(reason: str) -> NoReturn:
    """Skip a test for want of something, with the reason; in CI, where nothing may be wanting, fail."""
    if os.environ.get("CI", "").lower() not in ("", "0", "false"):
        pytest.fail(f"{reason} (CI is set: this test must run)")
    pytest.skip(reason)


def require_layout() -> None:
    """Pages are compared only with the versions of Typer and Rich that laid them out."""
    if generate.versions() not in PAGE:
        (made,) = re.findall("<!-- (.*) -->", PAGE)
        cannot_run(f"docs/commands.md is {made}; here it would be {generate.versions()}. Type: make docs")


@pytest.fixture
def archive() -> Path:
    """The real archive."""
    shared = DOCS.parent.parent / "shared" / "data" / "aclImdb_v1.tar.gz"
    path = Path(os.environ.get("IMDBSENT_ACLIMDB", shared))
    if not path.exists():
        cannot_run(f"the real archive is not at '{path}'. Set IMDBSENT_ACLIMDB to aclImdb_v1.tar.gz")
    return path


def examples(name: str) -> list[str]:
    """The examples of a command: the lines of its help that are to be typed."""
    lines = [line.strip() for line in (COMMANDS[name].help or "").splitlines()]
    return [line for line in lines if re.search(r"(^|\| |\$\()imdbsent ", line)]


def invocations(example: str) -> list[list[str]]:
    """The arguments of each `imdbsent` in a line for the shell."""
    found: list[list[str]] = []
    current: list[str] | None = None
    flat = re.sub(r'"?\$\(([^()]*)\)"?', r" && \1 && ", example.replace("2>&1", ""))
    for word in shlex.split(flat):
        if word in ("|", "&&", ">", "<"):
            current = None
        elif word == "imdbsent" and current is None:
            current = []
            found.append(current)
        elif current is not None:
            current.append(word)
    return found


def test_the_page_of_commands_is_what_the_help_says():
    require_layout()
    assert generate.page() == PAGE, "docs/commands.md is not up to date. Type: make docs"


def test_the_light_installation_is_every_dependency_but_those_of_training():
    assert generate.light_requirements() == generate.LIGHT.read_text("utf-8"), "Type: python docs/generate.py"
    names = [line for line in generate.LIGHT.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert "onnxruntime>=1.19" in names
    assert not [name for name in names if re.match("(tensorflow|onnx)[^a-z]", name)]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_each_of_its_options_is_documented(name: str):
    (section,) = re.findall(rf"^## {name}\n\n```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for parameter in COMMANDS[name].params:
        if parameter.param_type_name != "option" or getattr(parameter, "hidden", False):
            continue
        for option in parameter.opts:
            assert option in section.split(), f"docs/commands.md lacks {option}. Type: make docs"


def test_the_page_of_the_python_classes_is_what_their_docstrings_say():
    assert python_page.page() == generate.PYTHON.read_text("utf-8"), "docs/python.md is not up to date. Type: make docs"


def test_every_public_name_of_the_package_is_on_the_page():
    import imdbsent

    described = {name for module, name, _ in python_page.CONTENTS if module == "imdbsent"}
    assert described == set(imdbsent.__all__) - {"__version__"}


def test_the_site_and_the_page_of_contents_have_every_page():
    pages = {path.name for path in DOCS.glob("*.md")}
    on_site = set(re.findall(r": (\S+\.md)$", (DOCS.parent / "mkdocs.yml").read_text("utf-8"), re.MULTILINE))
    assert on_site == pages | set(site_pages.PAGES.values())
    linked = {Path(path).name for path, _ in links(DOCS / "index.md")}
    assert linked >= pages - {"index.md"} | set(site_pages.PAGES)


@pytest.mark.parametrize(
    ("folder", "link", "on_site"),
    [
        ("docs", "[a](train.md#recipes)", "[a](train.md#recipes)"),
        ("docs", "[a](../README.md#limits)", "[a](readme.md#limits)"),
        ("docs", "see [`errors.py`](../imdbsent/errors.py).", "see `errors.py`."),
        ("docs", "[a](#recipes) [b](https://x.org/a.md)", "[a](#recipes) [b](https://x.org/a.md)"),
        ("", "![a](docs/pictures/a.svg)", "![a](pictures/a.svg)"),
        ("", '<img src="docs/pictures/a.svg">', '<img src="pictures/a.svg">'),
        ("", "[MIT](LICENSE)", "MIT"),
    ],
)
def test_the_site_has_links_to_its_own_pages_only(folder: str, link: str, on_site: str):
    page = SimpleNamespace(file=SimpleNamespace(src_path="train.md" if folder else "readme.md"))
    assert site_pages.on_page_markdown(link, page) == on_site


def links(page: Path) -> list[tuple[str, str]]:
    """The links of a page to files of this repository: the path, and the heading."""
    prose = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    found = re.findall(r"\]\(([^)\s]+)\)", prose) + re.findall(r'\b(?:src|srcset|href)="([^"]+)"', prose)
    return [(path, heading) for path, _, heading in (link.partition("#") for link in found) if ":" not in path]


def anchors(page: Path) -> set[str]:
    """The headings of a page, as they are linked to."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_to_a_file_or_a_heading_leads_somewhere(page: Path):
    for path, heading in links(page):
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name} links to {path}"
        assert not heading or heading in anchors(target), f"{page.name} links to {path}#{heading}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_path_of_the_package_and_of_the_tests_is_there(page: Path):
    for path in re.findall(r"`((?:imdbsent|tests|benchmarks|docs)/[\w./]+?)(?:::\w+)?`", page.read_text("utf-8")):
        assert (DOCS.parent / path).exists() or page.name == "contributing.md", f"{page.name} names {path}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_module_of_the_package_that_a_page_names_is_there(page: Path):
    for name in re.findall(r"`(imdbsent(?:\.\w+)+)`", page.read_text("utf-8")):
        *parents, last = name.split(".")
        package = DOCS.parent.joinpath(*parents)
        is_module = (package / f"{last}.py").exists() or (package / last).exists()
        sources = [path.read_text() for path in (package.with_suffix(".py"), package / "__init__.py") if path.exists()]
        assert is_module or any(re.search(rf"\b{last}\b", source) for source in sources), f"{page.name}: {name}"


def test_the_page_documents_no_command_that_is_gone():
    assert re.findall(r"^## (imdbsent.*)$", PAGE, re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_of_itself_and_one_together_with_others(name: str):
    path = name.split()[1:]
    mine = [line for line in examples(name) if any(words[: len(path)] == path for words in invocations(line))]
    assert mine, f"{name} --help has no example"
    assert any(re.search(r"\| | && |\$\(", line) for line in mine), f"{name} --help has no example with a pipe"


@pytest.mark.parametrize("example", [line for name in COMMANDS for line in examples(name)])
def test_every_example_is_a_command_that_can_be_typed(example: str):
    assert invocations(example)
    for words in invocations(example):
        name = "imdbsent"
        while words and f"{name} {words[0]}" in COMMANDS:
            name = f"{name} {words.pop(0)}"
        COMMANDS[name].make_context(name, words)  # parses, and raises where there is no such option or value


def typed(page: Path) -> list[str]:
    """The lines of a page that are to be typed and run `imdbsent`."""
    blocks = re.findall(r"^ *```(?:sh|console)?\n(.*?)^ *```$", page.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.removeprefix("$ ") for line in lines if re.match(r"(\$ )?([^#]*\| )?imdbsent \w", line)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_on_a_page_can_be_typed(page: Path):
    for line in typed(page):
        for words in invocations(line.partition("  #")[0].rstrip().partition(" # ")[0]):
            name = "imdbsent"
            while words and f"{name} {words[0]}" in COMMANDS:
                name = f"{name} {words.pop(0)}"
            assert name != "imdbsent" or words[0].startswith("-"), line
            COMMANDS[name].make_context(name, words)


@pytest.mark.parametrize(("ci", "outcome"), [(None, pytest.skip), ("false", pytest.skip), ("true", pytest.fail)])
def test_what_is_missing_skips_a_test_with_its_reason_and_fails_it_in_ci(
    ci: str | None, outcome: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.delenv("CI", raising=False)
    if ci is not None:
        monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome.Exception, match="no archive"):
        cannot_run("there is no archive")


def test_an_example_that_cannot_be_typed_would_be_found():
    with pytest.raises(typer.BadParameter.__mro__[1]):
        COMMANDS["imdbsent inspect words"].make_context("words", ["--sort", "beauty"])


def test_every_exit_code_is_documented():
    from imdbsent.errors import ExitCode

    for code in ExitCode:
        assert re.search(rf"^\| {int(code)} \| \S.*\|$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("name", pictures.COMMANDS)
def test_every_picture_is_drawn_for_light_and_dark_pages_and_small(name: str):
    beginning = " ".join(pictures.COMMANDS[name][1].split()[:3])
    for theme in pictures.THEMES:
        svg = (pictures.FOLDER / f"{name}-{theme}.svg").read_text("utf-8")
        assert beginning in html.unescape(svg).replace("\xa0", " ")
        assert len(svg) < 100_000
        assert "@font-face" not in svg  # a picture in a page loads no font from elsewhere


def test_every_picture_is_on_a_page_and_up_to_date():
    require_layout()
    drawn = {path.name for path in pictures.FOLDER.glob("*.svg")}
    assert drawn == {f"{name}-{theme}.svg" for name in pictures.COMMANDS for theme in pictures.THEMES}
    shown = {Path(path).name for page in PAGES for path, _ in links(page) if path.endswith(".svg")}
    assert shown == drawn
    for theme, svg in pictures.pictures("predict").items():
        assert (pictures.FOLDER / f"predict-{theme}.svg").read_text("utf-8") == svg, "out of date. Type: make docs"


def test_a_line_of_dots_in_the_tutorial_keeps_its_place(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(transcript, "printed", lambda _command, width: f"a\nb\nc\nd {width}\n")
    page = "x\n```console\n$ imdbsent inspect words\nold\n...\nold\n```\ny\n```console\n$ imdbsent\n```\n"
    assert transcript.rerun(page) == (
        "x\n```console\n$ imdbsent inspect words\na\n...\nd 100\n```\ny\n```console\n$ imdbsent\na\nb\nc\nd 100\n```\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize("path", transcript.PAGES, ids=lambda path: path.stem)
def test_a_page_shows_what_its_commands_print(path: Path):
    require_layout()
    page = path.read_text("utf-8")
    assert transcript.rerun(page) == page, f"docs/{path.name} is not up to date. Type: python docs/transcript.py"


def label_some(path: Path, labels: dict[str, str]) -> None:
    """Label 100 of the texts that have no label, as the page says: the first 50, and 50 of the others."""
    with path.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    unlabeled = [row for row in rows if not row["label"]]
    others = unlabeled[50:]
    for row in [*unlabeled[:50], *others[:: len(others) // 50][:50]]:
        row["label"] = labels[row["text"]]
    write_table(path, rows)


def write_table(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def as_pattern(shown: str) -> str:
    """A line of a page as a regular expression: the dots stand for anything, and the numbers may be others."""
    parts = [re.escape(without_figures(part)) for part in shown.split("...")]
    return ".*".join(parts)


def without_figures(line: str) -> str:
    """A line with 0 for each number, whose length then does not matter in a table either."""
    return re.sub(" +", " ", re.sub(NUMBER, "0", line))


@pytest.mark.slow
def test_the_loop_of_your_labels_runs_as_its_page_says(run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for library in ("keras", "onnx"):
        if importlib.util.find_spec(library) is None:
            cannot_run(f"{library} is not installed")
    from benchmarks.fine_tuning import support_desk

    texts = support_desk(7, 600)
    random.Random(7).shuffle(texts)
    names = ("negative", "positive")
    labels = {text["text"]: names[text["label"]] for text in texts}
    write_table(tmp_path / "pool.csv", [{"id": f"T-{i}", "text": one["text"]} for i, one in enumerate(texts[:500], 1)])
    write_table(tmp_path / "test.csv", [{"label": labels[one["text"]], "text": one["text"]} for one in texts[500:]])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    page = (DOCS / "your-labels.md").read_text("utf-8")
    blocks = re.findall(r"```console\n\$ ([^\n]*)\n(.*?)```\n", page, re.DOTALL)
    assert len(blocks) == 10
    for command, shown in blocks:
        if "--learning-curve" in command:  # fifteen trainings; tests/cli/test_train_tuned.py has what it prints
            continue
        if command.startswith("imdbsent train"):
            label_some(tmp_path / "labels.csv", labels)
        program, *arguments = shlex.split(command)
        if program == "imdbsent":
            done = run(*arguments)
            assert done.code == 0, done.err
            output = done.out + done.err
        else:
            output = subprocess.run([program, *arguments], capture_output=True, text=True, check=True).stdout
        printed = [without_figures(line).rstrip() for line in output.splitlines()]
        for line in shown.splitlines():
            assert any(re.fullmatch(as_pattern(line), one) for one in printed), f"{command}: {line}\n{printed}"


def test_the_table_of_recipes_has_every_field_with_what_it_may_be():
    from imdbsent.training.recipes import RECIPES, SETTINGS

    page = (DOCS / "formats.md").read_text("utf-8")
    for field, (kind, setting) in SETTINGS.items():
        (row,) = re.findall(rf"^\| `{field}` \|.*\| (.*) \|$", page, re.MULTILINE)
        numbers = [float(number.replace(",", "")) for number in re.findall(r"\d[\d,.]*\d|\d", row)]
        assert numbers == ([setting.low, setting.high] if kind in (int, float) else [])
        assert all(f"`{choice}`" in row for choice in setting.choices)
    (base,) = re.findall(r"^\| `base` \|(.*)$", page, re.MULTILINE)
    assert all(f"`{name}`" in base for name in RECIPES)


@pytest.mark.slow
def test_the_python_of_the_tutorial_runs_from_the_top_to_the_end(capsys: pytest.CaptureFixture[str], monkeypatch: Any):
    keras = pytest.importorskip("keras", reason="keras is not installed in the light environment")
    reviews = [[1, 4, 5, 6] * (1 + 150 * (number % 2)) for number in range(20)]  # short ones, and ones that are cut
    arrays = np.array(reviews, dtype=object), np.array([0, 1] * 10)
    monkeypatch.setattr(keras.datasets.imdb, "load_data", lambda num_words: (arrays, arrays))
    monkeypatch.setattr(keras.datasets.imdb, "get_word_index", lambda: {"the": 1, "and": 2, "a": 3})
    fit = keras.Sequential.fit
    monkeypatch.setattr(keras.Sequential, "fit", lambda self, *data, epochs, **more: fit(self, *data, epochs=1, **more))
    code = "\n".join(re.findall(r"```python\n(.*?)```", transcript.PAGE.read_text("utf-8"), re.DOTALL))
    exec(compile(code, "tutorial.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "the and a" in printed
    assert "Total params: 373,301" in printed
    assert "accuracy" in printed.splitlines()[-1]


@pytest.mark.real
def test_the_tutorial_shows_what_its_commands_print(archive: Path, monkeypatch: pytest.MonkeyPatch):
    require_layout()
    monkeypatch.setenv("IMDBSENT_ACLIMDB", str(archive))
    page = transcript.PAGE.read_text("utf-8")
    assert transcript.rerun(page) == page, "docs/tutorial.md is not up to date. Type: python docs/transcript.py"
