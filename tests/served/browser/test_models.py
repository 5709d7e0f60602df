"""Models as an operator finds, prices and names them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from aihub_lite.web.console.models import PAGE
from tests.served.browser.conftest import OpenPage, overflow, picture, stopped_clock
from tests.support.gateway import Gateway
from tests.support.upstream.scripted import Upstream

ODD = "x\"'><script>alert(1)</script>{{7-7}}"
MANY = [f"org/model-{number:03}" for number in range(120)]


@pytest.fixture(scope="module", autouse=True)
def upstream(site: Gateway) -> Iterator[Upstream]:
    """Models with and without price, at one channel and at several."""
    with Upstream() as server:
        site.add_channel(server.url, name="OpenAI", models=["gpt-4o", "gpt-4o-mini", "gpt-5", "o3-mini"], priority=5)
        site.add_channel(server.url, name="Azure, Sweden", models=["gpt-4o=deployment-7", "openai/gpt-5"])
        site.add_channel(
            server.url, name="Claude", provider="anthropic", models=["claude-sonnet-4-5", "claude-opus-4-1"]
        )
        site.add_channel(
            server.url, name="A\"'><img src=x onerror=alert(1)>", models=[ODD, "llama-4-maverick-17b-128e-instruct-fp8"]
        )
        site.add_channel(server.url, name="Box", provider="ollama", models=["qwen3:32b"])
        site.add_channel(server.url, name="Google", provider="gemini", models=["gemini-2.5-pro"])
        site.add_channel(server.url, name="DeepSeek", provider="deepseek", models=["deepseek-v4-pro"])
        site.admin("POST", "/aliases", {"alias": "fast", "model": "gpt-4o-mini"})
        site.admin("POST", "/aliases", {"alias": "<b>team</b>/best", "model": "gpt-5"})
        site.admin("PUT", "/strategies", {"model": "gpt-5", "strategy": "cheapest"})
        yield server


def row(page: Page, name: str) -> str:
    """The text of a model's row, with single blanks."""
    link = page.get_by_role("link", name=name, exact=True)
    return " ".join(page.locator("tbody tr").filter(has=link).inner_text().split())


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_of_models_fits_every_screen(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/models", size=size, theme=theme)
    expect(page.locator("tbody tr")).to_have_count(12)
    picture(page, f"models-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_row_shows_names_channels_context_and_prices(open_page: OpenPage) -> None:
    page = open_page("/console/models")
    assert re.match(
        r"gpt-4o-mini fast OpenAI .*128k .*\$0\.15 .*\$0\.60 genai-prices .* Cache read \$0\.075,"
        r" Web searches \$10\.00, .* Try it",
        row(page, "gpt-4o-mini"),
    )
    assert "<b>team</b>/best, openai/gpt-5" in row(page, "gpt-5")
    assert "OpenAI, Azure, Sweden Cheapest first" in row(page, "gpt-5")
    assert "Differs by channel" in row(page, "gpt-4o")
    assert "Unpriced" in row(page, ODD)
    assert "Free" in row(page, "qwen3:32b")


def test_a_search_finds_the_models_that_match(open_page: OpenPage) -> None:
    page = open_page("/console/models")
    page.get_by_role("searchbox").fill("CLAUDE-SONNET-4.5")
    expect(page.locator("tbody tr:visible")).to_have_count(1)
    page.get_by_role("searchbox").fill("nothing like it")
    expect(page.get_by_text("No model matches")).to_be_visible()
    picture(page, "models-no-match")
    page.get_by_role("searchbox").fill("azure")
    page.get_by_role("searchbox").press("Enter")
    page.wait_for_url("**/models?q=azure")
    expect(page.locator("tbody tr")).to_have_count(2)


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_of_a_model_fits_every_screen(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/models/gpt-5", size=size, theme=theme)
    expect(page.get_by_role("heading", level=1)).to_have_text("gpt-5")
    picture(page, f"model-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_price_can_be_changed_and_taken_back(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/models")
    page.get_by_role("link", name="o3-mini", exact=True).click()
    expect(page.get_by_label("Input", exact=True)).to_have_value("1.10")
    page.get_by_label("Input", exact=True).fill("0.9")
    page.get_by_label("Cache write", exact=True).fill("many")
    page.get_by_role("button", name="Save price").click()
    expect(page.get_by_role("alert").filter(has_text="not an amount")).to_be_visible()
    page.get_by_label("Cache write", exact=True).fill("1.25")
    page.get_by_role("button", name="Save price").click()
    expect(page.get_by_role("button", name="Back to the table's price")).to_be_visible()
    expect(page.locator(".facts")).to_contain_text("$0.90")
    expect(page.locator(".facts")).to_contain_text("Set here")
    picture(page, "model-priced")
    (shown,) = site.admin("GET", "/prices?model=o3-mini").json()["prices"]
    assert (0.9, 4.4, 1.25, "operator") == tuple(shown[f] for f in ("input", "output", "cache_write", "source"))

    page.get_by_role("button", name="Back to the table's price").click()
    expect(page.locator(".facts")).to_contain_text("$1.10")
    page.get_by_role("link", name="Models").first.click()
    assert "genai-prices" in row(page, "o3-mini")


@pytest.fixture
def looked_up(site: Gateway) -> Iterator[dict[str, Any]]:
    """The table's price of a model that has other rates for long prompts; afterwards it counts again."""
    (price,) = site.admin("GET", "/prices?model=gemini-2.5-pro").json()["prices"]
    assert [200_000] == [tier["above"] for tier in price["tiers"]]
    yield price
    site.admin("DELETE", "/prices/gemini-2.5-pro")


@pytest.mark.parametrize("button", ["Save price", "Keep this price"])
def test_a_price_made_ones_own_keeps_its_rates_for_long_prompts(
    open_page: OpenPage, site: Gateway, looked_up: dict[str, Any], button: str
) -> None:
    """Saved as it came, a price had lost them, and long prompts were billed too low."""
    page = open_page("/console/models/gemini-2.5-pro")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("button", name="Back to the table's price")).to_be_visible()
    (own,) = site.admin("GET", "/prices?model=gemini-2.5-pro").json()["prices"]
    assert {**looked_up, "source": "operator", "as_of": own["as_of"]} == own


def test_a_price_saved_as_it_came_keeps_its_hours(open_page: OpenPage, site: Gateway) -> None:
    (table,) = site.admin("GET", "/prices?model=deepseek-v4-pro").json()["prices"]
    page = open_page("/console/models/deepseek-v4-pro")
    expect(page.locator("#ways")).to_contain_text("01:00-04:00 UTC, Monday to Friday: $1.32 → $3.96")
    page.get_by_role("button", name="Save price").click()
    expect(page.get_by_role("button", name="Back to the table's price")).to_be_visible()
    picture(page, "model-hours")
    (own,) = site.admin("GET", "/prices?model=deepseek-v4-pro").json()["prices"]
    assert (["01:00-04:00", "06:00-10:00"], table["hours"]) == ([hours["at"] for hours in own["hours"]], own["hours"])
    page.get_by_role("button", name="Back to the table's price").click()
    expect(page.get_by_role("button", name="Keep this price")).to_be_visible()


def test_rates_for_long_prompts_are_changed_added_and_removed(
    open_page: OpenPage, site: Gateway, looked_up: dict[str, Any]
) -> None:
    def shown() -> list[tuple[int, float]]:
        (price,) = site.admin("GET", "/prices?model=gemini-2.5-pro").json()["prices"]
        return [(tier["above"], tier["input"]) for tier in price["tiers"]]

    page = open_page("/console/models/gemini-2.5-pro")
    lengths = page.get_by_label("Prompts of more than")
    inputs = page.get_by_label("Input, long")
    inputs.first.fill("9.5")
    lengths.last.fill("300000")
    inputs.last.fill("much")
    page.get_by_role("button", name="Save price").click()
    expect(page.locator(".field", has=inputs.last).get_by_role("alert")).to_contain_text("not an amount")
    inputs.last.fill("12")
    page.get_by_label("Output, long").last.fill("20")
    page.get_by_role("button", name="Save price").click()
    expect(lengths).to_have_count(3)
    picture(page, "model-lengths")
    added = shown()
    for field in page.locator("fieldset").first.get_by_role("textbox").all():
        field.fill("")
    page.get_by_role("button", name="Save price").click()
    expect(lengths).to_have_count(2)
    assert ([(200_000, 9.5), (300_000, 12)], [(300_000, 12)]) == (added, shown())


def test_an_alias_can_be_added_used_and_removed(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/models/claude-opus-4-1")
    page.get_by_label("New alias").fill("claude-sonnet-4-5")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="an exact id always wins")).to_be_visible()
    page.get_by_label("New alias").fill("a b")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="visible ASCII")).to_be_visible()
    page.get_by_label("New alias").fill("team/strong")
    page.get_by_role("button", name="Add", exact=True).click()
    remove = page.get_by_role("button", name="Remove team/strong")
    expect(remove).to_be_visible()
    assert "claude-opus-4-1" == site.admin("GET", "/models/team/strong").json()["id"]
    remove.click()
    expect(remove).to_have_count(0)
    assert 404 == site.admin("GET", "/models/team/strong").status


def test_aliases_and_prices_of_no_model_can_be_removed(open_page: OpenPage, site: Gateway) -> None:
    site.admin("POST", "/aliases", {"alias": "old/best", "model": "gpt-3"})
    site.set_price("gpt-3", "1", "2")
    page = open_page("/console/models")
    expect(page.get_by_role("row", name="old/best")).to_contain_text("Alias of gpt-3")
    expect(page.get_by_role("row", name="gpt-3").last).to_contain_text("$1.00 → $2.00")
    picture(page, "models-idle")
    page.get_by_role("button", name="Remove old/best").click()
    expect(page.get_by_role("row", name="old/best")).to_have_count(0)
    page.get_by_role("button", name="Remove gpt-3").click()
    expect(page.get_by_text("For models that nobody offers")).to_have_count(0)
    assert ([], 404) == (
        site.admin("GET", "/aliases?q=old").json()["aliases"],
        site.admin("GET", "/prices?model=gpt-3").status,
    )


def test_a_removed_alias_and_a_removed_price_come_back(open_page: OpenPage, site: Gateway) -> None:
    site.admin("POST", "/aliases", {"alias": "team/clever", "model": "claude-opus-4-1"})
    site.admin("POST", "/prices", {"model": "claude-opus-4-1", "input": "3.000000001", "output": 4, "web_search": 7})
    before = site.admin("GET", "/models/team/clever").json()
    page = open_page("/console/models/team/clever")
    stopped_clock(page)
    page.get_by_role("button", name="Remove team/clever").click()
    expect(page.get_by_text("team/clever is deleted.")).to_be_visible()
    assert 404 == site.admin("GET", "/models/team/clever").status
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Remove team/clever")).to_be_visible()
    assert before == site.admin("GET", "/models/team/clever").json()

    page.get_by_role("button", name="Back to the table's price").click()
    expect(page.get_by_text("Your price of claude-opus-4-1 is deleted.")).to_be_visible()
    picture(page, "model-undo")
    assert before != site.admin("GET", "/models/team/clever").json()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Back to the table's price")).to_be_visible()
    assert before == site.admin("GET", "/models/team/clever").json()
    site.admin("DELETE", "/prices/claude-opus-4-1")
    site.admin("DELETE", "/aliases/team/clever")


def test_a_models_name_runs_no_script(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/models")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.get_by_role("link", name=ODD, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ODD)
    page.get_by_label("New alias").fill(ODD + "2")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name=f"Remove {ODD}2").click()
    expect(page.get_by_role("button", name=f"Remove {ODD}2")).to_have_count(0)
    page.get_by_label("Input", exact=True).fill("1")
    page.get_by_label("Output", exact=True).fill("2")
    page.get_by_role("button", name="Save price").click()
    page.get_by_role("button", name="Remove").click()
    expect(page.locator(".facts")).to_contain_text("Unpriced")
    assert ([], 0) == (dialogs, page.locator("img").count())


def test_more_models_than_fit_are_counted_and_found_by_search(
    open_page: OpenPage, site: Gateway, upstream: Upstream
) -> None:
    site.add_channel(upstream.url, name="Aggregator", models=MANY)
    page = open_page("/console/models")
    expect(page.locator("tbody tr")).to_have_count(PAGE)
    expect(page.get_by_text(f"{PAGE} of 132 are shown")).to_be_visible()
    page.get_by_role("searchbox").fill("model-119")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("link", name=MANY[-1], exact=True)).to_be_visible()
    site.admin("DELETE", "/channels/Aggregator")
