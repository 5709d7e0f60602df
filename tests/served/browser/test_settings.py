"""Settings as an operator looks at and changes them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.served.browser.conftest import SETTINGS, OpenPage, overflow, picture
from tests.support.gateway import Gateway, running
from tests.support.process import Home


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """One gateway for the module, in which nobody is signed in for more than one test."""
    with running(Home(tmp_path_factory.mktemp("settings") / "data", SETTINGS)) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
def nobody(site: Gateway) -> None:
    """Every test begins with all doors closed."""
    site.admin("DELETE", "/sessions")


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_settings_fit_every_screen(open_page: OpenPage, site: Gateway, size: str, theme: str) -> None:
    open_page("/console")
    page = open_page("/console/settings", size=size, theme=theme)
    expect(page.get_by_text("This browser")).to_be_visible()
    expect(page.get_by_role("button", name="Sign out", exact=True)).to_have_count(3)
    page.get_by_text("Show all").click()
    picture(page, f"settings-{size}-{theme}")
    assert 0 == overflow(page)


def test_the_chinese_settings_fit_a_phone(open_page: OpenPage) -> None:
    page = open_page("/console/settings", size="phone")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("设置")
    picture(page, "settings-chinese")
    assert 0 == overflow(page)


def test_a_limit_can_be_set_and_put_back(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/settings")
    field = page.get_by_label("Requests at once")
    expect(field).to_have_attribute("placeholder", "1024")
    field.fill("7")
    page.keyboard.press("Enter")
    saved(page)
    assert (7, "set") == setting(site, "max_in_flight")
    page.reload()
    expect(field).to_have_value("7")
    field.fill("")
    page.keyboard.press("Enter")
    saved(page)
    assert (1024, "default") == setting(site, "max_in_flight")


def test_a_refusal_is_shown_beside_its_field(open_page: OpenPage) -> None:
    page = open_page("/console/settings")
    page.get_by_label("Public address").fill("javascript:alert(1)")
    page.get_by_label("Days to keep usage records").fill("-1")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="must be")).to_be_visible()
    picture(page, "settings-refused")
    assert 1 == page.locator("[aria-invalid=true]").count()


def test_a_setting_that_the_environment_fixes_cannot_be_typed_over(open_page: OpenPage) -> None:
    page = open_page("/console/settings")
    expect(page.get_by_label("Requests per minute", exact=True)).to_be_disabled()
    expect(page.get_by_text("Fixed by AIHUB_RPM")).to_be_visible()


def test_the_public_address_is_in_the_snippets_of_clients(open_page: OpenPage) -> None:
    page = open_page("/console/settings")
    page.get_by_label("Public address").fill("https://ai.example.com/v1/")
    page.keyboard.press("Enter")
    saved(page)
    page.goto("/console/tokens/new")
    assert "https://ai.example.com/v1" in page.content()
    page.goto("/console/settings")
    expect(page.get_by_label("Public address")).to_have_value("https://ai.example.com")
    page.get_by_label("Public address").fill("")
    page.keyboard.press("Enter")
    saved(page)


def test_the_order_of_channels_can_be_set(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/settings")
    order = page.get_by_label("Order of channels")
    order.select_option("sticky")
    page.locator("form").filter(has=order).get_by_role("button", name="Save").click()
    saved(page)
    assert [{"model": None, "strategy": "sticky", "offered": True}] == site.admin("GET", "/strategies").json()
    page.reload()
    expect(page.get_by_label("Order of channels")).to_have_value("sticky")


def test_another_browser_can_be_signed_out(open_page: OpenPage) -> None:
    other = open_page("/console/tokens")
    page = open_page("/console/settings")
    rows = page.locator(".sessions tbody tr")
    expect(rows).to_have_count(2)
    rows.filter(has_not_text="This browser").get_by_role("button", name="Sign out").click()
    expect(rows).to_have_count(1)
    other.reload()
    other.wait_for_url("**/console/sign-in?then=/console/tokens")


def test_signing_out_everywhere_leaves_nobody_in(open_page: OpenPage) -> None:
    other = open_page("/console/tokens")
    page = open_page("/console/settings")
    page.get_by_role("button", name="Sign out everywhere").click()
    picture(page, "settings-everywhere")
    page.get_by_role("dialog").get_by_role("button", name="Sign out everywhere").click()
    page.wait_for_url("**/console/sign-in?then=/console/settings")
    other.reload()
    other.wait_for_url("**/console/sign-in?then=/console/tokens")


def test_a_backup_from_the_page_is_a_sound_database(open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page("/console/settings")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download backup").click()
    started.value.save_as(tmp_path / "copy.db")
    assert started.value.suggested_filename.startswith("aihub-")
    with closing(sqlite3.connect(tmp_path / "copy.db")) as connection:
        assert ("ok",) == connection.execute("PRAGMA integrity_check").fetchone()


def test_the_settings_can_be_changed_without_a_mouse(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/settings")
    page.get_by_label("Public address").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Starting credit in USD")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Days to keep usage records")).to_be_focused()
    page.keyboard.type("400")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Days to keep the audit log")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Hours between readings of model lists")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Answer for an unknown model")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Answers that a next request points at")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Who may read the documentation at /docs")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Save").nth(1)).to_be_focused()
    page.keyboard.press("Space")
    saved(page)
    assert (400, "set") == setting(site, "retention_days")


def saved(page: Page) -> None:
    expect(page.locator("[data-saved]:visible")).to_have_count(1)


def setting(site: Gateway, name: str) -> tuple[object, str]:
    (entry,) = [entry for entry in site.admin("GET", "/settings").json()["settings"] if entry["name"] == name]
    return entry["value"], entry["source"]


def test_the_answer_for_an_unknown_model_can_be_chosen(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/settings")
    choice = page.get_by_label("Answer for an unknown model")
    expect(choice).to_have_value("auto")
    choice.select_option("404, always")
    page.get_by_role("button", name="Save").nth(1).click()
    saved(page)
    assert ("404", "set") == setting(site, "unknown_model_status")
    assert 404 == site.chat("nobody-has-it").status
    page.reload()
    expect(choice).to_have_value("404")
