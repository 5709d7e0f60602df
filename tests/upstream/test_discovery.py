"""Model lists of every shape, and what is at hand without being configured."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import attrs
import msgspec
import pytest

from aihub_lite.config import Settings
from aihub_lite.upstream.discovery import (
    DiscoveryFailed,
    LocalServer,
    describe_models,
    env_channels,
    find_local,
    list_models,
)
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import Transport
from tests.support.upstream.answers import body_answer, error_answer, json_answer, models_list
from tests.support.upstream.scripted import Upstream, black_hole, refused
from tests.support.upstream.steps import Hang, Script

OPENAI = PROVIDERS["openai"]
YES = {"supported": True}
SAYS = {"max_tokens": 64_000, "capabilities": {"structured_outputs": YES}}


def models_at(
    base_url: str, provider: str = "openai", key: str | None = "sk-1", timeout: float = 5.0
) -> tuple[str, ...]:
    async def main() -> tuple[str, ...]:
        async with Transport(Settings(data_dir=Path())) as transport:
            return await list_models(transport, PROVIDERS[provider], base_url, key, timeout)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("provider", "answer", "ids"),
    [
        ("openai", {"object": "list", "data": [{"id": "gpt-4o"}, {"id": "o3"}]}, ("gpt-4o", "o3")),
        ("gemini", {"data": [{"id": "models/gemini-2.5-pro"}]}, ("gemini-2.5-pro",)),
        ("anthropic", {"data": [{"type": "model", "id": "claude-opus-4-1"}], "has_more": False}, ("claude-opus-4-1",)),
        ("together", [{"id": "openai/gpt-oss-20b", "pricing": {"input": 1}}], ("openai/gpt-oss-20b",)),
        ("openrouter", {"data": [{"id": "a/b", "pricing": {"prompt": "1"}, "context_length": 1}]}, ("a/b",)),
        ("ollama", {"object": "list", "data": None}, ()),
        ("cohere", {"models": [{"name": "command-a-03-2025", "context_length": 256000}]}, ("command-a-03-2025",)),
        ("cloudflare", {"success": True, "result": [{"id": "0a1b", "name": "@cf/a/b"}]}, ("@cf/a/b",)),
        ("openai", {"data": [{"id": "twice"}, {"id": "twice"}, {"id": 7}, {}, None, {"id": ""}]}, ("twice",)),
    ],
    ids=[
        "openai",
        "gemini",
        "anthropic",
        "together",
        "openrouter",
        "ollama-without-models",
        "cohere",
        "cloudflare",
        "with-nonsense",
    ],
)
def test_list_of_every_shape_gives_the_ids(provider: str, answer: object, ids: tuple[str, ...]) -> None:
    with Upstream(json_answer(200, answer)) as upstream:
        assert ids == models_at(upstream.url, provider)


def test_anthropic_is_asked_for_all_its_models_the_native_way() -> None:
    with Upstream(models_list("claude-opus-4-1")) as upstream:
        models_at(upstream.url + "/", "anthropic")
        request = upstream.requests[0]
        assert ("/v1/models?limit=1000", "sk-1") == (request.path, request.header("x-api-key"))
        assert ("2023-06-01", None) == (request.header("anthropic-version"), request.header("authorization"))


def descriptions_at(base_url: str, *models: str) -> dict[str, bytes]:
    async def main() -> dict[str, bytes]:
        async with Transport(Settings(data_dir=Path())) as transport:
            return await describe_models(transport, PROVIDERS["anthropic"], base_url, "sk-1", models)

    return asyncio.run(main())


def test_list_says_what_models_take_and_nothing_else_is_kept_of_it() -> None:
    rows = [{"id": "claude-a", "display_name": "A", **SAYS}, {"id": "claude-b"}, {"id": "claude-c", **SAYS}]
    with Upstream(json_answer(200, {"data": rows})) as upstream:
        found = descriptions_at(upstream.url, "claude-a", "claude-b")
        assert ["/v1/models?limit=1000", "/v1/models/claude-b"] == [request.path for request in upstream.requests]
    assert {"claude-a": SAYS} == {name: msgspec.json.decode(text) for name, text in found.items()}


def test_model_that_the_list_has_under_another_id_is_asked_about_alone() -> None:
    with Upstream() as upstream:
        upstream.enqueue(json_answer(200, {"data": [{"id": "claude-a-20260101", **SAYS}]}))
        upstream.enqueue(error_answer(404, "no such model"), json_answer(200, {"id": "claude-a-20260101", **SAYS}))
        found = descriptions_at(upstream.url, "claude/gone", "claude-a")
        assert ["claude-a"] == list(found)
        assert "/v1/models/claude%2Fgone" == upstream.requests[1].path
        assert "sk-1" == upstream.requests[2].header("x-api-key")


def test_upstream_that_never_says_what_models_take_is_not_asked_about_each() -> None:
    with Upstream(models_list("kimi-k3")) as upstream:
        assert {} == descriptions_at(upstream.url, "kimi-k3", "kimi-k4")
        assert 1 == len(upstream.requests)


@pytest.mark.parametrize("answer", [error_answer(401, "no"), json_answer(200, {"ok": True})], ids=["key", "object"])
def test_a_list_that_cannot_be_read_is_a_failure_and_no_empty_list(answer: Script) -> None:
    with Upstream(answer) as upstream, pytest.raises(DiscoveryFailed):
        descriptions_at(upstream.url, "claude-a")


def test_local_server_is_asked_without_credentials() -> None:
    with Upstream(models_list("llama3")) as upstream:
        models_at(upstream.url, "ollama", None)
        assert None is upstream.requests[0].header("authorization")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (error_answer(401, "Incorrect API key provided: sk-1"), "refused the key"),
        (error_answer(404, "nothing here"), "base URL"),
        (error_answer(500, "oops"), "status 500"),
        (body_answer(200, b"<html>hello</html>", "text/html"), "not JSON"),
        (json_answer(200, {"ok": True}), "not a model list"),
        (json_answer(200, "models"), "not a model list"),
        (json_answer(302, {}, [("location", "http://169.254.169.254/")]), "status 302"),
    ],
    ids=["key", "path", "broken", "html", "object", "text", "redirect"],
)
def test_failure_says_what_to_look_at_and_never_the_key(answer: Script, reason: str) -> None:
    with Upstream(answer) as upstream, pytest.raises(DiscoveryFailed, match=reason) as failure:
        models_at(upstream.url)
    assert "sk-1" not in str(failure.value)


def test_unreachable_upstream_is_named() -> None:
    with refused() as base, pytest.raises(DiscoveryFailed, match="Connection refused"):
        models_at(base)


def test_bad_base_url_is_named() -> None:
    with pytest.raises(DiscoveryFailed, match="not valid"):
        models_at("not a url")


def test_a_silent_upstream_fails_at_the_timeout() -> None:
    with Upstream([Hang()]) as upstream:
        with pytest.raises(DiscoveryFailed, match=r"within 0\.2 s"):
            models_at(upstream.url, timeout=0.2)
        upstream.wait_closed(timeout=1)


def test_demo_lists_itself() -> None:
    assert ("demo",) == models_at(PROVIDERS["demo"].base_url, "demo", None)


def test_local_servers_that_answer_are_found_and_others_cost_half_a_second_at_most() -> None:
    async def main(bases: list[str]) -> tuple[LocalServer, ...]:
        providers = [attrs.evolve(PROVIDERS["ollama"], base_url=base) for base in bases]
        async with Transport(Settings(data_dir=Path())) as transport:
            return await find_local(transport, providers)

    with (
        Upstream(models_list("llama3", "qwen3")) as good,
        Upstream(models_list()) as empty,
        Upstream([Hang()]) as silent,
        Upstream(body_answer(200, b"<html>", "text/html")) as other,
        black_hole() as hole,
        refused() as closed,
    ):
        started = time.monotonic()
        found = asyncio.run(main([hole, closed, silent.url, other.url, empty.url, good.url]))
        assert 1.5 > time.monotonic() - started
    assert [("llama3", "qwen3")] == [server.models for server in found]


def test_only_variables_that_hold_a_key_make_a_channel() -> None:
    environ = {"OPENAI_API_KEY": "sk-1", "GROQ_API_KEY": " ", "MISTRAL_API_KEY": "", "OTHER_API_KEY": "sk-2"}
    assert [OPENAI] == list(env_channels(environ))


def test_list_with_thousands_of_models_is_read() -> None:
    ids = tuple(f"vendor/model-{number}" for number in range(5000))
    body = msgspec.json.encode({"data": [{"id": name, "description": "x" * 300} for name in ids]})
    with Upstream(body_answer(200, body, "application/json")) as upstream:
        assert ids == models_at(upstream.url)
