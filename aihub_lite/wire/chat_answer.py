"""A chat answer that is not streamed, made the same for every client whatever upstream gave it."""

from __future__ import annotations

from typing import Any, ClassVar

import attrs

from aihub_lite.domain.usage import Usage
from aihub_lite.wire.chat_parts import TEXT_NAME, arguments_text, finish_reason_of, settle, text_bytes
from aihub_lite.wire.chat_usage import usage_json, usage_of
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_error import error_in, status_in
from aihub_lite.wire.foreign_json import decode, encode


@attrs.frozen
class ChatAnswer:
    """The body to send; `usage` as upstream reported it, None if it did not; `text_bytes` of what the model wrote."""

    body: bytes
    usage: Usage | None
    text_bytes: int
    content_type: ClassVar[str] = "application/json"

    def estimated(self, prompt_tokens: int) -> Usage:
        """What it comes to by our own count."""
        return Usage(prompt_tokens, tokens_in(self.text_bytes))


@attrs.frozen
class Settled:
    """An answer before it is written; `text_bytes` and `usage` as in ChatAnswer."""

    chat: dict[str, Any]
    usage: Usage | None
    text_bytes: int


def answer_of(data: bytes, model: str, request_id: str, created: int, prompt_tokens: int = 0) -> ChatAnswer:
    """An answer as clients of chat get it; everything else as `settled` says."""
    found = settled(data, model, request_id, created, prompt_tokens)
    return ChatAnswer(encode(found.chat), found.usage, found.text_bytes)


def settled(data: bytes, model: str, request_id: str, created: int, prompt_tokens: int = 0) -> Settled:
    """`model` is the id the client asked for, `created` Unix seconds for upstreams that send none.

    `prompt_tokens` is the estimate that stands in the body's `usage` when upstream reported none. Raises
    AnswerNonsense for what is no answer: HTML, nothing, an error object in a 200, no choices.
    """
    answer = _opened(data)
    written = 0
    for position, choice in enumerate(answer["choices"]):
        written += _settle_choice(choice, position, request_id)
    usage = usage_of(answer.get("usage"))
    shown = usage or Usage(prompt_tokens, tokens_in(written))
    answer_id, made = answer.get("id"), answer.get("created")
    answer |= {
        "id": answer_id if isinstance(answer_id, str) and answer_id else f"chatcmpl-{request_id}",
        "object": "chat.completion",
        "created": made if isinstance(made, int) and not isinstance(made, bool) and made > 0 else created,
        "model": model,
        "usage": usage_json(shown),
    }
    return Settled(answer, usage, written)


def _opened(data: bytes) -> dict[str, Any]:
    """The decoded answer, which has at least one choice and no `error` key."""
    if not data.strip():
        raise AnswerNonsense("The upstream's answer is empty.")
    answer = decode(data)
    if not isinstance(answer, dict):
        raise AnswerNonsense("The upstream's answer is not a JSON object.")
    choices = answer.get("choices")
    if answer.get("error") or (not choices and answer.keys() & {"message", "detail", "errors"}):
        foreign = error_in(status_in(answer, 502), answer)
        raise AnswerNonsense(f"The upstream answered an error: {foreign.message}", foreign)
    if not isinstance(choices, list) or not choices or not all(isinstance(choice, dict) for choice in choices):
        raise AnswerNonsense("The upstream's answer has no choices.")
    answer.pop("error", None)
    return answer


def _settle_choice(choice: dict[str, Any], position: int, request_id: str) -> int:
    """In place; gives the UTF-8 bytes that the model wrote."""
    index = choice.get("index")
    if type(index) is not int or index < 0:
        choice["index"] = position
    message = choice.get("message")
    if not isinstance(message, dict):
        # Azure leaves the message out when its filter struck; legacy completions have `text` instead.
        text = choice.pop("text", None)
        message = {"content": text if isinstance(text, str) else None}
    settle(message)
    message["role"] = "assistant"
    message.setdefault("content", None)
    prefix = f"call_{request_id}" if choice["index"] == 0 else f"call_{request_id}_{choice['index']}"
    calls = _settle_calls(message.pop("tool_calls", None), prefix)
    if calls:
        message["tool_calls"] = calls
    choice["message"] = message
    reason = finish_reason_of(choice.get("finish_reason"), called=bool(calls))
    choice["finish_reason"] = reason or ("tool_calls" if calls else "stop")
    return text_bytes(message)


def _settle_calls(calls: object, id_prefix: str) -> list[dict[str, Any]]:
    """Calls with id, type and arguments that are strings; ids are made for those without one of their own."""
    settled: list[dict[str, Any]] = []
    taken: set[str] = set()  # two calls under one id would be answered as one
    for call in calls if isinstance(calls, list) else ():
        if not isinstance(call, dict):
            continue
        kind = "custom" if isinstance(call.get("custom"), dict) else "function"
        payload = call.get(kind)
        payload = dict(payload) if isinstance(payload, dict) else {}
        name, call_id = payload.get("name"), call.get("id")
        payload["name"] = name if isinstance(name, str) else ""
        payload[TEXT_NAME[kind]] = arguments_text(payload.get(TEXT_NAME[kind]))
        if not isinstance(call_id, str) or not call_id or call_id in taken:
            call_id = f"{id_prefix}_{len(settled)}"
        taken.add(call_id)
        settled.append({**call, "id": call_id, "type": kind, kind: payload})
    return settled
