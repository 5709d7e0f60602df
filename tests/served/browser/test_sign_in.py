"""Getting into the console with a browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.served.browser.conftest import OpenPage, picture
from tests.support.gateway import Gateway


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_admin_key_signs_in(open_page: OpenPage, site: Gateway, size: str, theme: str) -> None:
    page = open_page("/console", size=size, theme=theme, signed_in=False)
    picture(page, f"sign-in-{size}-{theme}")
    page.get_by_label("Admin key").fill(site.admin_key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


def test_a_link_signs_in(open_page: OpenPage) -> None:
    expect(open_page("/console").get_by_role("heading", level=1)).to_have_text("Overview")


def test_the_switches_change_language_and_theme(open_page: OpenPage) -> None:
    page = open_page("/console")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("概览")
    page.get_by_role("button", name="深色").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    picture(page, "overview-chinese-dark")


def test_signing_out_leads_to_the_sign_in(open_page: OpenPage) -> None:
    page = open_page("/console")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/console/sign-in")
    page.goto("/console")
    page.wait_for_url("**/console/sign-in")


def test_a_session_that_ended_leads_to_the_sign_in_and_back(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/tokens/new")
    page.get_by_label("Name").fill("Too late")
    site.admin("DELETE", "/sessions")
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/console/sign-in?then=%2Fconsole%2Ftokens%2Fnew")
    page.get_by_label("Admin key").fill(site.admin_key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("New token")
