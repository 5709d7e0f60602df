"""People as an admin makes, invites and disables them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.served.browser.conftest import OpenPage, overflow
from tests.support.gateway import Gateway


def test_a_person_is_made_invited_and_disabled(open_page: OpenPage, site: Gateway) -> None:
    assert 201 == site.admin("POST", "/teams", {"name": "lab"}).status
    page = open_page("/console/people/new")
    page.get_by_label("Name").fill("Grace")
    page.get_by_label("Role").select_option("admin")
    page.get_by_label("Team").select_option("lab")
    page.get_by_role("button", name="Create person").click()
    expect(page.get_by_role("heading", name="Grace", exact=True)).to_be_visible()
    page.get_by_role("button", name="Invitation link").click()
    link = page.locator("#link")
    expect(link).to_contain_text(f"{site.url}/console/invitation/")
    page.get_by_role("button", name="Disable").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    shown = site.admin("GET", "/people/Grace").json()
    assert ("admin", "lab", False, None) == tuple(shown[name] for name in ("role", "team", "enabled", "invited"))


def test_the_audit_log_fits_a_phone(open_page: OpenPage, site: Gateway) -> None:
    site.add_token(name="with a name that is as long as it may be, for the narrow screen", models=["a-model-" * 8])
    page = open_page("/console/audit", size="phone")
    expect(page.locator("#audit")).to_contain_text("create token")
    assert 0 == overflow(page)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_phone_shows_first_what_was_done_by_whom_and_when(open_page: OpenPage, site: Gateway, theme: str) -> None:
    """A card began with the time, and ended with every field; three fields to search by stood above the first."""
    site.add_token(name=f"of a phone in the {theme}")
    page = open_page("/console/audit", size="phone", theme=theme)
    card = page.locator("#audit tbody tr").filter(has_text=f"of a phone in the {theme}").first
    tops = [card.locator(part).bounding_box() for part in (".did", ".who", ".changes")]
    assert all(box is not None for box in tops)
    heights = [box["y"] for box in tops if box]
    assert sorted(set(heights)) == heights
    change = card.locator(".changes code").first
    expect(change).to_be_hidden()
    card.locator("summary").click()
    expect(change).to_be_visible()
    expect(page.get_by_label("By whom")).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    expect(page.get_by_label("By whom")).to_be_visible()
    assert 0 == overflow(page)


def test_a_desktop_shows_every_change_at_once(open_page: OpenPage, site: Gateway) -> None:
    site.add_token(name="of a desktop")
    page = open_page("/console/audit")
    row = page.locator("#audit tbody tr").filter(has_text="of a desktop").first
    expect(row.locator(".changes code").first).to_be_visible()
    expect(row.locator("summary")).to_be_hidden()
    expect(page.get_by_label("By whom")).to_be_visible()
