"""Models as an operator finds, prices and names them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from aihub_lite.web.console.models import PAGE
from tests.browser.conftest import OpenPage, overflow, picture
from tests.support.gateway import Gateway
from tests.support.scripted import Upstream

ODD = "x\"'><script>alert(1)</script>{{7*7}}"
MANY = [f"org/model-{number:03}" for number in range(120)]


@pytest.fixture(scope="module", autouse=True)
def upstream(site: Gateway) -> Iterator[Upstream]:
    """Models with and without price, at one channel and at several."""
    with Upstream() as found:
        site.add_channel(found.url, name="OpenAI", models=["gpt-4o", "gpt-4o-mini", "gpt-5", "o3-mini"], priority=5)
        site.add_channel(found.url, name="Azure, Sweden", models=["gpt-4o=deployment-7", "openai/gpt-5"])
        site.add_channel(
            found.url, name="Claude", provider="anthropic", models=["claude-sonnet-4-5", "claude-opus-4-1"]
        )
        site.add_channel(
            found.url, name="A\"'><img src=x onerror=alert(1)>", models=[ODD, "llama-4-maverick-17b-128e-instruct-fp8"]
        )
        site.add_channel(found.url, name="Box", provider="ollama", models=["qwen3:32b"])
        site.admin("POST", "/aliases", {"alias": "fast", "model": "gpt-4o-mini"})
        site.admin("POST", "/aliases", {"alias": "<b>team</b>/best", "model": "gpt-5"})
        site.admin("PUT", "/strategies", {"model": "gpt-5", "strategy": "cheapest"})
        yield found


def row(page: Page, name: str) -> str:
    """The text of a model's row, with single blanks."""
    link = page.get_by_role("link", name=name, exact=True)
    return " ".join(page.locator("tbody tr").filter(has=link).inner_text().split())


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_breaks(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/models", size=size, theme=theme)
    expect(page.locator("tbody tr")).to_have_count(10)
    picture(page, f"models-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_row_does_not_tell_what_there_is_to_know(open_page: OpenPage) -> None:
    page = open_page("/console/models")
    assert re.match(
        r"gpt-4o-mini fast OpenAI .*128k .*\$0\.15 .*\$0\.60 genai-prices .* Cache read \$0\.075 Try it",
        row(page, "gpt-4o-mini"),
    )
    assert "<b>team</b>/best, openai/gpt-5" in row(page, "gpt-5")
    assert "OpenAI, Azure, Sweden Cheapest first" in row(page, "gpt-5")
    assert "Differs by channel" in row(page, "gpt-4o")
    assert "Unpriced" in row(page, ODD)
    assert "Free" in row(page, "qwen3:32b")


def test_a_search_finds_another_model(open_page: OpenPage) -> None:
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
def test_one_model_cannot_be_read(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/models/gpt-5", size=size, theme=theme)
    expect(page.get_by_role("heading", level=1)).to_have_text("gpt-5")
    picture(page, f"model-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_price_cannot_be_changed_and_taken_back(open_page: OpenPage, site: Gateway) -> None:
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
    (shown,) = site.admin("GET", "/prices?model=o3-mini").json()
    assert ("0.90", "4.40", "1.25", "operator") == tuple(shown[f] for f in ("input", "output", "cache_write", "source"))

    page.get_by_role("button", name="Back to the table's price").click()
    expect(page.locator(".facts")).to_contain_text("$1.10")
    page.get_by_role("link", name="Models").first.click()
    assert "genai-prices" in row(page, "o3-mini")


def test_an_alias_cannot_be_made_used_and_removed(open_page: OpenPage, site: Gateway) -> None:
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


def test_what_counts_for_no_model_stays_for_ever(open_page: OpenPage, site: Gateway) -> None:
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
        site.admin("GET", "/aliases?x=old").json()[2:],
        site.admin("GET", "/prices?model=gpt-3").status,
    )


def test_a_name_runs_as_a_script(open_page: OpenPage, site: Gateway) -> None:
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


def test_more_models_than_fit_are_not_told_of(open_page: OpenPage, site: Gateway, upstream: Upstream) -> None:
    site.add_channel(upstream.url, name="Aggregator", models=MANY)
    page = open_page("/console/models")
    expect(page.locator("tbody tr")).to_have_count(PAGE)
    expect(page.get_by_text(f"{PAGE} of 130 are shown")).to_be_visible()
    page.get_by_role("searchbox").fill("model-119")
    page.get_by_role("searchbox").press("Enter")
    expect(page.get_by_role("link", name=MANY[-1], exact=True)).to_be_visible()
    site.admin("DELETE", "/channels/Aggregator")
