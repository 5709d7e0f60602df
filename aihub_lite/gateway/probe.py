"""A real call to a channel on an operator's word: does it work, and if not, what does it say?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs
import httpx
import msgspec

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.surface import Chat
from aihub_lite.upstream.faults import TransportFault
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import Transport
from aihub_lite.wire.chat_answer import answer_of
from aihub_lite.wire.chat_request import parse_chat, upstream_body
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_error import error_of
from aihub_lite.wire.quirks import quirks_of

if TYPE_CHECKING:
    from aihub_lite.config import Settings

ANSWER_LIMIT = 2**20
QUESTION = msgspec.json.encode({"model": "-", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1})
"""The cheapest question there is: at most one token of completion."""


@attrs.frozen
class Probe:
    """What came of one call. `status` 0: no answer came. `error` is for the operator; it holds no key."""

    ok: bool
    status: int
    duration_ms: int
    error: str = ""


async def probe(
    settings: Settings, clock: Clock, transport: Transport, channel: Channel, upstream_model: str, key: str | None
) -> Probe:
    """Ask one model for one token, without retries; every outcome is an answer."""
    began = clock.monotonic()
    status = 0
    try:
        async with asyncio.timeout(channel.clocks.first_byte or settings.first_byte_timeout):
            status, body = await _ask(channel, transport, upstream_model, key)
        error = _verdict(status, body)
    except TransportFault as fault:
        error = str(fault)
    except TimeoutError:
        error = "no answer in time"
    return Probe(not error, status, round((clock.monotonic() - began) * 1000), error)


async def _ask(channel: Channel, transport: Transport, upstream_model: str, key: str | None) -> tuple[int, bytes]:
    body = upstream_body(parse_chat(QUESTION), upstream_model, quirks_of(channel.provider))
    headers = [(b"content-type", b"application/json"), *PROVIDERS[channel.provider].key_headers(key)]
    url = httpx.URL(channel.base_url + Chat.path)
    response = await transport.send("POST", url, headers, body, channel.clocks.connect)
    try:
        return response.status, await response.read(ANSWER_LIMIT)
    finally:
        await response.aclose()


def _verdict(status: int, body: bytes) -> str:
    if status != 200:
        return error_of(status, body).message
    try:
        answer_of(body, "-", "probe", 0)
    except AnswerNonsense as nonsense:
        return str(nonsense)
    return ""
