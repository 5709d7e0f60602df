"""What goes out: as an adapter writes it for the upstream, with the key, and all that the channel's operator changes.

Whoever asks an upstream for an answer asks here: requests of clients, tests of channels, `channel explain`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import attrs

from aihub_lite.domain.overrides import Overrides
from aihub_lite.gateway.adapters.adapter import Adapter, UpstreamRequest
from aihub_lite.gateway.client.exchange import Headers
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.access.access import Access, AccessKind
from aihub_lite.upstream.access.authorizer import Authorization, RequestDraft
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.anthropic.prefix import prefix_messages
from aihub_lite.wire.foreign_json import decode_strict, encode
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.overrides import edits_of
from aihub_lite.wire.prefixes import prefix_chat, prefix_gemini, prefix_responses

LISTS = frozenset({b"anthropic-beta"})
"""Fields that hold a list: an operator's is added to what the body is written for."""
PREFIXES: Mapping[str, Callable[[JsonObject, str], None]] = {
    "chat": prefix_chat,
    "messages": prefix_messages,
    "gemini": prefix_gemini,
    "responses": prefix_responses,
}
"""By the endpoints of conversations: each format's own place for a system prompt."""


def outgoing(adapter: Adapter, lane: Lane) -> tuple[UpstreamRequest, Headers]:
    """The request as it leaves for a lane's upstream, and its headers with the key; raises as `Adapter.send` does.

    A key that is exchanged for something is left out: `authorize` says what is sent in its place.
    """
    sent = adapter.send()
    channel = lane.candidate.channel
    headers = [*sent.headers, *PROVIDERS[channel.provider].key_headers(lane.secret)]
    if channel.overrides is None:
        return sent, headers
    return _overridden(sent, channel.overrides), _with_headers(headers, lane.headers)


async def authorize(
    access: Access, kind: AccessKind, lane: Lane, sent: UpstreamRequest, headers: Headers
) -> Authorization:
    """What lets a request in that is ready but for that; raises TransportFault."""
    return await access.authorize(kind, lane.secret, RequestDraft("POST", sent.url, headers, sent.body))


def _overridden(sent: UpstreamRequest, overrides: Overrides) -> UpstreamRequest:
    body = sent.body
    # The parts of a form stay as they came.
    if overrides.change_bodies and isinstance(body, bytes):
        edits = edits_of(overrides, sent.endpoint)
        prefix = PREFIXES.get(sent.endpoint)
        content: JsonObject = decode_strict(body)
        edits.apply(content, sent.assumed)
        if overrides.system_prefix and prefix is not None:
            prefix(content, overrides.system_prefix)
        body = encode(content)
    return attrs.evolve(sent, body=body)


def _with_headers(headers: Headers, more: Sequence[tuple[bytes, bytes]]) -> Headers:
    """The operator's in place of those of the same name."""
    fields = {name.lower(): value for name, value in headers}
    for name, value in more:
        if name in LISTS and name in fields:
            fields[name] += b"," + value
        else:
            fields[name] = value
    return [*fields.items()]
