"""What is done less often with a person stands behind a button on a phone, and what is left in a line of its own."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.served.browser.conftest import OpenPage, overflow
from tests.served.browser.people.test_members import come_in
from tests.served.browser.test_axe import LEAST
from tests.served.browser.test_axe import TOUCHING as CLOSE_BLOCKS
from tests.support.gateway import Gateway, unique

TOUCHING = """() => [...document.querySelectorAll("td, tbody th")].flatMap((cell) => {
  const range = document.createRange();
  range.selectNodeContents(cell);
  const box = range.getBoundingClientRect();
  const own = cell.getBoundingClientRect();
  return box.right > own.right + 1 || box.left < own.left - 1 ? [cell.textContent.trim()] : [];
})"""
"""Cells whose text is wider than they are, and so stands in the next."""


def spender(site: Gateway) -> str:
    """A person with a budget of whom something can be told; their id."""
    made = site.admin("POST", "/people", {"name": unique("ada")})
    person = str(made.json()["id"])
    site.admin("PATCH", f"/pots/{person}", {"budgets": ["5/day", "claude-opus-*=2/5h"]})
    return person


def test_a_phone_shows_one_action_of_a_person_and_the_others_behind_a_button(
    open_page: OpenPage, site: Gateway
) -> None:
    person = spender(site)
    page = open_page(f"/console/people/{person}", size="phone")
    expect(page.get_by_role("button", name="Invitation link")).to_be_visible()
    for name in ("Pause", "Disable", "Delete"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_hidden()
    page.get_by_role("main").get_by_role("button", name="More").click()
    expect(page.get_by_role("link", name="Audit log")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert site.admin("GET", f"/people/{person}").json()["paused"]


def test_a_desktop_shows_all_actions_of_a_person(open_page: OpenPage, site: Gateway) -> None:
    page = open_page(f"/console/people/{spender(site)}")
    for name in ("Invitation link", "Pause", "Disable", "Delete"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("main").get_by_role("button", name="More")).to_be_hidden()


def test_a_phone_shows_one_action_of_a_token_and_the_others_behind_a_button(open_page: OpenPage, site: Gateway) -> None:
    token = site.admin("POST", "/tokens", {"name": unique("token")}).json()["id"]
    page = open_page(f"/console/tokens/{token}", size="phone")
    expect(page.get_by_role("link", name="Try it")).to_be_visible()
    expect(page.get_by_role("button", name="Rotate key")).to_be_hidden()
    page.get_by_role("main").get_by_role("button", name="More").click()
    expect(page.get_by_role("button", name="Rotate key")).to_be_visible()
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    assert not site.admin("GET", f"/tokens/{token}").json()["enabled"]


def test_what_is_left_fits_a_phone_and_stands_in_no_other_figure(open_page: OpenPage, site: Gateway) -> None:
    person = spender(site)
    site.admin("POST", "/tokens", {"name": unique("token"), "person": person, "quota": "9", "budget": "3/month"})
    for path in ("/console/people", "/console/pots", "/console/tokens", f"/console/people/{person}"):
        page = open_page(path, size="phone")
        assert (path, 0, []) == (path, overflow(page), page.evaluate(TOUCHING))
        page.context.close()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_members_limits_stand_apart_from_what_is_said_of_them(open_page: OpenPage, site: Gateway, size: str) -> None:
    """What was spent in all touched the table of what is left."""
    name = unique("ada")
    path = site.admin("POST", "/invitations", {"name": name}).json()["path"]
    site.admin("POST", "/tokens", {"name": unique("token"), "person": name, "quota": "9"})
    page = open_page("/console/sign-in", size=size, signed_in=False)
    come_in(page, path)
    for budgets in ([], ["5/day", "claude-opus-*=2/5h"]):
        site.admin("PATCH", f"/pots/person:{name}", {"budgets": budgets})
        for place in ("/console/me", "/console/me/tokens"):
            page.goto(place)
            assert (place, 0, []) == (place, overflow(page), page.evaluate(CLOSE_BLOCKS, LEAST))
