"""Somebody with a key and a link, before the documentation."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.served.browser.conftest import OpenPage, overflow, picture
from tests.support.gateway import Gateway, eventually

KEY = "sk-typed-into-the-page"
COVERED = """
(blocks) => blocks.map((block) => {
  const code = block.querySelector("pre").getBoundingClientRect();
  const button = block.querySelector("[data-copy]").getBoundingClientRect();
  return button.left < code.right && button.bottom > code.top;
})
"""
"""Of each code block whether its button lies over it."""


def read(open_page: OpenPage, path: str, **look: str) -> Page:
    return open_page(path, signed_in=False, **look)


@pytest.mark.parametrize(("size", "theme"), [("desktop", "light"), ("desktop", "dark"), ("phone", "light")])
def test_no_page_is_wider_than_its_window(open_page: OpenPage, size: str, theme: str) -> None:
    page = read(open_page, "/docs/quick-start", size=size, theme=theme)
    wide = {}
    for name in ("quick-start", "authentication", "endpoints", "chat", "images", "errors", "models", "sdks", "codex"):
        page.goto(f"/docs/{name}")
        picture(page, f"docs-{name}-{size}-{theme}")
        if pixels := overflow(page):
            wide[name] = pixels
    assert {} == wide


def test_a_key_that_is_typed_in_fills_every_example_and_goes_nowhere(open_page: OpenPage) -> None:
    page = read(open_page, "/docs/quick-start")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url + str(request.headers)))
    page.get_by_label("Your key").fill(KEY)
    shown = page.locator('[data-fill="key"]').all_text_contents()
    assert {KEY} == {*shown}
    kept = page.evaluate("JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie + location.href")
    assert (False, []) == (KEY in kept, [text for text in sent if KEY in text])
    page.reload()
    assert "" == page.get_by_label("Your key").input_value()


def test_a_call_is_run_from_the_page_with_its_tokens_and_cost(open_page: OpenPage, site: Gateway) -> None:
    page = read(open_page, "/docs/quick-start")
    page.get_by_role("button", name="Run it").click()
    expect(page.locator(".docs-answer").first).to_have_text("Put your key into the field at the top first.")
    page.get_by_label("Your key").fill(site.add_token())
    page.get_by_role("button", name="Run it").click()
    expect(page.locator(".docs-answer").first).to_have_text(re.compile(r"demo model.*tokens.*Cost: \$0", re.DOTALL))


@pytest.mark.parametrize(
    ("slug", "name", "link", "field"),
    [
        ("chatbox", "ChatBox", "chatbox://provider/import?config=", "apiHost"),
        ("cherry-studio", "Cherry Studio", "cherrystudio://providers/api-keys?v=1&data=", "baseUrl"),
    ],
)
def test_a_program_is_opened_by_a_link_with_its_settings_that_leaves_no_trace(
    open_page: OpenPage, site: Gateway, slug: str, name: str, link: str, field: str
) -> None:
    page = read(open_page, f"/docs/{slug}")
    page.get_by_role("button", name=f"Open in {name}").click()
    expect(page.locator(".docs-answer")).to_have_text("Put your key into the field at the top first.")
    page.get_by_label("Your key").fill(KEY)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(f"{request.url} {request.headers} {request.post_data}"))
    browser = page.context.new_cdp_session(page)
    browser.send("Page.enable")
    asked: list[str] = []
    browser.on("Page.frameRequestedNavigation", lambda event: asked.append(event["url"]))
    page.get_by_role("button", name=f"Open in {name}").click()
    eventually(lambda: page.evaluate("true") and bool(asked), lambda: "no link was opened")
    assert asked[0].startswith(link)
    encoded = unquote(asked[0].removeprefix(link))
    settings = json.loads(b64decode(encoded))
    told = settings.get("settings", settings)
    assert (site.url, KEY) == (told[field].removesuffix("/v1"), told["apiKey"])
    # Something else may be asked for: a slow browser still fetches what belongs to the page, such as its icon.
    assert [] == [text for text in sent if text.startswith("http") and (KEY in text or encoded in unquote(text))]


def test_a_refused_call_says_why(open_page: OpenPage) -> None:
    page = read(open_page, "/docs/quick-start")
    page.get_by_label("Your key").fill("sk-wrong")
    page.get_by_role("button", name="Run it").click()
    expect(page.locator(".docs-answer").first).to_have_text(re.compile(r"Refused: 401 "))


def test_tabs_show_one_program_at_a_time_by_pointer_and_by_keys(open_page: OpenPage) -> None:
    page = read(open_page, "/docs/quick-start")
    page.get_by_role("tab", name="Python").click()
    expect(page.get_by_text("from openai import OpenAI")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Node")).to_be_focused()
    expect(page.get_by_text('import OpenAI from "openai"')).to_be_visible()
    expect(page.get_by_text("from openai import OpenAI")).to_be_hidden()


def test_every_button_copies_what_is_shown(open_page: OpenPage) -> None:
    page = read(open_page, "/docs/codex")
    page.get_by_label("Your key").fill(KEY)
    blocks = page.locator(".code")
    for number in range(blocks.count()):
        block = blocks.nth(number)
        block.get_by_role("button", name="Copy").click()
        expect(block.get_by_role("button", name="Copied")).to_be_visible()
        assert block.locator("code").text_content() == page.evaluate("navigator.clipboard.readText()")


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_no_button_lies_over_the_code_that_it_copies(open_page: OpenPage, size: str) -> None:
    page = open_page("/docs/operator/people", size=size)
    covered = page.locator(".code").evaluate_all(COVERED)
    assert covered == [False] * len(covered) != []


def test_search_leads_to_a_heading(open_page: OpenPage) -> None:
    page = read(open_page, "/docs/quick-start")
    page.keyboard.press("/")
    page.keyboard.type("chat streaming")
    expect(page.locator("#found a").first).to_contain_text("Chat Completions")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search").fill("pointing at earlier")
    page.keyboard.press("Enter")
    page.wait_for_url("**/docs/responses#pointing-at-earlier-answers")


@pytest.mark.parametrize(
    ("told", "first", "leads_to"),
    [
        ("insufficient credits", "Errors: 402", "/docs/errors#402-insufficient-credits-insufficient-user-quota"),
        ("insufficient_user_quota", "Errors: 402", "/docs/errors#402-insufficient-credits-insufficient-user-quota"),
        (
            "Insufficient credits (insufficient quota): this request may cost up to $0.012345, but $0.001000 of the "
            "token's quota is left. It never refills by itself.",
            "Errors",
            "/docs/errors",
        ),
    ],
)
def test_what_a_refusal_says_is_found_under_errors(open_page: OpenPage, told: str, first: str, leads_to: str) -> None:
    page = read(open_page, "/docs/quick-start")
    page.get_by_role("combobox", name="Search").fill(told)
    found = page.locator("#found a").first
    expect(found).to_contain_text(first)
    assert leads_to == found.get_attribute("href")


@pytest.mark.parametrize("name", ["errors", "authentication", "chat", "images"])
def test_a_phone_shows_tables_to_their_last_column(open_page: OpenPage, name: str) -> None:
    page = read(open_page, f"/docs/{name}", size="phone")
    hidden = "(tables) => tables.map((table) => table.scrollWidth - table.parentElement.clientWidth)"
    tables = page.locator("table.stacking")
    assert {0} == {max(0, pixels) for pixels in tables.evaluate_all(hidden)}


def test_keys_turn_the_pages(open_page: OpenPage) -> None:
    page = read(open_page, "/docs/quick-start")
    page.keyboard.press("j")
    page.wait_for_url("**/docs/authentication")
    page.keyboard.press("k")
    page.wait_for_url("**/docs/quick-start")


def test_the_contents_show_where_one_is_however_far_down_that_stands(open_page: OpenPage) -> None:
    page = read(open_page, "/docs/faq")
    expect(page.locator(".docs-contents a[aria-current]").first).to_be_in_viewport()
    assert 0 == page.evaluate("scrollY")


def test_what_a_field_far_down_is_stands_beside_its_name(open_page: OpenPage) -> None:
    page = open_page("/docs/admin/import")
    expect(page.get_by_role("cell", name="Requests per minute; refills evenly.").first).to_be_attached()
    hidden = "(table) => table.scrollWidth - table.parentElement.clientWidth"
    assert 0 >= page.locator("table").first.evaluate(hidden)


def test_an_administrator_finds_a_setting_by_its_variable(open_page: OpenPage) -> None:
    page = open_page("/docs/quick-start")
    page.keyboard.press("/")
    page.keyboard.type("AIHUB_METRICS_LISTEN")
    page.locator("#found a").first.click()
    page.wait_for_url("**/docs/operator/*")
    expect(page.locator(".docs-contents a[aria-current]").first).to_be_in_viewport()


def test_the_other_language_is_a_click_away(open_page: OpenPage) -> None:
    page = read(open_page, "/docs/errors")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("错误")
    assert page.url.endswith("/docs/errors")


def test_no_request_leaves_the_gateway_s_own_origin(open_page: OpenPage, site: Gateway) -> None:
    page = read(open_page, "/docs/quick-start")
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    for name in ("quick-start", "models", "sdks"):
        page.goto(f"/docs/{name}")
        page.wait_for_load_state("networkidle")
    assert {urlsplit(site.url).netloc} == hosts


def test_a_stranger_comes_in_with_a_key(open_page: OpenPage, site: Gateway) -> None:
    page = read(open_page, "/docs/quick-start")
    page.context.set_extra_http_headers({"x-forwarded-for": "203.0.113.9"})
    page.goto("/docs/models")
    page.get_by_label("Key", exact=True).fill("sk-wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("No token has this key, or it is no longer good.")
    page.get_by_label("Key", exact=True).fill(site.add_token())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
