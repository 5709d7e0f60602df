"""Usage records, looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SETTINGS, OpenPage, overflow, picture
from tests.browser.history import fill
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
def test_the_list_breaks(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/requests", size=size, theme=theme)
    expect(page.locator("tbody tr")).to_have_count(50)
    picture(page, f"requests-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_filter_cannot_be_set_and_cleared(open_page: OpenPage) -> None:
    page = open_page("/console/requests")
    page.get_by_label("Any outcome").select_option("error")
    expect(page).to_have_url(re.compile(r"/console/requests\?outcome=error$"))
    expect(page.get_by_role("row").filter(has_text="Failed").first).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Answered")).to_have_count(0)
    page.get_by_role("link", name="Clear filters").click()
    page.get_by_role("link", name="Older").click()
    expect(page.locator("tbody tr")).to_have_count(50)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_one_request_cannot_be_read(open_page: OpenPage, size: str) -> None:
    page = open_page("/console/requests", size=size)
    page.get_by_role("link", name="demo").first.click()
    expect(page.get_by_text("Counted by the upstream.")).to_be_visible()
    picture(page, f"request-{size}")
    assert 0 == overflow(page)
