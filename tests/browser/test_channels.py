"""Channels as an operator adds, tests and ends them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage, overflow, picture
from tests.support.answers import error_answer, healthy, models_list
from tests.support.gateway import Gateway
from tests.support.received import Request
from tests.support.scripted import Upstream
from tests.support.steps import Script


def choosy(request: Request) -> Script:
    """Takes one key and refuses another."""
    if dict(request.headers).get("authorization", "").endswith("spent"):
        return error_answer(401, "Incorrect API key provided")
    if request.path.endswith("/models"):
        return models_list("gpt-5", "gpt-5-mini", "text-embedding-3-large")
    return healthy(request)


@pytest.fixture(scope="module", autouse=True)
def upstream(site: Gateway) -> Iterator[Upstream]:
    """Channels in every state."""
    with Upstream(choosy) as found:
        site.add_channel(
            found.url, name="Azure, Sweden", models=["gpt-4o"], keys=["sk-canary-good-000", "sk-canary-spent"]
        )
        site.add_channel(found.url, name="Spare", models=["gpt-4o"], priority=-5, weight=3, group="research")
        site.add_channel("http://models.example.com/v1", name="Far away and unencrypted", models=["a=b"])
        site.admin("POST", "/channels/Spare/disable")
        for _ in range(4):
            site.chat("gpt-4o")
        yield found


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_breaks(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/channels", size=size, theme=theme)
    expect(page.get_by_role("row", name="Spare")).to_contain_text("Disabled")
    picture(page, f"channels-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_channel_cannot_be_added(open_page: OpenPage, site: Gateway, upstream: Upstream) -> None:
    page = open_page("/console/channels")
    page.get_by_role("link", name="New channel").click()
    page.get_by_label("Provider").select_option("deepseek")
    expect(page.get_by_label("Name")).to_have_value("deepseek")
    expect(page.get_by_text("env:DEEPSEEK_API_KEY")).to_be_visible()
    page.get_by_label("Keys").fill("sk-canary-browser-1")
    page.get_by_label("Base URL").fill(upstream.url)
    page.get_by_role("button", name="List the upstream's models").click()
    page.get_by_label("gpt-5-mini").check()
    picture(page, "channel-new")
    page.get_by_role("button", name="Add channel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("deepseek")
    page.get_by_role("button", name="Test").click()
    expect(page.locator("[data-result]")).to_contain_text("Works")
    assert 200 == site.chat("gpt-5-mini").status

    page.get_by_label("Priority").fill("-7")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert -7 == site.admin("GET", "/channels/deepseek").json()["priority"]
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Disabled by an operator.")).to_be_visible()
    assert 503 == site.chat("gpt-5-mini").status
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/console/channels")


def test_a_refused_key_is_not_told_from_a_good_one(open_page: OpenPage) -> None:
    page = open_page("/console/channels/Azure, Sweden")
    page.get_by_role("button", name="Test").click()
    results = page.locator("[data-result]")
    expect(results.nth(0)).to_contain_text("Works")
    expect(results.nth(1)).to_contain_text("401")
    picture(page, "channel-tested")


def test_a_list_that_cannot_be_had_is_silent(open_page: OpenPage) -> None:
    page = open_page("/console/channels/new")
    page.get_by_label("Keys").fill("env:NOT_SET")
    page.get_by_role("button", name="List the upstream's models").click()
    expect(page.get_by_text("NOT_SET is not set")).to_be_visible()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_one_channel_cannot_be_read(open_page: OpenPage, size: str) -> None:
    page = open_page("/console/channels/Far away and unencrypted", size=size, theme="dark")
    expect(page.get_by_text("sends the key unencrypted")).to_be_visible()
    picture(page, f"channel-{size}-dark")
    assert 0 == overflow(page)
