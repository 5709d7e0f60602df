"""What is charged when a request does not simply succeed: policy as one table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from aihub_lite.domain.usage import Outcome, Usage, UsageSource
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.chat_stream import ChatStream
from aihub_lite.wire.estimate import tokens_in

Charge = Literal["nothing", "prompt", "relayed"]

ABORTS: Mapping[tuple[bool, bool, Outcome], Charge] = {
    # (streamed, content was relayed, how it ended)
    (True, False, "client_gone"): "nothing",
    (True, True, "client_gone"): "relayed",
    (False, False, "client_gone"): "prompt",
    (True, False, "stopped"): "nothing",
    (True, True, "stopped"): "relayed",
    (False, False, "stopped"): "prompt",
    (True, False, "error"): "nothing",
    (False, False, "error"): "nothing",
    (True, True, "cut_off"): "relayed",
}
"""A stream can be stopped upstream, so only what came is charged; a call that is not streamed runs to its end
upstream and bills there, so its prompt is charged even when nobody waits for the answer."""


def metered(asked: ChatRequest, chat: ChatStream) -> tuple[Usage, UsageSource]:
    """What a stream came to: the upstream's own count, or an estimate from what was relayed."""
    if chat.usage is not None:
        return chat.usage, "upstream"
    return Usage(asked.prompt_estimate, tokens_in(chat.relayed_bytes)), "estimated"


def metered_so_far(asked: ChatRequest, chat: ChatStream) -> tuple[Usage, UsageSource]:
    """What a stream that ended early came to: some upstreams count along from the first chunk on, and their last
    count may be older than what was relayed since."""
    counted, source = metered(asked, chat)
    relayed = tokens_in(chat.relayed_bytes)
    if chat.finish_reason is not None or counted.completion_tokens >= relayed:
        return counted, source
    return attrs.evolve(counted, completion_tokens=relayed), "estimated"


def aborted(asked: ChatRequest, chat: ChatStream | None, outcome: Outcome) -> tuple[Usage, UsageSource]:
    """What is charged for a request that ended early; `chat` is None before any content."""
    charge = ABORTS[asked.stream, chat is not None, outcome]
    if charge == "relayed" and chat is not None:
        return metered_so_far(asked, chat)
    if charge == "prompt":
        return Usage(asked.prompt_estimate), "estimated"
    return Usage(), "none"
