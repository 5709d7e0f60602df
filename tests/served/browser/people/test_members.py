"""From an invitation to one's own statistics, and a passkey, in a browser."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.served.browser.conftest import OpenPage, overflow, picture
from tests.served.browser.test_axe import AXE, violations
from tests.support.gateway import Gateway, unique
from tests.support.upstream.scripted import Upstream

PASSWORD = "correct horse battery"
Invite = Callable[[str], str]


@pytest.fixture
def invite(site: Gateway) -> Invite:
    """Makes somebody new; the path of their link."""

    def made(name: str) -> str:
        answer = site.admin("POST", "/invitations", {"name": name})
        assert answer.status in (200, 201), answer.body
        path: str = answer.json()["path"]
        return path

    return made


def come_in(page: Page, path: str) -> None:
    """Choose a password, as the link asks for."""
    page.goto(path)
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_label("Once more").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/me")


def test_an_invited_member_makes_a_key_calls_with_it_and_sees_the_sums(
    open_page: OpenPage, site: Gateway, invite: Invite
) -> None:
    name = unique("ada")
    with Upstream() as upstream:
        model = site.add_channel(upstream.url)
        site.set_price(model)
        page = open_page("/console/sign-in", signed_in=False)
        come_in(page, invite(name))
        expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        page.get_by_role("link", name="Tokens").first.click()
        page.get_by_role("link", name="New token").click()
        page.get_by_label("Name").fill("laptop")
        page.get_by_role("button", name="Create token").click()
        expect(page.locator("#fresh-key")).to_have_text(re.compile("^sk-"))
        key = page.locator("#fresh-key").inner_text()
        site.secrets.append(key)
        assert 200 == site.chat(model, key=key).status
        expect(page.locator("[data-signal] .light")).to_have_class("light good", timeout=20_000)
        page.goto("/console/me")
        (record,) = site.admin("GET", f"/records?model={model}").json()["records"]
        figures = page.locator(".figures dd").all_inner_texts()
        exact = page.locator(".figures dd").first.locator("span").get_attribute("title") or ""
        assert ("< $0.01", record["cost_usd"], "1") == (figures[0], float(exact.removeprefix("$")), figures[1])
        expect(page.locator("#by-model")).to_contain_text(model)
        expect(page.locator("#by-token")).to_contain_text("laptop")
        picture(page, "member")
        if AXE.exists():
            assert [] == violations(page)
        page.get_by_role("link", name="Requests").first.click()
        page.get_by_role("link", name=model).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(model)


@pytest.mark.skipif(not AXE.exists(), reason="no axe-core here: npm install --no-save axe-core")
@pytest.mark.parametrize(("size", "theme"), [("desktop", "light"), ("phone", "dark")])
def test_a_members_pages_fit_the_window_and_have_no_grave_violation(
    open_page: OpenPage, invite: Invite, size: str, theme: str
) -> None:
    page = open_page("/console/sign-in", size=size, theme=theme, signed_in=False)
    link = invite(unique("max"))
    wrong: list[tuple[str, object]] = []
    for path in ("/console/sign-in", link):
        page.goto(path)
        wrong += [(path, fault) for fault in (*violations(page), overflow(page)) if fault]
    come_in(page, link)
    for path in ("", "/tokens", "/tokens/new", "/requests", "/account"):
        page.goto(f"/console/me{path}")
        wrong += [(path, fault) for fault in (*violations(page), overflow(page)) if fault]
        picture(page, f"member{path.replace('/', '-')}-{size}-{theme}")
    assert [] == wrong


def test_a_member_who_asks_for_an_admins_page_is_refused(open_page: OpenPage, invite: Invite) -> None:
    page = open_page("/console/sign-in", signed_in=False)
    come_in(page, invite(unique("eve")))
    page.goto("/console/channels")
    expect(page.get_by_role("alert")).to_have_text("Your role may not do this.")
    page.goto("/console")
    page.wait_for_url("**/console/me")


def test_a_password_is_changed_on_ones_own_page(open_page: OpenPage, invite: Invite) -> None:
    name = unique("bob")
    page = open_page("/console/sign-in", signed_in=False)
    come_in(page, invite(name))
    page.goto("/console/me/account")
    page.get_by_label("Present password").fill("not the right one")
    page.get_by_label("New password").fill("another one entirely")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator(".wrong")).to_have_text("is not your password")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.get_by_text("Changed. Other browsers are signed out.")).to_be_visible()
    page.get_by_role("button", name="Sign out", exact=True).last.click()
    page.wait_for_url("**/console/sign-in")
    page.get_by_label("Name or e-mail").fill(name)
    page.get_by_label("Password").fill("another one entirely")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/me")


def test_a_passkey_is_made_signs_in_and_is_removed(open_page: OpenPage, site: Gateway, invite: Invite) -> None:
    pytest.importorskip("webauthn")
    name = unique("kay")
    # Passkeys are of a name, never of an address.
    address = site.url.replace("127.0.0.1", "localhost")
    page = open_page("about:blank", signed_in=False)
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    come_in(page, address + invite(name))
    page.goto(f"{address}/console/me/account")
    page.get_by_role("button", name="New passkey").click()
    expect(page.locator("#passkeys tbody tr")).to_have_count(1)
    page.context.clear_cookies()
    page.goto(f"{address}/console/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/console/me")
    page.goto(f"{address}/console/me/account")
    expect(page.locator("dl.facts")).to_contain_text(name)
    page.locator("#passkeys").get_by_role("button", name="Remove").click()
    expect(page.locator("#passkeys")).to_have_count(0)
    page.context.clear_cookies()
    page.goto(f"{address}/console/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("[data-passkey-complaint]")).to_be_visible()
