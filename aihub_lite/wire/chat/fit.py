"""What chat upstreams are known to refuse of what clients of Anthropic Messages send with every request.

Such clients choose by names of Claude models, and ask any other for thinking as they would ask those.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs

from aihub_lite.wire.chat.quirks import Quirks
from aihub_lite.wire.chat.request import ChatRequest
from aihub_lite.wire.chat.translated import Translation
from aihub_lite.wire.json_types import JsonObject

UNTHINKING = re.compile(
    r"(?:.*[/:])?(?:gpt-3|gpt-4|chatgpt-|(?:meta-|code)?llama|gemma|codestral|devstral|ministral|pixtral|mi[sx]tral|open-mi"
    r"|command-r|phi-?[34]|qwen-?[12]|qwen3-coder|deepseek-(?:coder|llm)|starcoder|granite)",
    re.IGNORECASE,
)
"""Models that answer 400 to `reasoning_effort`, or have nothing to answer it with."""
THINKING = re.compile(
    r"(?:.*[/:])?(?:gpt-oss|qwen3|deepseek-(?:r1|v3\.[1-9])|magistral|glm-[4-9]|kimi-k2-thinking)", re.IGNORECASE
)
"""Those that Ollama lets think; it refuses the field for all others."""
SILENCED = re.compile(r"(?:.*/)?gpt-5\.[1-9]", re.IGNORECASE)
"""Models that take `none` for an effort; elsewhere it is 400, or thinking cannot be turned off."""
DRAWING = re.compile(r"(?:^|[-/])(?:image|nano-banana)(?:$|[-:])", re.IGNORECASE)
"""Chat models that answer with images, by their ids: gemini-3-pro-image, openai/gpt-5-image."""
EFFORTS: Mapping[str, str] = {"xhigh": "high", "max": "high"}
"""The most that is taken wherever efforts are."""


def fit_chat(
    chat: ChatRequest, wire: str, quirks: Quirks, upstream_model: str, *, elsewhere: bool = False
) -> tuple[ChatRequest, tuple[str, ...]]:
    """A request for one upstream, and the names of what had to be left out. The same object where nothing had.

    `elsewhere`: the channel is not at the provider's own address.
    """
    fit = Translation(dict(chat.body))
    body = fit.body
    late_system = wire != "chat" or (quirks.late_system and not elsewhere)
    if not late_system and any(message["role"] == "system" for message in body["messages"][1:]):
        body["messages"] = with_one_system(body["messages"])
    if wire == "chat":
        fit.add(_effort(body.pop("reasoning_effort", None), quirks, upstream_model))
        if "top_k" in body and not quirks.top_k:
            del body["top_k"]
            fit.drop("top_k")
    else:
        body.pop("user", None)
    if wire != "chat" or not quirks.cache_key or elsewhere:
        body.pop("prompt_cache_key", None)
    if body == chat.body:
        return chat, fit.dropped
    return attrs.evolve(chat, body=body), fit.dropped


def draws(upstream_model: str) -> bool:
    """Whether a model answers a chat with images."""
    return DRAWING.search(upstream_model) is not None


def _effort(effort: object, quirks: Quirks, upstream_model: str) -> Translation:
    """`reasoning_effort` as the model takes it, if it does; that it is asked for none is no loss where it has none."""
    if effort is None:
        return Translation()
    if UNTHINKING.match(upstream_model) or (quirks.effort_to_thinkers and not THINKING.match(upstream_model)):
        if effort == "none":
            return Translation()
        return Translation(dropped=("thinking",))
    if effort == "none" and not quirks.effort_none and not SILENCED.match(upstream_model):
        return Translation(dropped=("thinking",))
    if isinstance(effort, str):
        effort = EFFORTS.get(effort, effort)
    return Translation({"reasoning_effort": effort})


def with_one_system(messages: list[JsonObject]) -> list[JsonObject]:
    """The same conversation with one system message at most, the first: later ones are said by the user, set apart.

    What follows a user's message joins it, as strict templates want roles to take turns.
    """
    if not messages:
        return []
    turns = messages[:1]
    for message in messages[1:]:
        last = turns[-1]
        if message["role"] != "system":
            turns.append(message)
        elif last["role"] == "system":
            turns[-1] = {**last, "content": _together(last["content"], message["content"])}
        elif last["role"] == "user":
            turns[-1] = {**last, "content": _together(last["content"], _apart(message["content"]))}
        else:
            turns.append({"role": "user", "content": _apart(message["content"])})
    return turns


def _apart(content: str | list[JsonObject]) -> str | list[JsonObject]:
    if isinstance(content, str):
        return f"<system>\n{content}\n</system>"
    return [{**part, "text": _apart(part["text"])} for part in content]


def _together(first: str | list[JsonObject], second: str | list[JsonObject]) -> str | list[JsonObject]:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [*_parts(first), *_parts(second)]


def _parts(content: str | list[JsonObject]) -> list[JsonObject]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content
