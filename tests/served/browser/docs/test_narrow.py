"""The documentation on a phone, in both languages: nothing is cut off, nothing broken that is one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.served.browser.conftest import OpenPage, broken_words, overflow
from tests.support.gateway import Gateway

SPLIT = """
() => {
  const split = [];
  for (const code of document.querySelectorAll("main tr > :first-child code")) {
    const box = code.parentElement.clientWidth;
    const lines = new Set([...code.getClientRects()].map((rect) => Math.round(rect.top))).size;
    const height = code.getBoundingClientRect().height;
    const whole = code.cloneNode(true);
    whole.style.cssText = "position: absolute; white-space: nowrap; display: inline-block; max-width: none";
    code.parentElement.append(whole);
    const { width, height: line } = whole.getBoundingClientRect();
    whole.remove();
    if (width <= box && (lines > 1 || height > line * 1.5)) split.push(code.textContent);
  }
  return split;
}
"""
"""Codes in the first column of tables that stand on several lines, although one would do."""
UNSEEN = """
() => [...document.querySelectorAll("main .scroll, main pre")].filter((box) => {
  const { overflowX, backgroundImage } = getComputedStyle(box);
  const wide = box.scrollWidth > box.clientWidth;
  return wide && !(["auto", "scroll"].includes(overflowX) && backgroundImage.includes("gradient"));
}).map((box) => box.textContent.slice(0, 40))
"""
"""Boxes with more than they show that do not say so, or cannot be scrolled."""
CUT = """
() => [...document.querySelectorAll("main *")]
  .filter((one) => !one.closest(".scroll, pre, .unseen") && one.getBoundingClientRect().right > innerWidth + 1)
  .map((one) => one.outerHTML.slice(0, 60))
"""
"""What reaches beyond the window's edge outside of a box that scrolls."""
BROKEN = broken_words("pre")


def slugs(page: Page) -> list[str]:
    """Every page that the contents of the documentation and of its reference lead to, and that of a model."""
    found: dict[str, None] = {}
    for start in ("/docs/quick-start", "/docs/admin"):
        page.goto(start)
        links = page.locator(".docs-contents > .docs-sections li a")
        found.update(dict.fromkeys(links.evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")))
    return [*found, "/docs/models/demo"]


def speak(page: Page, site: Gateway, language: str) -> None:
    """From now on the pages are in a language."""
    page.context.add_cookies([{"name": "aihub_language", "value": language, "url": site.url}])


def faults(page: Page, site: Gateway, language: str) -> Iterator[tuple[str, str, object]]:
    """Page, kind and place of each."""
    speak(page, site, language)
    for path in slugs(page):
        page.goto(path)
        for kind, script in (("split", SPLIT), ("unseen", UNSEEN), ("cut", CUT), ("broken", BROKEN)):
            for place in page.evaluate(script):
                yield path, kind, place
        if pixels := overflow(page):
            yield path, "wide", pixels


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_is_cut_off_or_broken_on_a_phone(open_page: OpenPage, site: Gateway, language: str) -> None:
    page = open_page("/docs/quick-start", size="phone")
    assert [] == [*faults(page, site, language)]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_word_of_a_table_is_broken_beside_long_texts(open_page: OpenPage, site: Gateway, language: str) -> None:
    """Chinese breaks after each letter, so its columns took the room of the statuses: `40/1`."""
    page = open_page("/docs/quick-start")
    speak(page, site, language)
    for slug in ("authentication", "errors", "chat", "endpoints", "operator/settings", "admin/tokens", "models"):
        page.goto(f"/docs/{slug}")
        assert ([], []) == (page.evaluate(SPLIT), page.evaluate(BROKEN))


def test_a_phone_shows_the_method_of_every_endpoint(open_page: OpenPage) -> None:
    page = open_page("/docs/endpoints", size="phone", signed_in=False)
    expect(page.get_by_text("POST /v1/embeddings")).to_be_visible()
    expect(page.get_by_text("GET /v1/key")).to_be_visible()


def test_the_contents_of_a_phone_show_by_an_arrow_that_they_open(open_page: OpenPage) -> None:
    page = open_page("/docs/quick-start", size="phone", signed_in=False)
    summary = page.locator(".docs-contents summary")
    arrow = "(summary) => { const { content, rotate, width } = getComputedStyle(summary, '::after'); "
    arrow += "return [content, rotate, width]; }"
    assert ['""', "45deg", "9px"] == summary.evaluate(arrow)
    summary.click()
    expect(page.locator(".docs-contents details a").first).to_be_visible()
    assert "225deg" == summary.evaluate(arrow)[1]


def test_every_cell_of_a_chinese_page_is_named_by_a_chinese_colon(open_page: OpenPage, site: Gateway) -> None:
    """Also one whose text is English, and says so."""
    page = open_page("/docs/quick-start", size="phone")
    speak(page, site, "zh")
    page.goto("/docs/admin/tokens")
    names = "(cells) => cells.map((cell) => getComputedStyle(cell, '::before').content)"
    shown = {*page.locator("main [data-label]").evaluate_all(names)}
    assert {'"类型："', '"说明："'} == {name.replace('" "', "") for name in shown}


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_every_page_begins_at_the_same_place(open_page: OpenPage, site: Gateway, size: str) -> None:
    page = open_page("/docs/quick-start", size=size)
    begins = "document.querySelector('main h1').getBoundingClientRect().left"
    lefts = {}
    for slug in ("quick-start", "models", "models/demo", "errors", "admin", "operator/money"):
        page.goto(f"/docs/{slug}")
        lefts[slug] = page.evaluate(begins)
    assert 1 == len({*lefts.values()}), lefts


@pytest.mark.parametrize("path", ["/docs/operator/money", "/console"])
def test_chinese_is_never_slanted(open_page: OpenPage, site: Gateway, path: str) -> None:
    """What stands out in it is bolder; English within it keeps its own."""
    page = open_page("/docs/quick-start")
    style = "(one) => { const { fontStyle, fontWeight } = getComputedStyle(one); return [fontStyle, fontWeight]; }"
    add = "(lang) => { const all = document.createElement('p'); all.lang = lang; "
    add += "all.append(document.createElement('em')); document.querySelector('main').append(all); }"
    for language, shown in (("en", ["italic", "400"]), ("zh", ["normal", "700"])):
        speak(page, site, language)
        page.goto(path)
        page.evaluate(add, language)
        assert shown == page.locator("main > p > em").last.evaluate(style)
