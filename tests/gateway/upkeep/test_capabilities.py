"""What Anthropic says of its models corrects what is sent to them, and its silence changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.config import Settings
from aihub_lite.domain.channel import Channel, Offer, keys_of
from aihub_lite.gateway.bootstrap import keep_looking
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.describing import describe, describing
from aihub_lite.gateway.routing import Lane
from aihub_lite.gateway.thinkers import Thinkers
from aihub_lite.gateway.wires import wire_of
from aihub_lite.wire.chat_request import parse_chat
from tests.support.answers import error_answer, json_answer, models_list
from tests.support.claude import sdk_problems
from tests.support.scripted import Upstream
from tests.support.steps import Hang, Script

Story = Callable[[Gateway], Awaitable[None]]
YES, NO = {"supported": True}, {"supported": False}
CAPABILITIES = {
    "thinking": {"supported": True, "types": {"adaptive": YES, "enabled": NO, "disabled": YES, "between_tools": NO}},
    "effort": {"supported": True, "low": YES, "medium": NO, "high": NO, "max": NO, "xhigh": None},
    "structured_outputs": YES,
}
SAID = json_answer(200, {"data": [{"id": "claude-opus-9-1", "max_tokens": 1234, "capabilities": CAPABILITIES}]})
SPEAKS = {"max_tokens": 1234, "output_config": {"effort": "low"}}
UNSAID = {"max_tokens": 128_000, "output_config": {"effort": "high"}}
"""What the table knows of any newer Claude."""


def run(directory: Path, story: Story) -> None:
    async def play() -> None:
        settings = Settings(data_dir=directory, discover_local=False)
        async with open_gateway(settings, {}) as gateway:
            await story(gateway)

    asyncio.run(play())


async def add(gateway: Gateway, url: str) -> Channel:
    """A channel whose client asks for a dotted id."""

    def settled(channel: Channel) -> Channel:
        offers = (Offer("claude-opus-9.1", "claude-opus-9.1"),)
        return attrs.evolve(channel, offers=offers, keys=keys_of(["sk-ant-1"]))

    gateway.registry.default_prices["anthropic", "claude-opus-9.1"] = None  # looking it up takes a second
    return await gateway.registry.create_channel("a", "anthropic", url, settled)


def asked(gateway: Gateway) -> dict[str, Any]:
    """What a request comes to whose answer depends on what the model takes."""
    found = gateway.registry.catalog.resolve("claude-opus-9.1")
    assert found is not None
    (candidate,) = found[0].candidates
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "reasoning_effort": "high"}
    lane, request = Lane(candidate, "k1", "sk-ant-1"), parse_chat(msgspec.json.encode(body))
    sent = wire_of(candidate).send(request, lane, Thinkers(), again=False, strict=False)
    assert isinstance(sent.body, bytes)
    made = msgspec.json.decode(sent.body)
    assert [] == sdk_problems(made)
    return {name: made[name] for name in ("max_tokens", "output_config")}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


def test_what_anthropic_says_of_a_model_is_not_used(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(SAID)

    async def story(gateway: Gateway) -> None:
        channel = await add(gateway, upstream.url)
        assert UNSAID == asked(gateway)
        await describe(gateway, channel)
        assert SPEAKS == asked(gateway)

    run(tmp_path, story)


@pytest.mark.parametrize("answer", [error_answer(500, "oops"), models_list(), json_answer(200, [])])
def test_a_silent_upstream_takes_away_what_the_table_knows(tmp_path: Path, upstream: Upstream, answer: Script) -> None:
    upstream.enqueue(answer)

    async def story(gateway: Gateway) -> None:
        await describe(gateway, await add(gateway, upstream.url))
        assert UNSAID == asked(gateway)

    run(tmp_path, story)


def test_a_list_that_fails_later_takes_away_what_was_said(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(SAID, error_answer(529, "overloaded"))

    async def story(gateway: Gateway) -> None:
        channel = await add(gateway, upstream.url)
        await describe(gateway, channel)
        await describe(gateway, channel)
        assert SPEAKS == asked(gateway)

    run(tmp_path, story)


def test_what_one_upstream_said_is_believed_of_another(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(SAID)

    async def story(gateway: Gateway) -> None:
        await describe(gateway, await add(gateway, upstream.url))
        await gateway.registry.edit_channel("a", lambda each: attrs.evolve(each, base_url="https://elsewhere.example"))
        assert UNSAID == asked(gateway)

    run(tmp_path, story)


def test_an_answer_for_a_channel_that_moved_meanwhile_is_believed(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(SAID)

    async def story(gateway: Gateway) -> None:
        before = await add(gateway, upstream.url)
        await gateway.registry.edit_channel("a", lambda each: attrs.evolve(each, base_url="https://elsewhere.example"))
        await describe(gateway, before)
        assert UNSAID == asked(gateway)

    run(tmp_path, story)


def test_a_new_channel_waits_hours_for_what_its_models_take(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(SAID)

    async def story(gateway: Gateway) -> None:
        async with describing(gateway):
            await add(gateway, upstream.url)
            await until(lambda: SPEAKS == asked(gateway))

    run(tmp_path, story)


def test_a_start_does_not_ask_again(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(SAID, SAID)

    async def first(gateway: Gateway) -> None:
        await describe(gateway, await add(gateway, upstream.url))

    async def second(gateway: Gateway) -> None:
        assert UNSAID == asked(gateway)
        looking = asyncio.create_task(keep_looking(gateway))
        await until(lambda: SPEAKS == asked(gateway))
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)

    run(tmp_path, first)
    run(tmp_path, second)


def test_leaving_waits_for_an_upstream_that_never_answers(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue([Hang()])

    async def story(gateway: Gateway) -> None:
        async with describing(gateway):
            await add(gateway, upstream.url)
            await until(lambda: bool(upstream.requests))
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "describing"]

    run(tmp_path, story)
