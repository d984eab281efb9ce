"""The shape of the project: what its documents say about it, and the rules for its modules."""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Final

import pytest

from imdbsent import __version__
from imdbsent.cli.app import COMMANDS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "imdbsent"
TRAINING_LIBRARIES = {"keras", "tensorflow", "torch", "onnx"}
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): ast.parse(path.read_text())
    for path in sorted(PACKAGE.rglob("*.py"))
}

_PER: Final = "batch|class|column|command|core|epoch|file|line|list|option|process|record|review|row|run|step|text|word"
UNNATIVE: Final = (
    (r"\b(ladder|climb|nursery|renew(s|ed|al)?|tall(y|ies))\b", "the terms of the field"),
    (r"\b(besides|anew|dear)\b", "also, again, expensive"),
    (r"\bbehind (a|an|the|its|whole|which)\b", "after"),
    (r"\bwhat is left of\b", "the rest of"),
    (r"\bgo(es)? on\b", "resume, continue"),
    (r"\b(is|are) told\b", "is reported, is called with"),
    (r"\bstands?\b(?! for\b| alone\b| still\b)", "is"),
    (r"\boff a terminal\b", "when not on a terminal"),
    (rf"\ban? [a-z]+ an? ({_PER})\b", "one text per line"),
    (rf"\b(words|numbers|texts|rows|lines|figures) an? ({_PER})\b", "words per list"),
    (r"\bonly once it is\b", "only when it is"),
    (r"\bin the place of\b", "instead of"),
    (r"\bsurest\b", "most confident"),
    (r"\b(un)?labelled\b|\blower-cased?\b", "labeled, lowercase"),
    (r"colour|neighbour|honour|\b(licence|behaviour|favourite|centre|grey)\b", "American spelling"),
    (r"\b(recogni|normali|organi|initiali|tokeni|seriali|quanti|optimi)s(e|ed|es|ing|ation)\b", "American spelling"),
)
"""Phrases that read like a translation, words of our own and British spellings, each with what to write."""


def imports(tree: ast.AST) -> Iterator[str]:
    """What a module imports when it runs, in functions too: names of modules, or of what is in them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield from imports(other)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        else:
            yield from imports(node)


def module_of(name: str) -> str | None:
    """The module of the package that an import loads."""
    if name in MODULES:
        return name
    parent = name.rpartition(".")[0]
    return parent if parent in MODULES else None


def test_no_module_imports_itself_through_others() -> None:
    graph = {
        module: {found for name in imports(tree) if (found := module_of(name)) not in (None, module)}
        for module, tree in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError("import circle: " + " <- ".join(error.args[1])) from None


def test_there_are_few_modules() -> None:
    assert len(MODULES) <= 130  # what cannot be understood without another module belongs into it


def test_no_two_public_classes_have_the_same_name() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for module, tree in MODULES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(module)
    assert {name: modules for name, modules in found.items() if len(modules) > 1} == {}


def test_only_training_imports_training_libraries() -> None:
    guilty = {
        (module, name)
        for module, tree in MODULES.items()
        if not module.startswith("imdbsent.training")
        for name in imports(tree)
        if name.partition(".")[0] in TRAINING_LIBRARIES
    }
    assert guilty == set()


def test_what_answering_may_lack_is_imported_where_the_light_tests_look() -> None:
    """`make light` runs the tests of these packages where only requirements/answer.txt is installed."""
    may_lack = {"pyarrow", "python_calamine", "ray", "charset_normalizer"}
    listed = {
        re.split(r"[^a-z0-9]", line)[0]
        for line in (ROOT / "requirements" / "answer.txt").read_text().splitlines()
        if not line.startswith("#")
    }
    found = defaultdict(set)
    for module, tree in MODULES.items():
        for name in imports(tree):
            if (library := name.partition(".")[0]) not in {*sys.stdlib_module_names, "imdbsent", *listed, "urllib3"}:
                found[module.split(".")[1]].add(library)
    found.pop("training")
    assert set().union(*found.values()) == may_lack
    (light,) = re.findall("^LIGHT_TESTS := (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found.keys() <= {path.removeprefix("tests/") for path in light.split()}


def test_the_command_line_has_a_file_per_command_and_its_helpers_start_with_an_underscore() -> None:
    folder = PACKAGE / "cli"
    names = {path.stem for path in folder.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    modules = {command.name: command.module.rpartition(".")[2] for command in COMMANDS}
    assert {name for name in names if not name.startswith("_")} == set(modules.values())
    assert {name for name, module in modules.items() if name != module} == {"help"}  # it shows what `app` knows


def test_readme_and_makefile_install_what_answers_from_the_same_list() -> None:
    install = "pip install -r requirements/answer.txt && pip install --no-deps ."
    assert install in (ROOT / "README.md").read_text()
    assert install in (ROOT / "requirements" / "answer.txt").read_text()
    assert "$(INSTALL) -r requirements/answer.txt " in (ROOT / "Makefile").read_text()


def test_ci_calls_the_readmes_test_command_and_then_all_other_checks() -> None:
    assert "\nmake test\n" in (ROOT / "README.md").read_text()
    ci = (ROOT / ".ci" / "run").read_text()
    assert "\nmake test\n" in ci
    assert "\nmake --old-file=single TESTS=slow check\n" in ci
    (left_out,) = re.findall(r"^make --jobs 2 (.*?)( #.*)?$", ci, re.MULTILINE)
    assert "single" in left_out[0].split()
    pattern = r"^check: (.*) ##.*\n.* --output-sync=target (.*) #"
    makefile = (ROOT / "Makefile").read_text()
    ((first, last),) = re.findall(pattern, makefile, re.MULTILINE)
    assert set(f"{first} {last}".split()) == {"single", "$(TESTS)", "light", "teacher"}
    assert re.search(r"^TESTS \?= all$", makefile, re.MULTILINE)
    # What `make test` leaves out is what `slow` runs, and `all` leaves out nothing.
    runs = dict(re.findall(r"^(test|slow|all): .*\n.*\$\(PYTEST\)(.*) --complete$", makefile, re.MULTILINE))
    assert runs == {"test": ' -m "not slow and not real"', "slow": ' -m "slow or real"', "all": ""}


def test_the_citation_is_of_this_version() -> None:
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text()


def unnative(text: str) -> list[str]:
    """The phrases of a text that a native reader would not write, each with what to write instead."""
    found = [(match, instead) for pattern, instead in UNNATIVE for match in re.finditer(pattern, text, re.IGNORECASE)]
    return [f"line {text.count(chr(10), 0, match.start()) + 1}: {match[0]!r} ({instead})" for match, instead in found]


def test_code_and_docs_are_in_the_words_of_a_native_reader() -> None:
    exempt = {
        "imdbsent/training/distill/grammar.py",  # frozen
        "tests/negation.py",  # texts to judge
        "tests/test_project.py",  # the phrases
    }
    folders = [PACKAGE, ROOT / "tests", ROOT / "benchmarks", ROOT / "docs"]
    paths = [path for folder in folders for suffix in ("py", "md") for path in sorted(folder.rglob(f"*.{suffix}"))]
    paths += [*ROOT.glob("*.md"), ROOT / "pyproject.toml", ROOT / "Makefile"]
    paths = [path for path in paths if str(path.relative_to(ROOT)) not in exempt]
    faults = {str(path.relative_to(ROOT)): found for path in paths if (found := unnative(path.read_text("utf-8")))}
    assert faults == {}


@pytest.mark.parametrize(
    "phrase",
    ["A text a line.", "Words a list.", "renewed", "the run goes on", "where it stands", "behind the mark", "labelled"],
)
def test_a_phrase_of_the_left_column_would_be_found(phrase: str) -> None:
    assert unnative(f"x\n{phrase}")[0].startswith("line 2: ")
