"""Lists of thousands in the console: pages, searches and choices, without a script too."""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from aihub_lite.web.admin.paging import LIMIT
from tests.storage.crowd import crowd_token, fill
from tests.web.console.visitor import Visitor, at_console

MOST_BYTES = 256 * 1024
NEXT = re.compile(r'<p class="older"><a class="button" href="([^"]+)">Next page</a>')
NAMES = re.compile(r'<a class="whole" href="[^"]+">([^<]+)</a>')


def with_crowd(directory: Path, story: Callable[[Visitor], Awaitable[None]], tokens: int) -> None:
    asyncio.run(fill(directory, tokens=tokens))
    at_console(directory, story, console_rpm=0)


async def add(visitor: Visitor, name: str, *models: str) -> None:
    for model in models:
        visitor.gateway.registry.live_catalog.default_prices["openai", model] = None
    body = {"name": name, "base_url": "http://127.0.0.1:9/v1", "keys": ["sk-1"], "models": models}
    await visitor.call("POST", "/channels", body, status=201)


async def followed(visitor: Visitor, path: str) -> list[str]:
    """What stands in the rows of a list, from page to page by its links."""
    names: list[str] = []
    while path:
        text = await visitor.page(path)
        names += [html.unescape(name) for name in NAMES.findall(text)]
        link = NEXT.search(text)
        path = html.unescape(link[1]) if link else ""
    return names


def test_tokens_are_read_page_by_page_newest_first(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/tokens")
        assert (LIMIT, True) == (len(NAMES.findall(text)), len(text.encode()) < MOST_BYTES)
        assert [crowd_token(number).name for number in reversed(range(250))] == await followed(
            visitor, "/console/tokens"
        )

    with_crowd(tmp_path, story, 250)


def test_a_search_for_tokens_has_pages_that_keep_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        found = [crowd_token(number).name for number in reversed(range(1000, 1200))]
        assert found[-100:] == await followed(visitor, "/console/tokens?q=Person+0010")
        text = await visitor.page("/console/tokens?q=nobody+%22%3E%3Cb%3E")
        assert (True, False) == ("No token matches" in text, "<b>" in text)
        assert '<div class="empty" data-no-match>' in text

    with_crowd(tmp_path, story, 1200)


def test_models_are_read_page_by_page_with_and_without_a_search(tmp_path: Path) -> None:
    ids = [f"vendor/model-{number:03}" for number in range(400)]

    async def story(visitor: Visitor) -> None:
        await add(visitor, "aggregator", *ids)
        await visitor.sign_in()
        assert ids == await followed(visitor, "/console/models")
        assert ids[100:200] == await followed(visitor, "/console/models?q=model-1")

    at_console(tmp_path, story, console_rpm=0)


def test_channels_are_read_page_by_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        for number in range(LIMIT + 1):
            await add(visitor, f"account {number:03}", "m")
        await visitor.sign_in()
        names = [f"account {number:03}" for number in range(LIMIT + 1)]
        assert names == await followed(visitor, "/console/channels")
        assert names[10:20] == await followed(visitor, "/console/channels?q=account+01")
        front = await visitor.page("/console")
        assert (LIMIT, True) == (front.count("Models: 1"), "All channels" in front)

    at_console(tmp_path, story, console_rpm=0)


@pytest.mark.parametrize("path", ["/console/requests", "/console/playground", "/console/tokens/new", "/console"])
def test_a_page_offers_no_thousands_to_choose_from(tmp_path: Path, path: str) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "aggregator", *(f"gpt-{number}" for number in range(2000)))
        await visitor.sign_in()
        text = await visitor.page(path)
        assert text.count("<option") < 4 * LIMIT
        assert len(text.encode()) < MOST_BYTES

    with_crowd(tmp_path, story, 2000)


def test_the_playground_takes_a_token_that_is_on_no_list_of_it(tmp_path: Path) -> None:
    oldest = crowd_token(0)

    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        assert oldest.id not in await visitor.page("/console/playground")
        text = await visitor.page(f"/console/playground?token={oldest.id}")
        assert f'<option value="{oldest.id}" selected>' in text
        assert f'href="/console/playground?token={oldest.id}"' in await visitor.page(f"/console/tokens/{oldest.id}")
        assert 404 == (await visitor.get("/console/playground?token=nobody")).status_code

    with_crowd(tmp_path, story, 200)


def test_what_needs_attention_is_counted_where_it_is_too_much_to_show(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await add(visitor, "aggregator", *(f"m-{number}" for number in range(130)))
        items = (await visitor.call("GET", "/overview"))["attention"]
        assert (101, "more", "30") == (len(items), items[-1]["kind"], items[-1]["subject"])
        await visitor.sign_in()
        assert "more of these: the lists show them all" in await visitor.page("/console")

    at_console(tmp_path, story)
