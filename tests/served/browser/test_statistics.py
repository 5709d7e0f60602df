"""A month of use, looked at."""

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
    """A gateway with a past."""
    directory = tmp_path_factory.mktemp("statistics") / "data"
    fill(directory)
    with running(Home(directory, SETTINGS)) as gateway:
        yield gateway


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_statistics_fit_every_screen(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/statistics?span=30d", size=size, theme=theme)
    expect(page.locator(".chart rect.bar").first).to_be_visible()
    picture(page, f"statistics-{size}-{theme}")
    assert 0 == overflow(page)


def test_the_choices_change_the_page(open_page: OpenPage) -> None:
    page = open_page("/console/statistics")
    page.get_by_role("link", name="24 hours").click()
    page.get_by_role("navigation", name="By").get_by_role("link", name="Tokens").click()
    page.get_by_role("navigation", name="Figure").get_by_role("link", name="Requests").click()
    expect(page).to_have_url(re.compile("span=24h&by=token&metric=requests"))
    expect(page.locator("#members")).to_contain_text("翻译机器人")
    picture(page, "statistics-hours")


def test_the_chart_and_its_table_add_up_to_the_total(open_page: OpenPage) -> None:
    page = open_page("/console/statistics?span=30d&metric=requests")
    page.get_by_text("As a table").click()
    cells = page.locator("#steps [data-value]").evaluate_all("cells => cells.map(cell => +cell.dataset.value)")
    shown = page.locator(".figures dd").nth(1).inner_text()
    assert shown == f"{int(sum(cells)):,}"
    assert len([cell for cell in cells if cell]) == page.locator(".chart rect.bar").count()


@pytest.mark.parametrize(
    ("size", "theme", "language", "part"),
    [
        ("desktop", "light", "en", 0.005),
        ("desktop", "dark", "zh", 1e-3),
        ("phone", "light", "zh", 1e-6),
        ("phone", "dark", "en", 1e-4),
    ],
)
def test_the_labels_of_the_axis_are_whole_and_one_step_apart(
    open_page: OpenPage, size: str, theme: str, language: str, part: float
) -> None:
    """Of costs below a cent they began left of the page, and two steps had the same label."""
    page = open_page("/console", size=size, theme=theme)
    page.context.add_cookies([{"name": "aihub_language", "value": language, "url": page.url}])
    page.goto("/console/statistics?span=30d")
    expect(page.locator(".chart rect.bar").first).to_be_visible()
    shrink = "(cells, part) => { for (const cell of cells) cell.dataset.value *= part; }"
    page.locator("#steps [data-value]").evaluate_all(shrink, part)
    svg = page.locator(".chart svg")
    before = svg.get_attribute("width")
    page.locator(".chart").evaluate("figure => { figure.style.width = '98%'; }")
    expect(svg).not_to_have_attribute("width", before or "")
    picture(page, f"statistics-axis-{size}-{theme}-{language}-{part:g}")
    labels = page.locator(".chart .tick[text-anchor=end]")
    chart = page.locator(".chart").bounding_box()
    assert chart is not None
    boxes = [label.bounding_box() for label in labels.all()]
    assert all(box is not None and box["x"] >= chart["x"] for box in boxes)
    values = [float(text.removeprefix("$").replace(",", "")) for text in labels.all_text_contents()]
    assert [round(values[1] * number, 12) for number in range(len(values))] == [round(each, 12) for each in values]
    assert values[1] > 0
    assert 0 == overflow(page)


@pytest.mark.parametrize(("size", "theme"), [("desktop", "light"), ("phone", "dark")])
def test_a_span_by_its_ends_can_be_chosen(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/statistics?span=30d&metric=requests", size=size, theme=theme)
    page.get_by_role("link", name="Custom").click()
    expect(page.get_by_label("From")).to_have_value(re.compile(r"^\d{4}-\d\d-\d\d$"))
    first = page.get_by_label("From").input_value()
    page.get_by_label("To", exact=True).fill(first)
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(f"from={first}&to={first}&by=model&metric=requests"))
    assert 24 <= page.locator("#steps tbody tr").count() <= 25
    page.get_by_role("link", name="With times of day").click()
    page.get_by_label("To", exact=True).fill(f"{first}T12:00")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("from=.*T00%3A00&to=.*T12%3A00&by=model&metric=requests"))
    assert 12 == page.locator("#steps tbody tr").count()
    picture(page, f"statistics-own-{size}-{theme}")
    assert 0 == overflow(page)


def test_a_span_that_ends_before_it_begins_is_refused_beside_its_form(open_page: OpenPage) -> None:
    page = open_page("/console/statistics?from=2026-11-02T00:00&to=2026-11-01T00:00&by=token")
    expect(page.get_by_role("alert")).to_have_text("To: must be later than the start.")
    expect(page.get_by_label("To", exact=True)).to_have_value("2026-11-01T00:00")
    picture(page, "statistics-own-wrong")
    page.get_by_role("link", name="7 days").click()
    expect(page.locator("#members")).to_be_visible()


def test_latencies_are_drawn_as_one_mean_per_day(open_page: OpenPage) -> None:
    page = open_page("/console/statistics?span=30d&metric=latency")
    page.get_by_text("As a table").click()
    cells = page.locator("#steps [data-value]").evaluate_all("cells => cells.map(cell => +cell.dataset.value)")
    assert (30, True) == (len(cells), all(0 <= cell < 2400 for cell in cells))
    picture(page, "statistics-latency")


@pytest.mark.parametrize(("size", "theme"), [("desktop", "light"), ("phone", "dark")])
def test_two_dimensions_are_chosen_sorted_and_saved(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page("/console/statistics?span=30d", size=size, theme=theme)
    page.get_by_text("Group and filter").click()
    page.locator("select[name=then]").select_option(label="Models")
    page.locator("select[name=by]").select_option(label="Tokens")
    page.get_by_label("Outcome", exact=True).fill("ok")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile("by=token&then=model&outcome=ok$"))
    page.get_by_role("link", name="Speed").click()
    page.get_by_role("link", name="Tokens/s").click()
    expect(page.locator("#members th[aria-sort=descending]")).to_have_text("Tokens/s")
    picture(page, f"statistics-two-{size}-{theme}")
    assert 0 == overflow(page)
    name = f"fast {size}"
    page.get_by_text("Saved views").click()
    page.get_by_label("Name", exact=True).fill(name)
    with page.expect_event("load"):  # a view is in the list once the page has come anew
        page.get_by_role("button", name="Save this view").click()
    page.get_by_text("Saved views").click()
    page.get_by_role("link", name=name, exact=True).click()
    expect(page).to_have_url(re.compile("by=token%2Cmodel.*show=speed&sort=speed"))
    picture(page, f"statistics-saved-{size}-{theme}")


def test_a_table_that_is_wider_than_a_phone_shows_that_it_goes_on(open_page: OpenPage) -> None:
    """Its last columns were cut off without a sign: covers go along with the table and bare a shadow at the side that
    has more."""
    page = open_page("/console/statistics?span=30d", size="phone")
    page.get_by_text("As a table").click()
    table = page.locator(".scroll").filter(has=page.locator("#steps"))
    assert table.evaluate("box => box.scrollWidth > box.clientWidth")
    attached = table.evaluate("box => getComputedStyle(box).backgroundAttachment")
    assert "local, local, scroll, scroll" == attached
    table.evaluate("box => box.scrollIntoView()")
    box = table.bounding_box()
    assert box is not None
    edge = {"x": box["x"] + box["width"] - 4, "y": box["y"] + 2, "width": 4, "height": 4}
    going_on = page.screenshot(clip=edge)  # type: ignore[arg-type]
    table.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    assert page.screenshot(clip=edge) != going_on  # type: ignore[arg-type]
