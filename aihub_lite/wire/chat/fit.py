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
    r"(?:.*[/:])?(?:gpt-3|gpt-4|chatgpt-|(?:meta-|code)?llama|gemma|codestral|devstral|ministral|pixtral|mi[sx]tral|open-mi"
    r"|command-r|phi-?[34]|qwen-?[12]|qwen3-coder|deepseek-(?:coder|llm)|starcoder|granite)",
    re.IGNORECASE,
)
"""Models that answer 400 to `reasoning_effort`, or have nothing to answer it with."""
THINKING = re.compile(
    r"(?:.*[/:])?(?:gpt-oss|qwen3|deepseek-(?:r1|v3\.[1-9])|magistral|glm-[4-9]|kimi-k2-thinking)", re.IGNORECASE
)
"""Those that Ollama lets think; it refuses the field for all others."""
MIDWAY = frozenset({"openai", "azure"})
"""Providers whose models take system messages anywhere, at their own addresses. Templates of open models often refuse
any but the first, and Claude Code ends its requests with one."""
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
    midway = wire != "chat" or (provider in MIDWAY and not elsewhere)
    if not midway and any(message["role"] == "system" for message in body["messages"][1:]):
        body["messages"] = with_one_system(body["messages"])
    if wire == "chat":
        _think(body, provider, upstream_model, dropped)
        if "top_k" in body and provider not in TOP_K:
            del body["top_k"]
            dropped.append("top_k")
    else:
        body.pop("user", None)
    if wire != "chat" or provider not in CACHED or elsewhere:
        body.pop("prompt_cache_key", None)
    return (chat if body == chat.body else attrs.evolve(chat, body=body)), tuple(dropped)


def with_one_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same conversation with one system message at most, the first: later ones are said by the user, set apart.

    What follows a user's message joins it, as strict templates want roles to take turns.
    """
    found: list[dict[str, Any]] = []
    for message in messages:
        last = found[-1] if found else None
        if message["role"] != "system" or last is None:
            found.append(message)
        elif last["role"] == "system":
            found[-1] = {**last, "content": _together(last["content"], message["content"])}
        elif last["role"] == "user":
            found[-1] = {**last, "content": _together(last["content"], _apart(message["content"]))}
        else:
            found.append({"role": "user", "content": _apart(message["content"])})
    return found


def _apart(content: Any) -> Any:
    if isinstance(content, str):
        return f"<system>\n{content}\n</system>"
    return [{**part, "text": _apart(part["text"])} for part in content]


def _together(first: Any, second: Any) -> Any:
    if isinstance(first, str) and isinstance(second, str):
        return f"{first}\n\n{second}"
    return [*_listed(first), *_listed(second)]


def _listed(content: Any) -> list[Any]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _think(body: dict[str, Any], provider: str, upstream_model: str, dropped: list[str]) -> None:
    effort = body.pop("reasoning_effort", None)
    if effort is None:
        return
    if UNTHINKING.match(upstream_model) or (provider == "ollama" and not THINKING.match(upstream_model)):
        dropped += [] if effort == "none" else ["thinking"]
    elif effort != "none":
        body["reasoning_effort"] = EFFORTS.get(effort, effort)
    elif provider == "openrouter" or SILENCED.match(upstream_model):
        body["reasoning_effort"] = effort
    else:
        dropped.append("thinking")
