"""Budgets are set by plain fields, and by their text as the command line takes it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.served.browser.conftest import OpenPage
from tests.support.gateway import Gateway, unique


def budgets(site: Gateway, person: str) -> list[str]:
    """Of a person, as they are written, without where their windows are counted from."""
    return [budget["budget"].split("@")[0] for budget in site.admin("GET", f"/pots/{person}").json()["budgets"]]


def test_a_budget_is_added_by_plain_fields_and_removed_by_a_button(open_page: OpenPage, site: Gateway) -> None:
    person = str(site.admin("POST", "/people", {"name": unique("ada")}).json()["id"])
    page = open_page(f"/console/pots/{person}")
    page.get_by_label("Budget in USD").fill("5")
    page.get_by_label("Period").select_option("per day")
    page.get_by_role("button", name="Add budget").click()
    expect(page.locator("#budgets")).to_contain_text("Budget per day")
    page.get_by_label("Budget in USD").fill("2.5")
    page.get_by_label("Period").select_option("per 5 hours")
    page.get_by_label("Only for").fill("claude-opus-*")
    page.get_by_role("button", name="Add budget").click()
    expect(page.locator("#budgets")).to_contain_text("Budget per 5 hours for claude-opus-*")
    assert ["5.00/day", "claude-opus-*=2.50/5h"] == budgets(site, person)

    page.get_by_role("button", name="Remove Budget per day", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("#budgets")).not_to_contain_text("Budget per day")
    assert ["claude-opus-*=2.50/5h"] == budgets(site, person)


def test_a_budget_that_is_none_is_refused_beside_its_field(open_page: OpenPage, site: Gateway) -> None:
    person = str(site.admin("POST", "/people", {"name": unique("ada")}).json()["id"])
    page = open_page(f"/console/pots/{person}")
    page.get_by_label("Budget in USD").fill("much")
    page.get_by_role("button", name="Add budget").click()
    expect(page.get_by_label("Budget in USD")).to_have_attribute("aria-invalid", "true")
    page.get_by_text("All budgets as text").click()
    page.get_by_label("Budgets", exact=True).fill("3/week\n4/30d")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#budgets")).to_contain_text("Budget per 30 days")
    assert ["3.00/week", "4.00/30d"] == budgets(site, person)
