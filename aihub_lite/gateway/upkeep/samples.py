"""What would go out to a channel for a small request on each surface: the bytes themselves, with secrets masked.

Written by the code that sends; nothing is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from aihub_lite.domain.builtin_aliases import canonical
from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import ENTRA, Channel, Offer
from aihub_lite.domain.money import UNPRICED
from aihub_lite.domain.patterns import offer_at
from aihub_lite.errors import GatewayError, NotFound
from aihub_lite.gateway.adapters.adapter import AttemptContext
from aihub_lite.gateway.adapters.chat import CHAT
from aihub_lite.gateway.adapters.messages import MESSAGES
from aihub_lite.gateway.adapters.outgoing import outgoing
from aihub_lite.gateway.adapters.passthrough import PASSED
from aihub_lite.gateway.adapters.recall import ResponsesBody
from aihub_lite.gateway.adapters.responses import RESPONSES
from aihub_lite.gateway.adapters.surface import AnySurface
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.routing.key_rests import NO_KEY
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.anthropic.betas import VERSION
from aihub_lite.wire.anthropic.surface.request import MessagesBody
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.responses.state import ResponseState
from aihub_lite.wire.scrubbing import MARK

HIDDEN = b"[hidden]"
"""What stands for the values of a channel's headers."""
REQUEST_ID = "sample"
SAID = "Hello!"


@attrs.frozen
class SentSample:
    """One request as it would go out."""

    surface: str
    head: bytes = b""
    """Request line and fields, with the empty line behind them."""
    body: bytes = b""
    dropped: tuple[str, ...] = ()
    """Fields of the client's that the upstream has no word for."""
    refusal: str = ""
    """Why nothing would be sent; then there are no bytes."""


def samples(gateway: Gateway, channel: Channel, model: str, *, stream: bool) -> list[SentSample]:
    """One for each surface that the channel serves; raises NotFound for a model that it does not offer."""
    offer = offer_of(channel, model)
    descriptions = gateway.registry.live_catalog.descriptions.get(channel.id, {})
    description = descriptions.get(offer.upstream_model, b"")
    candidate = Candidate(channel, offer.upstream_model, UNPRICED, description, offer.facts)
    lane = _masked_lane(candidate)
    requests = _requests(offer.model, stream=stream)
    return [_sample(gateway, surface, body, lane) for surface, body in requests if surface.serves(candidate)]


def offer_of(channel: Channel, model: str) -> Offer:
    """What a channel offers by a public name, or by one that the upstream knows; raises NotFound."""
    for name in (model, canonical(model)):
        if (offer := offer_at(channel, name)) is not None:
            return offer
    raise NotFound(f"Channel {channel.name} does not offer {model[:64]!r}.")


def _masked_lane(candidate: Candidate) -> Lane:
    """The channel with what looks like a key, if it has any."""
    channel = candidate.channel
    secret = ""
    if channel.keys:
        secret = MARK
    if channel.keys and channel.keys[0].ref.value.startswith(ENTRA):
        secret = ENTRA + MARK
    if channel.overrides is None:
        return Lane(candidate, NO_KEY, secret)
    headers = tuple((header.name.encode(), HIDDEN) for header in channel.overrides.headers)
    return Lane(candidate, NO_KEY, secret, headers)


def _requests(model: str, *, stream: bool) -> Iterator[tuple[AnySurface, Any]]:
    messages = [{"role": "user", "content": SAID}]
    common: dict[str, Any] = {"model": model}
    if stream:
        common["stream"] = True
    yield CHAT, encode({**common, "messages": messages})
    yield MESSAGES, MessagesBody(encode({**common, "max_tokens": 1024, "messages": messages}), VERSION, "")
    yield RESPONSES, ResponsesBody(encode({**common, "input": SAID}), ResponseState(f"resp_{REQUEST_ID}"))
    embeddings = next(surface for surface in PASSED if surface.name == "embeddings")
    yield embeddings, encode({"model": model, "input": SAID})


def _sample(gateway: Gateway, surface: AnySurface, body: Any, lane: Lane) -> SentSample:
    context = AttemptContext(REQUEST_ID, gateway.clock, strict=gateway.settings.strict)
    try:
        adapter = surface.adapter(surface.parse(body), lane, context)
        sent, headers = outgoing(adapter, lane)
        if PROVIDERS[lane.candidate.channel.provider].exchanges(lane.secret):
            headers = [*headers, (b"authorization", MARK.encode())]
        head = gateway.transport.by(lane.candidate.channel.way_out).head("POST", sent.url, headers, sent.body)
    except GatewayError as error:
        return SentSample(surface.name, refusal=error.message)
    except TransportFault as fault:
        return SentSample(surface.name, refusal=f"{fault}.")
    if not head:
        return SentSample(surface.name, refusal="The demo answers within the gateway: nothing is sent.")
    assert isinstance(sent.body, bytes)  # noqa: S101  none of these is a form
    return SentSample(surface.name, head, sent.body, sent.dropped)
