"""What the playground's page offers."""

from __future__ import annotations

import re
from pathlib import Path

from tests.web.console.visitor import Visitor, at_console

SECRET = "sk-very-secret-upstream-key"


async def set_up(visitor: Visitor) -> None:
    """Two models, and tokens for one, both, and no one."""
    for model in ("a", "b"):
        visitor.gateway.registry.default_prices["openai", model] = None
    body = {"name": "c", "base_url": "http://127.0.0.1:9/v1", "models": ["a", "b"], "keys": [SECRET]}
    await visitor.call("POST", "/channels", body, status=201)
    for token in ({"name": "both"}, {"name": "one", "models": ["b"]}, {"name": "gone", "enabled": False}):
        await visitor.call("POST", "/tokens", token, status=201)


def offered(text: str, name: str) -> tuple[list[str], list[str]]:
    """The options of a list on the page, and those that are chosen."""
    options = re.search(rf"<select[^>]*data-{name}[^>]*>(.*?)</select>", text, re.DOTALL)
    assert options
    found = re.findall(r"<option([^>]*)>([^<]*)</option>", options[1])
    return [label for _, label in found], [label for more, label in found if "selected" in more]


def test_a_dead_token_is_offered(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        await visitor.sign_in()
        text = await visitor.page("/console/playground")
        assert (["one", "both"], ["both"]) == offered(text, "token")
        assert (["a", "b"], []) == offered(text, "model")

    at_console(tmp_path, story)


def test_a_model_is_tried_with_a_token_that_may_not_use_it(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        await visitor.call("POST", "/aliases", {"alias": "second", "model": "b"})
        await visitor.sign_in()
        await visitor.call("PATCH", "/tokens/both", {"models": ["a"]})
        text = await visitor.page("/console/playground?model=second")
        assert (["one"], ["b"]) == (offered(text, "token")[1], offered(text, "model")[1])

    at_console(tmp_path, story)


def test_an_unknown_model_ends_the_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        await visitor.sign_in()
        text = await visitor.page("/console/playground?model=%22%3E%3Cimg%3E")
        assert (["a", "b"], False) == (offered(text, "model")[0], "<img" in text)

    at_console(tmp_path, story)


def test_a_gateway_without_tokens_shows_a_dead_form(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await visitor.sign_in()
        text = await visitor.page("/console/playground")
        assert (True, False) == ('href="/console/tokens/new"' in text, "<textarea" in text)

    at_console(tmp_path, story)


def test_a_key_gets_into_the_page(tmp_path: Path) -> None:
    async def story(visitor: Visitor) -> None:
        await set_up(visitor)
        key = (await visitor.call("POST", "/tokens", {"name": "new"}, status=201))["key"]
        await visitor.sign_in()
        text = await visitor.page("/console/playground")
        assert (False, False, True) == (key in text, SECRET in text, f"sk-…{key[-4:]}" in text)

    at_console(tmp_path, story)
