"""A real browser before a real gateway. Whatever the browser complains about fails the test that saw it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, expect, sync_playwright

from tests.support.gateway import Gateway, running
from tests.support.process import ROOT, SCALED, Home

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCREENSHOTS = ROOT / ".screenshots"
SETTINGS = {**SCALED, "console_rpm": 0, "idle_timeout": 30, "first_byte_timeout": 30}
"""Of the gateways here: a browser may take its time."""
PATIENCE = 60_000.0
"""Milliseconds: what does not come at all ends a test, however busy the machine is."""
SIZES = {"desktop": {"width": 1280, "height": 800}, "phone": {"width": 390, "height": 844}}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything here needs a browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium here: apt-get install chromium"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests here, and gone after them: its event loop would be in the way of everybody else's."""
    expect.set_options(PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for a module."""
    with running(Home(tmp_path_factory.mktemp("console") / "data", SETTINGS)) as gateway:
        yield gateway


PROVOKED = (
    "Failed to load resource: the server responded with a status of 4",
    "Failed to load resource: net::ERR_FAILED",
)
"""What a test asked for is no complaint."""
OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, site: Gateway) -> Iterator[OpenPage]:
    """Opens a page of the console, signed in unless told otherwise; at the end nothing may have been complained of."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def collect(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(PROVOKED):
            complaints.append(message.text)

    def open_at(path: str, *, size: str = "desktop", theme: str = "light", signed_in: bool = True) -> Page:
        context = browser.new_context(
            base_url=site.url,
            viewport=SIZES[size],  # type: ignore[arg-type]
            color_scheme=theme,  # type: ignore[arg-type]
            locale="en-US",
        )
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", collect)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        if signed_in:
            enter(page, site)
        page.goto(path)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert [] == complaints


def enter(page: Page, site: Gateway) -> None:
    """Sign in with a one-time link."""
    page.goto(site.admin("POST", "/console-links").json()["path"])
    page.wait_for_url("**/console")


def stopped_clock(page: Page) -> None:
    """From now on no time passes on the page: what it offers for some seconds stays, however slow the machine is."""
    page.clock.install(time="2027-01-31T12:00:00Z")
    page.clock.pause_at("2027-01-31T12:00:01Z")


def picture(page: Page, name: str) -> None:
    """A screenshot of the whole page, for somebody to look at."""
    SCREENSHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
"""By how many pixels the page is wider than the window."""


def overflow(page: Page) -> int:
    """The same of a page as it is now."""
    pixels: int = page.evaluate(WIDER)
    return pixels


BROKEN = """
() => {
  const broken = [];
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode;
    if (text.parentElement.closest("APART")) continue;
    for (const word of text.data.matchAll(/\\w{2,20}(?!\\w)/g)) {
      const range = new Range();
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((rect) => Math.round(rect.top))).size > 1) broken.push(word[0]);
    }
  }
  return broken;
}
"""


def broken_words(apart: str) -> str:
    """A script that lists words and numbers that stand on two lines, but for those within what a selector names."""
    return BROKEN.replace("APART", apart)


def held_back(page: Page, script: str = "**/*.js") -> Callable[[], None]:
    """A slow line: no script, or only not this one, comes until what this returns is called."""
    held: list[Route] = []
    is_slow = True

    def hold(route: Route) -> None:
        if is_slow:
            held.append(route)
        else:
            route.continue_()

    def release() -> None:
        nonlocal is_slow
        is_slow = False
        for route in held:
            route.continue_()

    page.route(script, hold)
    return release
