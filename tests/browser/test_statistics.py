"""A month of use, looked at."""

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
    """A gateway with a past."""
    directory = tmp_path_factory.mktemp("statistics") / "data"
    fill(directory)
    with running(Home(directory, SETTINGS)) as gateway:
        yield gateway


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_breaks(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/statistics?span=30d", size=size, theme=theme)
    expect(page.locator(".chart rect.bar").first).to_be_visible()
    picture(page, f"statistics-{size}-{theme}")
    assert 0 == overflow(page)


def test_the_choices_choose_nothing(open_page: OpenPage) -> None:
    page = open_page("/console/statistics")
    page.get_by_role("link", name="24 hours").click()
    page.get_by_role("navigation", name="By").get_by_role("link", name="Tokens").click()
    page.get_by_role("navigation", name="Figure").get_by_role("link", name="Requests").click()
    expect(page).to_have_url(re.compile("span=24h&by=token&metric=requests"))
    expect(page.locator("#members")).to_contain_text("翻译机器人")
    picture(page, "statistics-hours")


def test_the_chart_is_not_the_sum_of_the_table(open_page: OpenPage) -> None:
    page = open_page("/console/statistics?span=30d&metric=requests")
    page.get_by_text("As a table").click()
    cells = page.locator("#steps [data-value]").evaluate_all("cells => cells.map(cell => +cell.dataset.value)")
    shown = page.locator(".figures dd").nth(1).inner_text()
    assert shown == f"{int(sum(cells)):,}"
    assert len([cell for cell in cells if cell]) == page.locator(".chart rect.bar").count()
