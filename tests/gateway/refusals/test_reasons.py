"""Why a request failed stands in its record: the sentence that its client got, and the upstream's own code."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import attrs
import msgspec
import pytest

from aihub_lite.domain.channel import Offer, keys_of
from aihub_lite.storage.records import record_of
from tests.support.inprocess import PLAYED, House, open_house, streamed
from tests.support.upstream.answers import sse_event

OVERFLOW = "This model's maximum context length is 8192 tokens."
SAID = "what ails the neighbour's ginger cat"


def error(message: str, code: object = None) -> list[bytes]:
    return [msgspec.json.encode({"error": {"message": message, "code": code, "type": "invalid_request_error"}})]


def play(directory: Path, story: Callable[[House, str], Awaitable[None]]) -> None:
    async def run() -> None:
        async with open_house(directory) as house:
            _, key = await house.add_token()
            await house.add_channel()
            await story(house, key)

    asyncio.run(run())


async def record_after(house: House, key: str, *answers: tuple[int, Any], **fields: Any) -> dict[str, Any]:
    """The record of a request that gets these answers of its upstream."""
    house.upstream.queue += answers
    await house.ask(key, **fields).served()
    *_, record = await house.records()
    return record


@pytest.mark.parametrize("stream", [False, True])
def test_an_upstreams_refusal_is_kept_with_its_own_code(tmp_path: Path, stream: bool) -> None:
    """`context_length_exceeded` was stored as `upstream_rejected`."""

    async def story(house: House, key: str) -> None:
        record = await record_after(house, key, (400, error(OVERFLOW, "context_length_exceeded")), stream=stream)
        assert ("error", 400, "context_length_exceeded", "context_length_exceeded", OVERFLOW) == tuple(
            record[name] for name in ("outcome", "status", "error_code", "upstream_code", "error_text")
        )

    play(tmp_path, story)


def test_what_an_upstream_repeats_of_the_request_is_not_kept(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        messages = [{"role": "user", "content": f"Tell me ({SAID})"}]
        told = f"Invalid prompt: {SAID.upper()}. Try again."
        record = await record_after(house, key, (400, error(told, SAID)), messages=messages)
        assert ("Invalid prompt: …. Try again.", "", "upstream_rejected") == tuple(
            record[name] for name in ("error_text", "upstream_code", "error_code")
        )

    play(tmp_path, story)


@pytest.mark.parametrize("stream", [False, True])
def test_our_own_sentence_stands_for_a_fault_of_the_upstreams_beside_its_code(tmp_path: Path, stream: bool) -> None:
    async def story(house: House, key: str) -> None:
        answers = [(500, error("It broke, the poor thing.", "server_error"))] * 4
        record = await record_after(house, key, *answers, stream=stream)
        assert ("upstream_error", "server_error", "The upstream answered with HTTP status 500.") == tuple(
            record[name] for name in ("error_code", "upstream_code", "error_text")
        )

    play(tmp_path, story)


def test_what_an_upstream_says_in_the_middle_of_an_answer_is_not_kept(tmp_path: Path) -> None:
    """It may quote what it has just answered."""

    async def story(house: House, key: str) -> None:
        told = {"error": {"message": "flagged: the cat has fleas", "code": "content_filter", "type": "x"}}
        answer = [*streamed("the cat", done=False)[:2], sse_event(told)]
        record = await record_after(house, key, (200, answer), stream=True)
        assert ("cut_off", "The upstream reported an error in the middle of its answer.") == (
            record["outcome"],
            record["error_text"],
        )
        assert "content_filter" == record["upstream_code"]

    play(tmp_path, story)


def test_a_request_that_is_answered_has_no_reason(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        record = await record_after(house, key)
        assert ("ok", "", "", "") == tuple(
            record[name] for name in ("outcome", "error_code", "error_text", "upstream_code")
        )

    play(tmp_path, story)


def test_an_attempt_that_failed_says_when_it_began_and_which_code_it_got(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        await house.add_channel()
        await record_after(house, key, (503, error("busy", "overloaded_error")))
        (row,) = await house.gateway.database.read("SELECT * FROM usage_records")
        first, second = record_of(row).attempts
        assert ("overloaded_error", 503, "", 200) == (first.code, first.status, second.code, second.status)
        assert 0 <= first.began_ms <= first.began_ms + first.duration_ms <= second.began_ms + 1
        assert 0 <= second.head_ms <= second.duration_ms

    play(tmp_path, story)


def test_names_of_fields_that_were_left_out_are_kept(tmp_path: Path) -> None:
    async def story(house: House, key: str) -> None:
        change: dict[str, Any] = {"offers": (Offer("claude", "claude-opus-4-1"),), "keys": keys_of(["sk-a"])}
        await house.gateway.registry.channels.create(
            "claude", "anthropic", PLAYED, lambda channel: attrs.evolve(channel, **change)
        )
        await record_after(house, key, model="claude", logit_bias={"1": 1}, max_tokens=5)
        (row,) = await house.gateway.database.read("SELECT * FROM usage_records")
        assert "logit_bias" in record_of(row).dropped

    play(tmp_path, story)
