"""The straight line, whole: what a client sees, what the upstream sees, and what is booked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from aihub_lite.domain.channel import Clocks
from aihub_lite.domain.money import ModalRates, Price, Rates
from aihub_lite.gateway.state.ledger import MAX_UNWRITTEN
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
from tests.support.storage import refusing, stalled
from tests.support.upstream.answers import DONE, USAGE, chat_chunk, sse_event, usage_chunk
from tests.support.upstream.scripted import refused

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
def test_an_answer_is_charged_as_the_upstream_says(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str) -> None:
        call = await house.ask(key, stream=stream).served()
        assert (200, []) == (call.status, call.violations)
        assert [("ok", USED, "upstream")] == await outcomes(house)

    play(tmp_path, story)


@pytest.mark.parametrize("stream", [False, True])
def test_the_last_byte_leaves_after_the_books_are_on_disk(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str) -> None:
        await house.flushed()
        with stalled(tmp_path / "aihub.db"):
            call = house.ask(key, stream=stream)
            await asyncio.sleep(0.1)  # long enough for an answer that waits for nothing
            assert not call.complete
            assert b"[DONE]" not in call.content
        await call.served()
        assert call.complete

    play(tmp_path, story)


def test_a_hundred_requests_at_most_are_upstream_before_their_holds_are_on_disk(tmp_path: Path) -> None:
    """Of 4,870 calls of 30 kills 138 had gone upstream and left no record; where a disk hung, all of them would."""

    async def story(house: House, key: str) -> None:
        await house.flushed()
        gate = asyncio.Event()
        house.upstream.queue += [(200, [gate, *streamed("hello", usage=USAGE)])] * 150
        with stalled(tmp_path / "aihub.db"):
            calls = [house.ask(key, stream=True) for _ in range(150)]
            await calls[0].until(lambda: MAX_UNWRITTEN <= len(house.upstream.requests))
            await calls[0].until(lambda: 150 == len(house.gateway.ledger.open_holds))
            for _ in range(50):
                await asyncio.sleep(0)  # turns in which a request that waits for nothing would go upstream
            assert MAX_UNWRITTEN == len(house.upstream.requests)
        await calls[0].until(lambda: 150 == len(house.upstream.requests))
        gate.set()
        await asyncio.gather(*(call.served() for call in calls))
        assert {200} == {call.status for call in calls}

    play(tmp_path, story, token={"rpm": 0})


def test_a_request_that_waits_for_its_hold_ends_with_its_client(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await house.flushed()
        gate = asyncio.Event()
        house.upstream.queue += [(200, [gate, *streamed("hello", usage=USAGE)])] * 150
        with stalled(tmp_path / "aihub.db"):
            calls = [house.ask(key, stream=True) for _ in range(150)]
            await calls[0].until(lambda: 150 == len(house.gateway.ledger.open_holds))
            for call in calls:
                call.leave()
            await calls[0].until(lambda: not house.gateway.ledger.open_holds)
        await asyncio.gather(*(call.served() for call in calls))
        asked = len(house.upstream.requests)
        charged = [cost for _, cost, _ in await outcomes(house) if cost]
        assert (asked, MAX_UNWRITTEN) == (len(charged), asked)

    play(tmp_path, story, token={"rpm": 0})


def test_a_quota_for_ten_requests_passes_ten(tmp_path: Path) -> None:
    each = PROMPT_TOKENS * PROMPT_COST + 5 * COMPLETION_COST

    async def story(house: House, key: str) -> None:
        calls = [house.ask(key, max_tokens=5) for _ in range(60)]
        await asyncio.gather(*(call.served() for call in calls))
        assert (10, 50) == tuple(sum(call.status == status for call in calls) for status in (200, 402))
        assert 10 == len(house.upstream.requests)

    play(tmp_path, story, token={"quota_nano": 10 * each})


@pytest.mark.parametrize(("asked", "status"), [("priority", 402), ("flex", 200), ("default", 200), (None, 200)])
def test_the_hold_is_at_the_tier_that_is_asked_for_where_that_is_dearer(
    tmp_path: Path, asked: str | None, status: int
) -> None:
    each = PROMPT_TOKENS * PROMPT_COST + 5 * COMPLETION_COST

    async def story(house: House, key: str) -> None:
        models = house.gateway.registry.models
        million = 1_000_000
        await models.set_tier_price(MODEL, "priority", Rates(2 * PROMPT_COST * million, 2 * COMPLETION_COST * million))
        await models.set_tier_price(MODEL, "flex", Rates(PROMPT_COST * million // 2, COMPLETION_COST * million // 2))
        call = await house.ask(key, max_tokens=5, service_tier=asked).served()
        assert status == call.status

    play(tmp_path, story, token={"quota_nano": each})


@pytest.mark.parametrize("stream", [False, True])
def test_what_may_still_be_written_counts_against_tokens_per_minute(tmp_path: Path, stream: bool) -> None:
    """Sixty requests at once, each of 10 tokens that asked for 90 more, all passed a limit of 1000."""

    async def story(house: House, key: str) -> None:
        calls = [house.ask(key, stream=stream, max_tokens=90) for _ in range(60)]
        await asyncio.gather(*(call.served() for call in calls))
        assert (10, 50) == tuple(sum(call.status == status for call in calls) for status in (200, 429))
        assert 200 == (await house.ask(key, max_tokens=90).served()).status

    play(tmp_path, story, token={"tpm": 1000})


@pytest.mark.attack("T-51")
def test_a_price_changed_meanwhile_leaves_the_bill_as_it_was_held(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        opened = asyncio.Event()
        house.upstream.queue.append((200, [opened, *whole(usage=USAGE)]))
        call = house.ask(key)
        await call.until(lambda: house.upstream.requests)
        await house.gateway.registry.models.delete_price("model")
        opened.set()
        await call.served()
        assert [("ok", USED, "upstream")] == await outcomes(house)

    play(tmp_path, story)


def test_a_limit_of_one_at_once_passes_one(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [gate, *whole()]))
        first = house.ask(key)
        await first.until(lambda: house.upstream.requests)
        assert 429 == (await house.ask(key).served()).status
        gate.set()
        await first.served()

    play(tmp_path, story, token={"concurrency": 1})


@pytest.mark.attack("T-29")
def test_a_cancelled_request_gives_its_slot_back(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [asyncio.Event()]))
        first = house.ask(key)
        await first.until(lambda: house.upstream.requests)
        assert first.task is not None
        first.task.cancel()
        await asyncio.wait({first.task})
        assert 200 == (await house.ask(key).served()).status

    play(tmp_path, story, token={"concurrency": 1})


def test_a_client_that_has_its_answer_may_send_its_next_request(tmp_path: Path) -> None:
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


@pytest.mark.attack("T-42")
def test_a_full_gateway_takes_no_more(tmp_path: Path) -> None:
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


def test_a_client_leaving_mid_stream_pays_for_what_it_got(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [ROLE, HELLO, asyncio.Event()]))
        call = house.ask(key, stream=True)
        await call.until(lambda: b"xxx" in call.content)
        call.leave()
        await call.served()
        assert [("client_gone", HELLO_COST, "estimated")] == await outcomes(house)
        assert 0 == house.upstream.open_streams

    play(tmp_path, story)


@pytest.mark.attack("T-22")
def test_a_client_leaving_while_a_write_blocks_is_noticed(tmp_path: Path) -> None:
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


@pytest.mark.attack("T-33")
@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_stops_reading_is_cut_off(tmp_path: Path, stream: bool) -> None:
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


@pytest.mark.attack("T-33")
@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_stops_reading_at_the_last_write_is_cut_off(tmp_path: Path, stream: bool) -> None:
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


def test_a_client_that_reads_a_large_answer_slowly_is_not_cut_off(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, whole("x" * 2_000_000, usage=USAGE)))
        call = post(CHAT, key, chat_request())
        call.pace = 1_000_000
        await call.start(house.app).served()
        assert (200, False) == (call.status, call.gave_up)

    play(tmp_path, story, write_timeout=0.5)


def test_a_client_leaving_a_whole_answer_pays_the_true_usage(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [gate, *whole(usage=USAGE)]))
        call = house.ask(key)
        await call.until(lambda: house.upstream.requests)
        call.leave()
        await call.until(lambda: call.heard)
        gate.set()
        await call.served()
        assert [("client_gone", USED, "upstream")] == await outcomes(house)

    play(tmp_path, story)


def test_a_client_leaving_after_finish_reason_pays_the_true_usage(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        gate = asyncio.Event()
        house.upstream.queue.append((200, [ROLE, HELLO, END, gate, sse_event(usage_chunk()), DONE]))
        call = house.ask(key, stream=True)
        await call.until(lambda: b'"stop"' in call.content)
        call.leave()
        await call.until(lambda: call.heard)
        gate.set()
        await call.served()
        assert [("client_gone", USED, "upstream")] == await outcomes(house)

    play(tmp_path, story)


def test_an_upstream_is_stopped_before_a_slow_disk_is_waited_for(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [ROLE, HELLO, asyncio.Event()]))
        call = house.ask(key, stream=True)
        await call.until(lambda: b"xxx" in call.content)
        with stalled(tmp_path / "aihub.db"):
            call.leave()
            await call.until(lambda: not house.upstream.open_streams, timeout=1.0)
            still_open = house.upstream.open_streams
        await call.served()
        assert 0 == still_open

    play(tmp_path, story)


def test_no_other_upstream_is_asked_for_a_client_that_has_left(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await house.add_channel()
        gate = asyncio.Event()
        house.upstream.queue.append((404, [gate, b'{"error": {"code": "model_not_found", "message": "unknown"}}']))
        call = house.ask(key)
        await call.until(lambda: house.upstream.requests)
        call.leave()
        await call.until(lambda: call.heard)
        gate.set()
        await call.served()
        assert 1 == len(house.upstream.requests)

    play(tmp_path, story)


# Upstreams that fail


def test_a_stream_that_breaks_off_ends_with_an_error(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [ROLE, HELLO, OSError()]))
        call = await house.ask(key, stream=True).served()
        assert (200, "upstream_error", []) == (call.status, call.events()[-1]["error"]["code"], call.violations)
        assert [("cut_off", HELLO_COST, "estimated")] == await outcomes(house)

    play(tmp_path, story)


def test_a_stream_without_finish_reason_ends_with_an_error(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [ROLE, HELLO]))
        call = await house.ask(key, stream=True).served()
        assert "upstream_error" == call.events()[-1]["error"]["code"]

    play(tmp_path, story)


@pytest.mark.parametrize("end", [OSError(), 0.2], ids=["reset", "silence"])
def test_a_complete_stream_is_never_told_as_broken(tmp_path: Path, end: OSError | float) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((200, [ROLE, HELLO, END, end]))
        call = await house.ask(key, stream=True).served()
        assert "[DONE]" == call.events()[-1]

    play(tmp_path, story, idle_timeout=0.05)


def test_an_upstream_is_waited_for_no_longer_than_its_channel_says(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await house.add_channel("slow", clocks=Clocks(first_byte=0.03))
        house.upstream.queue.append((200, [asyncio.Event()]))
        call = await house.ask(key, stream=True, model="slow").served()
        assert (504, "upstream_timeout") == (call.status, call.code)

    play(tmp_path, story)


def test_a_failover_is_invisible_to_the_client(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        with refused() as nowhere:
            await house.add_channel(base_url=nowhere, priority=5)
            call = await house.ask(key, stream=True).served()
        assert (200, "[DONE]") == (call.status, call.events()[-1])
        (record,) = await house.records()
        assert (USED, "channel-1") == (record["cost_nano"], record["channel"])

    play(tmp_path, story)


def test_a_failed_request_costs_nothing(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue += [(500, [b"{}"])] * 3
        call = await house.ask(key).served()
        assert (502, "upstream_error") == (call.status, call.code)
        assert [("error", 0, "none")] == await outcomes(house)

    play(tmp_path, story)


@pytest.mark.attack("T-28")
def test_five_hundred_requests_in_an_outage_are_six_hundred_attempts(tmp_path: Path) -> None:
    """T-28: three channels are down, and each request came to each of them."""

    async def story(house: House, key: str) -> None:
        for _ in range(2):
            await house.add_channel()
        assert 200 == (await house.ask(key).served()).status
        house.upstream.queue += [(503, [b"{}"])] * 1500
        calls = [house.ask(key) for _ in range(500)]
        await asyncio.gather(*(call.served() for call in calls))
        assert {502} == {call.status for call in calls}
        assert 500 <= len(house.upstream.requests) - 1 <= 600

    play(tmp_path, story, token={"rpm": 0}, fault_threshold=10_000)


def test_a_channel_that_was_well_takes_over_everything_that_another_drops_at_once(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        assert 200 == (await house.ask(key).served()).status
        gate = asyncio.Event()
        with refused() as nowhere:
            await house.add_channel(base_url=nowhere, priority=5)
            house.upstream.queue += [(200, [gate, *whole(usage=USAGE)])] * 50
            calls = [house.ask(key) for _ in range(50)]
            await calls[0].until(lambda: 51 == len(house.upstream.requests))
        gate.set()
        await asyncio.gather(*(call.served() for call in calls))
        assert {200} == {call.status for call in calls}

    play(tmp_path, story, fault_threshold=10_000)


def test_a_healthy_channel_takes_over_from_a_dead_one_for_every_request(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        with refused() as nowhere:
            await house.add_channel(base_url=nowhere, priority=5)
            statuses = [(await house.ask(key).served()).status for _ in range(50)]
        assert [200] * 50 == statuses
        assert 50 == len(house.upstream.requests)

    play(tmp_path, story, fault_threshold=10_000)


def test_a_refused_key_is_not_used_for_the_next_request(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await house.add_channel("two", keys=("sk-1", "sk-2"))
        house.upstream.queue.append((401, [b"{}"]))
        assert 200 == (await house.ask(key, model="two").served()).status
        await house.gateway.registry.models.set_alias("other", "two")  # runs after the key was disabled
        (channel,) = [each for each in house.gateway.registry.channels.all if each.name == "channel-3"]
        assert ["the upstream refused it with HTTP status 401"] == [k.disabled for k in channel.keys if k.disabled]

    play(tmp_path, story)


@pytest.mark.attack("T-27")
def test_a_channel_that_breaks_off_every_stream_leaves_the_rotation(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        (channel,) = house.gateway.registry.channels.all
        for _ in range(5):
            house.upstream.queue.append((200, [ROLE, HELLO, OSError()]))
            await house.ask(key, stream=True).served()
        assert not house.gateway.health.available(channel.id)

    play(tmp_path, story)


def test_a_clients_own_fault_in_mid_stream_harms_no_channel(tmp_path: Path) -> None:
    flagged = sse_event({"error": {"code": "content_filter", "message": "flagged", "type": "invalid_request_error"}})

    async def story(house: House, key: str) -> None:
        (channel,) = house.gateway.registry.channels.all
        for _ in range(5):
            house.upstream.queue.append((200, [ROLE, HELLO, flagged]))
            call = await house.ask(key, stream=True).served()
            assert "content_filter" == call.events()[-1]["error"]["code"]
        assert house.gateway.health.available(channel.id)

    play(tmp_path, story)


def test_what_an_upstream_says_in_its_error_code_is_not_stored(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.upstream.queue.append((400, [b'{"error": {"code": "you said: my secret", "message": "no"}}']))
        assert 400 == (await house.ask(key).served()).status
        assert [] == [row for row in await house.records() if "secret" in row["error_code"]]

    play(tmp_path, story)


# Silence


def test_a_waiting_stream_has_its_head(tmp_path: Path) -> None:
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


def test_a_kept_alive_stream_can_fail_over(tmp_path: Path) -> None:
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


def test_a_kept_alive_stream_that_fails_ends_with_an_error_event(tmp_path: Path) -> None:
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


def test_an_idle_event_has_the_id_of_the_stream(tmp_path: Path) -> None:
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
def test_an_answer_that_cannot_be_booked_is_not_given_away(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str) -> None:
        await house.flushed()
        async with refusing(house.gateway.database):
            call = await house.ask(key, stream=stream).served()
            again = await house.ask(key, stream=stream).served()
        assert [(503, "storage_unavailable")] * 2 == [(each.status, each.code) for each in (call, again)]
        await booked_at_last(house)

    play(tmp_path, story)


def test_a_stream_that_cannot_be_booked_ends_with_an_error(tmp_path: Path) -> None:
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
def test_a_request_that_cannot_be_served_costs_nothing(tmp_path: Path, body: object, status: int, code: str) -> None:
    async def story(house: House, key: str) -> None:
        await house.add_channel("forbidden")
        call = await post(CHAT, key, body).start(house.app).served()
        assert (status, code) == (call.status, call.code)
        assert [] == await house.records()

    play(tmp_path, story, token={"models": ("model", "nobody*")})


def test_a_draining_gateway_takes_no_new_work(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        house.gateway.flights.draining = True
        call = await house.ask(key).served()
        assert (503, "overloaded") == (call.status, call.code)

    play(tmp_path, story)


def test_a_request_whose_first_key_is_wrong_is_let_in_by_its_other_key(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        headers = [("authorization", "Bearer sk-wrong"), ("x-api-key", key)]
        call = await post(CHAT, "", chat_request(), headers).start(house.app).served()
        assert 200 == call.status

    play(tmp_path, story)


def last_seen(call: Call) -> str:
    return call.answer_headers.get("x-ratelimit-remaining-requests", "")


def test_refusals_carry_the_figures_of_the_limit(tmp_path: Path) -> None:
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
def test_sound_is_held_for_at_its_own_price(tmp_path: Path, fields: dict[str, Any], dearest: int, short: int) -> None:
    modal = ModalRates(audio_input=32_000_000_000, audio_output=64_000_000_000)

    async def story(house: House, key: str) -> None:
        price = Price(Rates(2_500_000_000, 10_000_000_000, modal=modal), source="test")
        await house.gateway.registry.models.set_price(MODEL, price)
        call = await house.ask(key, max_tokens=100, **fields).served()
        assert (402 if short else 200) == call.status

    play(tmp_path, story, token={"quota_nano": dearest - short})


@pytest.mark.parametrize("parts", [[], [ROLE, HELLO]], ids=["before any content", "in the middle"])
def test_whoever_leaves_pays_for_sound_at_its_own_price(tmp_path: Path, parts: list[bytes]) -> None:
    async def story(house: House, key: str) -> None:
        modal = ModalRates(audio_input=32_000_000_000)
        await house.gateway.registry.models.set_price(MODEL, Price(Rates(2_500_000_000, 0, modal=modal), source="test"))
        house.upstream.queue.append((200, [*parts, asyncio.Event()]))
        call = house.ask(key, stream=True, **SOUND)
        await call.until(lambda: house.upstream.requests and (not parts or b"xxx" in call.content))
        call.leave()
        await call.served()
        assert [("client_gone", 4 * 2_500 + 1000 * 32_000, "estimated")] == await outcomes(house)

    play(tmp_path, story)


def test_a_crash_charges_for_sound_at_its_own_price(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        modal = ModalRates(audio_input=32_000_000_000)
        await house.gateway.registry.models.set_price(MODEL, Price(Rates(2_500_000_000, 0, modal=modal), source="test"))
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
