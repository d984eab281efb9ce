from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imdbsent.evaluation.html import as_html
from imdbsent.evaluation.metrics import REPORTED
from imdbsent.evaluation.report import Answers, report
from imdbsent.reading.labeled import Example, Examples
from tests.chromium import ENTER, TAB, Chromium, Page, needs_chromium
from tests.evaluation.example_report import answers, examples, two_models
from tests.pages import Elements, contrast, luminance


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text("".join(as_html(two_models())), encoding="utf-8")
    return path


def test_the_page_is_well_formed_and_every_text_is_escaped() -> None:
    elements = Elements("".join(as_html(two_models())))
    assert elements.open == []
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"script", "img", "iframe", "object", "embed", "em", "b", "i"}
    assert {"svg", "table", "details", "nav", "main"} <= tags
    for _, attributes in elements.found:
        assert not any(name.startswith("on") or name in ("src", "srcset", "style") for name in attributes)
        assert (attributes.get("href") or "#").startswith(("#", "data:,"))
    identifiers = {attributes["id"] for _, attributes in elements.found if "id" in attributes}
    for _, attributes in elements.found:
        link = attributes.get("href") or ""
        assert not link.startswith("#") or link[1:] in identifiers


def test_the_page_has_the_figures_of_the_report() -> None:
    made = two_models()
    page = "".join(as_html(made))
    for model in made.models:
        for metric in REPORTED:
            assert metric.label in page
            assert metric.show(model.metrics[metric.key]) in page
        for mistake in model.mistakes:
            assert f"{mistake.probability:.4f}" in page
    assert page.count('role="img"') == 3
    assert "by &lt;b&gt;&quot;hand&quot;&lt;/b&gt;" in page


def test_the_curves_go_from_corner_to_corner_and_are_drawn_once_a_spot() -> None:
    n = 30_000
    labels = np.arange(n) % 2
    items = examples(2)
    many = replace(items, items=tuple(replace(items.items[label], stars=None) for label in labels))
    random = np.random.default_rng(0)
    made = report(many, [replace(answers("m", items, 1, 1), probabilities=random.random(n))], mistakes=0)
    page = "".join(as_html(made))
    path = re.search(r'<path class="line s0" d="M48 252L([^"]*)L350 12"/>', page)
    assert path, "the ROC curve"
    assert path[1].count("L") < 1_500
    assert "Accuracy by stars" not in page
    assert "Side by side" not in page
    assert "Most confident mistakes" not in page


@pytest.mark.parametrize(("words", "is_cut"), [(2, False), (18, False), (19, True), (400, True)])
def test_a_text_ends_in_dots_only_if_it_is_cut(words: int, is_cut: bool) -> None:
    text = ("good " * words).strip()  # 18 words have 89 characters, 19 have 94
    items = Examples((Example(text, 0, "line 1", None),), "mine.csv")
    page = "".join(as_html(report(items, [Answers("m", "", 0.5, np.array([0.9]), 0)], mistakes=1)))
    summary = re.search(r"<summary>line 1.*?<bdi>(.*?)</bdi>", page)
    assert summary
    assert summary[1].endswith("…") is is_cut
    assert summary[1].rstrip("…") in text


def test_of_one_class_there_is_a_page_too() -> None:
    items = examples(10)
    positive = replace(items, items=tuple(replace(item, label=1) for item in items.items), split=None)
    page = "".join(as_html(report(positive, [answers("m", positive, 1, 0.5)], mistakes=1)))
    assert Elements(page).open == []
    assert "undefined" in page
    assert "weights" not in page


def test_on_the_train_split_the_page_says_that_models_have_seen_it() -> None:
    assert "what they remember" in "".join(as_html(replace(two_models(), split="train")))
    assert "what they remember" not in "".join(as_html(two_models()))


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [360, 1000])
def test_a_browser_asks_for_nothing_complains_of_nothing_and_scrolls_down_alone(
    browser: Chromium, page_file: Path, width: int, dark: bool
) -> None:
    page = Page(browser, page_file.as_uri(), width=width, dark=dark)
    page.evaluate("document.querySelectorAll('details').forEach(folded => folded.open = true)")
    assert page.evaluate("window.innerWidth") == width
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.title").endswith("on IMDB reviews, <i>test</i>")
    assert page.evaluate("document.scripts.length + document.images.length") == 0
    assert page.requests() == [page_file.as_uri()]
    assert page.complaints() == []


@needs_chromium
def test_a_request_or_a_complaint_would_be_seen(browser: Chromium, tmp_path: Path) -> None:
    """The test above can fail: a page with a picture, a script that throws and a line too wide shows all three."""
    wide = tmp_path / "wide.html"
    wide.write_text("<img src='none.png'><script>throw 1</script><pre>" + "wide " * 200, encoding="utf-8")
    page = Page(browser, wide.as_uri(), width=360)
    assert len(page.requests()) == 2
    assert page.complaints()
    assert page.evaluate("document.documentElement.scrollWidth") > 360


@needs_chromium
def test_colors_follow_the_readers_choice_and_contrast_with_the_page(browser: Chromium, page_file: Path) -> None:
    backs = []
    for dark in (False, True):
        page = Page(browser, page_file.as_uri(), dark=dark)
        back = page.evaluate("getComputedStyle(document.body).backgroundColor")
        backs.append(back)
        for selector, attribute, least in (
            ("body", "color", 7),
            (".tick", "fill", 4.5),
            ("thead th", "color", 4.5),
            ("nav a", "color", 4.5),
            ("summary bdi", "color", 4.5),
            (".line.s0", "stroke", 3),
            (".line.s1", "stroke", 3),
        ):
            color = page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).{attribute}")
            assert contrast(color, back) >= least, (selector, dark)
    assert luminance(backs[0]) > 0.9
    assert luminance(backs[1]) < 0.1


@needs_chromium
def test_the_keyboard_reaches_everything_and_opens_what_is_folded(browser: Chromium, page_file: Path) -> None:
    page = Page(browser, page_file.as_uri(), width=360)
    reachable = page.evaluate("document.querySelectorAll('a, summary, [tabindex]').length")
    hidden = page.evaluate("document.querySelectorAll('details:not([open]) [tabindex]').length")
    page.evaluate("window.reached = new Set()")
    page.press("Tab", TAB)
    assert page.evaluate("document.activeElement.textContent") == "Skip to the figures"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    for _ in range(reachable - hidden):
        page.evaluate("reached.add(document.activeElement)")
        page.press("Tab", TAB)
    assert page.evaluate("reached.size") == reachable - hidden
    page.evaluate("document.querySelector('#mistakes summary').focus()")
    page.press("Enter", ENTER)
    assert page.evaluate("document.querySelector('#mistakes details').open") is True
