"""Strict checkers of the chat surface, written from the clients' rules and not from the code they check.

Rule numbers are those of RULES.md: C-1 framing and one finish reason, C-7 chunk fields, C-8 usage, C-9 tool calls,
C-10 no `error` key, C-12 only `data:` lines and the keep-alive comment, C-15 reasoning, C-18 failures.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import attrs

FINISH_REASONS = {"stop", "length", "tool_calls", "content_filter", "function_call"}
COMMENT = b": keep-alive"


@attrs.define
class CheckedChoice:
    """What a client has accumulated for one choice."""

    content: str = ""
    reasoning: str = ""
    refusal: str = ""
    tool_calls: list[dict[str, Any]] = attrs.field(factory=list)
    function_call: dict[str, str] | None = None
    finish_reason: str | None = None
    extras: list[tuple[str, Any]] = attrs.field(factory=list)
    """Fields of deltas that the rules say nothing of, in order."""
    chunks: int = 0


@attrs.define
class CheckedStream:
    """A whole stream as a client has it at the end."""

    choices: dict[int, CheckedChoice] = attrs.field(factory=dict)
    usage: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    id: str = ""
    model: str = ""
    done: bool = False
    events: int = 0

    @property
    def first(self) -> CheckedChoice:
        """The choice with index 0, empty when nothing came."""
        return self.choices.get(0, CheckedChoice())

    @property
    def content(self) -> str:
        """Text of choice 0."""
        return self.first.content

    @property
    def reasoning(self) -> str:
        """Reasoning of choice 0."""
        return self.first.reasoning

    @property
    def tool_calls(self) -> list[dict[str, Any]]:
        """Calls of choice 0, as a non-streamed message would hold them."""
        return self.first.tool_calls

    @property
    def finish_reason(self) -> str | None:
        """Finish reason of choice 0."""
        return self.first.finish_reason


@attrs.define
class CheckedAnswer:
    """A whole answer that was not streamed."""

    choices: dict[int, CheckedChoice]
    usage: dict[str, Any]
    id: str
    model: str

    @property
    def first(self) -> CheckedChoice:
        """The choice with index 0."""
        return self.choices[0]


def check_chat_stream(raw: bytes, *, include_usage: bool) -> CheckedStream:
    """Accumulates a stream's bytes; AssertionError with the rule and the event on the first broken rule."""
    seen = CheckedStream()
    for payload in _payloads(raw):
        if seen.done:
            _broken(1, "an event after [DONE]", payload)
        if seen.error is not None:
            _broken(18, "an event after the error", payload)
        seen.events += 1
        if payload == b"[DONE]":
            seen.done = True
        else:
            _chunk(seen, payload, include_usage)
    if seen.error is not None:
        return seen
    if not seen.done:
        _broken(1, "the stream ends without [DONE] or an error event", raw[-200:])
    for index, choice in seen.choices.items():
        if choice.finish_reason is None:
            _broken(1, f"choice {index} has no finish_reason", raw[-400:])
    return seen


def check_chat_answer(body: bytes) -> CheckedAnswer:
    """The same for the body of an answer that is not streamed."""
    answer = _json(body)
    if "error" in answer:
        _broken(10, "an `error` key in an answer", body)
    _envelope(answer, "chat.completion", body)
    if not isinstance(answer.get("choices"), list) or not answer["choices"]:
        _broken(1, "no choices", body)
    _usage(answer.get("usage"), body)
    choices = {}
    for choice in answer["choices"]:
        _index(choice, body)
        if choice.get("finish_reason") not in FINISH_REASONS:
            _broken(1, "finish_reason of an answer must be one of OpenAI's", body)
        message = choice.get("message")
        if not isinstance(message, dict) or message.get("role") != "assistant" or "content" not in message:
            _broken(7, "a message has role `assistant` and a content", body)
        choices[choice["index"]] = _message(message, choice["finish_reason"], body)
    return CheckedAnswer(choices, answer["usage"], answer["id"], answer["model"])


def _broken(rule: int, what: str, where: object) -> NoReturn:
    shown = where.decode("utf-8", "replace") if isinstance(where, bytes) else repr(where)
    raise AssertionError(f"rule {rule}: {what}: {shown[:600]}")


def _payloads(raw: bytes) -> list[bytes]:
    """Payloads of `data: …` lines that are each followed by one blank line; comments only of the allowed form."""
    if b"\r" in raw:
        _broken(12, "a carriage return", raw[:200])
    if raw and not raw.endswith((b"\n\n", COMMENT + b"\n")):
        _broken(1, "the last event is not ended by a blank line", raw[-200:])
    payloads: list[bytes] = []
    lines = raw.split(b"\n")[:-1]
    open_event = False
    for line in lines:
        if line == COMMENT and not open_event:
            continue
        if line == b"":
            if not open_event:
                _broken(12, "a blank line that ends no event", raw[:400])
            open_event = False
        elif line.startswith(b"data: ") and not open_event:
            if not line[6:].strip():
                _broken(12, "an empty data line", line)
            payloads.append(line[6:])
            open_event = True
        else:
            _broken(12, "a line that is neither one data line of its own event nor the keep-alive comment", line)
    if open_event:
        _broken(1, "the last event is not ended by a blank line", raw[-200:])
    return payloads


def _json(payload: bytes) -> dict[str, Any]:
    try:
        value = json.loads(payload.decode("utf-8"), parse_constant=lambda name: _broken(1, name, payload))
    except ValueError as error:
        _broken(1, f"not JSON ({error})", payload)
    if not isinstance(value, dict):
        _broken(1, "not a JSON object", payload)
    return value


def _envelope(chunk: dict[str, Any], kind: str, payload: bytes) -> None:
    for name in ("id", "model", "object"):
        if not isinstance(chunk.get(name), str) or not chunk[name]:
            _broken(7, f"`{name}` must be a non-empty string", payload)
    if chunk["object"] != kind:
        _broken(7, f"`object` must be {kind}", payload)
    if type(chunk.get("created")) is not int or chunk["created"] <= 0:
        _broken(7, "`created` must be an int", payload)


def _index(choice: Any, payload: bytes) -> None:
    if not isinstance(choice, dict) or type(choice.get("index")) is not int or choice["index"] < 0:
        _broken(7, "`choices[].index` must be an int", payload)


def _usage(usage: Any, payload: bytes) -> None:
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        if not isinstance(usage, dict) or type(usage.get(name)) is not int or usage[name] < 0:
            _broken(8, f"usage needs an int `{name}`", payload)


def _chunk(seen: CheckedStream, payload: bytes, include_usage: bool) -> None:
    chunk = _json(payload)
    if "error" in chunk:
        _failure(seen, chunk, payload)
        return
    _envelope(chunk, "chat.completion.chunk", payload)
    if _says_nothing(chunk):
        return
    if (seen.id or chunk["id"]) != chunk["id"] or (seen.model or chunk["model"]) != chunk["model"]:
        _broken(7, "id and model stay the same for a whole stream", payload)
    seen.id = chunk["id"]
    seen.model = chunk["model"]
    if seen.usage is not None:
        _broken(8, "a chunk after the usage chunk", payload)
    choices = chunk.get("choices")
    if not isinstance(choices, list):
        _broken(7, "`choices` must be a list", payload)
    if not choices:
        if not include_usage:
            _broken(8, "empty choices though usage was not asked for", payload)
        _usage(chunk.get("usage"), payload)
        seen.usage = chunk["usage"]
        return
    if "usage" in chunk:
        _broken(8, "`usage` in a chunk with choices", payload)
    for choice in choices:
        _index(choice, payload)
        _choice(seen.choices.setdefault(choice["index"], CheckedChoice()), choice, payload)


def _says_nothing(chunk: dict[str, Any]) -> bool:
    """The keep-alive chunk, which may leave before the upstream has named its id."""
    return chunk.get("choices") == [{"index": 0, "delta": {}, "finish_reason": None}]


def _failure(seen: CheckedStream, chunk: dict[str, Any], payload: bytes) -> None:
    error = chunk["error"]
    if not isinstance(error, dict) or list(chunk) != ["error"]:
        _broken(10 if not error else 18, "an error event holds an `error` object and nothing else", payload)
    if not payload.startswith(b'{"error":{'):
        _broken(18, "an error event is compact, with the error key first", payload)
    if not isinstance(error.get("message"), str) or not error["message"] or not isinstance(error.get("type"), str):
        _broken(18, "an error has a message and a type", payload)
    if "code" not in error or not (error["code"] is None or isinstance(error["code"], str)):
        _broken(18, "an error has a code, a string or null", payload)
    seen.error = error


def _choice(so_far: CheckedChoice, choice: dict[str, Any], payload: bytes) -> None:
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        _broken(7, "`delta` must be an object", payload)
    if "usage" in choice:
        _broken(8, "`usage` in a choice", payload)
    _role(so_far, delta, payload)
    _texts(so_far, delta, payload)
    _calls(so_far, delta, payload)
    ruled = ("role", "content", "reasoning_content", "refusal", "tool_calls", "function_call")
    so_far.extras += [(name, value) for name, value in delta.items() if name not in ruled]
    reason = choice.get("finish_reason")
    if reason is not None:
        if so_far.finish_reason is not None:
            _broken(1, "a second finish_reason", payload)
        if reason not in FINISH_REASONS:
            _broken(1, "a finish_reason that OpenAI does not have", payload)
        if so_far.tool_calls and reason == "stop":
            _broken(9, "tool calls end with finish_reason tool_calls", payload)
        so_far.finish_reason = reason
    so_far.chunks += 1


def _role(so_far: CheckedChoice, delta: dict[str, Any], payload: bytes) -> None:
    if so_far.chunks == 0 and delta.get("role") != "assistant":
        _broken(7, "the first chunk of a choice has the role `assistant`", payload)
    if so_far.chunks and "role" in delta:
        _broken(7, "a role after the first chunk", payload)


def _texts(so_far: CheckedChoice, delta: dict[str, Any], payload: bytes) -> None:
    for name in ("content", "reasoning_content", "refusal"):
        if delta.get(name) is not None and not isinstance(delta[name], str):
            _broken(7, f"`{name}` is a string, null or absent", payload)
    if "reasoning" in delta:
        _broken(15, "reasoning under another name than reasoning_content", payload)
    so_far.content += delta.get("content") or ""
    so_far.reasoning += delta.get("reasoning_content") or ""
    so_far.refusal += delta.get("refusal") or ""
    legacy = delta.get("function_call")
    if legacy is not None:
        so_far.function_call = so_far.function_call or {"name": "", "arguments": ""}
        for name in ("name", "arguments"):
            if not isinstance(legacy.get(name, ""), str):
                _broken(9, f"function_call.{name} is a string", payload)
            so_far.function_call[name] += legacy.get(name, "")


def _calls(so_far: CheckedChoice, delta: dict[str, Any], payload: bytes) -> None:
    if "tool_calls" not in delta:
        return
    calls = delta["tool_calls"]
    if not isinstance(calls, list) or len(calls) != 1 or not isinstance(calls[0], dict):
        _broken(9, "one call per chunk", payload)
    if delta.get("content") is not None:
        _broken(9, "content and tool_calls share a chunk", payload)
    call = calls[0]
    index = call.get("index")
    if type(index) is not int or not 0 <= index <= len(so_far.tool_calls):
        _broken(9, "an int index, contiguous from 0", payload)
    if index == len(so_far.tool_calls):
        so_far.tool_calls.append(_new_call(so_far, call, payload))
    else:
        _more_of(so_far.tool_calls[index], call, payload)


def _new_call(so_far: CheckedChoice, call: dict[str, Any], payload: bytes) -> dict[str, Any]:
    if not isinstance(call.get("id"), str) or not call["id"]:
        _broken(9, "a call's first delta has an id", payload)
    if call["id"] in {earlier["id"] for earlier in so_far.tool_calls}:
        _broken(9, "two calls with one id", payload)
    if call.get("type") not in ("function", "custom"):
        _broken(9, "a call's first delta has the type `function`", payload)
    body = call.get(call["type"])
    text = "arguments" if call["type"] == "function" else "input"
    if not isinstance(body, dict) or not isinstance(body.get("name"), str):
        _broken(9, "a call's first delta has a name", payload)
    if not isinstance(body.get(text), str):
        _broken(9, f"{text} are strings", payload)
    extra = {name: value for name, value in call.items() if name not in ("index", "id", "type", call["type"])}
    return {"id": call["id"], "type": call["type"], call["type"]: {"name": body["name"], text: body[text]}, **extra}


def _more_of(so_far: dict[str, Any], call: dict[str, Any], payload: bytes) -> None:
    body = call.get(so_far["type"], {})
    if "id" in call or "type" in call or "name" in body:
        _broken(9, "id, type or name after a call's first delta", payload)
    text = "arguments" if so_far["type"] == "function" else "input"
    if not isinstance(body.get(text), str):
        _broken(9, f"{text} are strings", payload)
    so_far[so_far["type"]][text] += body[text]


def _message(message: dict[str, Any], reason: str, body: bytes) -> CheckedChoice:
    choice = CheckedChoice(finish_reason=reason)
    _texts(choice, message, body)
    calls = message.get("tool_calls", [])
    if not isinstance(calls, list) or ("tool_calls" in message and not calls):
        _broken(9, "tool_calls is a list with calls, or absent", body)
    for call in calls:
        choice.tool_calls.append(_new_call(choice, call, body))
    if calls and reason == "stop":
        _broken(9, "tool calls end with finish_reason tool_calls", body)
    return choice
