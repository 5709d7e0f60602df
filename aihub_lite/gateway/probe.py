"""A real call to a channel on an operator's word: does it work, and if not, what does it say?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs
import msgspec

from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import UNPRICED
from aihub_lite.gateway.routing import NO_KEY, Lane
from aihub_lite.gateway.thinkers import Thinkers
from aihub_lite.gateway.wires import Sent, wire_of
from aihub_lite.upstream.faults import TransportFault
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import Transport
from aihub_lite.wire.chat_answer import answer_of
from aihub_lite.wire.chat_request import parse_chat
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_error import error_of

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
    candidate = Candidate(channel, upstream_model, UNPRICED)
    lane = Lane(candidate, NO_KEY, key or "")
    sent = wire_of(candidate).send(parse_chat(QUESTION), lane, Thinkers(), again=False, strict=False)
    status = 0
    try:
        async with asyncio.timeout(channel.clocks.first_byte or settings.first_byte_timeout):
            status, body = await _ask(sent, channel, transport, key)
        error = _verdict(sent, candidate, status, body)
    except TransportFault as fault:
        error = str(fault)
    except TimeoutError:
        error = "no answer in time"
    return Probe(not error, status, round((clock.monotonic() - began) * 1000), error)


async def _ask(sent: Sent, channel: Channel, transport: Transport, key: str | None) -> tuple[int, bytes]:
    headers = [*sent.headers, *PROVIDERS[channel.provider].key_headers(key)]
    response = await transport.send("POST", sent.url, headers, sent.body, channel.clocks.connect)
    try:
        return response.status, await response.read(ANSWER_LIMIT)
    finally:
        await response.aclose()


def _verdict(sent: Sent, candidate: Candidate, status: int, body: bytes) -> str:
    if status != 200:
        return error_of(status, body).message
    try:
        answer_of(wire_of(candidate).answer_body(body, sent), "-", "probe", 0)
    except AnswerNonsense as nonsense:
        return str(nonsense)
    return ""
