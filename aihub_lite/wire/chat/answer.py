"""A chat answer that is not streamed, made the same for every client whatever upstream gave it."""

from __future__ import annotations

from typing import ClassVar

import attrs

from aihub_lite.domain.hosted import Hosted, hosted_of
from aihub_lite.domain.usage import Usage, believable
from aihub_lite.wire.chat.foreign_usage import with_foreign
from aihub_lite.wire.chat.normalise import (
    NO_ARGUMENTS,
    TEXT_NAME,
    arguments_text,
    finish_reason_of,
    kind_of,
    normalise,
    text_bytes,
    whole_calls,
)
from aihub_lite.wire.chat.tier import TIER, at_tier
from aihub_lite.wire.chat.tool_calls import REWRITTEN, id_prefix
from aihub_lite.wire.chat.usage import usage_json, usage_of
from aihub_lite.wire.estimate import tokens_in
from aihub_lite.wire.faults import AnswerNonsense
from aihub_lite.wire.foreign_json import answer_object, encode
from aihub_lite.wire.hosted import EXECUTED, hosted_in, says_searches, searches_in
from aihub_lite.wire.json_types import JsonObject, JsonView, dict_at, dicts_in, text_at
from aihub_lite.wire.upstream_error import error_in, status_in
from aihub_lite.wire.written import Written

CONTENT = ("content", "reasoning_content", "tool_calls", "function_call", "images", "audio")
"""Fields of a message that hold an answer; a `refusal` only says why there is none."""


@attrs.frozen
class ChatAnswer:
    """The body to send; `usage` as upstream reported it, None if it did not; `text_bytes` of what the model wrote;
    `hosted` is what ran at the provider, as far as the answer shows it."""

    body: bytes
    usage: Usage | None
    text_bytes: int
    written: Written
    hosted: Hosted | None = None
    withheld: bool = False
    content_type: ClassVar[str] = "application/json"

    def estimated(self, prompt_tokens: int) -> Usage:
        """What it comes to by our own count."""
        return Usage(prompt_tokens, tokens_in(self.text_bytes), hosted=self.hosted)


@attrs.frozen
class Normalised:
    """An answer before it is written; `usage`, `text_bytes` and `hosted` as in ChatAnswer."""

    chat: JsonObject
    """A `Completion`."""
    usage: Usage | None
    text_bytes: int
    written: Written
    hosted: Hosted | None

    def sent(self, body: JsonView) -> ChatAnswer:
        """The same, written as this body."""
        return ChatAnswer(encode(body), self.usage, self.text_bytes, self.written, self.hosted, self.withheld)

    @property
    def withheld(self) -> bool:
        """Whether a policy kept the one choice back: it says nothing but that, and perhaps why."""
        choices = self.chat["choices"]
        if len(choices) != 1 or choices[0]["finish_reason"] != "content_filter":
            return False
        return not any(choices[0]["message"].get(name) for name in CONTENT)

    def believable(self, prompt_tokens: int) -> Usage:
        """What the client is told that it came to, after a prompt of so many tokens."""
        return _believable(self.usage, prompt_tokens, self.text_bytes, self.hosted)


def answer_of(data: bytes, model: str, request_id: str, created: int, prompt_tokens: int = 0) -> ChatAnswer:
    """An answer as clients of chat get it; everything else as `normalised` says."""
    answer = normalised(data, model, request_id, created, prompt_tokens)
    return answer.sent(answer.chat)


def normalised(data: bytes, model: str, request_id: str, created: int, prompt_tokens: int = 0) -> Normalised:
    """`model` is the id the client asked for, `created` Unix seconds for upstreams that send none.

    `prompt_tokens` is the estimate that stands in the body's `usage` when upstream reported none. Raises
    AnswerNonsense for what is no answer: HTML, nothing, an error object in a 200, no choices.
    """
    answer = _decode_answer(data)
    bytes_ = 0
    written = Written()
    for position, choice in enumerate(answer["choices"]):
        bytes_ += _normalise_choice(choice, position, request_id)
        written.take(choice["message"])
    reported = answer.get("usage")
    usage = at_tier(usage_of(reported), answer.get(TIER))
    hosted = _hosted_in(answer)
    if usage is not None and usage.hosted is None:
        usage = usage.with_hosted(hosted)
    answer["id"] = text_at(answer, "id") or f"chatcmpl-{request_id}"
    answer["object"] = "chat.completion"
    answer["created"] = _created(answer, created)
    answer["model"] = model
    counts = usage_json(_believable(usage, prompt_tokens, bytes_, hosted))
    answer["usage"] = with_foreign(counts, reported)
    return Normalised(answer, usage, bytes_, written, hosted)


def _believable(usage: Usage | None, prompt_tokens: int, bytes_: int, hosted: Hosted | None) -> Usage:
    return believable(usage, Usage(prompt_tokens, tokens_in(bytes_), hosted=hosted))


def _hosted_in(answer: JsonView) -> Hosted | None:
    """What ran at the provider: the searches of Groq's systems stand in the messages, and a usage that counts no tokens
    may say it too."""
    reported = answer.get("usage")
    if says_searches(reported):
        return hosted_in(reported)
    return hosted_of(
        {"web_search": sum(len(searches_in(choice["message"].get(EXECUTED))) for choice in answer["choices"])}
    )


def _created(answer: JsonObject, otherwise: int) -> int:
    created = answer.get("created")
    if isinstance(created, int) and not isinstance(created, bool) and created > 0:
        return created
    return otherwise


def _decode_answer(data: bytes) -> JsonObject:
    """The decoded answer, which has at least one choice and no `error` key."""
    if not data.strip():
        raise AnswerNonsense("The upstream's answer is empty.")
    answer = answer_object(data)
    choices = answer.get("choices")
    if answer.get("error") or (not choices and answer.keys() & {"message", "detail", "errors"}):
        foreign = error_in(status_in(answer, 502), answer)
        raise AnswerNonsense(f"The upstream answered an error: {foreign.message}", foreign)
    if not isinstance(choices, list) or not choices or not all(isinstance(choice, dict) for choice in choices):
        raise AnswerNonsense("The upstream's answer has no choices.")
    answer.pop("error", None)  # not even null may stand there (RULES.md C-10)
    return answer


def _normalise_choice(choice: JsonObject, position: int, request_id: str) -> int:
    """In place; gives the UTF-8 bytes that the model wrote."""
    index = choice.get("index")
    if type(index) is not int or index < 0:
        index = choice["index"] = position
    message = _message_of(choice)
    normalise(message)
    message["role"] = "assistant"
    message.setdefault("content", None)
    calls = _normalise_calls(message.pop("tool_calls", None), id_prefix(request_id, index))
    if whole_calls(choice.get("finish_reason")):
        _fill_arguments(message, calls)
    if calls:
        message["tool_calls"] = calls
    choice["message"] = message
    called = bool(calls)
    reason = finish_reason_of(choice.get("finish_reason"), called=called)
    choice["finish_reason"] = reason or finish_reason_of("stop", called=called)
    return text_bytes(message)


def _fill_arguments(message: JsonObject, calls: list[JsonObject]) -> None:
    """In place: an empty object where a call of a function, be it a legacy one, says nothing."""
    functions = [call["function"] for call in calls if call["type"] == "function"]
    if "function_call" in message:
        functions.append(message["function_call"])
    for function in functions:
        if not function.get("arguments", "").strip():
            function["arguments"] = NO_ARGUMENTS


def _message_of(choice: JsonObject) -> JsonObject:
    """Azure leaves the message out when its filter struck; legacy completions have `text` instead."""
    message = choice.get("message")
    if isinstance(message, dict):
        return message
    text = choice.pop("text", None)
    if not isinstance(text, str):
        text = None
    return {"content": text}


def _normalise_calls(calls: object, prefix: str) -> list[JsonObject]:
    """Calls with id, type and arguments that are strings; `prefix` begins the ids of those that come without one."""
    normal_calls: list[JsonObject] = []
    ids: set[str] = set()  # two calls under one id would be answered as one
    for call in dicts_in(calls):
        kind = kind_of(call)
        payload = dict(dict_at(call, kind))
        payload["name"] = text_at(payload, "name")
        payload[TEXT_NAME[kind]] = arguments_text(payload.get(TEXT_NAME[kind]))
        call_id = text_at(call, "id")
        if not call_id or call_id in ids:
            call_id = f"{prefix}_{len(normal_calls)}"
        ids.add(call_id)
        extra = {name: value for name, value in call.items() if name not in REWRITTEN}
        normal_calls.append({"id": call_id, "type": kind, kind: payload, **extra})
    return normal_calls
