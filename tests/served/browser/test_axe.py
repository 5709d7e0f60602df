"""What axe-core, which judges by the WCAG rules, has to say about every page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.served.browser.conftest import SETTINGS, OpenPage
from tests.served.browser.history import fill
from tests.served.browser.places import places
from tests.support.gateway import Gateway, running
from tests.support.process import ROOT, Home

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
GRAVE = ("serious", "critical")
pytestmark = pytest.mark.skipif(not AXE.exists(), reason="no axe-core here: npm install --no-save axe-core")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a past: full pages have more to go wrong than empty ones."""
    directory = tmp_path_factory.mktemp("axe") / "data"
    fill(directory)
    with running(Home(directory, SETTINGS)) as gateway:
        changed = {"rpm": 6000, "budget": "5/day", "keys": ["sk-canary-axe-1111", "sk-canary-axe-2222"]}
        assert 200 == gateway.admin("PATCH", "/channels/demo", changed).status
        yield gateway


def violations(page: Page) -> list[str]:
    """What is grave on the page as it is now."""
    page.evaluate(AXE.read_text())
    results: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    return [violation["id"] for violation in results if violation["impact"] in GRAVE]


@pytest.mark.parametrize(("size", "theme"), [("desktop", "light"), ("phone", "dark")])
def test_no_page_has_a_grave_violation_of_the_wcag_rules(
    open_page: OpenPage, site: Gateway, size: str, theme: str
) -> None:
    page = open_page("/console", size=size, theme=theme)
    grave: list[tuple[str, Any]] = []
    for path in [*places(site), "/console/channels/demo?key=k2"]:
        page.goto(path)
        grave += [(path, violation) for violation in violations(page)]
    assert [] == grave


@pytest.mark.parametrize(("size", "theme"), [("desktop", "dark"), ("phone", "light")])
def test_a_keys_figures_have_no_grave_violation_of_the_wcag_rules(
    open_page: OpenPage, site: Gateway, size: str, theme: str
) -> None:
    key = site.admin("POST", "/tokens/Ana/rotate").json()["key"]
    page = open_page("/console/key", size=size, theme=theme, signed_in=False)
    page.get_by_label("Key", exact=True).fill(key)
    page.keyboard.press("Enter")
    expect(page.locator(".chart rect.bar").first).to_be_visible()
    assert [] == violations(page)


def test_the_search_has_no_grave_violation_of_the_wcag_rules(open_page: OpenPage) -> None:
    page = open_page("/console/tokens")
    page.keyboard.press("/")
    page.keyboard.type("an")
    expect(page.get_by_role("option", name="Ana")).to_be_visible()
    assert [] == violations(page)


LOWEST = 3.0
"""Contrast that WCAG 1.4.11 asks of what tells a control from the page."""
CONTRASTS = """
() => {
  const dot = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const painted = (...colours) => {
    dot.clearRect(0, 0, 1, 1);
    for (const colour of colours) { dot.fillStyle = colour; dot.fillRect(0, 0, 1, 1); }
    return [...dot.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (colour) => {
    const linear = (part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const [red, green, blue] = colour.map((part) => linear(part / 255));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const behind = (element) => {
    const colours = [];
    for (let at = element.parentElement; at; at = at.parentElement) {
      colours.unshift(getComputedStyle(at).backgroundColor);
    }
    return painted("white", ...colours);
  };
  const edge = (style) => style.boxShadow === "none" ? style.borderTopColor : style.boxShadow.replace(/ 0px.*$/, "");
  const found = {};
  for (const kind of KINDS) {
    const element = [...document.querySelectorAll(kind)].find((each) => each.checkVisibility());
    if (!element) continue;
    const lights = [light(painted(edge(getComputedStyle(element)))), light(behind(element))].sort();
    found[kind] = Math.round(100 * lights[1] / lights[0]) / 100;
  }
  return found;
}
"""
KINDS = (
    "main .button:not(.primary)",
    "main .input",
    "main .segments [aria-current]",
    "main .segments [aria-pressed=true]",
    "main .choices [aria-selected=true]",
    "main input[type=checkbox]:not(:checked)",
    ".taste [aria-pressed=true]",
)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_controls_and_what_is_chosen_stand_out_from_the_page(open_page: OpenPage, theme: str) -> None:
    """In the dark a chosen tab had the colour of those beside it, and an empty box that of a ticked one."""
    page = open_page("/console", theme=theme)
    seen: dict[str, float] = {}
    for path in ("/console/statistics", "/console/tokens", "/console/tokens/Ana"):
        page.goto(path)
        seen |= page.evaluate(CONTRASTS.replace("KINDS", str(list(KINDS))))
    assert set(KINDS) == set(seen)
    assert [] == [(kind, contrast) for kind, contrast in seen.items() if contrast < LOWEST]


LEAST = 4
"""Pixels between two blocks of a page."""
TOUCHING = """
(least) => {
  const flows = (element) => element.checkVisibility() && element.getBoundingClientRect().height > 1;
  const touching = [];
  for (const box of document.querySelectorAll("main, main .part, main form.form")) {
    const blocks = [...box.children].filter(flows);
    blocks.slice(1).forEach((block, place) => {
      const gap = block.getBoundingClientRect().top - blocks[place].getBoundingClientRect().bottom;
      const both = [blocks[place], block].map((each) => each.outerHTML.slice(0, 40));
      if (0 <= gap && gap < least) touching.push(both.join(" "));
    });
  }
  return touching;
}
"""


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_no_block_of_a_page_touches_the_one_below_it(open_page: OpenPage, site: Gateway, size: str) -> None:
    """The form for a new person stood right below the text that explains it, at two more pages something else."""
    page = open_page("/console", size=size)
    touching = {}
    for path in places(site):
        page.goto(path)
        if blocks := page.evaluate(TOUCHING, LEAST):
            touching[path] = blocks
    assert {} == touching


CUT_OFF = """
() => {
  for (const fold of document.querySelectorAll("main details")) fold.open = true;
  const pen = document.createElement("canvas").getContext("2d");
  const cut = [];
  for (const field of document.querySelectorAll("main select, main input[placeholder]")) {
    if (!field.checkVisibility()) continue;
    const style = getComputedStyle(field);
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    const arrow = field.options ? 16 : 0;
    const room = field.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight) - arrow;
    const texts = field.options ? [...field.options].map((option) => option.text) : [field.placeholder];
    cut.push(...texts.filter((text) => pen.measureText(text).width > room));
  }
  return cut;
}
"""


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_no_choice_and_no_placeholder_is_cut_off(open_page: OpenPage, site: Gateway, size: str, language: str) -> None:
    """The first of the providers was, and what an answer is billed by."""
    page = open_page("/console", size=size)
    page.context.add_cookies([{"name": "aihub_language", "value": language, "url": page.url}])
    cut_off = {}
    for path in places(site):
        page.goto(path)
        if texts := page.evaluate(CUT_OFF):
            cut_off[path] = texts
    assert {} == cut_off
