"""What axe-core, which judges by the WCAG rules, has to say about every page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import SETTINGS, OpenPage
from tests.browser.history import fill
from tests.browser.places import places
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
        yield gateway


def violations(page: Page) -> list[str]:
    """What is grave on the page as it is now."""
    page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate("axe.run().then((result) => result.violations)")
    return [each["id"] for each in found if each["impact"] in GRAVE]


@pytest.mark.parametrize(("size", "theme"), [("desktop", "light"), ("phone", "dark")])
def test_a_page_shuts_readers_out(open_page: OpenPage, site: Gateway, size: str, theme: str) -> None:
    page = open_page("/console", size=size, theme=theme)
    found: list[tuple[str, Any]] = []
    for path in places(site):
        page.goto(path)
        found += [(path, each) for each in violations(page)]
    assert [] == found


@pytest.mark.parametrize(("size", "theme"), [("desktop", "dark"), ("phone", "light")])
def test_a_keys_own_figures_shut_readers_out(open_page: OpenPage, site: Gateway, size: str, theme: str) -> None:
    key = site.admin("POST", "/tokens/Ana/rotate").json()["key"]
    page = open_page("/console/key", size=size, theme=theme, signed_in=False)
    page.get_by_label("Key", exact=True).fill(key)
    page.keyboard.press("Enter")
    expect(page.locator(".chart rect.bar").first).to_be_visible()
    assert [] == violations(page)
