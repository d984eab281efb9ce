from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from imdbsent.explain.page import OPEN
from tests.chromium import ENTER, TAB, Chromium, Page, needs_chromium
from tests.explain.examples import HOSTILE, TEXTS, explain, page_of
from tests.pages import Elements, contrast, luminance


@pytest.fixture
def page_file(tmp_path: Path) -> Path:
    path = tmp_path / "why.html"
    path.write_text(page_of([*TEXTS, *["great"] * OPEN], 'my "<i>model</i>"'), encoding="utf-8")
    return path


def test_the_page_is_well_formed_and_every_text_is_escaped() -> None:
    elements = Elements(page_of(TEXTS, 'my "<i>model</i>"'))
    assert elements.open == []
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"script", "img", "iframe", "object", "embed", "br", "b", "i"}
    identifiers = {attributes["id"] for _, attributes in elements.found if "id" in attributes}
    for _, attributes in elements.found:
        assert not any(name.startswith("on") or name in ("src", "srcset", "style") for name in attributes)
        link = attributes.get("href") or "#texts"
        assert link == "data:," or link[1:] in identifiers
        assert attributes.get("aria-labelledby", "texts") in identifiers


def test_the_page_has_each_text_as_it_was_written_with_its_numbers() -> None:
    page = page_of(TEXTS)
    texts = re.findall(r'<p class="text" dir="auto">(.*?)</p>', page, re.DOTALL)
    assert [html.unescape(re.sub("<[^>]*>", "", text)).replace("\ufffd", "\0") for text in texts] == TEXTS
    for explanation in explain(TEXTS):
        parts = explanation.breakdown
        if parts is not None:
            assert f"<dd>= {parts.logit:+.3f}</dd>" in page
            assert f"P {explanation.prediction.probability:.4f}</h2>" in page
            for token in parts.tokens:
                number = f"{token.contribution:+.3f}" if token.status in ("known", "rare") else "not read"
                written = html.escape(parts.text[token.start : token.end]).replace("\0", "\ufffd")
                assert re.search(f'title="{re.escape(number)}">{re.escape(written)}</span>', page)


def test_without_a_verdict_the_page_says_why() -> None:
    page = page_of(["", "zebra"])
    assert "1. no verdict: blank</h2>" in page
    assert "2. no verdict: no known words</h2>" in page
    assert Elements(page_of([])).open == []


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
    assert page.evaluate("document.title") == 'Which words moved the verdict of my "<i>model</i>"'
    assert page.evaluate("document.scripts.length + document.images.length") == 0
    assert page.evaluate("document.querySelectorAll('.text')[1].textContent") == HOSTILE.replace("\0", "\ufffd")
    assert page.requests() == [page_file.as_uri()]
    assert page.complaints() == []


@needs_chromium
def test_every_color_can_be_read_by_day_and_by_night(browser: Chromium, page_file: Path) -> None:
    backs = []
    for dark in (False, True):
        page = Page(browser, page_file.as_uri(), dark=dark)
        body = page.evaluate("getComputedStyle(document.body).backgroundColor")
        backs.append(body)
        for selector in (".p1", ".p2", ".p3", ".p4", ".n1", ".n2", ".n3", ".n4"):
            style = f"getComputedStyle(document.querySelector('.key {selector}'))"
            color, back = page.evaluate(f"{style}.color"), page.evaluate(f"{style}.backgroundColor")
            assert contrast(color, back) >= 4.5, (selector, dark)
        for selector in (".unread", "h2 .positive", "h2 .negative", ".sum dt", ".remark"):
            color = page.evaluate(f"getComputedStyle(document.querySelector('{selector}')).color")
            assert contrast(color, body) >= 4.5, (selector, dark)
    assert luminance(backs[0]) > 0.9
    assert luminance(backs[1]) < 0.1


@needs_chromium
def test_the_stronger_a_word_the_further_its_color_is_from_the_page(browser: Chromium, page_file: Path) -> None:
    for dark in (False, True):
        page = Page(browser, page_file.as_uri(), dark=dark)
        body = page.evaluate("getComputedStyle(document.body).backgroundColor")
        for side in "pn":
            backs = [
                page.evaluate(f"getComputedStyle(document.querySelector('.key .{side}{strong}')).backgroundColor")
                for strong in range(1, 5)
            ]
            distances = [contrast(back, body) for back in backs]
            assert distances == sorted(distances), (side, dark)
            assert distances[0] > 1


@needs_chromium
def test_the_keyboard_reaches_everything_and_opens_what_is_folded(browser: Chromium, page_file: Path) -> None:
    page = Page(browser, page_file.as_uri(), width=360)
    assert page.evaluate("document.querySelectorAll('details[open]').length") == OPEN
    reachable = page.evaluate("document.querySelectorAll('a, summary, [tabindex]').length")
    hidden = page.evaluate("document.querySelectorAll('details:not([open]) [tabindex]').length")
    assert hidden > 0
    page.evaluate("window.reached = new Set()")
    page.press("Tab", TAB)
    assert page.evaluate("document.activeElement.textContent") == "Skip to the texts"
    for _ in range(reachable - hidden):
        page.evaluate("reached.add(document.activeElement)")
        page.press("Tab", TAB)
    assert page.evaluate("reached.size") == reachable - hidden
    page.evaluate("document.querySelector('details:not([open]) summary').focus()")
    page.press("Enter", ENTER)
    assert page.evaluate("document.querySelectorAll('details[open]').length") == OPEN + 1
