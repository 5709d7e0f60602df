"""What a delta and a message have in common, normalised: text, reasoning, arguments, finish reasons."""

from __future__ import annotations

from collections.abc import Mapping

from aihub_lite.wire.estimate import byte_count
from aihub_lite.wire.foreign_json import encode
from aihub_lite.wire.json_types import JsonObject, JsonView

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
"""Mistral `model_length`, Z.ai `sensitive`, and names of other formats; whatever else (`eos`, …) is a `stop`."""
FAILURES = frozenset({"error", "network_error", "insufficient_system_resource", "abort"})
"""Reasons that are none: the upstream broke off (OpenRouter and Mistral, Z.ai, DeepSeek, SGLang)."""

TEXT_NAME: Mapping[str, str] = {"function": "arguments", "custom": "input"}
"""What the model writes, by the type of a tool call; `custom` ones take text of any form."""


CUT_SHORT = frozenset({"length", "content_filter"})
"""Finish reasons of an answer whose last call may lack its arguments."""
NO_ARGUMENTS = "{}"
"""How a call says that it has none: clients parse what they get, and an empty string is no JSON."""


def kind_of(call: JsonView) -> str:
    """`function` or `custom`: what the call's own type says and the call holds, else what it holds.

    Snowflake fills in both, one of them with empty strings.
    """
    kind = call.get("type")
    if isinstance(kind, str) and kind in TEXT_NAME and isinstance(call.get(kind), dict):
        return kind
    if isinstance(call.get("custom"), dict) and not isinstance(call.get("function"), dict):
        return "custom"
    return "function"


def finish_reason_of(reason: object, *, called: bool) -> str | None:
    """One of OpenAI's reasons, or None for none yet (some upstreams say `""`).

    `called`: there was a tool call, after which several upstreams say `stop` and clients wait for `tool_calls`.
    """
    if not isinstance(reason, str) or not reason:
        return None
    if reason not in FINISH_REASONS:
        reason = FOREIGN_REASONS.get(reason.lower(), "stop")
    if called and reason == "stop":
        return "tool_calls"
    return reason


def whole_calls(reason: object) -> bool:
    """Whether the calls of an answer that ended so are whole: one without arguments then has none."""
    return finish_reason_of(reason, called=True) not in CUT_SHORT


def normalise(part: JsonObject) -> None:
    """In place: `content` becomes a string or null, reasoning `reasoning_content`, whatever the upstream calls it
    (RULES.md C-15).

    Tool calls are left alone; a legacy `function_call` holds strings or is gone.
    """
    content = part.get("content")
    thought = None
    if content is not None and not isinstance(content, str):
        thought, part["content"] = _split(content)
    if thought or "reasoning" in part or "reasoning_content" in part:
        _normalise_reasoning(part, thought)
    if not isinstance(part.get("refusal"), str | None):
        part["refusal"] = None
    if "function_call" in part:
        _normalise_function_call(part)


def _normalise_reasoning(part: JsonObject, thought: str | None) -> None:
    # Some upstreams send both spellings, with the same text or with one of them empty.
    spellings = (thought, part.pop("reasoning_content", None), part.pop("reasoning", None))
    texts = [text for text in spellings if isinstance(text, str)]
    if texts:
        part["reasoning_content"] = next(filter(None, texts), "")


def _normalise_function_call(part: JsonObject) -> None:
    call = part.pop("function_call")
    if not isinstance(call, dict):
        return
    call = dict(call)
    if not isinstance(call.get("name"), str):
        call.pop("name", None)
    if "arguments" in call:
        call["arguments"] = arguments_text(call["arguments"])
    part["function_call"] = call


def _split(content: object) -> tuple[str | None, str | None]:
    """Thoughts and text of a list of parts, Mistral's form: `{type: thinking, thinking: […]}`, `{type: text, text}`."""
    if not isinstance(content, list):
        return None, None
    thoughts: list[str] = []
    texts: list[str] = []
    for part in content:
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, dict) and "thinking" in part:
            thoughts.append(_plain(part["thinking"]))
        elif isinstance(part, dict):
            texts.append(_plain(part.get("text")))
    thought = "".join(thoughts) or None
    if not texts:
        return thought, None
    return thought, "".join(texts)


def _plain(value: object) -> str:
    """A text, or all texts of a list of parts."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        return ""
    return "".join(_plain(part.get("text") if isinstance(part, dict) else part) for part in value)


def arguments_text(arguments: object) -> str:
    """Arguments are JSON in a string; some upstreams send the JSON itself."""
    if isinstance(arguments, str):
        return arguments
    if arguments is None:
        return ""
    return encode(arguments).decode()


def text_bytes(part: JsonView) -> int:
    """UTF-8 bytes of everything the model wrote in a normalised delta or message, tool arguments included."""
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
