"""What a delta and a message have in common, normalised: text, reasoning, arguments, finish reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aihub_lite.wire.estimate import byte_count
from aihub_lite.wire.foreign_json import encode

FINISH_REASONS = frozenset({"stop", "length", "tool_calls", "content_filter", "function_call"})
FOREIGN_REASONS: Mapping[str, str] = {
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_call": "tool_calls",
    "tool_use": "tool_calls",
    "sensitive": "content_filter",
    "safety": "content_filter",
    "refusal": "content_filter",
}
"""Mistral `model_length`, Z.ai `sensitive`, and names of other wires; whatever else (`eos`, …) is a `stop`."""
FAILURES = frozenset({"error", "network_error", "insufficient_system_resource", "abort"})
"""Reasons that are none: the upstream broke off (OpenRouter and Mistral, Z.ai, DeepSeek, SGLang)."""

TEXT_NAME: Mapping[str, str] = {"function": "arguments", "custom": "input"}
"""What the model writes, by the type of a tool call; `custom` ones take text of any form."""


def finish_reason_of(reason: object, *, called: bool) -> str | None:
    """One of OpenAI's reasons, or None for none yet (some upstreams say `""`). A `stop` after a tool call is none."""
    if not isinstance(reason, str) or not reason:
        return None
    if reason not in FINISH_REASONS:
        reason = FOREIGN_REASONS.get(reason.lower(), "stop")
    return "tool_calls" if called and reason == "stop" else reason


def settle(part: dict[str, Any]) -> None:
    """In place: `content` becomes a string or null, reasoning `reasoning_content`, whatever the upstream calls it.

    Tool calls are left alone; a legacy `function_call` holds strings or is gone.
    """
    content = part.get("content")
    thought = None
    if content is not None and not isinstance(content, str):
        thought, part["content"] = _split(content)
    if thought or "reasoning" in part or "reasoning_content" in part:
        _settle_reasoning(part, thought)
    if not isinstance(part.get("refusal"), str | None):
        part["refusal"] = None
    if "function_call" in part:
        _settle_function_call(part)


def _settle_reasoning(part: dict[str, Any], thought: str | None) -> None:
    named = (thought, part.pop("reasoning_content", None), part.pop("reasoning", None))
    texts = [text for text in named if isinstance(text, str)]
    if texts:
        part["reasoning_content"] = next(filter(None, texts), "")


def _settle_function_call(part: dict[str, Any]) -> None:
    call = part.pop("function_call")
    if not isinstance(call, dict):
        return
    part["function_call"] = settled = dict(call)
    if not isinstance(call.get("name"), str):
        settled.pop("name", None)
    if "arguments" in call:
        settled["arguments"] = arguments_text(call["arguments"])


def _split(content: object) -> tuple[str | None, str | None]:
    """Thoughts and text of a list of parts, Mistral's form: `{type: thinking, thinking: […]}`, `{type: text, text}`."""
    thoughts, texts = [], []
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and "thinking" in part:
            thoughts.append(_plain(part["thinking"]))
        elif isinstance(part, dict):
            texts.append(_plain(part.get("text")))
    return "".join(thoughts) or None, "".join(texts) if texts else None


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "".join(_plain(part.get("text") if isinstance(part, dict) else part) for part in value)
    return value if isinstance(value, str) else ""


def arguments_text(arguments: object) -> str:
    """Arguments are JSON in a string; some upstreams send the JSON itself."""
    if isinstance(arguments, str):
        return arguments
    return "" if arguments is None else encode(arguments).decode()


def text_bytes(part: Mapping[str, Any]) -> int:
    """UTF-8 bytes of everything the model wrote in a settled delta or message, tool arguments included."""
    total = 0
    for name in ("content", "reasoning_content", "refusal"):
        if isinstance(text := part.get(name), str):
            total += byte_count(text)
    for call in part.get("tool_calls", ()):
        for kind, text_name in TEXT_NAME.items():
            payload = call.get(kind)
            if isinstance(payload, dict) and isinstance(text := payload.get(text_name), str):
                total += byte_count(text)
    if call := part.get("function_call"):
        total += byte_count(call.get("arguments", ""))
    return total
