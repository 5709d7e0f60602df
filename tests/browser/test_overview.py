"""The front page: what happens, and what ends it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import SETTINGS, OpenPage, overflow, picture
from tests.browser.history import CHANNELS, MODELS, fill
from tests.support.answers import chat_chunk, error_answer, sse
from tests.support.gateway import Gateway, running
from tests.support.process import Home
from tests.support.received import Request
from tests.support.scripted import Upstream
from tests.support.steps import Hang, Script


def endless(request: Request) -> Script:
    """A stream that begins and never ends, or a refused key."""
    if b"bad" in request.body:
        return error_answer(401, "Incorrect API key provided")
    return sse(chat_chunk({"role": "assistant", "content": "word " * 40}), Hang())


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(endless) as found:
        yield found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Gateway]:
    """A gateway with a past, a broken key and an unpriced model."""
    directory = tmp_path_factory.mktemp("overview") / "data"
    fill(directory)
    with running(Home(directory, SETTINGS)) as gateway:
        for model, name in CHANNELS.items():
            gateway.add_channel(upstream.url, name=name, models=[model])
            gateway.set_price(model, "1", str(MODELS[model] / 1000))
        gateway.add_channel(upstream.url, name="Azure, Sweden", models=["bad"])
        gateway.chat("bad")
        yield gateway


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_front_page_breaks(open_page: OpenPage, site: Gateway, size: str, theme: str) -> None:
    with site.stream("claude-sonnet-5"), site.stream("gpt-5-mini"):
        page = open_page("/console", size=size, theme=theme)
        expect(page.get_by_role("button", name="Stop")).to_have_count(2)
        expect(page.locator(".chart rect.bar").first).to_be_visible()
        picture(page, f"overview-{size}-{theme}")
        assert 0 == overflow(page)


def test_stop_does_not_end_a_stream(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console")
    expect(page.get_by_text("Nothing is under way.")).to_be_visible()
    with site.stream("deepseek-chat") as stream:
        row = page.get_by_role("row").filter(has_text="deepseek-chat")
        expect(row).to_contain_text("50")
        row.get_by_role("button", name="Stop").click()
        assert b"request_stopped" in b"".join(event.data for event in stream.events())
    expect(page.get_by_text("Nothing is under way.")).to_be_visible()
    (stopped,) = [record for record in site.books.records() if record.outcome == "stopped"]
    assert (50, "deepseek-chat") == (stopped.completion_tokens, stopped.model)


def test_the_chart_tells_other_values_than_its_table(open_page: OpenPage) -> None:
    page = open_page("/console")
    page.locator(".chart .column").last.hover()
    expect(page.locator(".tip")).to_be_visible()
    page.get_by_text("As a table").click()
    last = page.locator("#hours tbody tr").last.get_by_role("cell").nth(1).inner_text()
    assert f"Answered {last}" in page.locator(".tip").inner_text()
    picture(page, "overview-table")


def test_what_needs_attention_is_not_named(open_page: OpenPage) -> None:
    attention = open_page("/console").locator("section").filter(has_text="Needs attention").last
    expect(attention).to_contain_text("Azure, Sweden has a key out of use")
    expect(attention).to_contain_text("Ana expires soon")
    expect(attention).to_contain_text("bad has no price")


def test_a_gateway_that_is_gone_looks_alive(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console")
    page.route("**/api/admin/flights", lambda route: route.abort())
    expect(page.get_by_text("The gateway does not answer.")).to_be_visible()
    page.unroute("**/api/admin/flights")
