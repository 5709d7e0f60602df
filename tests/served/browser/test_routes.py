"""A named route as an operator makes it, puts it in order and reads what a request would try."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.served.browser.conftest import OpenPage, overflow, picture, stopped_clock
from tests.support.gateway import Gateway
from tests.support.upstream.scripted import Upstream


@pytest.fixture(scope="module", autouse=True)
def upstream(site: Gateway) -> Iterator[Upstream]:
    """Three models, and a route over them."""
    with Upstream() as server:
        site.add_channel(server.url, name="one", models=["big", "middle", "small"])
        yield server


@pytest.fixture(autouse=True)
def route(site: Gateway) -> Iterator[None]:
    site.admin("POST", "/routes", {"name": "coding", "steps": [{"model": name} for name in ("big", "middle", "small")]})
    yield
    site.admin("DELETE", "/routes/coding")


def order(page: Page) -> list[str]:
    return [field.input_value() for field in page.locator("[data-field=model]").all()]


def stored(site: Gateway) -> list[str]:
    return [step["model"] for step in site.admin("GET", "/routes/coding").json()["steps"]]


def handle(page: Page, number: int) -> Locator:
    return page.locator(".handle").nth(number)


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_route_fits_every_screen(open_page: OpenPage, size: str) -> None:
    for path in ("/console/routes", "/console/routes/named/coding", "/console/routes/new"):
        page = open_page(path, size=size)
        picture(page, f"route-{size}-{path.rsplit('/', 1)[-1]}")
        assert 0 == overflow(page)


def test_arrow_keys_move_a_model_and_say_where_it_is(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/routes/named/coding")
    expect(page.locator("#ways li")).to_have_count(3)
    handle(page, 2).focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert ["small", "big", "middle", ""] == order(page)
    expect(page.locator("#moved")).to_have_text("small is at place 1 now.")
    expect(handle(page, 0)).to_be_focused()
    page.get_by_role("button", name="Save route").click()
    expect(page.locator("#saved")).to_have_text("Saved: it counts from the next request on.")
    assert ["small", "big", "middle"] == stored(site)
    expect(page.locator("#ways li strong").first).to_have_text("1 · small · one")


def test_a_model_is_dragged_to_its_place(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/routes/named/coding")
    handle(page, 0).drag_to(page.locator(".step").nth(2), target_position={"x": 10, "y": 70})
    assert ["middle", "small", "big", ""] == order(page)
    page.get_by_role("button", name="Save route").click()
    expect(page.locator("#saved")).not_to_be_empty()
    assert ["middle", "small", "big"] == stored(site)


def test_a_new_route_is_made_with_conditions_and_deleted(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/routes/new")
    page.get_by_label("Name", exact=True).fill("night")
    page.locator("[data-field=model]").nth(0).fill("small")
    page.locator(".step summary").nth(0).click()
    page.locator("[data-field=below_budget]").nth(0).fill("20 %")
    page.locator("[data-field=model]").nth(1).fill("big")
    expect(page.locator(".step")).to_have_count(3)
    page.get_by_role("button", name="Save route").click()
    page.wait_for_url("**/console/routes/named/night")
    made = site.admin("GET", "/routes/night").json()
    assert [("small", 20), ("big", None)] == [(step["model"], step["below_budget"]) for step in made["steps"]]
    expect(page.locator("#ways")).to_contain_text("Passed over: it is for tokens with less than 20 %")
    page.get_by_role("button", name="Delete").click()
    page.locator("#ask-yes").click()
    page.wait_for_url("**/console/routes")
    assert 404 == site.admin("GET", "/routes/night").status


def test_a_deleted_route_comes_back_as_it_was_unless_its_name_was_taken_meanwhile(
    open_page: OpenPage, site: Gateway
) -> None:
    steps = [{"model": "small", "below_budget": 20}, {"model": "big", "hours": "22:00-06:00@UTC"}, {"model": "middle"}]
    site.admin("PATCH", "/routes/coding", {"steps": steps, "on": ["slow", "down"], "patience": 2.5})
    before = site.admin("GET", "/routes/coding").json()

    def delete() -> Page:
        page = open_page("/console/routes/named/coding")
        stopped_clock(page)
        page.get_by_role("button", name="Delete").click()
        page.locator("#ask-yes").click()
        page.wait_for_url("**/console/routes")
        expect(page.get_by_text("coding is deleted.")).to_be_visible()
        assert 404 == site.admin("GET", "/routes/coding").status
        return page

    page = delete()
    picture(page, "routes-undo")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name="coding", exact=True)).to_be_visible()
    expect(page.get_by_text("coding is deleted.")).to_be_hidden()
    assert before == site.admin("GET", "/routes/coding").json()

    page = delete()
    site.admin("POST", "/routes", {"name": "coding", "steps": [{"model": "big"}]})
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("There is a route 'coding' already.")).to_be_visible()
    assert ["big"] == stored(site)


def test_the_way_of_another_token_is_told_in_the_readers_language(open_page: OpenPage, site: Gateway) -> None:
    site.admin("POST", "/tokens", {"name": "narrow", "models": ["other"]})
    page = open_page("/console/routes/named/coding")
    page.context.add_cookies([{"name": "aihub_language", "value": "zh", "url": page.url}])
    page.reload()
    expect(page.locator("#ways li span").first).to_have_text("优先级 0")
    page.locator("#for-token").select_option(label="narrow")
    expect(page.locator("#refused")).to_have_text("此令牌不能使用模型 coding。")
    expect(page.locator("#ways li")).to_have_count(0)
    picture(page, "route-of-a-token-chinese")
    page.locator("#for-token").select_option(index=0)
    expect(page.locator("#ways li")).to_have_count(3)
    expect(page.locator("#refused")).to_be_hidden()


def test_a_refusal_is_shown_and_nothing_is_saved(open_page: OpenPage, site: Gateway) -> None:
    page = open_page("/console/routes/named/coding")
    page.get_by_label("slow to begin").check()
    page.get_by_role("button", name="Save route").click()
    expect(page.locator("#complaint")).to_contain_text("patience")
    assert ["big", "middle", "small"] == stored(site)


def test_a_new_route_can_be_left_as_other_new_things_can(open_page: OpenPage) -> None:
    page = open_page("/console/routes/new")
    page.get_by_role("link", name="Cancel").click()
    page.wait_for_url("**/console/routes")
