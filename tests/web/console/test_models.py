"""What the model pages show."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.money import Price, Rates
from aihub_lite.web.console.language import LANGUAGES
from aihub_lite.web.console.models import KINDS, PAGE
from tests.web.console.visitor import Visitor, at_console

ODD = "x\"'><script>alert(1)</script>{{7-7}}"


async def add(visitor: Visitor, name: str, *models: str, **fields: Any) -> None:
    """A channel that offers these models, of which no table knows a price."""
    for model in models:
        visitor.gateway.registry.live_catalog.default_prices["openai", model] = None
    body = {"name": name, "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "keys": ["sk-1"], "models": models}
    await visitor.call("POST", "/channels", {**body, **fields}, status=201)


@pytest.mark.parametrize("tag", list(LANGUAGES))
def test_every_rate_has_a_name_and_a_help(tag: str) -> None:
    names = {f"rate.{kind}" for kind in KINDS} | {f"rate.help_{kind}" for kind in KINDS}
    assert set() == names - LANGUAGES[tag].texts.keys()


def test_a_gateway_without_channels_says_so_instead_of_a_table(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/models")
        assert (True, False) == ("Models appear as soon as a channel offers them." in text, "<table" in text)

    at_console(tmp_path, story)


def test_names_are_escaped_on_model_pages(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "A\"'><img src=x>", ODD)
        await visitor.call("POST", "/aliases", {"alias": ODD + "2", "model": ODD})
        await visitor.sign_in()
        for path in ("/console/models", f"/console/models?q={ODD[3:]}", "/console/models/" + ODD.replace("/", "%2F")):
            text = await visitor.page(path)
            assert (False, False, True) == ("<script>alert" in text, "<img" in text, "{{7-7}}" in text)

    at_console(tmp_path, story)


def test_a_search_finds_models_by_any_of_their_names(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "Work", "gpt-4o", "openai/gpt-5")
        await add(visitor, "Home", "llama")
        await visitor.call("POST", "/aliases", {"alias": "fast", "model": "llama"})
        await visitor.sign_in()
        results = {
            wanted: [name for name in ("gpt-4o", "gpt-5", "llama") if f'">{name}</a>' in text]
            for wanted in ("FAST", "openai", "work", " llama ", "nothing")
            for text in [await visitor.page(f"/console/models?q={wanted}")]
        }
        expected = {
            "FAST": ["llama"],
            "openai": ["gpt-5"],
            "work": ["gpt-4o", "gpt-5"],
            " llama ": ["llama"],
            "nothing": [],
        }
        assert expected == results

    at_console(tmp_path, story)


def test_hundreds_of_models_are_shown_a_page_at_a_time(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "Aggregator", *(f"organisation-{n}/a-model-with-a-long-name-{n:03}" for n in range(400)))
        await visitor.sign_in()
        text = await visitor.page("/console/models")
        assert (PAGE, True) == (text.count('class="whole"'), f"{PAGE} of 400 are shown" in text)
        assert len(text.encode()) < 75_000

    at_console(tmp_path, story)


def test_a_price_is_shown_only_where_it_is_the_same_at_every_channel(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "paid", "m")
        visitor.gateway.registry.live_catalog.default_prices["openai", "dear"] = Price(
            Rates(10**9, 2 * 10**9), source="table"
        )
        await visitor.call(
            "POST", "/channels", {"name": "b", "base_url": "http://127.0.0.1:9", "models": ["m=dear"]}, status=201
        )
        await visitor.sign_in()
        for path in ("/console/models", "/console/models/m"):
            assert "Differs by channel" in await visitor.page(path)
        await visitor.call("POST", "/prices", {"model": "m", "input": "0.125", "output": "2", "cache_read": "0.075"})
        for path in ("/console/models", "/console/models/m"):
            text = await visitor.page(path)
            assert (False, True, True) == ("Differs by channel" in text, "$0.125" in text, "Cache read $0.075" in text)

    at_console(tmp_path, story)


def test_a_price_per_image_is_shown(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "c", "painter")
        await visitor.sign_in()
        closed = await visitor.page("/console/models/painter")
        await visitor.call("POST", "/prices", {"model": "painter", "image": "0.04"})
        opened = await visitor.page("/console/models/painter")
        assert (False, True) == tuple('<details class="behind" open>' in text for text in (closed, opened))
        for text in (opened, await visitor.page("/console/models")):
            assert "Image $0.04" in text

    at_console(tmp_path, story)


def test_a_price_of_sound_is_shown(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "c", "speaker")
        rates = {"input": "2.5", "output": "10", "audio_input": "32", "audio_output": "64"}
        await visitor.call("POST", "/prices", {"model": "speaker", **rates})
        await visitor.sign_in()
        page = await visitor.page("/console/models/speaker")
        assert 1 == page.count('<details class="behind" open>')
        assert ["32.00", "64.00", ""] == [
            re.findall(rf'name="{kind}"[^>]* value="([^"]*)"', page)[0]
            for kind in ("audio_input", "audio_output", "video_output")
        ]
        for text in (page, await visitor.page("/console/models")):
            assert "Audio output $64" in text

    at_console(tmp_path, story)


def test_an_unknown_model_has_no_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        answer = await visitor.get("/console/models/nope")
        assert (404, True) == (answer.status_code, "There is no model" in answer.text)

    at_console(tmp_path, story)


async def make_route(visitor: Visitor, name: str = "coding") -> None:
    steps = [{"model": "demo", "over_tokens": 100}, {"model": "gone", "hours": "00:30-08:30@UTC"}]
    body = {"name": name, "steps": steps, "on": ["down", "slow"], "patience": 2.5}
    await visitor.call("POST", "/routes", body, status=201)


def test_without_a_route_the_page_says_what_one_is(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/routes")
        assert (True, False) == ("There is no route yet" in text, "<table" in text)

    at_console(tmp_path, story)


def test_a_route_is_shown_with_its_models_in_order_and_their_conditions(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await make_route(visitor)
        await visitor.sign_in()
        listed = await visitor.page("/console/routes")
        assert "demo → gone" in re.sub("<[^>]+>", "", listed)
        text = await visitor.page("/console/routes/named/coding")
        models = re.findall(r'data-field="model" list="names" value="([^"]*)"', text)
        assert ["demo", "gone", ""] == models
        assert ["100", "", ""] == re.findall(r'data-field="over_tokens" value="([^"]*)"', text)
        assert ["", "00:30-08:30@UTC", ""] == re.findall(r'data-field="hours" value="([^"]*)"', text)
        assert ["down", "slow"] == re.findall(r'name="on" value="(\w+)" checked', text)
        assert 'value="2.5"' in text

    at_console(tmp_path, story)


def test_names_are_escaped_on_pages_of_routes(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await make_route(visitor, ODD)
        await visitor.sign_in()
        for path in ("/console/routes", "/console/routes/named/" + ODD.replace("/", "%2F")):
            text = await visitor.page(path)
            assert (False, True) == ("<script>alert" in text, "{{7-7}}" in text)

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("", ["a", "b", "c", "d"]),
        ("name", ["a", "b", "c", "d"]),
        ("-name", ["d", "c", "b", "a"]),
        ("input", ["c", "a", "b", "d"]),
        ("-input", ["b", "a", "c", "d"]),
        ("output", ["b", "a", "c", "d"]),
        ("-output", ["c", "a", "b", "d"]),
        ("context", ["b", "a", "c", "d"]),
        ("-context", ["a", "b", "d", "c"]),
        ("nothing", ["a", "b", "c", "d"]),
    ],
)
def test_models_are_ordered_by_any_column_and_what_is_not_known_comes_last(
    tmp_path: Path, sort: str, expected: list[str]
) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "Work", "a", "b", "c", "d")
        for model, (dear, back) in {"a": ("2", "3"), "b": ("9", "1"), "c": ("1", "8")}.items():
            await visitor.call("POST", "/prices", {"model": model, "input": dear, "output": back})
        for model, window in (("a", 200_000), ("b", 8_000)):
            await visitor.call("PUT", f"/models/{model}", {"context_length": window})
        await visitor.sign_in()
        text = await visitor.page(f"/console/models?sort={sort}")
        assert expected == re.findall(r'class="whole" href="/console/models/(\w)"', text)

    at_console(tmp_path, story)


def test_pages_of_an_ordered_list_of_models_go_on_in_its_order(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        names = [f"m{number:03}" for number in range(PAGE + 5)]
        await add(visitor, "Work", *names)
        await visitor.call("POST", "/prices", {"model": "m040", "input": "5", "output": "5"})
        await visitor.sign_in()
        seen: list[str] = []
        path = "/console/models?sort=-input"
        while path:
            text = await visitor.page(path)
            seen += re.findall(r'class="whole" href="/console/models/(m\d+)"', text)
            further = re.search(r'href="(/console/models\?[^"]*after=[^"]*)"', text)
            path = further[1].replace("&amp;", "&") if further else ""
        assert ("m040", {*names}, len(names)) == (seen[0], {*seen}, len(seen))

    at_console(tmp_path, story)


@pytest.mark.parametrize(("language", "unknown", "free"), [("en", "Unknown", "Free"), ("zh", "未知", "免费")])
def test_a_price_that_nobody_knows_is_told_from_none(tmp_path: Path, language: str, unknown: str, free: str) -> None:
    """Both were a dash, with the word for it three columns on."""

    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", {"name": "demo", "provider": "demo", "models": ["demo"]}, status=201)
        body = {"name": "c", "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "keys": ["sk-1"]}
        await visitor.call("POST", "/channels", {**body, "models": ["nobody-knows"]}, status=201)
        await visitor.sign_in()
        text = await visitor.page("/console/models", accept_language=language)
        said = re.findall(r'<td class="number" data-label="[^"]+">\s*(?:<span[^>]*>)?([^<]+?)\s*<', text)
        assert [("–", unknown, unknown), ("–", free, free)] == [tuple(said[place : place + 3]) for place in (0, 3)]

    at_console(tmp_path, story)


@pytest.mark.parametrize(
    ("language", "label", "source"),
    [("en", "Price from", "Its provider charges nothing"), ("zh", "价格来源", "服务商不收费")],
)
def test_every_figure_of_a_model_has_its_name_beside_it_on_a_phone(
    tmp_path: Path, language: str, label: str, source: str
) -> None:
    """A card said "demo", "Free" and "Free", without a word of what; and that a price comes from "Free"."""

    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", {"name": "demo", "provider": "demo", "models": ["demo"]}, status=201)
        await visitor.sign_in()
        text = await visitor.page("/console/models", accept_language=language)
        (row,) = re.findall(r"<tr>\s*<th scope=\"row\">.*?</tr>", text.partition("<tbody>")[2], re.DOTALL)
        cells = re.findall(r"<td([^>]*)>(.*?)</td>", row, re.DOTALL)
        assert [True] * 5 == ["data-label=" in attributes for attributes, _ in cells[:-1]]
        assert (True, True) == (f'data-label="{label}"' in cells[4][0], source in cells[4][1])

    at_console(tmp_path, story)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_models_page_says_which_of_its_channels_take_requests(tmp_path: Path, language: str) -> None:
    """It listed them all alike, whichever was down."""

    async def story(visitor: Visitor) -> None:
        body = {"provider": "openai", "base_url": "http://127.0.0.1:9/v1", "keys": ["sk-1"], "models": ["m"]}
        for name in ("down", "up"):
            await visitor.call("POST", "/channels", {**body, "name": name}, status=201)
        health = visitor.gateway.health.of((await visitor.call("GET", "/channels/down"))["id"])
        health.faults = visitor.gateway.health.policy.fault_threshold
        health.cooling_until = visitor.clock.monotonic() + 60
        await visitor.sign_in()
        text = await visitor.page("/console/models/m", accept_language=language)
        row = re.compile(r'<th scope="row"><a href="/console/channels/[^"]+">(\w+)</a></th>(.*?)</tr>', re.DOTALL)
        rows = dict(row.findall(text))
        said = LANGUAGES[language]
        assert said("channel.state_cooling_down") in rows["down"]
        assert said("channel.state_ok") in rows["up"]

    at_console(tmp_path, story)
