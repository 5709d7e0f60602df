"""A member of the team with nothing but a key, before its page."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from aihub_lite.web.console.language import LANGUAGES
from tests.served.browser.conftest import SETTINGS, OpenPage, overflow, picture
from tests.served.browser.history import fill
from tests.support.gateway import Gateway, running
from tests.support.process import Home

PATH = "/console/key"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a past."""
    directory = tmp_path_factory.mktemp("key") / "data"
    fill(directory)
    with running(Home(directory, SETTINGS)) as gateway:
        yield gateway


def key_of(site: Gateway, name: str) -> str:
    """A fresh key of a token that has been in use."""
    key: str = site.admin("POST", f"/tokens/{name}/rotate").json()["key"]
    return key


def new_key(site: Gateway, name: str, **fields: object) -> str:
    key: str = site.admin("POST", "/tokens", {"name": name, **fields}).json()["key"]
    return key


def show(page: Page, key: str) -> None:
    page.get_by_label("Key", exact=True).fill(key)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_key_sees_its_limits_and_usage(open_page: OpenPage, site: Gateway, size: str, theme: str) -> None:
    page = open_page(PATH, size=size, theme=theme, signed_in=False)
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    picture(page, f"key-asking-{size}-{theme}")
    show(page, key_of(site, "Research"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Research")
    expect(page.locator(".meters")).to_have_text(
        re.compile(r"of \$1.00 a day.*\$\d.\d\d left · Refills .*Spent in all", re.DOTALL)
    )
    expect(page.locator(".chart rect.bar").first).to_be_visible()
    picture(page, f"key-{size}-{theme}")
    assert 0 == overflow(page)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_key_sees_what_is_left_of_each_of_its_budgets_and_since_when(
    open_page: OpenPage, site: Gateway, size: str
) -> None:
    """One that had but a budget for some models, or by the hour, was told that nothing limits it."""
    key = new_key(site, f"budgets {size}", budgets=["claude-opus-*=2/5h", "tag:ci=3/day", "4/hour"])
    page = open_page(PATH, size=size, signed_in=False)
    show(page, key)
    meters = page.locator(".meters")
    for name, left in (
        ("Budget per 5 hours for claude-opus-*", 2),
        ("Budget per day for the tag ci", 3),
        ("Budget per hour", 4),
    ):
        told = re.compile(
            rf"{re.escape(name)}\s*\$0.00 of \${left}.00\s*\${left}.00 left · Refills .* · Counted since "
        )
        expect(meters).to_contain_text(told)
    expect(meters).not_to_contain_text("No limit")
    assert 0 == overflow(page)


def test_a_key_sees_the_same_figures_as_the_operator(open_page: OpenPage, site: Gateway) -> None:
    page = open_page(PATH, signed_in=False)
    show(page, key_of(site, "Research"))
    page.get_by_text("As a table").click()
    expect(page.locator("#days tbody tr")).to_have_count(30)
    members = site.admin("GET", "/statistics?span=30d&by=token&zone=UTC").json()["members"]
    (own,) = [member for member in members if member["name"] == "Research"]
    costs = page.locator("#days [data-value]:nth-child(2)").evaluate_all(
        "cells => cells.map(cell => +cell.dataset.value)"
    )
    assert [step["cost_usd"] for step in own["steps"]] == costs
    assert f"{own['requests']:,}" == page.locator("[data-total=requests]").inner_text()
    models = page.locator("#models tbody td:nth-child(3)").all_inner_texts()
    assert own["requests"] == sum(int(text.replace(",", "")) for text in models)


def test_the_chart_shows_the_chosen_figure(open_page: OpenPage, site: Gateway) -> None:
    page = open_page(PATH, signed_in=False)
    show(page, key_of(site, "Research"))
    ticks = page.locator(".chart .tick")
    expect(ticks.first).to_have_text("$0.00")
    page.get_by_role("button", name="Requests").click()
    expect(ticks.first).to_have_text("0")
    expect(page.get_by_role("button", name="Requests")).to_have_attribute("aria-pressed", "true")


def test_the_key_is_kept_in_this_tab_alone(open_page: OpenPage, site: Gateway) -> None:
    page, key = open_page(PATH, signed_in=False), key_of(site, "Ana")
    show(page, key)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana")
    kept = "() => JSON.stringify({...localStorage}) + document.cookie + location.href + document.body.innerHTML"
    assert key not in page.evaluate(kept)
    assert "" == page.locator("#key").input_value()
    other = page.context.new_page()
    other.goto(PATH)
    expect(other.get_by_label("Key", exact=True)).to_be_visible()


def test_a_key_can_be_forgotten(open_page: OpenPage, site: Gateway) -> None:
    page = open_page(PATH, signed_in=False)
    show(page, key_of(site, "Ana"))
    page.get_by_role("button", name="Forget this key").click()
    expect(page.get_by_label("Key", exact=True)).to_be_visible()
    assert ("{}", False) == (page.evaluate("JSON.stringify({...sessionStorage})"), "Ana" in page.content())
    page.reload()
    expect(page.get_by_label("Key", exact=True)).to_be_visible()


@pytest.mark.parametrize("key", ["sk-wrong", "密钥", "two words"])
def test_a_wrong_key_is_refused_and_not_kept(open_page: OpenPage, key: str) -> None:
    page = open_page(PATH, signed_in=False)
    show(page, key)
    expect(page.get_by_role("alert")).to_contain_text("This key opens nothing here")
    assert "{}" == page.evaluate("JSON.stringify({...sessionStorage})")
    picture(page, "key-wrong")


def test_a_key_is_kept_while_the_gateway_is_away(open_page: OpenPage, site: Gateway) -> None:
    page = open_page(PATH, signed_in=False)
    page.route("**/v1/key**", lambda route: route.abort())
    show(page, key_of(site, "Ana"))
    expect(page.get_by_role("alert")).to_have_text("The gateway does not answer.")
    picture(page, "key-unreachable")
    page.unroute("**/v1/key**")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ana")


def test_a_new_key_says_that_it_was_not_used(open_page: OpenPage, site: Gateway) -> None:
    page = open_page(PATH, size="phone", theme="dark", signed_in=False)
    show(page, new_key(site, "new<b>&amp;<img src=x>", models=["nothing-*"], quota="5"))
    expect(page.get_by_role("heading", level=1)).to_have_text("new<b>&amp;<img src=x>")
    expect(page.get_by_text("No requests in the last 30 days")).to_be_visible()
    expect(page.get_by_text("Calls that were refused are not counted here.")).to_be_visible()
    expect(page.get_by_text("None: no channel serves a model")).to_be_visible()
    expect(page.locator("figure.chart")).to_be_hidden()
    picture(page, "key-unused-phone-dark")
    assert 0 == overflow(page)


@pytest.mark.parametrize(("quota", "said"), [("0.004", "< $0.01 left: a call may need more"), ("0.01", "$0.01 left")])
def test_less_than_a_cent_is_said_to_be_little(open_page: OpenPage, site: Gateway, quota: str, said: str) -> None:
    page = open_page(PATH, signed_in=False)
    show(page, new_key(site, f"quota {quota}", quota=quota))
    expect(page.locator("[data-meters] small")).to_have_text(said)


def test_the_page_of_a_key_can_be_read_in_chinese(open_page: OpenPage, site: Gateway) -> None:
    page = open_page(PATH, signed_in=False)
    show(page, key_of(site, "tok_1"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Mobile app")
    page.get_by_role("button", name="中文").click()
    expect(page.locator("#usage")).to_have_text("最近 30 天")
    expect(page.locator(".chart rect.bar").first).to_be_visible()
    picture(page, "key-chinese")


def test_the_sign_in_and_the_page_of_a_key_lead_to_each_other(open_page: OpenPage) -> None:
    page = open_page("/console/sign-in", signed_in=False)
    page.get_by_role("link", name="You have only a key?").click()
    expect(page).to_have_url(re.compile(f"{PATH}$"))
    page.get_by_role("link", name="Sign in to the console").click()
    page.get_by_text("Sign in with the admin key").click()
    expect(page.get_by_label("Admin key")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_figure_of_a_model_has_its_name_beside_it_on_a_phone(
    open_page: OpenPage, site: Gateway, language: str
) -> None:
    """A phone shows no heads; the rows are made by a script, which takes the names of their figures from them."""
    page = open_page(PATH, size="phone", signed_in=False)
    page.context.add_cookies([{"name": "aihub_language", "value": language, "url": site.url}])
    page.goto(PATH)
    page.locator("#key").fill(key_of(site, "Research"))
    page.keyboard.press("Enter")
    row = page.locator("#models tbody tr").first
    expect(row).to_be_visible()
    expect(page.locator("#models thead")).to_be_hidden()
    shown = "cell => getComputedStyle(cell, '::before').content.replaceAll('\"', '')"
    labels = [cell.evaluate(shown) for cell in row.locator("td").all()]
    said = LANGUAGES[language]
    columns = ("overview.cost", "overview.requests", "statistics.column_prompt", "statistics.column_completion")
    names = [said(column) for column in (*columns, "overview.errors")]
    assert names == [re.sub(r"[:：] ?$", "", label) for label in labels]
