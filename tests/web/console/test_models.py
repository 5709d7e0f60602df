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

ODD = "x\"'><script>alert(1)</script>{{7*7}}"


async def add(visitor: Visitor, name: str, *models: str, **fields: Any) -> None:
    """A channel that offers these models, of which no table knows a price."""
    for model in models:
        visitor.gateway.registry.default_prices["openai", model] = None
    body = {"name": name, "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "keys": ["sk-1"], "models": models}
    await visitor.call("POST", "/channels", {**body, **fields}, status=201)


@pytest.mark.parametrize("tag", list(LANGUAGES))
def test_a_rate_has_no_name(tag: str) -> None:
    names = {f"rate.{kind}" for kind in KINDS} | {f"rate.help_{kind}" for kind in KINDS}
    assert set() == names - LANGUAGES[tag].texts.keys()


def test_a_gateway_without_channels_shows_an_empty_table(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/models")
        assert (True, False) == ("Models appear as soon as a channel offers them." in text, "<table" in text)

    at_console(tmp_path, story)


def test_names_get_into_the_model_pages_as_markup(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "A\"'><img src=x>", ODD)
        await visitor.call("POST", "/aliases", {"alias": ODD + "2", "model": ODD})
        await visitor.sign_in()
        for path in ("/console/models", f"/console/models?q={ODD[3:]}", "/console/models/" + ODD.replace("/", "%2F")):
            text = await visitor.page(path)
            assert (False, False, True) == ("<script>alert" in text, "<img" in text, "{{7*7}}" in text)

    at_console(tmp_path, story)


def test_a_search_misses_a_name_or_finds_others(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "Work", "gpt-4o", "openai/gpt-5")
        await add(visitor, "Home", "llama")
        await visitor.call("POST", "/aliases", {"alias": "fast", "model": "llama"})
        await visitor.sign_in()
        found = {
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
        assert expected == found

    at_console(tmp_path, story)


def test_hundreds_of_models_make_a_heavy_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "Aggregator", *(f"organisation-{n}/a-model-with-a-long-name-{n:03}" for n in range(400)))
        await visitor.sign_in()
        text = await visitor.page("/console/models")
        assert (PAGE, True) == (text.count('class="whole"'), f"{PAGE} of 400 are shown" in text)
        assert len(text.encode()) < 65_000

    at_console(tmp_path, story)


def test_prices_that_differ_are_shown_as_one(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "paid", "m")
        visitor.gateway.registry.default_prices["openai", "dear"] = Price(Rates(10**9, 2 * 10**9), source="table")
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


def test_a_price_per_image_is_not_shown(tmp_path: Path) -> None:
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


def test_a_price_of_sound_is_not_shown(tmp_path: Path) -> None:
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


def test_a_model_that_is_not_there_has_a_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        answer = await visitor.get("/console/models/nope")
        assert (404, True) == (answer.status_code, "There is no model" in answer.text)

    at_console(tmp_path, story)
