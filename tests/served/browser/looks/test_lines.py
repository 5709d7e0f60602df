"""Lines of every page of the console, in both languages: no name is broken, nothing hides, nothing stands askew."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.served.browser.conftest import SETTINGS, WIDER, OpenPage, broken_words
from tests.served.browser.history import fill
from tests.served.browser.places import places
from tests.support.gateway import Gateway, running
from tests.support.process import Home

BROKEN = broken_words("pre, .snippet, textarea, script, .unseen")
"""An address to copy may be longer than a line."""
HIDDEN = """
() => {
  const box = document.querySelector("main");
  const { paddingRight } = getComputedStyle(box);
  const edge = box.getBoundingClientRect().right - parseFloat(paddingRight);
  const hidden = [];
  const texts = document.createTreeWalker(box, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (!text.data.trim() || text.parentElement.closest("pre, textarea, script, option, svg, .unseen")) continue;
    if (text.parentElement.closest("details:not([open]) > :not(summary)")) continue;
    const range = new Range();
    range.selectNodeContents(text);
    const { right, width } = range.getBoundingClientRect();
    if (width && right > edge + 1) hidden.push(`${text.data.trim().slice(0, 30)} ${Math.round(right - edge)}`);
  }
  return hidden;
}
"""
"""Texts that reach into the margin of a page or beyond it, also those that one has to scroll to."""
ASKEW = """
() => {
  const askew = [];
  for (const box of document.querySelectorAll("main label input[type=checkbox]")) {
    const label = box.closest("label");
    const texts = document.createTreeWalker(label, NodeFilter.SHOW_TEXT);
    const { top, height, left } = box.getBoundingClientRect();
    if (!height) continue;
    while (texts.nextNode()) {
      if (!texts.currentNode.data.trim()) continue;
      const range = new Range();
      range.selectNodeContents(texts.currentNode);
      const line = range.getClientRects()[0];
      const off = top + height / 2 - line.top - line.height / 2;
      const aside = left - label.getBoundingClientRect().left - parseFloat(getComputedStyle(label).paddingLeft);
      if (Math.abs(off) > 1.5 || Math.abs(aside) > 1) askew.push(`${texts.currentNode.data.trim()} ${off} ${aside}`);
      break;
    }
  }
  return askew;
}
"""
"""Boxes that do not stand at the height of their text, or not where their label begins."""

ASIDE = """
() => {
  const aside = [];
  const side = (cell) => getComputedStyle(cell).textAlign.replace("start", "left").replace("end", "right");
  const figure = /^[<>]?\\s?-?[$]?[\\d,]+([.]\\d+)?( (%|ms|s)|k|M)?( (of|→|\\/) [$]?[\\d.,]+[kM]?)?$/;
  // Whole numbers alone may be codes, as the status of an answer is.
  const areFigures = (texts) => texts.every((text) => figure.test(text)) && texts.some((text) => /\\D/.test(text));
  for (const fold of document.querySelectorAll("main details")) fold.open = true;
  for (const table of document.querySelectorAll("main table:not([hidden])")) {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    [...(table.tHead?.rows[0].cells ?? [])].forEach((head, column) => {
      const cells = rows.map((row) => row.cells[column]).filter((cell) => cell?.innerText.trim());
      if (!cells.length || head.querySelector(".unseen")) return;
      const texts = cells.map((cell) => cell.innerText.trim()).filter((text) => text !== "–");
      const expected = areFigures(texts) ? "right" : side(head);
      if ([head, ...cells].some((cell) => side(cell) !== expected)) aside.push(`${head.innerText}: ${texts[0]}`);
    });
  }
  return aside;
}
"""
"""Columns of numbers that do not stand at the right, and those that stand elsewhere than their head."""

RAGGED = """
() => [...document.querySelectorAll("main .table.stacking tbody tr > td:nth-child(2):not([data-label])")]
  .filter((cell) => {
    const range = new Range();
    range.selectNodeContents(cell);
    const { right, width } = range.getBoundingClientRect();
    const card = cell.parentElement.getBoundingClientRect();
    const isBeside = cell.getBoundingClientRect().left > card.left + 1;
    return isBeside && width && Math.abs(right - card.right) > 1;
  }).map((cell) => cell.textContent.trim())
"""
"""States at the right of a card's first line that do not end at its edge."""
INSIDE = """
() => [...document.querySelectorAll("main table:not([hidden])")].flatMap((table) => {
  const { left, right } = table.getBoundingClientRect();
  const inside = [];
  const head = table.tHead?.rows[0].cells[0];
  const range = new Range();
  if (head?.innerText.trim()) {
    range.selectNodeContents(head);
    if (range.getBoundingClientRect().left > left + 1) inside.push(head.innerText);
  }
  for (const button of table.querySelectorAll("tbody td:last-child > .button:last-child")) {
    if (button.getBoundingClientRect().right < right - 1) inside.push(button.innerText);
  }
  return inside;
})
"""
"""Columns that begin inside the left edge of their table, and buttons that end inside the right one."""
CONTRASTS = """
(box) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const parts = [...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((part) => part / 255);
    const [red, green, blue] = parts.map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const { color, backgroundColor } = getComputedStyle(box);
  const ground = light(backgroundColor);
  return [color, getComputedStyle(box, "::placeholder").color].map((colour) => {
    const both = [light(colour), ground].sort((one, other) => other - one);
    return (both[0] + 0.05) / (both[1] + 0.05);
  });
}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a past."""
    directory = tmp_path_factory.mktemp("looks") / "data"
    fill(directory)
    with running(Home(directory, SETTINGS)) as gateway:
        yield gateway


def found(page: Page, site: Gateway, language: str, script: str) -> dict[str, list[str]]:
    """What a script finds on each page of the console."""
    page.context.add_cookies([{"name": "aihub_language", "value": language, "url": site.url}])
    all_found: dict[str, list[str]] = {}
    for path in places(site):
        if not path.startswith("/console"):
            continue
        page.goto(path)
        if some := page.evaluate(script):
            all_found[path] = some
    return all_found


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_no_word_is_broken_inside(open_page: OpenPage, site: Gateway, size: str, language: str) -> None:
    page = open_page("/console", size=size)
    assert {} == found(page, site, language, BROKEN)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_no_text_hides_beyond_the_margin(open_page: OpenPage, site: Gateway, size: str, language: str) -> None:
    """A table that has to be scrolled hides what its rows are about, on a phone the very prices."""
    page = open_page("/console", size=size)
    assert {} == found(page, site, language, HIDDEN)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_every_box_stands_beside_its_text(open_page: OpenPage, site: Gateway, size: str) -> None:
    page = open_page("/console", size=size)
    assert {} == found(page, site, "en", ASKEW)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_numbers_stand_at_the_right_and_columns_below_their_heads(
    open_page: OpenPage, site: Gateway, language: str
) -> None:
    """What a channel has used of its limits stood at the left, where no two figures can be compared."""
    site.admin("PATCH", "/channels/demo", {"rpm": 6000, "budget": "5/day"})
    page = open_page("/console")
    assert {} == found(page, site, language, ASIDE)


def test_the_tables_behind_charts_stay_within_a_phone(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console", size="phone")
    opened = "() => { for (const one of document.querySelectorAll('main details')) one.open = true; "
    opened += f"return [{WIDER}].filter((pixels) => pixels); }}"
    assert {} == found(page, site, "en", opened)


def contrasts(page: Page, box: str) -> tuple[float, float]:
    """Of the text and of the placeholder of a box with its ground."""
    text, faint = page.locator(box).first.evaluate(CONTRASTS)
    return text, faint


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "box"),
    [
        ("/console/statistics", ".asking input[name=model]"),
        ("/console/settings", "#f-max_in_flight"),
        ("/console/settings", "#f-rpm"),
        ("/console/requests", ".filters input"),
    ],
)
def test_a_value_does_not_look_like_a_placeholder(open_page: OpenPage, path: str, box: str, theme: str) -> None:
    """A grey value seemed to be what would hold without one."""
    text, faint = contrasts(open_page(path, theme=theme), box)
    assert text > 12
    assert 4.5 < faint < text / 2


def test_states_stand_at_the_right_of_every_card(open_page: OpenPage, site: Gateway) -> None:
    """They began where the longest figure below them began, so that each ended elsewhere."""
    page = open_page("/console", size="phone")
    ragged = found(page, site, "en", RAGGED)
    assert {} == ragged


def test_tables_begin_at_the_left_edge_and_end_at_the_right_one(open_page: OpenPage, site: Gateway) -> None:
    """The number of an attempt stood inside a wide column, and the button that removes a member before the edge."""
    page = open_page("/console")
    assert {} == found(page, site, "en", INSIDE)
