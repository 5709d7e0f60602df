"""Keys out of money, or refused for what may pass: tried again by themselves, and the last one all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aihub_lite.domain.channel import ChannelKey
from tests.support.clock import ManualClock
from tests.support.inprocess import MODEL, House, open_house

Story = Callable[[House, str, ManualClock], Awaitable[None]]
SPENT = (402, [b'{"error": {"message": "Insufficient Balance"}}'])
NO_QUOTA = (429, [b'{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}'])
REGION = (403, [b'{"error": {"message": "Country, region, or territory not supported"}}'])
PAGE = (403, [b"<html><title>Attention Required! | Cloudflare</title></html>"])
KEY_REFUSED = (403, [b'{"error": {"message": "Your API key was reported as leaked.", "code": 403}}'])
PASSING = pytest.mark.parametrize("refusal", [SPENT, NO_QUOTA, REGION, PAGE], ids=["402", "quota", "region", "page"])
FIVE_MINUTES = 300


def play(directory: Path, *stories: Story) -> None:
    """Each story in a gateway of its own over the same data; the first finds a channel of one key."""
    clock = ManualClock()

    async def run(story: Story, first: bool) -> None:
        async with open_house(directory, clock=clock, queue_timeout=0) as house:
            if first:
                await house.add_channel("other", keys=("sk-other",))
                await house.add_channel(MODEL, keys=("sk-first",), priority=5)
                _, key = await house.add_token()
                (directory / "key").write_text(key)
            await story(house, (directory / "key").read_text(), clock)

    for number, story in enumerate(stories):
        asyncio.run(run(story, not number))


async def settled(house: House) -> None:
    """Returns once a key that was refused is stored as that."""
    await house.gateway.registry.models.set_alias("alias", MODEL)


def key_of(house: House) -> ChannelKey:
    """The model's first channel's only key."""
    (channel,) = [channel for channel in house.gateway.registry.channels.all if channel.priority == 5]
    (key,) = channel.keys
    return key


async def status(house: House, key: str, *answers: tuple[int, list[bytes]], **fields: Any) -> int:
    """Of one request whose upstreams answer this, then well."""
    house.upstream.queue += answers
    call = await house.ask(key, **fields).served()
    await settled(house)
    return call.status


@PASSING
@pytest.mark.parametrize("stream", [False, True])
def test_a_key_that_may_be_well_again_is_stood_in_for_until_then(
    tmp_path: Path, refusal: tuple[int, list[bytes]], stream: bool
) -> None:
    """One 402, or one 403 of a firewall, and the key was out until somebody noticed."""

    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel(MODEL, keys=("sk-second",))
        assert 200 == await status(house, key, refusal, stream=stream)
        assert [200] * 3 == [await status(house, key, stream=stream) for _ in range(3)]
        used = [record["channel"] for record in await house.records()]
        assert ["channel-4"] * 4 == used
        clock.advance(FIVE_MINUTES)
        assert 200 == await status(house, key, stream=stream)
        assert "channel-2" == (await house.records())[-1]["channel"]
        assert ("", 0, 0) == (key_of(house).disabled, key_of(house).rests_until, key_of(house).rests)

    play(tmp_path, story)


@PASSING
def test_the_last_key_of_a_model_is_tried_all_the_same(tmp_path: Path, refusal: tuple[int, list[bytes]]) -> None:
    """After one 402 the model answered 503 to everybody until a person came, with money in the account again."""

    async def story(house: House, key: str, clock: ManualClock) -> None:
        assert [502, 502] == [await status(house, key, refusal) for _ in range(2)]
        assert 200 == await status(house, key)
        assert "" == key_of(house).disabled

    play(tmp_path, story)


def test_a_key_that_is_spent_still_rests_twice_as_long(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel(MODEL, keys=("sk-second",))
        for minutes in (5, 10, 20):
            assert 200 == await status(house, key, SPENT)
            assert minutes * 60 == key_of(house).rests_until - clock.wall()
            clock.advance(minutes * 60)

    play(tmp_path, story)


@pytest.mark.parametrize("refusal", [(401, [b"{}"]), KEY_REFUSED], ids=["401", "key"])
def test_a_refused_key_waits_for_a_person(tmp_path: Path, refusal: tuple[int, list[bytes]]) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        assert 502 == await status(house, key, refusal)
        clock.advance(30 * 86_400)
        assert 503 == await status(house, key)
        assert (True, f"the upstream refused it with HTTP status {refusal[0]}") == (
            key_of(house).refused,
            key_of(house).disabled,
        )

    play(tmp_path, story)


def test_a_key_that_is_refused_while_it_rests_waits_for_a_person(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        assert [502, 502] == [await status(house, key, SPENT), await status(house, key, (401, [b"{}"]))]
        assert (True, 0) == (key_of(house).refused, key_of(house).rests_until)

    play(tmp_path, story)


def test_one_request_at_a_time_tries_a_key_again(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel(MODEL, keys=("sk-second",))
        await status(house, key, SPENT)
        clock.advance(FIVE_MINUTES)
        gate = asyncio.Event()
        house.upstream.queue.append((402, [gate, b"{}"]))
        probe = house.ask(key)
        while house.upstream.queue:
            await asyncio.sleep(0)
        assert [200] * 5 == [(await house.ask(key).served()).status for _ in range(5)]
        gate.set()
        assert 200 == (await probe.served()).status
        assert {"channel-4"} == {record["channel"] for record in await house.records()}

    play(tmp_path, story)


def test_beside_a_key_that_rests_a_rate_limit_is_told_as_one(tmp_path: Path) -> None:
    """The one is out of money, the other asks to wait for 7 s: the client waits, and nobody asks the first."""

    async def story(house: House, key: str, clock: ManualClock) -> None:
        second = await house.add_channel(MODEL, keys=("sk-second",))
        await status(house, key, SPENT)
        house.gateway.health.rate_limit(second.id, "k1", 7.0)
        asked = len(house.upstream.requests)
        call = await house.ask(key).served()
        assert (429, "7", asked) == (call.status, call.answer_headers["retry-after"], len(house.upstream.requests))

    play(tmp_path, story)


def test_a_rest_outlasts_a_restart(tmp_path: Path) -> None:
    """Out since 12:00 for five minutes: at 12:04, after a start, it still is, and at 12:05 it is tried."""

    async def spend(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel(MODEL, keys=("sk-second",))
        await status(house, key, SPENT)
        clock.advance(240)

    async def again(house: House, key: str, clock: ManualClock) -> None:
        assert (200, "channel-4") == (await status(house, key), (await house.records())[-1]["channel"])
        clock.advance(60)
        assert 200 == await status(house, key, SPENT)
        assert (2, 600) == (key_of(house).rests, key_of(house).rests_until - clock.wall())

    play(tmp_path, spend, again)


@pytest.mark.parametrize("reason", ["the account is spent", "the upstream refused it with HTTP status 403"])
def test_a_key_that_an_earlier_version_took_out_is_tried_again(tmp_path: Path, reason: str) -> None:
    async def before(house: House, key: str, clock: ManualClock) -> None:
        stored = [{"id": "k1", "ref": {"value": "sk-first"}, "disabled": reason}]
        await house.gateway.database.write(
            ("UPDATE channels SET keys = ? WHERE priority = 5", (msgspec.json.encode(stored).decode(),))
        )

    async def after(house: House, key: str, clock: ManualClock) -> None:
        assert 200 == await status(house, key)
        assert "" == key_of(house).disabled

    play(tmp_path, before, after)


def test_a_change_of_a_channel_leaves_its_keys_at_rest(tmp_path: Path) -> None:
    async def story(house: House, key: str, clock: ManualClock) -> None:
        await house.add_channel(MODEL, keys=("sk-second",))
        await status(house, key, SPENT)
        registry = house.gateway.registry.channels
        await registry.edit("channel-2", lambda channel: channel)
        assert (200, "channel-4") == (await status(house, key), (await house.records())[-1]["channel"])
        await registry.enable("channel-2")
        assert (200, "channel-2") == (await status(house, key), (await house.records())[-1]["channel"])

    play(tmp_path, story)
