"""What holds on every page of a console that has been in use for a while."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.served.browser.conftest import SETTINGS, OpenPage
from tests.served.browser.history import fill
from tests.served.browser.places import places
from tests.support.gateway import Gateway, running
from tests.support.process import Home

PER_DAY = 6700
"""Makes a little more than 100,000 records in the month."""
LARGEST = 100_000
"""Bytes that a page and all it loads may be on the wire."""
SLOWEST = 200
"""Milliseconds to the first paint of a page that no cache has."""
TRIES = 12
"""The quickest counts."""

WATCH = """
window.moved = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.moved.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });
"""
LOADED = """
() => performance.getEntriesByType("navigation").concat(performance.getEntriesByType("resource"))
  .reduce((sum, entry) => sum + entry.transferSize, 0)
"""
PAINTED = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a long past."""
    directory = tmp_path_factory.mktemp("every") / "data"
    fill(directory, PER_DAY)
    with running(Home(directory, SETTINGS)) as gateway:
        yield gateway


def settled(page: Page, path: str) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_no_page_shifts_its_layout_while_it_loads(open_page: OpenPage, site: Gateway, size: str) -> None:
    page = open_page("/console", size=size)
    page.context.add_init_script(WATCH)
    jumping = {}
    for path in places(site):
        settled(page, path)
        if moved := page.evaluate("window.moved"):
            jumping[path] = moved
    assert {} == jumping


def test_every_page_is_small_on_the_wire(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console")
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    heavy = {}
    for path in places(site):
        settled(page, path)
        if (size := page.evaluate(LOADED)) >= LARGEST:
            heavy[path] = size
    assert {} == heavy


def test_every_page_paints_soon(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console")
    page.context.new_cdp_session(page).send("Network.setCacheDisabled", {"cacheDisabled": True})
    late = {}
    for path in places(site):
        times = []
        for _ in range(TRIES):  # the machine may be busy with something else for a moment
            settled(page, path)
            times.append(page.evaluate(PAINTED))
            if times[-1] <= SLOWEST:
                break
        if min(times) > SLOWEST:
            late[path] = times
    assert {} == late
