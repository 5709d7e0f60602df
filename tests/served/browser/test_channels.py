"""Channels as an operator adds, tests and ends them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.served.browser.conftest import OpenPage, held_back, overflow, picture
from tests.support.gateway import Gateway
from tests.support.upstream.answers import error_answer, healthy, models_list
from tests.support.upstream.google import EMAIL, PROJECT, service_account
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Script


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
    with Upstream(choosy) as server:
        site.add_channel(
            server.url, name="Azure, Sweden", models=["gpt-4o"], keys=["sk-canary-good-000", "sk-canary-spent"]
        )
        site.add_channel(server.url, name="Spare", models=["gpt-4o"], priority=-5, weight=3, group="research")
        site.add_channel("http://models.example.com/v1", name="Far away and unencrypted", models=["a=b"])
        site.admin("POST", "/channels/Spare/disable")
        for _ in range(4):
            site.chat("gpt-4o")
        yield server


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_of_channels_fits_every_screen(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/channels", size=size, theme=theme)
    expect(page.get_by_role("row", name="Spare")).to_contain_text("Disabled")
    picture(page, f"channels-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_channel_can_be_added_changed_and_deleted(open_page: OpenPage, site: Gateway, upstream: Upstream) -> None:
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

    page.get_by_text("More: limits").click()
    page.get_by_label("Priority").fill("-7")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert -7 == site.admin("GET", "/channels/deepseek").json()["priority"]
    page.get_by_label("Headers").fill("X-Team=canteen\nX-Other=env:PATH")
    page.get_by_label("Parameters whatever the client says").fill('provider.order=["a", "b"]')
    page.get_by_label("Before every system prompt").fill("Be brief.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Headers")).to_have_value("x-team\nx-other=env:PATH")
    page.get_by_label("Headers").fill("x-team")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert 200 == site.chat("gpt-5-mini").status
    sent = upstream.chats[-1]
    assert ("canteen", None, ["a", "b"]) == (
        *(sent.header("x-team"), sent.header("x-other")),
        sent.json()["provider"]["order"],
    )
    page.get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Disabled by an operator.")).to_be_visible()
    assert 503 == site.chat("gpt-5-mini").status
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.wait_for_url("**/console/channels")


def test_what_few_channels_need_is_folded_until_it_is_set_or_refused(open_page: OpenPage) -> None:
    """The form for a new channel was a column of twenty fields."""
    page = open_page("/console/channels/new", size="phone")
    more = page.locator("details.more")
    assert ["provider", "name", "keys", "base_url", "models"] == page.locator("main form [name]").evaluate_all(
        "fields => fields.filter((field) => field.checkVisibility()).map((field) => field.name)"
    )
    more.locator("summary").click()
    page.get_by_label("Weight").fill("many")
    more.locator("summary").click()
    page.get_by_label("Keys").fill("sk-canary-folded")
    page.get_by_role("button", name="Add channel").click()
    expect(page.get_by_label("Weight")).to_be_focused()
    expect(more.get_by_role("alert")).to_be_visible()
    page.goto("/console/channels/Spare")
    expect(page.get_by_label("Weight")).to_have_value("3")
    expect(page.get_by_label("Weight")).to_be_visible()
    page.goto("/console/channels/demo")
    expect(page.get_by_label("Weight")).to_be_hidden()


def test_a_channel_at_vertex_is_made_of_a_place_and_a_pasted_key_file(open_page: OpenPage, site: Gateway) -> None:
    """A file of many lines and commas is one key."""
    page = open_page("/console/channels/new")
    expect(page.get_by_label("Region")).to_be_hidden()
    page.get_by_label("Provider").select_option("vertex")
    page.get_by_label("Region").fill("eu")
    page.get_by_label("Keys").fill(json.dumps(service_account("https://oauth2.googleapis.com/token"), indent=2))
    page.locator("#f-models").fill("gemini-2.5-flash")
    picture(page, "channel-new-vertex")
    page.get_by_role("button", name="Add channel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("vertex")
    expect(page.get_by_text(EMAIL)).to_be_visible()
    place = f"https://aiplatform.eu.rep.googleapis.com/v1/projects/{PROJECT}/locations/eu"
    assert place == site.admin("GET", "/channels/vertex").json()["base_url"]
    site.admin("DELETE", "/channels/vertex")


def test_a_preset_chosen_before_the_script_ran_is_followed(open_page: OpenPage) -> None:
    """On a slow line the form stands before its script: whoever chose DeepSeek then got a channel named openai."""
    page = open_page("/console/channels")
    release = held_back(page, "**/pages/channels.*js")
    page.goto("/console/channels/new", wait_until="commit")
    page.get_by_label("Provider").select_option("deepseek")
    expect(page.get_by_label("Name")).to_have_value("openai")
    release()
    expect(page.get_by_label("Name")).to_have_value("deepseek")
    expect(page.get_by_text("env:DEEPSEEK_API_KEY")).to_be_visible()


def test_a_change_made_before_the_script_ran_is_saved(open_page: OpenPage, site: Gateway) -> None:
    """A form sends what differs from what the page came with, not from what it held when its script got round."""
    page = open_page("/console/channels")
    release = held_back(page, "**/parts/forms.*js")
    page.goto("/console/channels/Spare", wait_until="commit")
    page.get_by_label("Priority").fill("-6")
    release()
    page.wait_for_load_state()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert -6 == site.admin("GET", "/channels/Spare").json()["priority"]
    site.admin("PATCH", "/channels/Spare", {"priority": -5})


def test_a_test_tells_a_refused_key_from_a_good_one(open_page: OpenPage) -> None:
    page = open_page("/console/channels/Azure, Sweden")
    page.get_by_role("button", name="Test").click()
    results = page.locator("[data-result]")
    expect(results.nth(0)).to_contain_text("Works")
    expect(results.nth(1)).to_contain_text("401")
    picture(page, "channel-tested")


def test_a_list_that_cannot_be_read_says_why(open_page: OpenPage) -> None:
    page = open_page("/console/channels/new")
    page.get_by_label("Keys").fill("env:NOT_SET")
    page.get_by_role("button", name="List the upstream's models").click()
    expect(page.get_by_text("NOT_SET is not set")).to_be_visible()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_page_of_a_channel_fits_every_screen(open_page: OpenPage, size: str) -> None:
    page = open_page("/console/channels/Far away and unencrypted", size=size, theme="dark")
    expect(page.get_by_text("sends the key unencrypted")).to_be_visible()
    picture(page, f"channel-{size}-dark")
    assert 0 == overflow(page)


def test_a_channel_at_a_cloud_is_asked_for_its_region(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/channels/new")
    expect(page.get_by_label("Region")).to_be_hidden()
    page.get_by_label("Provider").select_option("bedrock")
    expect(page.get_by_label("Project")).to_be_hidden()
    expect(page.get_by_text("profile:NAME")).to_be_visible()
    page.get_by_label("Keys").fill("profile:work")
    page.get_by_label("Region").fill("eu-central-1")
    page.get_by_label("Models").fill("claude=eu.anthropic.claude-sonnet-4-6")
    picture(page, "channel-new-bedrock")
    page.get_by_role("button", name="Add channel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("bedrock")
    made = site.admin("GET", "/channels/bedrock").json()
    assert "https://bedrock-runtime.eu-central-1.amazonaws.com/openai/v1" == made["base_url"]
    site.admin("DELETE", "/channels/bedrock")


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_limits_and_what_is_used_of_them_fit_every_screen(
    open_page: OpenPage, site: Gateway, size: str, theme: str
) -> None:
    changed = {"rpm": 60, "tpm": 100_000, "concurrency": 20, "budget": "20/day"}
    assert 200 == site.admin("PATCH", "/channels/Spare", changed).status
    assert 200 == site.admin("PATCH", "/channels/Spare/keys/1", {"rpm": 30}).status
    page = open_page("/console/channels/Spare", size=size, theme=theme)
    expect(page.get_by_role("meter")).to_have_count(5)
    expect(page.get_by_role("row", name="Cost per day")).to_contain_text("$0.00 of $20.00")
    picture(page, f"channel-limits-{size}-{theme}")
    assert 0 == overflow(page)


def test_limits_are_set_and_taken_away_in_the_form(open_page: OpenPage, site: Gateway) -> None:
    site.admin("PATCH", "/channels/Spare", {"rpm": None, "budget": None})
    page = open_page("/console/channels/Spare")
    for rpm, budget, kept in [("45", "7.5", (45, "7.50/day")), ("", "", (None, None))]:
        page.get_by_role("textbox", name="Requests per minute").fill(rpm)
        page.get_by_label("Budget in USD").fill(budget)
        with page.expect_response("**/api/admin/channels/*"):
            page.get_by_role("button", name="Save").click()
        shown = site.admin("GET", "/channels/Spare").json()
        assert kept == (shown["rpm"], shown["budget"])


def test_keys_are_added_limited_switched_off_and_on_and_removed_one_by_one(
    open_page: OpenPage, site: Gateway, upstream: Upstream
) -> None:
    site.add_channel(upstream.url, name="Keys", models=["keyed"], keys=["sk-canary-one-1111"])

    def keys() -> list[dict[str, object]]:
        found: list[dict[str, object]] = site.admin("GET", "/channels/Keys").json()["keys"]
        return found

    page = open_page("/console/channels/Keys", size="phone")
    page.get_by_label("More keys").fill("sk-canary-two-2222\nsk-canary-two-2222")
    page.get_by_role("button", name="Add keys").click()
    page.get_by_role("link", name="…2222").click()
    assert ["k1", "k2"] == [key["id"] for key in keys()]

    limits = page.locator("#key form")
    limits.get_by_label("Requests per minute").fill("30")
    limits.get_by_label("Budget in USD").fill("2.5")
    limits.get_by_role("button", name="Save limits").click()
    expect(limits.get_by_text("Saved.")).to_be_visible()
    assert (30, "2.50/day") == (keys()[1]["rpm"], keys()[1]["budget"])
    picture(page, "channel-key")
    assert 0 == overflow(page)

    page.get_by_role("button", name="Disable key").click()
    expect(page.get_by_role("row", name="…2222")).to_contain_text("Out of use")
    page.get_by_role("button", name="Enable key").click()
    expect(page.get_by_role("row", name="…2222")).to_contain_text("In use")
    page.get_by_role("button", name="Remove key").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove key").click()
    expect(page.get_by_role("link", name="…2222")).to_have_count(0)
    assert ["k1"] == [key["id"] for key in keys()]
    site.admin("DELETE", "/channels/Keys")


def test_models_are_read_again_and_the_way_out_is_set(open_page: OpenPage, site: Gateway, upstream: Upstream) -> None:
    site.add_channel(upstream.url, name="Refreshed", models=[], keys=["sk-canary-list-1"])
    page = open_page("/console/channels/Refreshed")
    asked = sum(request.path.endswith("/models") for request in upstream.requests)
    with page.expect_navigation():
        page.get_by_role("button", name="Refresh models").click()
    assert asked + 1 == sum(request.path.endswith("/models") for request in upstream.requests)

    page.get_by_text("More: limits").click()
    page.get_by_label("Proxy").fill("http://ann:secret@127.0.0.1:3128")
    page.get_by_label("Own address").fill("127.0.0.1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    shown = page.get_by_label("Proxy").input_value()
    assert (True, False) == ("127.0.0.1:3128" in shown, "secret" in shown)
    page.get_by_label("Proxy").fill("ftp://127.0.0.1")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".field", has=page.get_by_label("Proxy")).get_by_role("alert")).to_be_visible()
    page.get_by_label("Proxy").fill("direct")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert ("direct", "127.0.0.1") == tuple(
        site.admin("GET", "/channels/Refreshed").json()[name] for name in ("proxy", "bind")
    )
    site.admin("DELETE", "/channels/Refreshed")
