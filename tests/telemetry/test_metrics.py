"""`/metrics` says what the ledger booked, to whom it may, under labels that do not grow without end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.config import BadSetting, Settings, load
from aihub_lite.domain.money import nano_usd
from aihub_lite.domain.token import Budget
from aihub_lite.gateway.state.admin_key import admin_key
from aihub_lite.storage.journal import HoldRow, Journal
from aihub_lite.telemetry.families import OTHER
from aihub_lite.telemetry.opening import PATH, telemetry_of
from aihub_lite.web.app import create_app
from tests.support.asgi import get, post
from tests.support.inprocess import CHAT, open_house, streamed, whole
from tests.support.storage import refusing
from tests.support.upstream.answers import USAGE
from tests.telemetry.watched import NANO, SCRAPE_KEY, Watched, scrape_of, watched

CACHED = {
    "prompt_tokens": 100,
    "completion_tokens": 30,
    "total_tokens": 130,
    "prompt_tokens_details": {"cached_tokens": 64},
    "completion_tokens_details": {"reasoning_tokens": 7},
}


def play(directory: Path, story: Callable[[Watched], Awaitable[None]], **settings: object) -> None:
    """Play a story in a gateway that is watched."""

    async def all_of_it() -> None:
        async with watched(directory, **settings) as scene:
            await story(scene)

    asyncio.run(all_of_it())


async def day(scene: Watched) -> None:
    """A bit of all that happens: answers whole and streamed, faults, refusals, a client that leaves."""
    house = scene.house
    await house.add_channel()
    await house.add_channel("second", keys=["sk-upstream-1", "sk-upstream-2"])
    _, key = await house.add_token()
    _, poor = await house.add_token(quota_nano=1)
    for number in range(5):
        scene.clock.advance(600)
        await house.ask(key, stream=bool(number % 2)).served()
    house.upstream.queue = [(200, whole("thought", CACHED)), (200, streamed("a", "b", usage=None))]
    await house.ask(key, model="second").served()
    await house.ask(key, model="second", stream=True).served()
    house.upstream.queue = [(500, [b"{}"]), (500, [b"{}"]), (500, [b"{}"])]
    house.upstream.queue.append((400, [b'{"error":{"message":"no","code":"odd"}}']))
    await house.ask(key).served()
    await house.ask(key).served()
    forever = asyncio.Event()
    house.upstream.queue = [(200, [*streamed("some", "words", usage=None)[:3], forever])]
    leaver = house.ask(key, stream=True)
    await leaver.until(lambda: leaver.pieces)
    leaver.leave()
    await leaver.served()
    for other in ("sk-nobody", poor):
        await house.ask(other).served()
    await house.ask(key, model="no-such-model").served()
    await post(CHAT, key, b"{").start(house.app).served()


async def usage(scene: Watched, by: str) -> list[dict[str, Any]]:
    """What `aihub-lite usage` prints of the last days."""
    key = admin_key(scene.house.gateway.settings.data_dir, {})
    call = await get("/api/admin/usage", key, query=f"by={by}").start(scene.house.app).served()
    assert 200 == call.status, call.content
    rows: list[dict[str, Any]] = msgspec.json.decode(call.content, type=list[dict[str, Any]])
    return rows


@pytest.mark.parametrize("by", ["model", "channel"])
def test_graphs_and_bill_agree_to_the_nano_dollar(tmp_path: Path, by: str) -> None:
    async def story(scene: Watched) -> None:
        await day(scene)
        told = await scene.scrape()
        rows = await usage(scene, by)
        assert 0 < told.nano("aihub_cost_usd_total")
        assert sum(nano_usd(row["cost_usd"]) for row in rows) == told.nano("aihub_cost_usd_total")
        for row in rows:
            mine = {by: row[by] or ""}
            assert nano_usd(row["cost_usd"]) == told.nano("aihub_cost_usd_total", **mine)
            assert row["requests"] == told.total("aihub_requests_total", **mine)
            kinds = {
                "prompt_tokens": ("input", "cache_read", "cache_write"),
                "completion_tokens": ("output", "reasoning"),
            }
            for field, names in kinds.items():
                assert row[field] == sum(told.total("aihub_tokens_total", kind=each, **mine) for each in names)
        assert 10 == sum(row["requests"] for row in rows)
        assert [64, 7] == [told.total("aihub_tokens_total", kind=each) for each in ("cache_read", "reasoning")]

    play(tmp_path, story)


def test_each_model_channel_and_outcome_agrees_with_its_records(tmp_path: Path) -> None:
    async def story(scene: Watched) -> None:
        await day(scene)
        told = await scene.scrape()
        for record in await scene.house.records():
            labels = {"model": record["model"], "channel": record["channel"]}
            alike = [each for each in await scene.house.records() if {**each, **labels} == each]
            assert sum(each["cost_nano"] for each in alike) == told.nano("aihub_cost_usd_total", **labels)
            for outcome in ("ok", "error", "client_gone"):
                count = sum(each["outcome"] == outcome for each in alike)
                assert count == told.total("aihub_requests_total", outcome=outcome, **labels)
            assert len(alike) == told.total("aihub_request_duration_seconds_count", **labels)
            ms = sum(each["duration_ms"] for each in alike)
            assert ms == round(1000 * told.total("aihub_request_duration_seconds_sum", **labels))
            first = sum(each["first_byte_ms"] > 0 for each in alike)
            assert first == told.total("aihub_time_to_first_token_seconds_count", **labels)

    play(tmp_path, story)


def test_refusals_and_failures_are_counted_by_their_codes(tmp_path: Path) -> None:
    async def story(scene: Watched) -> None:
        await day(scene)
        told = await scene.scrape()
        assert {"invalid_api_key", "insufficient_user_quota", "model_not_found", "invalid_request"} == told.values_of(
            "aihub_refusals_total", "code"
        )
        assert 4 == told.total("aihub_refusals_total")
        failed = [each for each in await scene.house.records() if each["error_code"]]
        assert failed
        for record in failed:
            alike = sum(each["error_code"] == record["error_code"] for each in failed)
            assert alike == told.total("aihub_errors_total", code=record["error_code"])

    play(tmp_path, story)


def test_nothing_of_a_client_becomes_a_label(tmp_path: Path) -> None:
    """A thousand names that no model has make no thousand series."""

    async def story(scene: Watched) -> None:
        house = scene.house
        await house.add_channel()
        token, key = await house.add_token()
        for number in range(50):
            await house.ask(key, model=f"invented-{number}", user=f"user-{number}").served()
        await house.ask(key).served()
        told = await scene.scrape()
        for word in ("invented", "user-", token.name, token.id, key):
            assert word not in told.text
        assert {"model"} == told.values_of("aihub_requests_total", "model")

    play(tmp_path, story)


def test_a_name_that_only_a_pattern_lets_through_has_a_label_once_it_was_answered(tmp_path: Path) -> None:
    async def story(scene: Watched) -> None:
        house = scene.house
        channel = await house.add_channel()
        pattern = attrs.evolve(channel.offers[0], model="m-*", upstream_model="m-*")
        await house.gateway.registry.channels.edit(channel.id, lambda old: attrs.evolve(old, patterns=(pattern,)))
        house.gateway.live_settings.now = attrs.evolve(house.gateway.settings, unpriced="allow")
        _, key = await house.add_token()
        house.upstream.queue = [(404, [b"{}"])] * 3
        for name in ("m-invented-1", "m-invented-2", "m-invented-3", "m-real"):
            await house.ask(key, model=name).served()
        told = await scene.scrape()
        assert {"m-real", OTHER} == told.values_of("aihub_requests_total", "model")
        assert 3 == told.total("aihub_requests_total", model=OTHER)

    play(tmp_path, story)


def test_tokens_are_named_only_where_the_operator_wants_it(tmp_path: Path) -> None:
    async def story(scene: Watched) -> None:
        await day(scene)
        told = await scene.scrape()
        assert told.nano("aihub_cost_usd_total") == told.nano("aihub_token_cost_usd_total")
        assert {"token-3", "token-4"} >= told.values_of("aihub_token_requests_total", "token") != set()

    play(tmp_path, story, metrics_tokens=True)


def test_channels_keys_and_limits_are_told_as_they_stand(tmp_path: Path) -> None:
    async def story(scene: Watched) -> None:
        house = scene.house
        channels = house.gateway.registry.channels
        first = await house.add_channel(keys=["sk-upstream-1", "sk-upstream-2"])
        second = await house.add_channel("second")
        limits = attrs.evolve(first.limits, rpm=10, budget=Budget(nano=1_000_000_000, period="day"))
        await channels.edit(first.id, lambda old: attrs.evolve(old, limits=limits))
        await channels.disable_key(first.id, "k1", "invalid_api_key")
        await channels.disable(second.id, "by a test")
        _, key = await house.add_token(quota_nano=NANO)
        await house.ask(key).served()
        told = await scene.scrape()
        assert [1, 0] == [told.total("aihub_channel_up", channel=each.name) for each in (first, second)]
        assert 1 == told.total("aihub_channel_state", channel=second.name, state="disabled")
        assert [1, 1] == [
            told.total("aihub_channel_keys", channel=first.name, state=each) for each in ("refused", "usable")
        ]
        assert 0.1 == told.total("aihub_limit_used_ratio", channel=first.name, key="", limit="requests")
        spent = sum(record["cost_nano"] for record in await house.records())
        assert spent / 1e9 == told.total("aihub_limit_used_ratio", channel=first.name, key="", limit="budget")
        assert [0, 0] == [told.total("aihub_limited_tokens", state=each) for each in ("near", "spent")]
        assert "sk-upstream" not in told.text

    play(tmp_path, story)


def test_requests_under_way_and_waiting_writes_are_gauges(tmp_path: Path) -> None:
    async def story(scene: Watched) -> None:
        house = scene.house
        await house.add_channel()
        _, key = await house.add_token()
        more = asyncio.Event()
        house.upstream.queue = [(200, [streamed("a")[0], streamed("a")[1], more, *streamed("a")[2:]])]
        call = house.ask(key, stream=True)
        await call.until(lambda: call.pieces)
        during = await scene.scrape()
        more.set()
        await call.served()
        after = await scene.scrape()
        assert [1, 0] == [each.total("aihub_in_flight_requests") for each in (during, after)]
        assert during.total("aihub_held_usd") > 0 == after.total("aihub_held_usd")
        for name in (
            "aihub_waiting_requests",
            "aihub_writer_queue_length",
            "aihub_unbooked_settlements",
            "aihub_draining",
        ):
            assert [0.0] == after.each(name)
        assert after.total("aihub_disk_free_bytes") > 0 < after.total("aihub_database_bytes")
        assert after.total("process_resident_memory_bytes") > 0

    play(tmp_path, story)


def test_a_settlement_that_the_disk_refused_is_counted_when_it_is_booked(tmp_path: Path) -> None:
    """Not before, since no sum of `usage` has it; and once."""

    async def story(scene: Watched) -> None:
        house = scene.house
        await house.add_channel()
        _, key = await house.add_token()
        goes_on = asyncio.Event()
        pieces = streamed("some", "words", usage=USAGE)
        house.upstream.queue = [(200, [*pieces[:2], goes_on, *pieces[2:]])]
        call = house.ask(key, stream=True)
        await call.until(lambda: call.pieces)
        async with refusing(house.gateway.database):
            goes_on.set()
            await call.served()
            clock = scene.clock
            clock.advance(2)
            refused = scrape_of((await get(PATH, SCRAPE_KEY).start(house.app).served()).content)
            assert (1, 1) == (house.gateway.ledger.unbooked, refused.total("aihub_unbooked_settlements"))
        await house.gateway.ledger._book_kept()
        told = await scene.scrape()
        records = await house.records()
        assert 0 == refused.total("aihub_requests_total")
        assert 1 == len(records) == told.total("aihub_requests_total")
        assert sum(record["cost_nano"] for record in records) == told.nano("aihub_cost_usd_total")

    play(tmp_path, story)


def test_what_a_kill_cut_short_is_counted_by_the_start_that_books_it(tmp_path: Path) -> None:
    """`usage` had it, and no graph."""

    async def killed() -> None:
        async with open_house(tmp_path) as house:
            await house.add_channel()
            token, key = await house.add_token()
            await house.ask(key).served()
            row = HoldRow(
                request_id="cut-short",
                boot_id="the run that was killed",
                started_ms=1,
                token_id=token.id,
                token=token.name,
                model="model",
                surface="chat",
                streamed=True,
                price="{}",
                amount_nano=900,
                estimate_nano=700,
                prompt_tokens=7,
            )
            await Journal(house.gateway.database).hold(row)

    async def story(scene: Watched) -> None:
        told = await scene.scrape()
        assert (1, 700) == (told.total("aihub_requests_total"), told.nano("aihub_cost_usd_total"))
        assert 1 == told.total("aihub_requests_total", model="model", outcome="interrupted")
        assert 7 == told.total("aihub_tokens_total", kind="input")

    asyncio.run(killed())
    play(tmp_path, story)


@pytest.mark.parametrize("key", ["", "wrong", SCRAPE_KEY[:-1], SCRAPE_KEY + "x", "schlüssel"])
def test_a_stranger_reads_nothing(tmp_path: Path, key: str) -> None:
    async def story(scene: Watched) -> None:
        call = await get(PATH, key).start(scene.house.app).served()
        assert (401, "invalid_api_key", False) == (call.status, call.code, b"aihub_" in call.content)

    play(tmp_path, story)


def test_the_key_of_a_token_or_of_the_administration_reads_no_metrics(tmp_path: Path) -> None:
    async def story(scene: Watched) -> None:
        _, key = await scene.house.add_token()
        for other in (key, admin_key(tmp_path, {}), scene.house.gateway.run_key):
            call = await get(PATH, other).start(scene.house.app).served()
            assert 401 == call.status

    play(tmp_path, story)


def test_who_guesses_is_stopped(tmp_path: Path) -> None:
    async def story(scene: Watched) -> None:
        statuses = [(await get(PATH, "guess").start(scene.house.app).served()).status for _ in range(5)]
        assert [401, 401, 401, 429, 429] == statuses

    play(tmp_path, story, auth_failures_per_minute=3)


def test_a_text_is_made_once_a_second_however_often_it_is_asked_for(tmp_path: Path) -> None:
    async def story(scene: Watched) -> None:
        await scene.scrape()
        scene.house.gateway.flights.slots_taken = 7
        calls = [get(PATH, SCRAPE_KEY).start(scene.house.app) for _ in range(20)]
        texts = {(await call.served()).content for call in calls}
        assert 1 == len(texts)
        assert b"aihub_in_flight_requests 0.0" in texts.pop()
        assert 7 == (await scene.scrape()).total("aihub_in_flight_requests")
        scene.house.gateway.flights.slots_taken = 0

    play(tmp_path, story)


@pytest.mark.parametrize("method", ["POST", "DELETE", "PUT"])
def test_it_can_only_be_read(tmp_path: Path, method: str) -> None:
    async def story(scene: Watched) -> None:
        call = get(PATH, SCRAPE_KEY)
        call.method = method
        assert 405 == (await call.start(scene.house.app).served()).status

    play(tmp_path, story)


def test_it_is_not_there_unless_it_is_wanted(tmp_path: Path) -> None:
    async def story() -> None:
        async with open_house(tmp_path, create_app) as house:
            journal = house.gateway.ledger.journal
            call = await get(PATH, admin_key(tmp_path, {})).start(house.app).served()
            assert (404, "Journal", []) == (call.status, type(journal).__name__, house.gateway.refusals.listeners)

    asyncio.run(story())


@pytest.mark.parametrize("value", ["", "short", " " * 40])
def test_a_key_that_is_missing_or_short_is_refused_at_the_start(tmp_path: Path, value: str) -> None:
    """An empty key would be everybody's."""

    async def story() -> None:
        async with open_house(tmp_path, environ={"K": value}, metrics_key="env:K") as house:
            with pytest.raises(BadSetting, match="metrics_key: K has to hold"):
                await telemetry_of(house.gateway).__aenter__()

    asyncio.run(story())


@pytest.mark.parametrize(
    "text", ["9464", "localhost:9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "::1:x", "a b:1"]
)
def test_an_address_to_listen_at_has_a_port(text: str) -> None:
    with pytest.raises(BadSetting, match="metrics_listen"):
        load({"AIHUB_METRICS_LISTEN": text})


@pytest.mark.parametrize("text", ["", "127.0.0.1:9464", "[::1]:9464", "0.0.0.0:0"])
def test_an_address_is_an_ip_address(text: str) -> None:
    assert text == load({"AIHUB_METRICS_LISTEN": text}).metrics_listen == Settings(metrics_listen=text).metrics_listen
