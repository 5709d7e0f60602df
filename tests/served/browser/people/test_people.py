"""People as an admin makes, invites and disables them."""

from __future__ import annotations

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
