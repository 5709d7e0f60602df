"""Usage records, looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.served.browser.conftest import SETTINGS, OpenPage, overflow, picture
from tests.served.browser.history import fill
from tests.support.gateway import Gateway, running
from tests.support.process import Home


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with a past and one request of today."""
    directory = tmp_path_factory.mktemp("requests") / "data"
    fill(directory)
    with running(Home(directory, SETTINGS)) as gateway:
        gateway.set_price("demo", "3", "15")
        assert 200 == gateway.chat("demo").status
        yield gateway


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_of_requests_fits_every_screen(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/requests", size=size, theme=theme)
    expect(page.locator("tbody tr")).to_have_count(50)
    picture(page, f"requests-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_filter_can_be_set_and_cleared(open_page: OpenPage) -> None:
    page = open_page("/console/requests")
    page.get_by_label("Any outcome").select_option("error")
    expect(page).to_have_url(re.compile(r"/console/requests\?outcome=error$"))
    expect(page.get_by_role("row").filter(has_text="Failed").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Answered")).to_have_count(0)
    page.get_by_role("link", name="Clear filters").click()
    page.get_by_role("link", name="Older").click()
    expect(page.locator("tbody tr")).to_have_count(50)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_page_of_a_request_fits_every_screen(open_page: OpenPage, size: str) -> None:
    page = open_page("/console/requests", size=size)
    page.get_by_role("link", name="demo").first.click()
    expect(page.get_by_text("Counted by the upstream.")).to_be_visible()
    picture(page, f"request-{size}")
    assert 0 == overflow(page)


def test_new_requests_come_live_but_no_row_moves_under_the_pointer(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/requests?model=gpt-nobody-has")
    expect(page.get_by_text("No request matches")).to_be_visible()
    page.get_by_role("switch", name="Live").check()
    expect(page).to_have_url(re.compile("live=1"))
    site.chat("gpt-nobody-has")
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(1, timeout=20_000)
    first = rows.first.get_attribute("data-id")

    rows.first.hover()
    key = site.add_token()
    site.post({"model": "gpt-nobody-has", "messages": [{"role": "user", "content": "x"}]}, key=key)
    more = page.get_by_role("button", name="1 new")
    expect(more).to_be_visible(timeout=20_000)
    expect(rows).to_have_count(1)

    rows.first.get_by_role("link").focus()
    more.click()
    expect(rows).to_have_count(2)
    assert first == rows.nth(1).get_attribute("data-id")


def test_a_request_is_left_by_the_filters_that_led_to_it(open_page: OpenPage) -> None:
    page = open_page("/console/requests?outcome=error&since=30d")
    page.locator("tbody tr a").first.click()
    expect(page.get_by_role("heading", name="Attempts")).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Requests").click()
    expect(page).to_have_url(re.compile(r"/console/requests\?outcome=error&since=30d$"))
    expect(page.get_by_label("Any outcome")).to_have_value("error")


def test_an_error_of_many_lines_is_shown_to_its_end(open_page: OpenPage) -> None:
    """A failed request's page cut what was wrong after two lines of 36 characters, as lists do."""
    page = open_page("/console/requests?outcome=error&since=30d")
    page.locator("tbody tr a").first.click()
    notice = page.locator(".notice.why")
    expect(notice).to_be_visible()
    assert notice.evaluate("""notice => {
      notice.append("it went wrong ".repeat(100));
      return notice.scrollHeight <= notice.clientHeight;
    }""")


def test_on_a_phone_filters_are_folded_and_say_how_many_are_set(open_page: OpenPage) -> None:
    """They filled half of the page, and what can be searched for was cut off."""
    page = open_page("/console/requests?outcome=ok&since=30d", size="phone")
    shown = page.locator("[data-filters] select:visible, [data-filters] input:visible")
    expect(shown).to_have_count(1)
    expect(shown).to_have_attribute("name", "q")
    assert shown.evaluate("field => field.offsetWidth > 350")
    expect(page.get_by_role("link", name="Clear filters")).to_be_visible()
    page.get_by_text("Filters: 2 set").click()
    page.get_by_label("Any token").select_option("Ana")
    page.wait_for_url("**token=Ana**")
    expect(page.get_by_text("Filters: 3 set")).to_be_visible()
    page.goto("/console/requests")
    expect(page.get_by_text("Filters", exact=True)).to_be_visible()
