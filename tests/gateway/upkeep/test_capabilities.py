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
from aihub_lite.gateway.adapters.adapter import AttemptContext
from aihub_lite.gateway.adapters.upstreams import chat_adapter
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.gateway.upkeep.bootstrap import keep_discovering
from aihub_lite.gateway.upkeep.capabilities import describe, describing_changes
from aihub_lite.wire.chat.request import parse_chat
from tests.support.upstream.answers import error_answer, json_answer, models_list
from tests.support.upstream.claude import sdk_problems
from tests.support.upstream.scripted import Upstream
from tests.support.upstream.steps import Hang, Script

Story = Callable[[Gateway], Awaitable[None]]
YES = {"supported": True}
NO = {"supported": False}
CAPABILITIES = {
    "thinking": {"supported": True, "types": {"adaptive": YES, "enabled": NO, "disabled": YES, "between_tools": NO}},
    "effort": {"supported": True, "low": YES, "medium": NO, "high": NO, "max": NO, "xhigh": None},
    "structured_outputs": YES,
}
DESCRIPTION = json_answer(200, {"data": [{"id": "claude-opus-9-1", "max_tokens": 1234, "capabilities": CAPABILITIES}]})
AS_DESCRIBED = {"max_tokens": 1234, "output_config": {"effort": "low"}}
AS_IN_THE_TABLE = {"max_tokens": 128_000, "output_config": {"effort": "high"}}
"""What the table knows of any newer Claude."""


def run(directory: Path, story: Story) -> None:
    async def play() -> None:
        settings = Settings(data_dir=directory, discover_local=False)
        async with open_gateway(settings, {}) as gateway:
            await story(gateway)

    asyncio.run(play())


async def add(gateway: Gateway, url: str) -> Channel:
    """A channel whose client asks for a dotted id."""

    def configured(channel: Channel) -> Channel:
        offers = (Offer("claude-opus-9.1", "claude-opus-9.1"),)
        return attrs.evolve(channel, offers=offers, keys=keys_of(["sk-ant-1"]))

    gateway.registry.live_catalog.default_prices["anthropic", "claude-opus-9.1"] = None  # looking it up takes a second
    return await gateway.registry.channels.create("a", "anthropic", url, configured)


def sent_upstream(gateway: Gateway) -> dict[str, Any]:
    """What a request comes to whose answer depends on what the model takes."""
    resolved = gateway.registry.catalog.resolve("claude-opus-9.1")
    assert resolved is not None
    (candidate,) = resolved[0].candidates
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "reasoning_effort": "high"}
    lane = Lane(candidate, "k1", "sk-ant-1")
    request = parse_chat(msgspec.json.encode(body))
    sent = chat_adapter(request, lane, AttemptContext("r1", gateway.clock)).send()
    assert isinstance(sent.body, bytes)
    fields = msgspec.json.decode(sent.body)
    assert [] == sdk_problems(fields)
    return {name: fields[name] for name in ("max_tokens", "output_config")}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


def test_what_anthropic_says_of_a_model_is_used(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(DESCRIPTION)

    async def story(gateway: Gateway) -> None:
        channel = await add(gateway, upstream.url)
        assert AS_IN_THE_TABLE == sent_upstream(gateway)
        await describe(gateway, channel)
        assert AS_DESCRIBED == sent_upstream(gateway)

    run(tmp_path, story)


@pytest.mark.parametrize("answer", [error_answer(500, "oops"), models_list(), json_answer(200, [])])
def test_a_silent_upstream_leaves_what_the_table_knows(tmp_path: Path, upstream: Upstream, answer: Script) -> None:
    upstream.enqueue(answer)

    async def story(gateway: Gateway) -> None:
        await describe(gateway, await add(gateway, upstream.url))
        assert AS_IN_THE_TABLE == sent_upstream(gateway)

    run(tmp_path, story)


def test_a_list_that_fails_later_leaves_what_was_said_before(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(DESCRIPTION, error_answer(529, "overloaded"))

    async def story(gateway: Gateway) -> None:
        channel = await add(gateway, upstream.url)
        await describe(gateway, channel)
        await describe(gateway, channel)
        assert AS_DESCRIBED == sent_upstream(gateway)

    run(tmp_path, story)


def test_what_one_upstream_said_is_not_believed_of_another(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(DESCRIPTION)

    async def story(gateway: Gateway) -> None:
        await describe(gateway, await add(gateway, upstream.url))
        await gateway.registry.channels.edit("a", lambda each: attrs.evolve(each, base_url="https://elsewhere.example"))
        assert AS_IN_THE_TABLE == sent_upstream(gateway)

    run(tmp_path, story)


def test_an_answer_for_a_channel_that_moved_meanwhile_is_not_believed(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(DESCRIPTION)

    async def story(gateway: Gateway) -> None:
        before = await add(gateway, upstream.url)
        await gateway.registry.channels.edit("a", lambda each: attrs.evolve(each, base_url="https://elsewhere.example"))
        await describe(gateway, before)
        assert AS_IN_THE_TABLE == sent_upstream(gateway)

    run(tmp_path, story)


def test_a_new_channel_is_started_at_once_what_its_models_take(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(DESCRIPTION)

    async def story(gateway: Gateway) -> None:
        async with describing_changes(gateway):
            await add(gateway, upstream.url)
            await until(lambda: AS_DESCRIBED == sent_upstream(gateway))

    run(tmp_path, story)


def test_a_start_asks_again(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue(DESCRIPTION, DESCRIPTION)

    async def first(gateway: Gateway) -> None:
        await describe(gateway, await add(gateway, upstream.url))

    async def second(gateway: Gateway) -> None:
        assert AS_IN_THE_TABLE == sent_upstream(gateway)
        looking = asyncio.create_task(keep_discovering(gateway))
        await until(lambda: AS_DESCRIBED == sent_upstream(gateway))
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)

    run(tmp_path, first)
    run(tmp_path, second)


def test_leaving_ends_a_call_to_an_upstream_that_never_answers(tmp_path: Path, upstream: Upstream) -> None:
    upstream.enqueue([Hang()])

    async def story(gateway: Gateway) -> None:
        async with describing_changes(gateway):
            await add(gateway, upstream.url)
            await until(lambda: bool(upstream.requests))
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "describing"]

    run(tmp_path, story)
