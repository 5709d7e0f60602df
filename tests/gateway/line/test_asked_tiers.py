"""What is held for requests that ask for a tier of service, on every surface that has a word for one."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.money import Price, Rates, cost_of
from aihub_lite.domain.usage import Usage
from aihub_lite.web.app import create_app
from tests.support.asgi import post
from tests.support.inprocess import MODEL, PRICE, PROMPT_TOKENS, open_house

DOUBLE, HALF, TRIPLE = (Rates(int(PRICE.rates.input * times), int(PRICE.rates.output * times)) for times in (2, 0.5, 3))
SERVICES = {"priority": DOUBLE, "fast": DOUBLE, "us": DOUBLE, "fast+us": TRIPLE, "flex": HALF}
CHAT: dict[str, Any] = {"messages": [{"role": "user", "content": "x" * 24}], "max_tokens": 5}
BODIES: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": CHAT,
    "/v1/messages": CHAT,
    "/v1/responses": {"input": "x" * 24, "max_output_tokens": 5},
}
STANDARD = cost_of(Usage(PROMPT_TOKENS, 5), PRICE)


@pytest.mark.parametrize(
    ("path", "asked", "times"),
    [
        ("/v1/messages", {"speed": "fast"}, 2),
        ("/v1/messages", {"inference_geo": "us"}, 2),
        ("/v1/messages", {"speed": "fast", "inference_geo": "us"}, 3),
        ("/v1/messages", {"speed": "fast", "inference_geo": "eu"}, 2),
        ("/v1/messages", {"speed": "standard", "service_tier": "auto"}, 1),
        ("/v1/messages", {"service_tier": "standard_only", "inference_geo": "global"}, 1),
        ("/v1/messages", {"speed": 5, "inference_geo": ["us"]}, 1),
        ("/v1/messages", {}, 1),
        ("/v1/chat/completions", {"speed": "fast"}, 2),
        ("/v1/chat/completions", {"service_tier": "priority"}, 2),
        ("/v1/responses", {"service_tier": "priority"}, 2),
        ("/v1/responses", {"service_tier": "flex"}, 1),
    ],
    ids=str,
)
def test_the_hold_is_at_the_dearest_tier_that_was_asked_for(
    tmp_path: Path, path: str, asked: dict[str, Any], times: int
) -> None:
    """A fast answer of Claude's was held for as a plain one, so a quota of one such let it through."""

    async def held(quota: int, directory: Path) -> bool:
        async with open_house(directory, create_app) as house:
            await house.add_channel()
            for tier, rates in SERVICES.items():
                await house.gateway.registry.models.set_tier_price(MODEL, tier, rates)
            _, key = await house.add_token(quota_nano=quota)
            call = await post(path, key, {"model": MODEL, **BODIES[path], **asked}).start(house.app).served()
            return not (402 == call.status and not house.upstream.requests)

    enough, short = (asyncio.run(held(times * STANDARD - less, tmp_path / str(less))) for less in (0, 1))
    assert (True, False) == (enough, short)


def test_a_request_without_priced_tiers_is_held_for_as_it_was(tmp_path: Path) -> None:
    async def run() -> None:
        async with open_house(tmp_path) as house:
            await house.add_channel(price=Price(PRICE.rates, source="test"))
            _, key = await house.add_token(quota_nano=STANDARD)
            assert 200 == (await house.ask(key, max_tokens=5, service_tier="priority").served()).status

    asyncio.run(run())
