"""Tokens as an operator makes, uses and ends them."""

from __future__ import annotations

import pytest
from playwright.sync_api import Dialog, expect

from tests.served.browser.conftest import OpenPage, overflow, picture
from tests.support.gateway import Gateway

ODD = '"><img src=x onerror=alert(1)>'
ODD_MODEL = 'x"><script>alert(1)</script>'


@pytest.fixture(scope="module", autouse=True)
def tokens(site: Gateway) -> None:
    """Tokens in every state."""
    site.set_price("demo", "9000", "1")
    site.chat("demo", key=site.add_token(name="spender", quota="0.50"))
    site.add_token(name="Production backend", budget="250/month", models=["gpt-5*", "claude-*", "gemini-*"])
    site.chat("demo", key=site.add_token(name="Ana", budget="0.1/day", group="research"))
    site.add_token(name="A" + ODD, models=[ODD_MODEL])
    site.add_token(name="A name that is as long as names may be: sixty-four characters ok")
    site.add_token(name="Old laptop", enabled=False)


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_of_tokens_fits_every_screen(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/tokens", size=size, theme=theme)
    expect(page.get_by_role("row", name="Old laptop")).to_contain_text("Disabled")
    picture(page, f"tokens-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_token_can_be_created_and_used(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/tokens")
    page.get_by_role("link", name="New token").click()
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_label("Name").fill("From the browser")
    page.get_by_label("Quota in USD").fill("5")
    page.get_by_label("Models").fill("demo")
    picture(page, "token-new")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_role("heading", name="Copy this key now")).to_be_visible()
    made = site.admin("GET", "/tokens/From%20the%20browser").json()
    assert page.url.endswith(f"/console/tokens/{made['id']}")
    key = page.locator("#fresh-key").inner_text()
    page.get_by_role("tab", name="Python").click()
    picture(page, "token-made")
    assert f'base_url="{site.url}/v1",\n    api_key="{key}",' in page.locator("#c-python").inner_text()

    page.locator("#panel-python").get_by_role("button", name="Copy").click()
    assert key in page.evaluate("navigator.clipboard.readText()")

    page.get_by_role("tab", name="Codex").click()
    assert f'base_url = "{site.url}/v1"\nenv_key = "AIHUB_KEY"    # export AIHUB_KEY={key}\n' in (
        page.locator("#c-codex").inner_text()
    )

    assert 503 == site.chat("gpt-9", key=key).status
    expect(page.locator("[data-signal]")).to_contain_text("Choose a model")
    message = {"model": "demo", "max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}
    assert 200 == site.post(message, "/v1/messages", key, **{"user-agent": "claude-cli/2.1.330 (external, cli)"}).status
    expect(page.locator("[data-signal]")).to_contain_text("claude-cli/2.1.330 has called, and got its answer.")
    expect(page.locator("[data-signal] .light")).to_have_class("light good")
    picture(page, "token-seen")


def test_a_refusal_is_shown_on_the_form(open_page: OpenPage) -> None:
    page = open_page("/console/tokens/new")
    page.get_by_label("Name").fill("spender")
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_role("alert").filter(has_text="already a token")).to_be_visible()
    page.get_by_label("Name").fill("other")
    page.get_by_text("More: group").click()
    page.get_by_label("Requests per minute").fill("many")
    page.get_by_text("More: group").click()
    page.get_by_role("button", name="Create token").click()
    expect(page.get_by_role("alert").filter(has_text="whole number")).to_be_visible()
    picture(page, "token-refused")


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_a_token_fits_every_screen(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/tokens/spender", size=size, theme=theme)
    expect(page.get_by_role("heading", level=1)).to_have_text("spender")
    picture(page, f"token-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_token_can_be_changed_rotated_and_deleted(open_page: OpenPage, site: Gateway) -> None:
    old = site.add_token(name="changing")
    page = open_page("/console/tokens/changing")
    page.get_by_label("Budget in USD").fill("7.5")
    page.get_by_label("Period").select_option("week")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert "7.50/week" == site.admin("GET", "/tokens/changing").json()["budget"]

    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("button", name="Enable")).to_be_visible()
    assert 401 == site.chat("demo", key=old).status
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_role("button", name="Disable")).to_be_visible()

    page.get_by_role("button", name="Rotate key").click()
    picture(page, "token-ask")
    page.get_by_role("dialog").get_by_role("button", name="Rotate key").click()
    expect(page.locator("#fresh-key")).to_contain_text("sk-")
    assert [401, 200] == [site.chat("demo", key=key).status for key in (old, page.locator("#fresh-key").inner_text())]

    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert 200 == site.admin("GET", "/tokens/changing").status
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/console/tokens")
    assert 404 == site.admin("GET", "/tokens/changing").status


def test_a_tokens_name_runs_no_script(open_page: OpenPage) -> None:
    page = open_page("/console/tokens")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.get_by_role("link", name="A" + ODD).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A" + ODD)
    assert ([], 0) == (dialogs, page.locator("img").count())


def test_a_masked_key_is_never_copied_and_a_pasted_one_fills_everything_in(open_page: OpenPage, site: Gateway) -> None:
    """Python clients died on the dots of `sk-…Tx9s`, which Copy had put into their settings."""
    key = site.add_token(name="Copied")
    page = open_page("/console/tokens/Copied")
    page.evaluate("navigator.clipboard.writeText('before')")
    page.get_by_role("tab", name="Python").click()
    copy = page.locator("#panel-python").get_by_role("button", name="Copy")
    copy.click()
    pasted = page.get_by_label("Paste the key to fill these in")
    expect(pasted).to_be_focused()
    assert "before" == page.evaluate("navigator.clipboard.readText()")
    page.locator("#c-python").click(click_count=3)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("ControlOrMeta+c")
    assert "sk-…" not in page.evaluate("navigator.clipboard.readText()")

    pasted.fill("sk-somebody-elses")
    expect(page.get_by_text("This is another key")).to_be_visible()
    pasted.fill(key)
    expect(page.get_by_text("The key is filled in")).to_be_focused()
    copy.click()
    assert f'api_key="{key}"' in page.evaluate("navigator.clipboard.readText()")
    assert f"{site.url}/console/key#{key}" == page.locator("#hand-over").inner_text()
    page.reload()
    expect(pasted).to_have_value("")
    assert key not in page.content()

    page.goto(f"/console/key#{key}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Copied")
    assert page.url.endswith("/console/key")


def test_unsaved_changes_are_asked_about_before_they_are_lost(open_page: OpenPage, site: Gateway) -> None:
    site.add_token(name="half")
    page = open_page("/console/tokens/half")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    name = page.get_by_label("Name", exact=True)
    name.fill("changed")
    page.get_by_role("link", name="Statistics").click()
    expect(name).to_have_value("changed")
    assert ["beforeunload"] == asked
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert 200 == site.admin("GET", "/tokens/changed").status
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("half is changed.")).to_be_hidden()
    assert (["beforeunload"], 200) == (asked, site.admin("GET", "/tokens/half").status)
