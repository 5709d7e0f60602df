"""What chat upstreams are known to refuse of what clients of Anthropic Messages send with every request.

Such clients choose by names of Claude models, and ask any other for thinking as they would ask those.
"""

from __future__ import annotations

import re
from typing import Any

import attrs

from aihub_lite.wire.chat_request import ChatRequest

MARKED = frozenset({"openrouter", "dashscope"})
"""Providers behind which a model may read cache marks."""
TOP_K = frozenset({"openrouter", "dashscope", "together", "fireworks", "siliconflow", "vllm", "lmstudio", "ollama"})
"""Those that take `top_k`, which is not OpenAI's."""
CACHED = frozenset({"openai", "azure", "openrouter", "xai"})
"""Those that take `prompt_cache_key`, at their own addresses; strict servers elsewhere refuse what they do not know."""
UNTHINKING = re.compile(
    r"(?:.*[/:])?(?:gpt-3|gpt-4|chatgpt-|llama|gemma|codestral|ministral|pixtral|mistral-(?:tiny|nemo)|open-mi|command-r)",
    re.IGNORECASE,
)
"""Models that answer 400 to `reasoning_effort`."""
SILENCED = re.compile(r"(?:.*/)?gpt-5\.[1-9]", re.IGNORECASE)
"""Models that take `none` for an effort; elsewhere it is 400, or thinking cannot be turned off."""
EFFORTS = {"xhigh": "high", "max": "high"}
"""The most that is taken wherever efforts are."""


def fitted(
    chat: ChatRequest, wire: str, provider: str, upstream_model: str, *, elsewhere: bool = False
) -> tuple[ChatRequest, tuple[str, ...]]:
    """A request for one upstream, and the names of what had to be left out. The same object where nothing had.

    `elsewhere`: the channel is not at the provider's own address.
    """
    body = dict(chat.body)
    dropped: list[str] = []
    if wire == "chat":
        _think(body, provider, upstream_model, dropped)
        if "top_k" in body and provider not in TOP_K:
            del body["top_k"]
            dropped.append("top_k")
    else:
        body.pop("user", None)
    if wire != "chat" or provider not in CACHED or elsewhere:
        body.pop("prompt_cache_key", None)
    same = body.keys() == chat.body.keys() and body.get("reasoning_effort") == chat.body.get("reasoning_effort")
    return (chat if same else attrs.evolve(chat, body=body)), tuple(dropped)


def _think(body: dict[str, Any], provider: str, upstream_model: str, dropped: list[str]) -> None:
    effort = body.pop("reasoning_effort", None)
    if effort is None:
        return
    if UNTHINKING.match(upstream_model):
        dropped += [] if effort == "none" else ["thinking"]
    elif effort != "none":
        body["reasoning_effort"] = EFFORTS.get(effort, effort)
    elif provider == "openrouter" or SILENCED.match(upstream_model):
        body["reasoning_effort"] = effort
    else:
        dropped.append("thinking")
