"""Every path and method answers in one shape, and the lists say what a token may use."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
import msgspec
import pytest

from aihub_lite.domain.money import Price, Rates
from aihub_lite.domain.token import Budget, Token
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.line.pipeline import within
from aihub_lite.gateway.refusals.book import RefusalBook
from aihub_lite.gateway.state.registry import Registry
from aihub_lite.storage.requests.refusals import Refusals
from aihub_lite.web.app import create_app
from aihub_lite.web.gate import Gate
from aihub_lite.web.relay.endpoint import endpoint
from aihub_lite.web.relay.sightings import Sightings
from aihub_lite.wire.chat.request import ChatRequest
from tests.support.asgi import Call, get, header_list, post
from tests.support.clock import ManualClock
from tests.support.inprocess import CHAT, COMPLETION_COST, PROMPT_COST, House, open_house

CANARY = "what-a-client-said"


@attrs.define
class Visit:
    house: House
    key: str
    token: Token

    async def get(self, path: str, **fields: Any) -> Call:
        return await self.house.get(path, self.key, **fields)

    async def ids(self) -> list[str]:
        """What the list of models holds."""
        return [model["id"] for model in (await self.get("/v1/models")).json()["data"]]


def visit(directory: Path, story: Callable[[Visit], Awaitable[None]], **token: Any) -> None:
    async def run() -> None:
        async with open_house(directory, create_app) as house:
            created, key = await house.add_token(**token)
            await story(Visit(house, key, created))

    asyncio.run(run())


# One shape for every error


def test_every_error_has_the_public_shape(tmp_path: Path) -> None:
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "TRACE", "BREW")
    paths = (
        "/v1",
        "/v1/nothing",
        "/v1x",
        "/api",
        "/api/nothing",
        "/chat",
        "/v1/chat/completions/x",
        "/v1/modelsx",
        "/v1/chat/completions",
        "/v1/dashboard/billing",
        "/index.html",
        "/robots.txt",
        "/..%2f..%2fetc/passwd",
        "/%ff%00",
    )

    async def story(it: Visit) -> None:
        wrong = []
        for path in paths:
            for method in methods:
                call = Call(path, method, header_list(it.key, [("accept", "text/html")])).body(b"")
                await call.start(it.house.app).served()
                if call.status < 400 or not in_public_shape(call):
                    wrong.append(f"{method} {path}: {call.status} {call.content[:80]!r}")
        assert [] == wrong

    visit(tmp_path, story, rpm=0)


def in_public_shape(call: Call) -> bool:
    try:
        error = call.json()["error"]
    except (msgspec.DecodeError, KeyError, TypeError):
        return False
    shaped = {"code", "message", "type", "param"} == set(error) and error["type"] == "new_api_error"
    named = call.answer_headers["content-type"].startswith("application/json") and call.answer_headers["x-request-id"]
    return bool(shaped and named and isinstance(error["message"], str) and error["message"])


def test_a_missing_path_is_404_and_a_missing_method_405(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        statuses = [(await it.get(path)).status for path in ("/v1/nothing", "/v1/chat/completions")]
        assert [404, 405] == statuses

    visit(tmp_path, story)


def test_a_stranger_is_refused_on_every_path_with_a_key(tmp_path: Path) -> None:
    paths = ("/v1/models", "/v1/models/m", "/v1/key", "/dashboard/billing/usage", "/dashboard/billing/subscription")

    async def story(it: Visit) -> None:
        calls = [await it.house.get(path, key) for path in paths for key in ("", "sk-wrong")]
        assert {(401, "invalid_api_key")} == {(call.status, call.code) for call in calls}

    visit(tmp_path, story)


def test_an_oversized_body_is_413(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        headers = header_list(it.key, [("content-length", str(2**40))])
        call = await Call(CHAT, "POST", headers).body(b"{}").start(it.house.app).served()
        assert (413, "request_too_large") == (call.status, call.code)

    visit(tmp_path, story)


def test_a_refused_request_is_not_kept_in_memory(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        body = f'{{"model": "nobody", "messages": [{{"role": "user", "content": "{CANARY}"}}]}}'
        call = await post(CHAT, it.key, body.encode()).start(it.house.app).served()
        assert 503 == call.status
        del call
        gc.collect()
        assert [] == [item for item in gc.get_objects() if isinstance(item, ChatRequest) and CANARY in str(item.body)]

    visit(tmp_path, story)


def test_a_fault_of_ours_in_mid_stream_ends_it_with_an_error_event() -> None:
    async def breaks(exchange: Exchange) -> None:
        await exchange.start_stream()
        await exchange.write(b"data: {}\n\n")
        raise KeyError

    async def story() -> Call:
        clock = ManualClock()
        book = RefusalBook(clock, Refusals(None), {}.get)  # type: ignore[arg-type]
        sightings = Sightings(Registry.over(None, clock, None), clock, book)  # type: ignore[arg-type]
        return await get("/v1/x").start(Gate(endpoint("GET", breaks, sightings), clock)).served()

    call = asyncio.run(story())
    assert (True, "internal_error") == (call.complete, call.events()[-1]["error"]["code"])


# Models


def test_the_list_of_models_has_openais_shape_and_a_price(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        channel = await it.house.add_channel("m")
        call = await it.get("/v1/models")
        entry = {
            "id": "m",
            "object": "model",
            "created": channel.created_at,
            "owned_by": "lmstudio",
            "supported_endpoint_types": ["openai"],
            "pricing": {"prompt": "0.00001", "completion": "0.00002"},
        }
        assert {"object": "list", "data": [entry]} == call.json()

    visit(tmp_path, story)


def test_an_unpriced_model_is_listed_without_a_null(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        await it.house.add_channel("m", price=None)
        assert b"null" not in (await it.get("/v1/models")).content

    visit(tmp_path, story)


def test_a_model_is_found_by_each_spelling_of_its_id(tmp_path: Path) -> None:
    spellings = ("openai/gpt-4o", "openai%2Fgpt-4o", "openai%2fgpt-4o", "gpt-4o", "gpt-4o/")

    async def story(it: Visit) -> None:
        await it.house.add_channel("gpt-4o")
        ids = [(await it.get(f"/v1/models/{spelling}")).json().get("id") for spelling in spellings]
        assert ["openai/gpt-4o"] * 3 + ["gpt-4o"] * 2 == ids

    visit(tmp_path, story)


def test_a_model_with_an_odd_id_is_found(tmp_path: Path) -> None:
    models = ["meta-llama/Llama-3", "org/sub/model", "qwen2.5:7b", "m@1", "a+b%c", "a%2Fb"]

    async def story(it: Visit) -> None:
        for model in models:
            await it.house.add_channel(model)
        assert models == [(await it.get(f"/v1/models/{quote(model)}")).json().get("id") for model in models]

    visit(tmp_path, story)


def test_an_unknown_model_is_404_model_not_found(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        call = await it.get("/v1/models/nobody")
        assert (404, "model_not_found") == (call.status, call.code)

    visit(tmp_path, story)


def test_a_token_sees_only_models_it_may_use(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        for model in ("gpt-4o", "gpt-4o-mini", "claude"):
            await it.house.add_channel(model)
        assert ["gpt-4o", "gpt-4o-mini"] == await it.ids()
        assert 404 == (await it.get("/v1/models/claude")).status

    visit(tmp_path, story, models=("gpt-*",))


def test_a_group_sees_only_its_own_models(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        await it.house.add_channel("theirs", group="vip")
        await it.house.add_channel("ours")
        assert ["ours"] == await it.ids()
        assert 404 == (await it.get("/v1/models/theirs")).status

    visit(tmp_path, story)


def test_a_group_sees_the_provider_of_its_own_channel(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        await it.house.add_channel("m", group="vip", provider="ollama")
        await it.house.add_channel("m")
        assert ["lmstudio"] == [model["owned_by"] for model in (await it.get("/v1/models")).json()["data"]]

    visit(tmp_path, story)


def test_an_alias_is_listed_beside_its_model(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        await it.house.add_channel("m")
        await it.house.gateway.registry.models.set_alias("fast", "m")
        assert ["fast", "m"] == await it.ids()

    visit(tmp_path, story)


def test_an_alias_allowed_by_name_is_listed_without_its_model(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        await it.house.add_channel("m")
        await it.house.gateway.registry.models.set_alias("fast", "m")
        assert ["fast"] == await it.ids()

    visit(tmp_path, story, models=("fast",))


def test_codex_gets_an_empty_list_of_its_own_shape(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        await it.house.add_channel("m")
        for path in ("/v1/models", "/models", "/v1/v1/models/", "//v1//models"):
            assert {"models": []} == (await it.get(path, query="client_version=0.50.0")).json()

    visit(tmp_path, story)


def test_a_query_that_only_looks_like_codexs_gets_the_usual_list(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        assert "data" in (await it.get("/v1/models", query="x=client_version")).json()

    visit(tmp_path, story)


def test_listing_models_leaves_the_tokens_limit_as_it_is(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        lists = [(await it.get("/v1/models")).status for _ in range(2)]
        assert [200, 200, 200, 429] == [*lists, *[(await it.get("/v1/key")).status for _ in range(2)]]

    visit(tmp_path, story, rpm=1)


# Addresses


@pytest.mark.parametrize(("peer", "status"), [("10.1.2.3", 200), ("192.0.2.1", 403), ("", 403)])
def test_a_token_is_accepted_from_its_own_addresses_only(tmp_path: Path, peer: str, status: int) -> None:
    async def story(it: Visit) -> None:
        assert status == (await it.get("/v1/models", peer=peer)).status

    visit(tmp_path, story, allow_ips=("10.0.0.0/8",))


def test_an_ipv4_client_of_a_dual_stack_socket_is_within_its_network() -> None:
    assert within("::ffff:10.1.2.3", ("10.0.0.0/8",))


@pytest.mark.parametrize(
    "network", ["::ffff:1.2.3.4/128", "::ffff:1.2.3.4", "::ffff:102:304/128", "::ffff:1.2.0.0/112"]
)
@pytest.mark.parametrize("address", ["1.2.3.4", "::ffff:1.2.3.4", "::ffff:102:304"])
def test_a_network_as_a_dual_stack_socket_writes_it_holds_its_addresses(network: str, address: str) -> None:
    """A token for `::ffff:1.2.3.4/128` could be used from nowhere."""
    assert within(address, (network,))
    assert not within("1.3.3.4", (network,))
    assert not within("::1", (network,))


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/nowhere", "/api/admin/tokens", "/console"])
def test_a_method_is_not_echoed_whole(tmp_path: Path, path: str) -> None:
    """One of 70 kB came back in the refusal."""

    async def story(it: Visit) -> None:
        call = await Call(path, "X" * 70_000, header_list(it.key)).body(b"").start(it.house.app).served()
        assert 400 <= call.status < 500
        assert len(call.content) < 3000

    visit(tmp_path, story)


# Billing


@pytest.mark.parametrize("root", ["/v1", ""])
def test_a_balance_check_reads_the_quota_and_what_was_spent(tmp_path: Path, root: str) -> None:
    async def story(it: Visit) -> None:
        await it.house.add_channel()
        await it.house.ask(it.key).served()
        limits = (await it.get(f"{root}/dashboard/billing/subscription")).json()
        usage = (await it.get(f"{root}/dashboard/billing/usage", query="start_date=2026-01-01")).json()
        assert (2.5, 2.5) == (limits["hard_limit_usd"], limits["soft_limit_usd"])
        spent = 10 * PROMPT_COST + 5 * COMPLETION_COST
        assert spent / 1e7 == pytest.approx(usage["total_usage"])

    visit(tmp_path, story, quota_nano=2_500_000_000)


def test_an_unlimited_token_shows_a_limit_of_a_hundred_million(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        limits = (await it.get("/v1/dashboard/billing/subscription")).json()
        assert (100_000_000, 0) == (limits["hard_limit_usd"], limits["access_until"])

    visit(tmp_path, story)


def test_a_budget_is_the_limit_where_there_is_no_quota(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        limits = (await it.get("/v1/dashboard/billing/subscription")).json()
        assert (1.0, 2_000_000_000) == (limits["hard_limit_usd"], limits["access_until"])

    visit(tmp_path, story, budget=Budget(nano=10**9, period="day"), expires_at=2_000_000_000)


def test_a_token_that_is_refused_with_402_shows_no_money_left(tmp_path: Path) -> None:
    async def story(it: Visit) -> None:
        await it.house.add_channel("m", price=Price(Rates(10**12, 10**12), source="test"))
        await it.house.ask(it.key, model="m", max_tokens=1).served()
        assert 402 == (await it.house.ask(it.key, model="m", max_tokens=1).served()).status
        limits = (await it.get("/v1/dashboard/billing/subscription")).json()
        usage = (await it.get("/v1/dashboard/billing/usage")).json()
        assert limits["hard_limit_usd"] <= usage["total_usage"] / 100 + 0.01

    visit(tmp_path, story, quota_nano=15_000_000, budget=Budget(nano=10**10, period="day"))
