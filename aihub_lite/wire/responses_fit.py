"""What upstreams are known to refuse of what clients of Responses send with every request, Codex above all."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.messages_fit import MIDWAY, fitted
from aihub_lite.wire.quirks import CACHE_HINTS
from aihub_lite.wire.responses_request import ResponsesRequest
from aihub_lite.wire.translated import check_strict


def fit(
    asked: ResponsesRequest, wire: str, provider: str, upstream_model: str, *, elsewhere: bool, strict: bool
) -> tuple[ChatRequest, set[str]]:
    """The request as chat for one upstream, and the names of what had to be left out.

    `elsewhere`: the channel is not at the provider's own address. Raises InvalidRequest where chat cannot say it, or,
    when `strict`, not all of it.
    """
    asked.check_sayable()
    if wire != "chat":
        chat, missing = without(asked.chat, CACHE_HINTS - {"safety_identifier"}), set(asked.dropped)
    else:
        chat = asked.chat
        if elsewhere or provider not in MIDWAY:
            chat = with_system_role(without(chat, CACHE_HINTS) if elsewhere else chat)
        chat, left_out = fitted(chat, wire, provider, upstream_model, elsewhere=elsewhere)
        missing = {"reasoning.effort" if name == "thinking" else name for name in left_out}.union(asked.dropped)
    check_strict(missing, strict=strict)
    return chat, missing


def without(chat: ChatRequest, names: Iterable[str]) -> ChatRequest:
    """Without some fields; the same object where there are none."""
    gone = chat.body.keys() & set(names)
    if not gone:
        return chat
    return attrs.evolve(chat, body={name: value for name, value in chat.body.items() if name not in gone})


def with_system_role(chat: ChatRequest) -> ChatRequest:
    """Developers speak as the system: only OpenAI's own models know them."""
    messages = [
        {**message, "role": "system"} if message["role"] == "developer" else message
        for message in chat.body["messages"]
    ]
    return attrs.evolve(chat, body={**chat.body, "messages": messages})
