"""Thinking, there and back: asked for by effort or budget, shown as `reasoning_details`, returned unchanged.

A thinking block is only valid with its signature and, for the newest models, only after the very conversation and at
the very account that it came from. So what a client sends back goes upstream as it is, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from aihub_lite.errors import InvalidRequest
from aihub_lite.wire.anthropic_parts import Block
from aihub_lite.wire.chat_request import ChatRequest
from aihub_lite.wire.claude_models import BUDGETS, EFFORTS, ClaudeModel

FORMAT = "anthropic-claude-v1"
"""OpenRouter's name for these details; those of another format are not ours to send."""
KINDS = ("thinking", "redacted_thinking")
LEAST_BUDGET = 1024
FIELDS: Mapping[str, tuple[str, ...]] = {
    "enabled": ("type", "budget_tokens", "display"),
    "adaptive": ("type", "display"),
    "disabled": ("type",),
    "between_tools": ("type",),
}
"""Of `thinking`, by its type."""
EFFORT_BY_BUDGET = ((1024, "low"), (8192, "medium"))
"""What a budget in tokens comes to, up to each limit; above it is `high`."""


def detail_of(block: Mapping[str, Any], index: int, position: int) -> dict[str, Any]:
    """A thinking block as a detail. `index` counts details; `position`, the blocks before it that are none of them,
    is only named where there are some: without it a detail goes first."""
    if block.get("type") == "redacted_thinking":
        found: dict[str, Any] = {"type": "reasoning.encrypted", "data": text_in(block, "data")}
    else:
        found = {"type": "reasoning.text", "text": text_in(block, "thinking")}
        if signature := text_in(block, "signature"):
            found["signature"] = signature
    found |= {"format": FORMAT, "index": index}
    return found | {"position": position} if position else found


def text_in(block: Mapping[str, Any], name: str) -> str:
    """A field of an upstream's block, empty where it is no text."""
    value = block.get(name)
    return value if isinstance(value, str) else ""


def thinking_blocks(message: Mapping[str, Any]) -> list[tuple[int, Block]]:
    """The thinking blocks of an assistant message, with positions; those without signature would be a 400.

    Taken from `reasoning_details` (OpenRouter's shape and ours), else from `thinking_blocks` (LiteLLM's).
    """
    for name in ("reasoning_details", "thinking_blocks"):
        entries = message.get(name)
        if isinstance(entries, list) and entries:
            found = [block for entry in _merged(entries) if (block := _block(entry)) is not None]
            if found:
                return found
    return []


def with_thinking(blocks: list[Block], thinking: list[tuple[int, Block]]) -> list[Block]:
    """The blocks of an assistant message with its thinking first, or where it was between them.

    Thinking that the client has left among the blocks stays there, unless it comes a second time.
    """
    found = [one for one in blocks if one["type"] not in KINDS or not (thinking or _block(one) is None)]
    for inserted, (position, block) in enumerate(thinking):
        found.insert(min(position + inserted, len(found)), block)
    return found


def has_thinking(request: ChatRequest) -> bool:
    """Whether the conversation carries thinking, which another account may not be able to read."""
    return any(signatures_in(message) for message in request.body["messages"])


def signatures_in(message: Mapping[str, Any]) -> list[str]:
    """What the thinking of an assistant's message is signed with, in order; of hidden thinking, all there is of it."""
    if message.get("role", "assistant") != "assistant":
        return []
    content = message.get("content")
    parts = [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []
    found = [*thinking_blocks(message), *(block for part in parts if (block := _block(part)) is not None)]
    return [signature_of(block) for _, block in found]


def signature_of(block: Mapping[str, Any]) -> str:
    """Of a thinking block, which has one of the two."""
    return text_in(block, "signature") or text_in(block, "data")


def strip_thinking(body: Mapping[str, Any], readable: Callable[[str], bool] = lambda _: False) -> dict[str, Any]:
    """A translated body for another account: without the thinking of earlier turns, which is accepted everywhere.

    What is signed with something `readable` stays. A budget that needs thinking before an open tool call goes too.
    """
    messages = []
    for message in body["messages"]:
        content = [
            block for block in message["content"] if block.get("type") not in KINDS or readable(signature_of(block))
        ]
        if content:
            messages.append({**message, "content": content})
    stripped = {**body, "messages": messages}
    if budgeted(stripped) and calls_without_thinking(messages):
        del stripped["thinking"]
    return stripped


def budgeted(body: Mapping[str, Any]) -> bool:
    """Whether thinking is asked for with a budget."""
    thinking = body.get("thinking")
    return isinstance(thinking, Mapping) and thinking.get("type") == "enabled"


def calls_without_thinking(messages: list[Block]) -> bool:
    """Whether the results at the end answer calls without thinking before them: with a budget that is a 400."""
    last = next((message for message in reversed(messages) if message["role"] == "assistant"), None)
    if last is None or last is messages[-1]:
        return False
    answered = any(block.get("type") == "tool_result" for message in messages[-2:] for block in message["content"])
    return answered and last["content"][0].get("type") not in KINDS


def effort_of(body: Mapping[str, Any]) -> str | None:
    """`reasoning_effort`, or OpenRouter's `reasoning.effort`; raises InvalidRequest for a word that is neither."""
    effort = body.get("reasoning_effort")
    if effort is None and isinstance(reasoning := body.get("reasoning"), Mapping):
        effort = reasoning.get("effort")
    if effort == "default":  # Groq's word for none given
        return None
    if effort is not None and effort not in EFFORTS:
        raise InvalidRequest(f"'reasoning_effort' must be one of {', '.join(EFFORTS)}.")
    return effort


def take_thinking(body: dict[str, Any], model: ClaudeModel) -> str | None:
    """Leave the client's own `thinking` where the model takes it; otherwise take it out, for the effort that it means.

    Z.ai and DeepSeek have a field of this name too, without a budget; older clients send budgets to newer models.
    """
    given = body.pop("thinking", None)
    if given is None:
        return None
    kind, budget = given.get("type"), given.get("budget_tokens")
    budget = budget if type(budget) is int else None
    if _takes(model, kind) and (kind != "enabled" or budget is not None):
        body["thinking"] = {name: given[name] for name in FIELDS[kind] if name in given}
        return None
    if kind in ("enabled", "adaptive"):
        return "medium" if budget is None else next((word for most, word in EFFORT_BY_BUDGET if budget <= most), "high")
    return "none" if kind in ("disabled", "between_tools") else None


def _takes(model: ClaudeModel, kind: object) -> bool:
    """Whether `thinking.type` may be this; 4.6 takes a budget and does without."""
    if kind == "enabled":
        return model.thinking != "none" and model.sampling
    return kind == (model.off if kind != "adaptive" else model.thinking)


def level(effort: str, model: ClaudeModel) -> str | None:
    """The most of the model's efforts that is not above the one asked for; None where it has none."""
    allowed = EFFORTS[: EFFORTS.index(effort) + 1]
    return next((found for found in reversed(model.efforts) if found in allowed), next(iter(model.efforts), None))


def ask(body: dict[str, Any], effort: str, model: ClaudeModel, *, forced: bool) -> bool:
    """Put the effort into the body; False if this model cannot do so.

    `forced`: a tool must be called, which rules a budget out.
    """
    if model.thinking == "none":
        return effort == "none"
    if effort == "none":
        return _turn_off(body, model)
    if model.thinking == "enabled":
        return not forced and _give_budget(body, effort)
    found = level(effort, model)
    if found is not None:
        body["output_config"] = {"effort": found, **body.get("output_config", {})}
    # From 4.7 on the text of the thoughts is left out unless it is asked for.
    body.setdefault("thinking", {"type": "adaptive", "display": "summarized"})
    return True


def _turn_off(body: dict[str, Any], model: ClaudeModel) -> bool:
    if model.off != "never":
        body.setdefault("thinking", {"type": model.off})
        return True
    if model.efforts:
        body["output_config"] = {"effort": model.efforts[0], **body.get("output_config", {})}
    return False


def _give_budget(body: dict[str, Any], effort: str) -> bool:
    """Thinking counts as output, so at least half of what may be written is left for the answer."""
    budget = min(BUDGETS[effort], body["max_tokens"] // 2)
    if budget < LEAST_BUDGET:
        return False
    if calls_without_thinking(body["messages"]):
        return False
    body.setdefault("thinking", {"type": "enabled", "budget_tokens": budget})
    return True


def _merged(entries: list[Any]) -> list[dict[str, Any]]:
    """Details that a client collected from a stream piece by piece, put together by their index."""
    found: list[dict[str, Any]] = []
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        before = found[-1] if found else {}
        kind, index = entry.get("type"), entry.get("index")
        same = kind == "reasoning.text" == before.get("type") and index is not None and index == before.get("index")
        if same and not before.get("signature"):
            text = (before.get("text") or "") + (entry.get("text") or "")
            found[-1] = {**before, **entry, "text": text}
        else:
            found.append(entry)
    return found


def _block(entry: Mapping[str, Any]) -> tuple[int, Block] | None:
    kind, wire = entry.get("type"), entry.get("format")
    if isinstance(wire, str) and not wire.startswith("anthropic"):
        return None
    if kind in ("reasoning.text", "thinking"):
        text = entry.get("text" if kind == "reasoning.text" else "thinking")
        signature = entry.get("signature")
        if not isinstance(signature, str) or not signature or not isinstance(text, str | None):
            return None
        block = {"type": "thinking", "thinking": text or "", "signature": signature}
    elif kind in ("reasoning.encrypted", "redacted_thinking"):
        data = entry.get("data")
        if not isinstance(data, str) or not data:
            return None
        block = {"type": "redacted_thinking", "data": data}
    else:
        return None
    position = entry.get("position")
    return (position if type(position) is int and position >= 0 else 0), block
