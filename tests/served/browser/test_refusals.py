"""What a reader is told when something does not work."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.served.browser.conftest import OpenPage, overflow, picture
from tests.support.gateway import Gateway


def test_a_refusal_is_chinese_on_a_chinese_page(open_page: OpenPage, site: Gateway) -> None:
    site.add_token(name="taken")
    page = open_page("/console/tokens/new")
    page.get_by_role("button", name="中文").click()
    page.get_by_label("名称").fill("taken")
    page.get_by_role("button", name="创建令牌").click()
    expect(page.get_by_role("alert").filter(has_text="已有名为 'taken' 的令牌")).to_be_visible()
    picture(page, "refusal-chinese")


@pytest.mark.parametrize(("size", "theme"), [("desktop", "light"), ("phone", "dark")])
def test_an_unknown_page_leads_back_to_the_console(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/nothing", size=size, theme=theme)
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    picture(page, f"lost-{size}-{theme}")
    assert 0 == overflow(page)
    page.get_by_role("link", name="To the console").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
