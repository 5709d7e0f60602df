"""Where there are more models than a page offers to choose from."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.served.browser.conftest import OpenPage, picture
from tests.support.gateway import Gateway, unique
from tests.support.upstream.scripted import Upstream

MODELS = [f"maker/model-{number:03}" for number in range(150)]


@pytest.fixture
def aggregator(site: Gateway, upstream: Upstream) -> str:
    """A token of a group in which there are many models; its id."""
    body = {"name": "aggregator", "base_url": upstream.url, "keys": ["sk-1"], "models": MODELS, "group": "many"}
    if site.admin("GET", "/channels/aggregator").status == 404:
        assert 201 == site.admin("POST", "/channels", body).status
    site.admin("PATCH", "/channels/aggregator", {"base_url": upstream.url})
    answer = site.admin("POST", "/tokens", {"name": unique("reader"), "group": "many"})
    return str(answer.json()["id"])


def test_the_playground_finds_a_model_while_it_is_typed_and_asks_it(
    open_page: OpenPage, upstream: Upstream, aggregator: str
) -> None:
    page = open_page(f"/console/playground?token={aggregator}")
    model = page.get_by_role("combobox", name="Model")
    expect(model).to_have_value(MODELS[0])
    model.fill("model-14")
    expect(page.locator("#models option")).to_have_count(10)
    model.fill(MODELS[147])
    page.get_by_placeholder("Ask").fill("Hi")
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".turn .said")).not_to_be_empty()
    assert MODELS[147] == upstream.requests[-1].json()["model"]


def test_connect_fills_in_a_model_that_is_typed(open_page: OpenPage, aggregator: str) -> None:
    page = open_page(f"/console/tokens/{aggregator}")
    model = page.locator("[data-choose-model]")
    expect(model).to_have_value(MODELS[0])
    model.fill(MODELS[149])
    model.blur()
    expect(page.locator("[data-fill=model]").first).to_have_text(MODELS[149])


def test_a_search_narrows_tokens_while_it_is_typed(open_page: OpenPage, site: Gateway, aggregator: str) -> None:
    site.admin("POST", "/tokens", {"name": "somebody else"})
    page = open_page("/console/tokens")
    page.get_by_role("searchbox").fill("somebody")
    expect(page.locator("tbody tr:visible")).to_have_count(1)
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/console/tokens?q=somebody")
    expect(page.locator("tbody tr")).to_have_count(1)


def test_tokens_are_disabled_together_and_put_back(open_page: OpenPage, site: Gateway) -> None:
    names = [unique("bulk") for _ in range(3)]
    for name in names:
        site.admin("POST", "/tokens", {"name": name})

    def enabled() -> list[bool]:
        return [site.admin("GET", f"/tokens/{name}").json()["enabled"] for name in names]

    page = open_page("/console/tokens?q=bulk")
    page.get_by_label(f"Choose {names[2]}").check()
    page.get_by_label(f"Choose {names[0]}").click(modifiers=["Shift"])
    bar = page.get_by_role("region", name="For all that are chosen")
    expect(bar.get_by_text("3 chosen")).to_be_visible()
    picture(page, "tokens-chosen")
    page.get_by_label(f"Choose {names[1]}").uncheck()
    bar.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Changed: 2")).to_be_visible()
    assert [False, True, False] == enabled()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Changed: 2")).to_be_hidden()
    assert [True, True, True] == enabled()


def test_a_key_opens_the_search_and_another_one_goes_where_it_leads(open_page: OpenPage, site: Gateway) -> None:
    site.admin("POST", "/tokens", {"name": "looked for"})
    page = open_page("/console/settings")
    field = page.get_by_role("combobox", name="Search")
    page.keyboard.press("/")
    expect(field).to_be_focused()
    page.keyboard.type("looked")
    expect(page.get_by_role("option", name="looked for")).to_have_attribute("aria-selected", "true")
    picture(page, "search")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("looked for")
    page.keyboard.press("Control+k")
    page.keyboard.type("settings")
    expect(page.get_by_role("option", name="Settings")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    page.get_by_label("Name", exact=True).press("/")
    expect(field).to_be_hidden()
