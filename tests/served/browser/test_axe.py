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
