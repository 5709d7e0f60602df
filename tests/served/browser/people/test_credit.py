"""A member asks for credit, an admin gives it with one click, and the member prints the statement of it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.served.browser.conftest import OpenPage, overflow
from tests.served.browser.people.test_members import come_in
from tests.served.browser.test_axe import AXE, violations
from tests.support.gateway import Gateway, unique


def test_credit_is_asked_for_given_with_one_click_and_on_a_statement_that_prints(
    open_page: OpenPage, site: Gateway
) -> None:
    name = unique("ada")
    member = open_page("/console/sign-in", signed_in=False)
    come_in(member, site.admin("POST", "/invitations", {"name": name}).json()["path"])
    member.get_by_text("Ask for more").first.click()
    member.get_by_label("USD").fill("5")
    member.get_by_label("Note").fill("for a demo")
    member.get_by_role("button", name="Ask for more").click()
    expect(member.get_by_text("You asked for $5.00.")).to_be_visible()

    admin = open_page("/console/pots")
    admin.get_by_role("listitem").filter(has_text=name).get_by_role("link").click()
    admin.get_by_role("button", name="Give", exact=True).click()
    expect(admin.get_by_role("button", name="Give", exact=True)).to_have_count(0)

    member.goto("/console/me")
    expect(member.get_by_text("You asked for $5.00, and were given credit.")).to_be_visible()
    member.get_by_role("link", name="Statement").click()
    expect(member.get_by_role("heading", level=1)).to_contain_text("Statement")
    expect(member.locator("dl.facts")).to_contain_text("$5")
    assert 0 == overflow(member)
    if AXE.exists():
        assert [] == violations(member)
    member.emulate_media(media="print")
    expect(member.get_by_role("navigation").first).to_be_hidden()
    expect(member.locator("dl.facts")).to_be_visible()
    assert member.pdf().startswith(b"%PDF")
