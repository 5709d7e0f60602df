"""What upstreams are known to refuse of what clients of Responses send with every request, Codex above all."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from aihub_lite.wire.chat.fit import fit_chat
from aihub_lite.wire.chat.quirks import CACHE_HINTS, Quirks
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.chat.translated import check_strict
from aihub_lite.wire.json_types import JsonObject
from aihub_lite.wire.responses.request import ResponsesRequest

IMAGE_ITEM = "image_generation_call"


def fit(
    request: ResponsesRequest, wire: str, quirks: Quirks, upstream_model: str, *, elsewhere: bool, strict: bool
) -> tuple[ChatRequest, set[str]]:
    """The request as chat for one upstream, and the names of what had to be left out.

    `elsewhere`: the channel is not at the provider's own address. Raises InvalidRequest where chat cannot say it, or,
    when `strict`, not all of it.
    """
    request.check_translatable()
    dropped = set(request.dropped)
    chat = request.chat
    if IMAGE_ITEM in request.kinds and wire != "gemini":
        chat = without_images(chat)
        dropped.add(f"input.{IMAGE_ITEM}")
    if wire != "chat":
        chat = without(chat, CACHE_HINTS - {"safety_identifier"})
    else:
        if elsewhere:
            chat = without(chat, CACHE_HINTS)
        if elsewhere or not quirks.late_system:
            chat = with_system_role(chat)
        chat, names = fit_chat(chat, wire, quirks, upstream_model, elsewhere=elsewhere)
        dropped.update("reasoning.effort" if name == "thinking" else name for name in names)
    check_strict(dropped, strict=strict)
    return chat, dropped


def without_images(chat: ChatRequest) -> ChatRequest:
    """Without images of the model's own, which only Gemini takes back."""
    messages: list[JsonObject] = []
    for message in chat.body["messages"]:
        rest = {name: value for name, value in message.items() if name != "images"}
        if rest.get("content") or rest.get("tool_calls"):
            messages.append(rest)
    return attrs.evolve(chat, body={**chat.body, "messages": messages})


def without(chat: ChatRequest, names: Iterable[str]) -> ChatRequest:
    """Without some fields; the same object where there are none."""
    dropped = chat.body.keys() & set(names)
    if not dropped:
        return chat
    return attrs.evolve(chat, body={name: value for name, value in chat.body.items() if name not in dropped})


def with_system_role(chat: ChatRequest) -> ChatRequest:
    """Developers speak as the system: only OpenAI's own models know them."""
    messages = []
    for message in chat.body["messages"]:
        if message["role"] == "developer":
            messages.append({**message, "role": "system"})
        else:
            messages.append(message)
    return attrs.evolve(chat, body={**chat.body, "messages": messages})
