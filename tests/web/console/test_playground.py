"""What the playground's page offers."""

from __future__ import annotations

import re
from pathlib import Path

from tests.web.console.visitor import Visitor, at_console

OWN = "The console&#39;s own"
SECRET = "sk-very-secret-upstream-key"


async def set_up(visitor: Visitor) -> None:
    """Two models, and tokens for one, both, and no one."""
    for model in ("a", "b"):
        visitor.gateway.registry.live_catalog.default_prices["openai", model] = None
    body = {"name": "c", "base_url": "http://127.0.0.1:9/v1", "models": ["a", "b"], "keys": [SECRET]}
    await visitor.call("POST", "/channels", body, status=201)
    for token in ({"name": "both"}, {"name": "one", "models": ["b"]}, {"name": "gone", "enabled": False}):
        await visitor.call("POST", "/tokens", token, status=201)


def offered(text: str, name: str) -> tuple[list[str], list[str]]:
    """The options of a list on the page, and those that are chosen."""
    options = re.search(rf"<select[^>]*data-{name}[^>]*>(.*?)</select>", text, re.DOTALL)
    assert options
    entries = re.findall(r"<option([^>]*)>([^<]*)</option>", options[1])
    return [label for _, label in entries], [label for more, label in entries if "selected" in more]


def test_only_live_tokens_are_offered(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        await visitor.sign_in()
        text = await visitor.page("/console/playground")
        assert ([OWN, "one", "both"], [OWN]) == offered(text, "token")
        assert {"a", "b"} <= set(offered(text, "model")[0])

    at_console(tmp_path, story)


def test_a_model_comes_with_a_token_that_may_use_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        await visitor.call("POST", "/aliases", {"alias": "second", "model": "b"})
        await visitor.sign_in()
        await visitor.call("PATCH", "/tokens/both", {"models": ["a"]})
        text = await visitor.page("/console/playground?model=second")
        assert ([OWN], ["b"]) == (offered(text, "token")[1], offered(text, "model")[1])
        await visitor.call("POST", "/tokens", {"name": "console", "models": ["a"]}, status=201)
        text = await visitor.page("/console/playground?model=second")
        assert (["one"], ["b"]) == (offered(text, "token")[1], offered(text, "model")[1])
        assert "one pays for what is asked here" in text

    at_console(tmp_path, story)


def test_an_unknown_model_is_left_out(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        await visitor.sign_in()
        text = await visitor.page("/console/playground?model=%22%3E%3Cimg%3E")
        assert ({"a", "b"} <= set(offered(text, "model")[0]), "<img" in text) == (True, False)

    at_console(tmp_path, story)


def test_a_gateway_without_tokens_is_tried_with_the_consoles_own(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/playground")
        assert (([OWN], [OWN]), True) == (offered(text, "token"), "<textarea" in text)
        assert [] == (await visitor.call("GET", "/tokens"))["tokens"]

    at_console(tmp_path, story)


def test_no_key_is_on_the_playgrounds_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        key = (await visitor.call("POST", "/tokens", {"name": "new"}, status=201))["key"]
        await visitor.sign_in()
        text = await visitor.page("/console/playground")
        assert (False, False, False) == (key in text, SECRET in text, "sk-…" in text)

    at_console(tmp_path, story)


def test_a_route_can_be_tried_by_who_may_use_any_of_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        body = {"name": "one", "provider": "openai", "base_url": "http://127.0.0.1:9/v1", "keys": ["sk-1"]}
        await visitor.call("POST", "/channels", {**body, "models": ["m"]}, status=201)
        for name, models in (("all", []), ("some", ["m"]), ("none", ["other"])):
            await visitor.call("POST", "/tokens", {"name": name, "models": models}, status=201)
        await visitor.call("POST", "/routes", {"name": "coding", "steps": [{"model": "m"}]}, status=201)
        await visitor.sign_in()
        listed = {}
        for token in ("all", "some", "none"):
            text = await visitor.page(f"/console/playground?model=coding&token={token}")
            listed[token] = ">coding</option>" in text
        assert {"all": True, "some": True, "none": False} == listed

    at_console(tmp_path, story)


async def cool(visitor: Visitor, name: str) -> None:
    """From now on a channel is left out for a minute."""
    channel = await visitor.call("GET", f"/channels/{name}")
    health = visitor.gateway.health.of(channel["id"])
    health.faults = visitor.gateway.health.policy.fault_threshold
    health.cooling_until = visitor.clock.monotonic() + 60


def test_the_model_that_is_chosen_at_first_is_one_that_answers(tmp_path: Path) -> None:
    """It was the first of the list: a route none of whose models had a channel that took requests."""

    async def story(visitor: Visitor) -> None:
        body = {"provider": "openai", "base_url": "http://127.0.0.1:9/v1", "keys": ["sk-1"]}
        for name in ("first", "second"):
            await visitor.call("POST", "/channels", {**body, "name": name, "models": [f"{name}-model"]}, status=201)
        await visitor.call("POST", "/routes", {"name": "coding", "steps": [{"model": "first-model"}]}, status=201)
        await visitor.sign_in()
        assert ["coding"] == offered(await visitor.page("/console/playground"), "model")[1]
        long = {"model": "second-model", "over_tokens": 1000}
        await visitor.call("PATCH", "/routes/coding", {"steps": [{"model": "first-model"}, long]})
        await cool(visitor, "first")
        models, chosen = offered(await visitor.page("/console/playground"), "model")
        assert (["coding", "first-model", "second-model"], ["second-model"]) == (models[:3], chosen)
        assert ["coding"] == offered(await visitor.page("/console/playground?model=coding"), "model")[1]
        await cool(visitor, "second")
        assert "first-model" not in offered(await visitor.page("/console/playground"), "model")[1]

    at_console(tmp_path, story)
