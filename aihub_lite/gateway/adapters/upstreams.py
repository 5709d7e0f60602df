"""How each kind of upstream is asked a chat request: in chat's own format, as Anthropic Messages, as Gemini.

Chat Completions is the hub: other surfaces ask most upstreams through these adapters too.
"""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.domain.catalog import Candidate
from aihub_lite.gateway.adapters.adapter import AttemptContext
from aihub_lite.gateway.adapters.chat_upstream import ChatAdapter
from aihub_lite.gateway.routing.router import Lane
from aihub_lite.upstream.providers import PROVIDERS
from aihub_lite.wire.chat.request import ChatRequest

CHAT = "chat"
"""The wire of upstreams that speak chat themselves."""


def can_chat(candidate: Candidate) -> bool:
    """Whether a candidate's upstream chats: nearly all do, in one format or another."""
    return PROVIDERS[candidate.channel.provider].has("chat", candidate.channel.base_url)


def chat_adapter(request: ChatRequest, lane: Lane, context: AttemptContext) -> ChatAdapter:
    """For the format of the lane's upstream."""
    candidate = lane.candidate
    wire = PROVIDERS[candidate.channel.provider].wire_for(candidate.upstream_model)
    if wire == CHAT:
        return ChatAdapter(request, lane, context)
    return foreign_adapters()[wire](request, lane, context)


def foreign_adapters() -> Mapping[str, type[ChatAdapter]]:
    """Those of other formats, by the wires of providers."""
    # Imported only here: they take as long as a tenth of a start, and many gateways need none.
    from aihub_lite.gateway.adapters.foreign import ADAPTERS  # noqa: PLC0415

    return ADAPTERS
