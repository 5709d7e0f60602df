"""The front page: what happens, and what ends it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from tests.served.browser.conftest import SETTINGS, OpenPage, overflow, picture
from tests.served.browser.history import CHANNELS, MODELS, fill
from tests.support.gateway import Gateway, eventually, running
from tests.support.process import Home
from tests.support.upstream.answers import chat_chunk, error_answer, sse
from tests.support.upstream.received import Request
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Hang, Script

DRAWN = "[...document.querySelectorAll('#hour-rows [data-value]')].reduce((sum, cell) => sum + +cell.dataset.value, 0)"
REFRESH = """
import(document.querySelector("script[src*=overview]").src.replace("pages/overview", "parts/refresh"))
  .then((module) => module.refresh())
"""
"""What the page does every fifteen seconds."""


def endless(request: Request) -> Script:
    """A stream that begins and never ends, or a refused key."""
    if b"bad" in request.body:
        return error_answer(401, "Incorrect API key provided")
    return sse(chat_chunk({"role": "assistant", "content": "word " * 40}), Hang())


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(endless) as server:
        yield server


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
def test_the_front_page_fits_every_screen(open_page: OpenPage, site: Gateway, size: str, theme: str) -> None:
    with site.stream("claude-sonnet-5"), site.stream("gpt-5-mini"):
        page = open_page("/console", size=size, theme=theme)
        expect(page.get_by_role("button", name="Stop")).to_have_count(2)
        expect(page.locator(".chart rect.bar").first).to_be_visible()
        picture(page, f"overview-{size}-{theme}")
        assert 0 == overflow(page)


def test_stop_ends_a_stream_and_charges_what_came(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console")
    expect(page.get_by_text("Nothing is under way.")).to_be_visible()
    with site.stream("deepseek-chat") as stream:
        row = page.get_by_role("row").filter(has_text="deepseek-chat")
        expect(row).to_contain_text("50")
        row.get_by_role("button", name="Stop").click()
        assert b"request_stopped" in b"".join(event.data for event in stream.events())
    expect(row).to_contain_text("ended")
    page.mouse.move(1, 1)
    expect(page.get_by_text("Nothing is under way.")).to_be_visible()
    (stopped,) = [record for record in site.books.records() if record.outcome == "stopped"]
    assert (50, "deepseek-chat") == (stopped.completion_tokens, stopped.model)


def test_the_charts_tip_shows_the_values_of_its_table(open_page: OpenPage) -> None:
    page = open_page("/console")
    page.locator(".chart .column").last.hover()
    expect(page.locator(".tip")).to_be_visible()
    page.get_by_text("As a table").click()
    last = page.locator("#hours tbody tr").last.get_by_role("cell").nth(1).inner_text()
    assert f"Answered {last}" in page.locator(".tip").inner_text()
    picture(page, "overview-table")


def test_what_needs_attention_is_named(open_page: OpenPage) -> None:
    attention = open_page("/console").locator("section").filter(has_text="Needs attention").last
    expect(attention).to_contain_text("Azure, Sweden has a key out of use")
    expect(attention).to_contain_text("Ana expires soon")
    expect(attention).to_contain_text("bad has no price")


def test_a_gateway_that_does_not_answer_is_named(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console")
    page.route("**/api/admin/flights", lambda route: route.abort())
    expect(page.get_by_text("The gateway does not answer.")).to_be_visible()
    page.unroute("**/api/admin/flights")


def test_rows_do_not_move_under_the_pointer(open_page: OpenPage, site: Gateway) -> None:
    """Stop was pressed for one request and met the next one, which had come in its place."""
    page = open_page("/console")
    stops = page.locator("[data-flights] tbody tr:not(.over) [data-stop]")
    with site.stream("gpt-5-mini"):
        expect(stops).to_have_count(1)
        with site.stream("claude-sonnet-5"):
            expect(stops).to_have_count(2)
            before = stops.nth(1).bounding_box()
            stops.nth(1).hover()
            first = next(row for row in site.admin("GET", "/flights").json() if row["model"] == "gpt-5-mini")
            site.admin("POST", f"/flights/{first['id']}/stop")
            expect(page.locator("[data-flights] tbody tr.over")).to_contain_text("gpt-5-mini")
            assert before == stops.nth(0).bounding_box()
            page.mouse.move(1, 1)
            expect(page.locator("[data-flights] tbody tr.over")).to_have_count(0)
            stops.nth(0).focus()
            page.keyboard.press("Enter")
            expect(page.locator("[data-flights] tbody tr.over")).to_contain_text("claude-sonnet-5")
            assert page.evaluate("document.activeElement.closest('[data-flights]') !== null")


@pytest.mark.parametrize(("size", "language"), [("phone", "en"), ("desktop", "zh")])
def test_what_needs_attention_is_counted_above_all_and_moves_nothing(
    open_page: OpenPage, site: Gateway, size: str, language: str
) -> None:
    """On a phone it stood two screens down, below what is under way, which it must not move."""
    page = open_page("/console", size=size)
    page.context.add_cookies([{"name": "aihub_language", "value": language, "url": site.url}])
    page.goto("/console")
    alarm = page.locator("#alarm")
    count = int(alarm.inner_text().split(":")[1])
    assert count == page.locator("#attention li").count()
    below = page.locator("#day").bounding_box()
    above = alarm.bounding_box()
    assert above is not None and below is not None
    assert above["y"] + above["height"] <= below["y"]
    soon = datetime.fromtimestamp(time.time() + 3600, UTC).isoformat()
    site.add_token(name=f"soon-{size}", expires=soon)
    page.evaluate(REFRESH)
    expect(alarm).to_contain_text(str(count + 1))
    assert below == page.locator("#day").bounding_box()
    alarm.get_by_role("link").click()
    expect(page.locator("#attention")).to_be_in_viewport()
    site.admin("DELETE", f"/tokens/soon-{size}")
    page.mouse.move(1, 1)
    page.evaluate(REFRESH)
    expect(alarm).to_contain_text(str(count))


def test_the_line_of_what_needs_attention_stays_where_nothing_does(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console", size="phone")
    few = page.locator("#day").bounding_box()
    nothing = "paragraph => { paragraph.innerHTML = '<span>Needs attention: Nothing: all is well.</span>'; }"
    page.locator("#alarm").evaluate(nothing)
    assert few == page.locator("#day").bounding_box()
    assert 0 == overflow(page)


def test_the_chart_answers_keys_and_fingers(open_page: OpenPage) -> None:
    page = open_page("/console", size="phone")
    chart = page.locator(".chart")
    tip = chart.locator(".tip")
    expect(chart.locator(".column")).to_have_count(24)
    chart.focus()
    page.keyboard.press("End")
    expect(tip).to_be_visible()
    last = tip.inner_text()
    page.keyboard.press("ArrowLeft")
    expect(tip).not_to_have_text(last)
    page.keyboard.press("ArrowRight")
    assert last == tip.inner_text()
    page.keyboard.press("Escape")
    expect(tip).to_be_hidden()
    box = chart.bounding_box()
    assert box is not None
    touch = page.context.new_cdp_session(page)
    points = [{"x": box["x"] + box["width"] - 2, "y": box["y"] + 60}]
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(tip).to_be_visible()
    assert last == tip.inner_text()


def test_all_parts_of_the_page_follow_the_figures(open_page: OpenPage, site: Gateway) -> None:
    """The chart, what needs attention and the channels stood as they had come."""
    page = open_page("/console")
    site.add_channel("http://127.0.0.1:9", name="Reseller", models=["unpriced"])
    assert 200 == site.chat("demo").status

    def figures() -> tuple[int, int, int]:
        page.evaluate(REFRESH)
        drawn = page.evaluate(DRAWN)
        day = site.admin("GET", "/overview").json()["day"]
        return drawn, int(page.locator("#day dd").first.inner_text()), day["requests"]

    eventually(lambda: len(set(figures())) == 1, lambda: str(figures()))
    expect(page.locator("#attention")).to_contain_text("unpriced has no price")
    expect(page.locator("#channels")).to_contain_text("Reseller")


def test_a_phones_bar_names_its_icons(open_page: OpenPage) -> None:
    page = open_page("/console", size="phone")
    entries = page.locator("nav.rail > ul:not([popover]) .entry, nav.rail > .entry")
    expect(entries).to_have_text(["Search/", "Overview", "Tokens", "Statistics", "Requests", "More"])
    for entry in entries.locator("span").all():
        box = entry.bounding_box()
        assert box is not None
        assert box["width"] > 20
    page.get_by_role("button", name="More").click()
    picture(page, "phone-more")
    page.get_by_role("link", name="Channels").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Channels")
