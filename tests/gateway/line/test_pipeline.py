"""The straight line, whole: what a client sees, what the upstream sees, and what is booked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.channel import Clocks
from aihub_lite.domain.money import ModalRates, Price, Rates
from tests.support.answers import DONE, USAGE, chat_chunk, sse_event, usage_chunk
from tests.support.asgi import Call, post
from tests.support.inprocess import (
    AT_REST,
    CHAT,
    COMPLETION_COST,
    MODEL,
    PROMPT_COST,
    PROMPT_TOKENS,
    House,
    chat_request,
    open_house,
    streamed,
    whole,
)
from tests.support.scripted import refused
from tests.support.storage import refusing, stalled

Story = Callable[[House, str], Awaitable[None]]
USED = USAGE["prompt_tokens"] * PROMPT_COST + USAGE["completion_tokens"] * COMPLETION_COST
ROLE, HELLO, END = (
    sse_event(chat_chunk({"role": "assistant", "content": ""})),
    sse_event(chat_chunk({"content": "x" * 40})),
    sse_event(chat_chunk({}, "stop")),
)
HELLO_COST = PROMPT_TOKENS * PROMPT_COST + 10 * COMPLETION_COST


def play(directory: Path, story: Story, *, token: dict[str, Any] | None = None, **settings: Any) -> None:
    """A story in a house with one channel and one token; whatever it did, nothing may be left behind."""

    async def run() -> None:
        async with open_house(directory, **settings) as house:
            await house.add_channel()
            _, key = await house.add_token(**(token or {}))
            await story(house, key)
            assert AT_REST == await house.at_rest()

    asyncio.run(run())


async def outcomes(house: House) -> list[tuple[str, int, str]]:
    """How each request ended, what it cost, and who counted."""
    return [(row["outcome"], row["cost_nano"], row["usage_source"]) for row in await house.records()]


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_charged_otherwise_than_the_upstream_says(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str) -> None:
        call = await house.ask(key, stream=stream).served()
        assert (200, []) == (call.status, call.violations)
        assert [("ok", USED, "upstream")] == await outcomes(house)

    play(tmp_path, story)


@pytest.mark.parametrize("stream", [False, True])
def test_the_last_byte_leaves_before_the_books_are_on_disk(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str) -> None:
        await house.flushed()
        with stalled(tmp_path / "aihub.db"):
            call = house.ask(key, stream=stream)
            await asyncio.sleep(0.1)
            assert not call.complete
            assert b"[DONE]" not in call.content
        await call.served()
        assert call.complete

    play(tmp_path, story)


def test_a_quota_for_ten_requests_passes_another_number(tmp_path: Path) -> None:
    each = PROMPT_TOKENS * PROMPT_COST + 5 * COMPLETION_COST

    async def story(house: House, key: str) -> None:
        calls = [house.ask(key, max_tokens=5) for _ in range(60)]
        await asyncio.gather(*(call.served() for call in calls))
        assert (10, 50) == tuple(sum(call.status == status for call in calls) for status in (200, 402))
        assert 10 == len(house.upstream.requests)

    play(tmp_path, story, token={"quota_nano": 10 * each})


def test_a_price_changed_meanwhile_changes_the_bill(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        opened = asyncio.Event()
        house.upstream.queue.append((200, [opened, *whole(usage=USAGE)]))
        call = house.ask(key)
        await call.until(lambda: house.upstream.requests)
        await house.gateway.registry.delete_price("model")
        opened.set()
        await call.served()
        assert [("ok", USED, "upstream")] == await outcomes(house)

    play(tmp_path, story)


def test_two_requests_at_once_pass_a_limit_of_one(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [gate, *whole()]))
        first = house.ask(key)
        await first.until(lambda: house.upstream.requests)
        assert 429 == (await house.ask(key).served()).status
        gate.set()
        await first.served()

    play(tmp_path, story, token={"concurrency": 1})


def test_a_cancelled_request_keeps_its_place(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [asyncio.Event()]))
        first = house.ask(key)
        await first.until(lambda: house.upstream.requests)
        assert first.task is not None
        first.task.cancel()
        await asyncio.wait({first.task})
        assert 200 == (await house.ask(key).served()).status

    play(tmp_path, story, token={"concurrency": 1})


def test_the_next_request_of_a_client_that_has_its_answer_is_one_too_many(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        late_end = asyncio.Event()
        house.upstream.queue.append((200, [*streamed("hello", usage=USAGE), late_end]))
        first = house.ask(key, stream=True)
        await first.until(lambda: first.complete)
        second = await house.ask(key, stream=True).served()
        late_end.set()
        await first.served()
        assert 200 == second.status

    play(tmp_path, story, token={"concurrency": 1})


def test_a_full_gateway_takes_one_more(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [gate, *whole()]))
        first = house.ask(key)
        await first.until(lambda: house.upstream.requests)
        second = await house.ask(key).served()
        assert (503, "overloaded", "1") == (second.status, second.code, second.answer_headers["retry-after"])
        gate.set()
        await first.served()

    play(tmp_path, story, max_in_flight=1)


# Clients that leave


def test_a_client_leaving_mid_stream_pays_for_another_amount_than_it_got(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [ROLE, HELLO, asyncio.Event()]))
        call = house.ask(key, stream=True)
        await call.until(lambda: b"xxx" in call.content)
        call.leave()
        await call.served()
        assert [("client_gone", HELLO_COST, "estimated")] == await outcomes(house)
        assert 0 == house.upstream.open_streams

    play(tmp_path, story)


def test_a_client_leaving_while_a_write_blocks_is_not_noticed(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [ROLE, HELLO, gate, *[HELLO] * 50, asyncio.Event()]))
        call = house.ask(key, stream=True)
        await call.until(lambda: call.content)
        call.stop_reading()
        gate.set()
        await call.until(lambda: call.blocked)
        call.leave()
        await call.served()
        assert 0 == house.upstream.open_streams

    play(tmp_path, story)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_stops_reading_is_never_cut_off(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [ROLE, HELLO, gate, *[HELLO] * 50, asyncio.Event()]))
        call = house.ask(key, stream=True)
        await call.until(lambda: call.content)
        call.stop_reading()
        gate.set()
        await call.served()
        assert [("client_gone", "estimated")] == [(end, source) for end, _, source in await outcomes(house)]

    play(tmp_path, story, write_timeout=0.04)


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_stops_reading_at_the_last_write_holds_its_place_for_ever(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str) -> None:
        call = post(CHAT, key, chat_request(stream=stream))
        call.reads_the_end = False
        try:
            await call.start(house.app).served(timeout=0.4)
        finally:
            assert call.task is not None
            call.task.cancel()
            await asyncio.wait({call.task})

    play(tmp_path, story, write_timeout=0.04)


def test_a_client_that_reads_a_large_answer_slowly_is_cut_off(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, whole("x" * 2_000_000, usage=USAGE)))
        call = post(CHAT, key, chat_request())
        call.pace = 10_000_000
        await call.start(house.app).served()
        assert (200, False) == (call.status, call.gave_up)

    play(tmp_path, story, write_timeout=0.05)


def test_a_client_leaving_a_whole_answer_pays_an_estimate(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [gate, *whole(usage=USAGE)]))
        call = house.ask(key)
        await call.until(lambda: house.upstream.requests)
        call.leave()
        await asyncio.sleep(0.01)
        gate.set()
        await call.served()
        assert [("client_gone", USED, "upstream")] == await outcomes(house)

    play(tmp_path, story)


def test_a_client_leaving_after_finish_reason_pays_an_estimate(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [ROLE, HELLO, END, gate, sse_event(usage_chunk()), DONE]))
        call = house.ask(key, stream=True)
        await call.until(lambda: b'"stop"' in call.content)
        call.leave()
        await asyncio.sleep(0.01)
        gate.set()
        await call.served()
        assert [("client_gone", USED, "upstream")] == await outcomes(house)

    play(tmp_path, story)


def test_an_upstream_goes_on_while_the_disk_is_slow(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [ROLE, HELLO, asyncio.Event()]))
        call = house.ask(key, stream=True)
        await call.until(lambda: b"xxx" in call.content)
        with stalled(tmp_path / "aihub.db"):
            call.leave()
            await asyncio.sleep(0.1)
            still_open = house.upstream.open_streams
        await call.served()
        assert 0 == still_open

    play(tmp_path, story)


def test_another_upstream_is_paid_for_a_client_that_has_left(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await house.add_channel()
        gate = asyncio.Event()
        house.upstream.queue.append((404, [gate, b'{"error": {"code": "model_not_found", "message": "unknown"}}']))
        call = house.ask(key)
        await call.until(lambda: house.upstream.requests)
        call.leave()
        await asyncio.sleep(0.01)
        gate.set()
        await call.served()
        assert 1 == len(house.upstream.requests)

    play(tmp_path, story)


# Upstreams that fail


def test_a_stream_that_breaks_off_looks_complete(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [ROLE, HELLO, OSError()]))
        call = await house.ask(key, stream=True).served()
        assert (200, "upstream_error", []) == (call.status, call.events()[-1]["error"]["code"], call.violations)
        assert [("cut_off", HELLO_COST, "estimated")] == await outcomes(house)

    play(tmp_path, story)


def test_a_stream_without_finish_reason_looks_complete(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [ROLE, HELLO]))
        call = await house.ask(key, stream=True).served()
        assert "upstream_error" == call.events()[-1]["error"]["code"]

    play(tmp_path, story)


@pytest.mark.parametrize("end", [OSError(), 0.2], ids=["reset", "silence"])
def test_a_complete_stream_is_told_as_broken(tmp_path: Path, end: OSError | float) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [ROLE, HELLO, END, end]))
        call = await house.ask(key, stream=True).served()
        assert "[DONE]" == call.events()[-1]

    play(tmp_path, story, idle_timeout=0.05)


def test_an_upstream_is_waited_for_longer_than_its_channel_says(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await house.add_channel("slow", clocks=Clocks(first_byte=0.03))
        house.upstream.queue.append((200, [asyncio.Event()]))
        call = await house.ask(key, stream=True, model="slow").served()
        assert (504, "upstream_timeout") == (call.status, call.code)

    play(tmp_path, story)


def test_a_failover_is_seen(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        with refused() as nowhere:
            await house.add_channel(base_url=nowhere, priority=5)
            call = await house.ask(key, stream=True).served()
        assert (200, "[DONE]") == (call.status, call.events()[-1])
        (record,) = await house.records()
        assert (USED, "channel-1") == (record["cost_nano"], record["channel"])

    play(tmp_path, story)


def test_a_failed_request_is_charged(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue += [(500, [b"{}"])] * 3
        call = await house.ask(key).served()
        assert (502, "upstream_error") == (call.status, call.code)
        assert [("error", 0, "none")] == await outcomes(house)

    play(tmp_path, story)


def test_a_refused_key_is_used_for_the_next_request(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await house.add_channel("two", keys=("sk-1", "sk-2"))
        house.upstream.queue.append((401, [b"{}"]))
        assert 200 == (await house.ask(key, model="two").served()).status
        await house.gateway.registry.set_alias("other", "two")  # runs after the key was disabled
        (channel,) = [each for each in house.gateway.registry.channels.values() if each.name == "channel-3"]
        assert ["the upstream refused it with HTTP status 401"] == [k.disabled for k in channel.keys if k.disabled]

    play(tmp_path, story)


def test_a_channel_that_breaks_off_every_stream_stays_in_rotation(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        (channel,) = house.gateway.registry.channels.values()
        for _ in range(5):
            house.upstream.queue.append((200, [ROLE, HELLO, OSError()]))
            await house.ask(key, stream=True).served()
        assert not house.gateway.health.fit(channel.id)

    play(tmp_path, story)


def test_a_clients_own_fault_in_mid_stream_harms_the_channel(tmp_path: Path) -> None:
    flagged = sse_event({"error": {"code": "content_filter", "message": "flagged", "type": "invalid_request_error"}})

    async def story(house: House, key: str) -> None:
        (channel,) = house.gateway.registry.channels.values()
        for _ in range(5):
            house.upstream.queue.append((200, [ROLE, HELLO, flagged]))
            call = await house.ask(key, stream=True).served()
            assert "content_filter" == call.events()[-1]["error"]["code"]
        assert house.gateway.health.fit(channel.id)

    play(tmp_path, story)


def test_what_an_upstream_says_in_its_error_code_is_stored(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((400, [b'{"error": {"code": "you said: my secret", "message": "no"}}']))
        assert 400 == (await house.ask(key).served()).status
        assert [] == [row for row in await house.records() if "secret" in row["error_code"]]

    play(tmp_path, story)


# Silence


def test_a_waiting_stream_has_no_head(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [gate, *streamed("hello", usage=USAGE)]))
        call = house.ask(key, stream=True)
        await call.until(lambda: call.pieces)
        assert (200, b": keep-alive\n") == (call.status, call.pieces[0])
        gate.set()
        await call.served()
        assert ("[DONE]", []) == (call.events()[-1], call.violations)

    play(tmp_path, story, keepalive_after=0.02)


def test_a_kept_alive_stream_cannot_fail_over(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await house.add_channel()
        gate = asyncio.Event()
        unknown = b'{"error": {"code": "model_not_found", "message": "unknown"}}'
        house.upstream.queue.append((404, [gate, unknown]))
        call = house.ask(key, stream=True)
        await call.until(lambda: call.pieces)
        gate.set()
        await call.served()
        assert ("[DONE]", 2) == (call.events()[-1], len(house.upstream.requests))

    play(tmp_path, story, keepalive_after=0.02)


def test_a_kept_alive_stream_that_fails_ends_without_a_word(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((400, [gate, b'{"error": {"code": "bad", "message": "too hot"}}']))
        call = house.ask(key, stream=True)
        await call.until(lambda: call.pieces)
        gate.set()
        await call.served()
        assert [("bad", "too hot")] == [(each["error"]["code"], each["error"]["message"]) for each in call.events()]
        assert call.complete

    play(tmp_path, story, keepalive_after=0.02)


def test_an_idle_event_has_another_id_than_the_stream(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [gate, *streamed("hello", usage=USAGE)]))
        call = house.ask(key, stream=True)
        await call.until(lambda: b"data: {" in call.content)
        gate.set()
        await call.served()
        assert 1 == len({each["id"] for each in call.events()[:-1]})

    play(tmp_path, story, keepalive_event_after=0.03, keepalive_after=0.02)


# The disk


async def booked_at_last(house: House) -> None:
    """The next try to book what was kept, without the wait before it."""
    await house.gateway.ledger._book_kept()
    await house.gateway.ledger.close()


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_cannot_be_booked_is_given_away(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str) -> None:
        await house.flushed()
        async with refusing(house.gateway.database):
            call = await house.ask(key, stream=stream).served()
            again = await house.ask(key, stream=stream).served()
        assert [(503, "storage_unavailable")] * 2 == [(each.status, each.code) for each in (call, again)]
        await booked_at_last(house)

    play(tmp_path, story)


def test_a_stream_that_cannot_be_booked_ends_as_if_it_could(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [ROLE, HELLO, gate, END, DONE]))
        call = house.ask(key, stream=True)
        await call.until(lambda: call.content)
        async with refusing(house.gateway.database):
            gate.set()
            await call.served()
        assert "storage_unavailable" == call.events()[-1]["error"]["code"]
        await booked_at_last(house)
        assert [("ok", HELLO_COST, "estimated")] == await outcomes(house)

    play(tmp_path, story)


# What is refused at once


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_request"),
        (chat_request("nobody-has-it"), 503, "model_not_found"),
        (chat_request("forbidden"), 403, "model_not_allowed"),
    ],
)
def test_a_request_that_cannot_be_served_costs_something(tmp_path: Path, body: object, status: int, code: str) -> None:
    async def story(house: House, key: str) -> None:
        await house.add_channel("forbidden")
        call = await post(CHAT, key, body).start(house.app).served()
        assert (status, code) == (call.status, call.code)
        assert [] == await house.records()

    play(tmp_path, story, token={"models": ("model", "nobody*")})


def test_a_draining_gateway_takes_new_work(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.gateway.flights.draining = True
        call = await house.ask(key).served()
        assert (503, "overloaded") == (call.status, call.code)

    play(tmp_path, story)


def test_a_request_that_failed_to_authenticate_is_let_in_by_its_other_key(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        headers = [("authorization", "Bearer sk-wrong"), ("x-api-key", key)]
        call = await post(CHAT, "", chat_request(), headers).start(house.app).served()
        assert 200 == call.status

    play(tmp_path, story)


def last_seen(call: Call) -> str:
    return call.answer_headers.get("x-ratelimit-remaining-requests", "")


def test_refusals_do_not_carry_the_figures_of_the_limit(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        good, bad = await house.ask(key).served(), await post(CHAT, key, b"{").start(house.app).served()
        limited = await house.ask(key).served()
        assert [(200, "1"), (400, "0"), (429, "0")] == [(each.status, last_seen(each)) for each in (good, bad, limited)]

    play(tmp_path, story, token={"rpm": 2})


SOUND: dict[str, Any] = {
    "messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "", "format": "wav"}}]}]
}


@pytest.mark.parametrize(
    ("fields", "dearest"),
    [
        ({}, PROMPT_TOKENS * 2_500 + 100 * 10_000),
        ({"modalities": ["text", "audio"]}, PROMPT_TOKENS * 2_500 + 100 * 64_000),
        (SOUND, 4 * 2_500 + 1000 * 32_000 + 100 * 10_000),
    ],
    ids=["text", "answered in sound", "asked in sound"],
)
@pytest.mark.parametrize("short", [1, 0])
def test_sound_is_held_for_at_the_price_of_text(
    tmp_path: Path, fields: dict[str, Any], dearest: int, short: int
) -> None:
    modal = ModalRates(audio_input=32_000_000_000, audio_output=64_000_000_000)

    async def story(house: House, key: str) -> None:
        price = Price(Rates(2_500_000_000, 10_000_000_000, modal=modal), source="test")
        await house.gateway.registry.set_price(MODEL, price)
        call = await house.ask(key, max_tokens=100, **fields).served()
        assert (402 if short else 200) == call.status

    play(tmp_path, story, token={"quota_nano": dearest - short})


def test_a_crash_charges_for_sound_as_for_text(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        modal = ModalRates(audio_input=32_000_000_000)
        await house.gateway.registry.set_price(MODEL, Price(Rates(2_500_000_000, 0, modal=modal), source="test"))
        gate = asyncio.Event()
        house.upstream.queue.append((200, [gate, *whole(usage=USAGE)]))
        call = house.ask(key, **SOUND)
        while not house.upstream.requests:
            await asyncio.sleep(0)
        await house.flushed()
        (row,) = await house.gateway.database.read("SELECT * FROM holds")
        assert (4 * 2_500 + 1000 * 32_000, '{"audio_input":1000}') == (row["estimate_nano"], row["modal"])
        gate.set()
        await call.served()

    play(tmp_path, story)
