"""Pages that are touched before any of their scripts has come: on a slow line that is how somebody quick meets them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.served.browser.conftest import OpenPage, held_back
from tests.support.gateway import Gateway
from tests.support.upstream.answers import healthy
from tests.support.upstream.scripted import Upstream


@pytest.fixture(scope="module", autouse=True)
def upstream(site: Gateway) -> Iterator[Upstream]:
    """Two models, a token that may use one of them, and a request that was answered."""
    with Upstream(healthy) as server:
        site.add_channel(server.url, name="Scripted", models=["poet", "painter", "gpt-4o"])
        site.add_token(name="Painter's", models=["painter"])
        site.add_token(name="Everything")
        assert 200 == site.chat("demo").status
        yield server


@pytest.fixture
def open_bare(open_page: OpenPage) -> Callable[[str], tuple[Page, Callable[[], None]]]:
    """Opens a page without its scripts; they come when what is returned beside it is called."""

    def open_at(path: str) -> tuple[Page, Callable[[], None]]:
        page = open_page("/console/settings")
        release = held_back(page)
        page.goto(path, wait_until="commit")
        return page, release

    return open_at


OpenBare = Callable[[str], tuple[Page, Callable[[], None]]]


def test_a_tab_pressed_before_the_scripts_ran_is_shown(open_bare: OpenBare, site: Gateway) -> None:
    """Somebody chose Aider, and went on reading the settings of the first client."""
    token = site.admin("GET", "/tokens/Everything").json()["id"]
    page, release = open_bare(f"/console/tokens/{token}")
    page.get_by_role("tab", name="Aider").click()
    expect(page.get_by_role("tabpanel", name="Aider")).to_be_hidden()
    release()
    expect(page.get_by_role("tabpanel", name="Aider")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tabpanel", name="Aider")).to_be_hidden()


def test_a_model_chosen_before_the_scripts_ran_is_in_the_settings_of_clients(
    open_bare: OpenBare, site: Gateway
) -> None:
    token = site.admin("GET", "/tokens/Everything").json()["id"]
    page, release = open_bare(f"/console/tokens/{token}")
    page.locator("[data-choose-model]").select_option("poet")
    release()
    expect(page.locator("[data-fill=model]").first).to_have_text("poet")
    window = page.locator("#c-codex [data-window]")
    expect(window).to_have_text("")
    page.locator("[data-choose-model]").select_option("gpt-4o")
    expect(window).to_have_text("model_context_window = 128000")


def test_a_filter_chosen_before_the_scripts_ran_applies(open_bare: OpenBare) -> None:
    """The list said "Failed" above and showed what was answered; its button had vanished under the pointer."""
    page, release = open_bare("/console/requests")
    page.get_by_label("Any outcome").select_option("error")
    release()
    expect(page).to_have_url(re.compile(r"/console/requests\?outcome=error$"))
    expect(page.get_by_role("row").filter(has_text="Answered")).to_have_count(0)


def test_a_page_that_is_gone_back_to_shows_its_own_filters(open_page: OpenPage) -> None:
    page = open_page("/console/requests")
    page.get_by_label("Any outcome").select_option("error")
    expect(page).to_have_url(re.compile(r"/console/requests\?outcome=error$"))
    page.go_back()
    expect(page).to_have_url(re.compile(r"/console/requests$"))
    expect(page.get_by_label("Any outcome")).to_have_value("")
    expect(page.get_by_role("row").filter(has_text="Answered")).to_have_count(1)


def test_a_filter_is_chosen_by_keys_without_taking_every_value_on_the_way(open_page: OpenPage) -> None:
    """The first press of an arrow key loaded the page anew: nobody came to the second value by the keyboard."""
    page = open_page("/console/requests")
    page.get_by_label("Any outcome").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_label("Any outcome").input_value()
    page.get_by_role("button", name="Filter").press("Enter")
    expect(page).to_have_url(re.compile(rf"/console/requests\?outcome={chosen}$"))
    assert chosen == page.get_by_label("Any outcome").locator("option").nth(2).get_attribute("value")


def test_what_was_searched_before_the_scripts_ran_narrows_the_list(open_bare: OpenBare) -> None:
    page, release = open_bare("/console/models")
    page.get_by_role("searchbox").fill("paint")
    expect(page.get_by_role("row", name="poet")).to_be_visible()
    release()
    expect(page.get_by_role("row", name="poet")).to_be_hidden()
    expect(page.get_by_role("row", name="painter")).to_be_visible()


def test_a_theme_needs_no_script(open_bare: OpenBare) -> None:
    page, release = open_bare("/console/settings")
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    release()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_a_token_chosen_before_the_scripts_ran_offers_its_models(open_bare: OpenBare) -> None:
    """The playground asked as a token for a model of another one's, which that one may not use."""
    page, release = open_bare("/console/playground")
    page.locator("[data-token]").select_option("Everything")
    page.locator("[data-model]").first.select_option("poet")
    page.locator("[data-token]").select_option("Painter's")
    page.get_by_label("Ask something").fill("A tree")
    release()
    expect(page.locator("[data-model] option")).to_have_text(["painter"])
    expect(page.locator("#code-curl")).to_contain_text('"model": "painter"')
    expect(page.locator("#code-curl")).to_contain_text("A tree")


def test_a_question_sent_before_the_scripts_ran_is_kept(open_bare: OpenBare) -> None:
    page, release = open_bare("/console/playground")
    page.get_by_label("Ask something").fill("A tree")
    page.get_by_role("button", name="Send").click()
    release()
    page.wait_for_load_state()
    page.get_by_role("button", name="Send").click()
    expect(page.locator(".turn.asked")).to_contain_text("A tree")


def test_a_key_never_becomes_part_of_an_address(open_bare: OpenBare, site: Gateway, upstream: Upstream) -> None:
    """Whoever pressed Enter before the script of the form was there found the channel's key in the address bar, and
    so in the browser's history."""
    page, release = open_bare("/console/channels/new")
    page.get_by_label("Keys").fill("sk-canary-slow-script")
    page.get_by_label("Base URL").fill(upstream.url)
    page.get_by_label("Name").fill("slow")
    page.get_by_label("Name").press("Enter")
    page.get_by_role("button", name="Add channel").click()
    assert page.url.endswith("/console/channels/new")
    release()
    page.wait_for_load_state()
    page.get_by_role("button", name="Add channel").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("slow")
    assert "slow" == site.admin("GET", "/channels/slow").json()["name"]


@pytest.mark.parametrize(
    "path", ["channels/new", "tokens/new", "settings", "models/demo", "playground", "channels/Scripted"]
)
def test_no_form_that_a_script_sends_is_sent_by_the_browser_itself(open_bare: OpenBare, path: str) -> None:
    page, _ = open_bare(f"/console/{path}")
    page.wait_for_selector("main form")
    assert {"dialog"} == set(page.evaluate("[...document.querySelectorAll('main form')].map((form) => form.method)"))
