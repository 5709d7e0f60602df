"""A real call to a channel on an operator's word: does it work, and if not, what does it say?"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import UNPRICED
from aihub_lite.gateway.adapters.adapter import Adapter, AttemptContext, UpstreamRequest
from aihub_lite.gateway.adapters.outgoing import authorize, outgoing
from aihub_lite.gateway.routing.classify import is_file
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.gateway.upkeep.questions import asking
from aihub_lite.upstream.credentials import resolved_headers
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.upstream.transport import Headers, Transport
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.scrubbing import scrub, together
from aihub_lite.wire.upstream_error import error_of


@attrs.frozen
class Probe:
    """What came of one call. `status` 0: no answer came. `error` is for the operator; it holds no key."""

    ok: bool
    status: int
    duration_ms: int
    error: str = ""


async def probe(
    settings: Settings,
    clock: Clock,
    transport: Transport,
    environ: Mapping[str, str],
    channel: Channel,
    upstream_model: str,
    key: str | None,
) -> Probe:
    """Ask one model for as little as it can answer, without retries; every outcome is an answer."""
    began = clock.monotonic()
    transport = transport.by(channel.way_out)
    headers = resolved_headers(channel.overrides, environ)
    lane = Lane(Candidate(channel, upstream_model, UNPRICED), NO_KEY, key or "", headers)
    # As any first attempt of a request: no signed thoughts to keep to, and nothing is refused that may be dropped.
    adapter = asking(lane, AttemptContext("probe", clock))
    access = PROVIDERS[channel.provider].access
    status = 0
    told = ""
    try:
        async with asyncio.timeout(channel.clocks.first_byte or settings.first_byte_timeout):
            sent, fields = outgoing(adapter, lane)
            if access is not None:
                authorization = await authorize(transport.access, access, lane, sent, fields)
                fields = [*fields, *authorization.headers]
                lane = attrs.evolve(lane, secret=authorization.secret)
            status, body, content_type, told = await _ask(sent, fields, lane, transport, settings.max_answer_bytes)
        error = _verdict(adapter, status, body, content_type)
    except TransportFault as fault:
        error = str(fault)
    except TimeoutError:
        error = "no answer in time"
    return Probe(
        not error, status, round((clock.monotonic() - began) * 1000), scrub(error, together(lane.secrets, told))
    )


async def _ask(
    sent: UpstreamRequest, headers: Headers, lane: Lane, transport: Transport, limit: int
) -> tuple[int, bytes, str, str]:
    """Status, body, content type, and what a proxy was told."""
    response = await transport.send("POST", sent.url, headers, sent.body, lane.candidate.channel.clocks.connect)
    try:
        body = await response.read(limit)
        return response.status, body, response.headers.get("content-type", ""), response.secrets
    finally:
        await response.aclose()


def _verdict(adapter: Adapter, status: int, body: bytes, content_type: str) -> str:
    if status != 200:
        return error_of(status, body).message
    if is_file(content_type):
        return ""  # of speech no more can be said
    try:
        adapter.answer(body, content_type)
    except AnswerNonsense as nonsense:
        return str(nonsense)
    return ""
