"""Whether a model is unknown, disabled or only waits, and what a client of each kind is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from aihub_lite.domain.token import Token
from aihub_lite.errors import ChannelsDisabled, GatewayError, NoChannel, UnknownModel
from aihub_lite.gateway.line.unserved import is_404, unserved
from tests.support.clock import ManualClock
from tests.support.inprocess import MODEL, House, open_house

SLOW_DOWN = b'{"error": {"message": "slow down"}}'


def play(directory: Path, story: Callable[[House, Token, str, ManualClock], Awaitable[None]]) -> None:
    """A story in a gateway without channels, whose clock stands still."""

    async def run() -> None:
        clock = ManualClock()
        async with open_house(directory, clock=clock, queue_timeout=0) as house:
            token, key = await house.add_token()
            await story(house, token, key, clock)

    asyncio.run(run())


def refusal(house: House, token: Token, model: str = MODEL) -> GatewayError:
    return unserved(model, token, house.gateway.registry, unknown_is_404=True)


@pytest.mark.parametrize(
    ("status", "surface", "agent", "told"),
    [
        ("auto", "chat", "OpenAI/Python 3.54.0", False),
        ("auto", "chat", "opencode/1.18.33 ai-sdk/provider-utils/4.0.23", True),
        ("auto", "messages", "claude-cli/2.1.330 (external, cli)", True),
        ("auto", "responses", "codex_exec/0.169.0 (Linux)", True),
        ("auto", "embeddings", "langchainjs-openai/1.0.0", True),
        ("auto", "embeddings", "OpenAI/JS 6.30.1", False),
        ("503", "messages", "opencode/1.18.33", False),
        ("404", "chat", "curl/8.5.0", True),
    ],
)
def test_a_status_is_chosen_by_setting_surface_and_client(status: str, surface: str, agent: str, told: bool) -> None:
    assert told == is_404(status, surface, agent)


def test_a_model_is_known_while_any_channel_lists_it(tmp_path: Path) -> None:
    async def story(house: House, token: Token, _: str, __: ManualClock) -> None:
        channels = house.gateway.registry.channels
        seen = [type(refusal(house, token))]
        channel = await house.add_channel(enabled=False)
        seen.append(type(refusal(house, token)))
        await channels.delete(channel.id)
        seen.append(type(refusal(house, token)))
        assert [UnknownModel, ChannelsDisabled, UnknownModel] == seen

    play(tmp_path, story)


def test_nothing_is_unknown_before_a_channel_was_asked_what_it_offers(tmp_path: Path) -> None:
    """At a first start with a key in the environment, its models come a moment later."""

    async def story(house: House, token: Token, _: str, __: ManualClock) -> None:
        channel = await house.add_channel(offers=(), discovered=True)
        assert NoChannel is type(refusal(house, token, "gpt-5"))
        house.gateway.registry.channels.list_errors[channel.id] = "the upstream refused the key (status 401)"
        assert UnknownModel is type(refusal(house, token, "gpt-5"))

    play(tmp_path, story)


def test_a_wait_that_the_upstream_did_not_name_is_told_as_long_as_it_is(tmp_path: Path) -> None:
    """After each further 429 without `Retry-After` a key rests longer, up to 32 s; clients were told 1 s every time."""

    async def story(house: House, _: Token, key: str, clock: ManualClock) -> None:
        await house.add_channel()
        waits: list[int] = []
        while len(waits) < 4:
            house.upstream.queue.append((429, [SLOW_DOWN]))
            call = await house.ask(key).served()
            assert 429 == call.status
            waits.append(int(call.answer_headers["retry-after"]))
            clock.advance(waits[-1])
        assert ([1, 2, 4, 8], 4) == (waits, len(house.upstream.requests))

    play(tmp_path, story)
