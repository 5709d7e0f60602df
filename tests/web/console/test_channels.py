"""What the channel pages show, and what they ask of upstreams."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.support.answers import models_list
from tests.support.scripted import Upstream
from tests.web.console.visitor import Visitor, at_console

SECRET = "sk-very-secret-upstream-key"


def channel(**fields: Any) -> dict[str, Any]:
    return {"name": "c", "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "models": ["m"], **fields}


def test_an_upstream_key_gets_into_a_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.call("POST", "/channels", channel(keys=[SECRET]), status=201)
        await visitor.sign_in()
        for path in ["/console", "/console/channels", "/console/channels/c"]:
            assert SECRET not in await visitor.page(path)
        assert f"…{SECRET[-4:]}" in await visitor.page("/console/channels/c")

    at_console(tmp_path, story)


def test_names_get_into_the_channel_pages_as_markup(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        name = "A\"'><img src=x>{{7*7}}"
        made = await visitor.call("POST", "/channels", channel(name=name, group=name, models=["<img>"]), status=201)
        await visitor.sign_in()
        for path in ["/console/channels", f"/console/channels/{made['id']}"]:
            text = await visitor.page(path)
            assert (False, True) == ("<img" in text, "{{7*7}}" in text)

    at_console(tmp_path, story)


def test_listing_models_for_a_new_channel_makes_one(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        with Upstream(lambda _: models_list("gpt-5", "gpt-5-mini")) as upstream:
            body = {"provider": "openai", "base_url": upstream.url, "keys": [SECRET]}
            found = await visitor.call("POST", "/channels/offers", body)
            assert ({"models": ["gpt-5", "gpt-5-mini"]}, []) == (found, await visitor.call("GET", "/channels"))
            assert f"Bearer {SECRET}" == dict(upstream.requests[0].headers)["authorization"]

    at_console(tmp_path, story)


def test_a_providers_own_key_is_sent_to_another_address(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        with Upstream(lambda _: models_list("m")) as upstream:
            await visitor.call("POST", "/channels/offers", {"provider": "openai", "base_url": upstream.url})
            assert "authorization" not in dict(upstream.requests[0].headers)

    at_console(tmp_path, story, environ={"OPENAI_API_KEY": SECRET})


def test_a_channel_lists_its_models_without_its_keys(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        with Upstream(lambda _: models_list("other")) as upstream:
            await visitor.call("POST", "/channels", channel(base_url=upstream.url, keys=[SECRET]), status=201)
            assert {"models": ["other"]} == await visitor.call("GET", "/channels/c/offers")
            assert f"Bearer {SECRET}" == dict(upstream.requests[0].headers)["authorization"]
            assert ["m"] == (await visitor.call("GET", "/channels/c"))["models"]

    at_console(tmp_path, story)


def test_a_key_in_the_environment_is_asked_for_again(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/channels/new")
        assert 1 == text.count("data-at-hand>")
        assert SECRET not in text

    at_console(tmp_path, story, environ={"OPENAI_API_KEY": SECRET})
