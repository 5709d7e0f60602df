"""Strict checkers of Anthropic Messages as clients get them, written from the format's rules and not from our code.

A stream is a machine: `message_start`, blocks one after another, each with deltas of its own kind, `message_delta`,
`message_stop`; a `ping` may stand anywhere, and an `error` ends it wherever it stands.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

import attrs

COMMENT = b": keep-alive"
STOP_REASONS = {"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "compaction"} | {
    "model_context_window_exceeded"
}
DELTAS = {
    "text": {"text_delta": "text", "citations_delta": "citation"},
    "thinking": {"thinking_delta": "thinking", "signature_delta": "signature"},
    "tool_use": {"input_json_delta": "partial_json"},
    "server_tool_use": {"input_json_delta": "partial_json"},
    "mcp_tool_use": {"input_json_delta": "partial_json"},
    "compaction": {"compaction_delta": "content"},
}
"""The deltas that a block may have, and the field each says something in."""
ERROR_TYPES = {
    *("invalid_request_error", "authentication_error", "billing_error", "permission_error", "not_found_error"),
    *("request_too_large", "rate_limit_error", "api_error", "overloaded_error", "timeout_error"),
}
COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@attrs.define
class CheckedMessage:
    """A message as its client has it at the end."""

    id: str = ""
    model: str = ""
    content: list[dict[str, Any]] = attrs.field(factory=list)
    stop_reason: str | None = None
    usage: dict[str, Any] = attrs.field(factory=dict)
    error: dict[str, Any] | None = None
    pings: int = 0
    events: list[str] = attrs.field(factory=list)
    """Types, in order, without pings."""

    @property
    def text(self) -> str:
        """Of all text blocks."""
        return "".join(block["text"] for block in self.content if block["type"] == "text")

    @property
    def thinking(self) -> str:
        """Of all thinking blocks."""
        return "".join(block["thinking"] for block in self.content if block["type"] == "thinking")

    @property
    def calls(self) -> list[tuple[str, Any]]:
        """Name and input of every call."""
        return [(block["name"], block["input"]) for block in self.content if block["type"] == "tool_use"]


@attrs.define
class _Machine:
    ours: bool
    seen: CheckedMessage = attrs.field(factory=CheckedMessage)
    open: dict[str, Any] | None = None
    pieces: list[str] = attrs.field(factory=list)

    def take(self, event: dict[str, Any], payload: bytes) -> None:
        kind = event["type"]
        seen = self.seen
        if seen.error is not None or "message_stop" in seen.events:
            _broken("something after the end", payload)
        if kind == "ping":
            seen.pings += 1
            return
        seen.events.append(kind)
        if kind == "error":
            seen.error = check_error_shape(event, payload)
            return
        if (kind == "message_start") != (len(seen.events) == 1):
            _broken("exactly one message_start, before all else", payload)
        if "message_delta" in seen.events[:-1] and kind not in ("message_stop", "message_delta"):
            _broken("a block after message_delta", payload)
        step = getattr(self, f"_{kind}", None)
        if step is None:
            _broken(f"an unknown event {kind}", payload)
        step(event, payload)

    def _message_start(self, event: dict[str, Any], payload: bytes) -> None:
        message = event["message"]
        _head(message, payload)
        if message["content"] != [] or message["stop_reason"] is not None:
            _broken("message_start says more than that it starts", payload)
        self.seen.id = message["id"]
        self.seen.model = message["model"]
        self.seen.usage = dict(message["usage"])

    def _content_block_start(self, event: dict[str, Any], payload: bytes) -> None:
        if self.open is not None:
            _broken("a block begins inside another", payload)
        if event["index"] != len(self.seen.content):
            _broken(f"the index is not {len(self.seen.content)}", payload)
        self.open = dict(event["content_block"])
        self.pieces = []
        self.seen.content.append(self.open)

    def _content_block_delta(self, event: dict[str, Any], payload: bytes) -> None:
        if self.open is None or event["index"] != len(self.seen.content) - 1:
            _broken("a delta of a block that is not open", payload)
        delta = event["delta"]
        kind = self.open["type"]
        field = DELTAS.get(kind, {}).get(delta["type"])
        if field is None or field not in delta:
            _broken(f"{delta['type']} inside {kind}", payload)
        if field == "partial_json":
            self.pieces.append(delta[field])
        elif field == "citation":
            self.open["citations"] = [*(self.open.get("citations") or []), delta[field]]
        else:
            self.open[field] = (self.open.get(field) or "") + (delta[field] or "")

    def _content_block_stop(self, event: dict[str, Any], payload: bytes) -> None:
        if self.open is None or event["index"] != len(self.seen.content) - 1:
            _broken("the end of a block that is not open", payload)
        if self.open["type"] == "tool_use" and self.ours and not "".join(self.pieces):
            _broken("a call without any input", payload)
        if text := "".join(self.pieces):
            self.open["input"] = _input(text, payload)
        if self.ours:
            _said_something(self.open, payload)
        self.open = None

    def _message_delta(self, event: dict[str, Any], payload: bytes) -> None:
        if self.open is not None:
            _broken("message_delta inside a block", payload)
        reason = event["delta"].get("stop_reason")
        if reason is not None and reason not in STOP_REASONS:
            _broken(f"an unknown stop_reason {reason}", payload)
        self.seen.stop_reason = reason or self.seen.stop_reason
        _counts(event.get("usage"), ("output_tokens",), payload)
        self.seen.usage |= {name: value for name, value in event["usage"].items() if value is not None}

    def _message_stop(self, event: dict[str, Any], payload: bytes) -> None:
        if self.seen.stop_reason is None:
            _broken("message_stop without a stop_reason", payload)


def check_messages_stream(raw: bytes, *, ours: bool = True) -> CheckedMessage:
    """Accumulates a stream's bytes; AssertionError with the event on the first broken rule.

    `ours`: it was written by the gateway, which keeps some rules that Anthropic itself does not.
    """
    machine = _Machine(ours)
    for name, payload in _events(raw):
        event = _json(payload)
        if event.get("type") != name:
            _broken(f"the event is named {name}", payload)
        machine.take(event, payload)
    seen = machine.seen
    if seen.error is None and seen.events[-1:] != ["message_stop"]:
        _broken("the stream ends without message_stop or an error", raw[-200:])
    if ours and seen.error is None:
        _stopped(seen, raw[-400:])
    return seen


def check_message(body: bytes, *, ours: bool = True) -> CheckedMessage:
    """The same for the body of an answer that is not streamed."""
    message = _json(body)
    _head(message, body)
    if message.get("stop_reason") not in STOP_REASONS:
        _broken("no stop_reason", body)
    for block in message["content"]:
        if ours:
            _said_something(block, body)
        if block["type"] == "tool_use" and not isinstance(block["input"], dict):
            _broken("an input must be an object", body)
    seen = CheckedMessage(message["id"], message["model"], message["content"], message["stop_reason"], message["usage"])
    if ours:
        _stopped(seen, body)
    return seen


def check_error(body: bytes) -> dict[str, Any]:
    """The error of an answer that is one."""
    return check_error_shape(_json(body), body)


def check_error_shape(value: dict[str, Any], payload: bytes) -> dict[str, Any]:
    """`{"type": "error", "error": {type, message}}`."""
    error = value.get("error")
    if value.get("type") != "error" or not isinstance(error, dict):
        _broken("no error in Anthropic's shape", payload)
    if error.get("type") not in ERROR_TYPES:
        _broken("a type that Anthropic has not", payload)
    if not isinstance(error.get("message"), str) or not error["message"].strip():
        _broken("an error without a message", payload)
    checked: dict[str, Any] = error
    return checked


def _events(raw: bytes) -> list[tuple[str, bytes]]:
    """Name and payload of each `event: …`, `data: …` and blank line; comments only between events."""
    if raw and not raw.endswith((b"\n\n", COMMENT + b"\n")):
        _broken("the last event is not ended by a blank line", raw[-200:])
    lines = [line for line in raw.split(b"\n")[:-1] if line != COMMENT]
    if len(lines) % 3:
        _broken("events are three lines each", raw[:400])
    found = []
    for name, data, blank in zip(lines[::3], lines[1::3], lines[2::3], strict=True):
        if not name.startswith(b"event: ") or not data.startswith(b"data: ") or blank:
            _broken("not `event:`, `data:` and a blank line", b"\n".join([name, data, blank]))
        found.append((name[7:].decode(), data[6:]))
    return found


def _head(message: dict[str, Any], payload: bytes) -> None:
    for name, value in (("type", "message"), ("role", "assistant")):
        if message.get(name) != value:
            _broken(f"`{name}` must be {value}", payload)
    for name in ("id", "model"):
        if not isinstance(message.get(name), str) or not message[name]:
            _broken(f"`{name}` must be a non-empty string", payload)
    _counts(message.get("usage"), ("input_tokens", "output_tokens"), payload)


def _counts(usage: Any, required: tuple[str, ...], payload: bytes) -> None:
    if not isinstance(usage, dict):
        _broken("a usage that is no object", payload)
    for name in COUNTS:
        value = usage.get(name)
        is_count = type(value) is int and value >= 0
        if name in required and not is_count:
            _broken(f"usage needs an int `{name}`", payload)
        if value is not None and not is_count:
            _broken(f"`{name}` is no count", payload)


def _said_something(block: dict[str, Any], payload: bytes) -> None:
    if block["type"] == "text" and not block["text"].strip():
        _broken("a text block without text", payload)
    if block["type"] == "thinking" and not (block["thinking"] or block["signature"]):
        _broken("a thinking block without thought", payload)
    if block["type"] == "tool_use" and not (block["id"] and isinstance(block["name"], str)):
        _broken("a call without id or name", payload)


def _stopped(seen: CheckedMessage, payload: bytes) -> None:
    if seen.calls and seen.stop_reason == "end_turn":
        _broken("end_turn after a call", payload)


def _input(text: str, payload: bytes) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        _broken(f"the input is not JSON: {text[:200]}", payload)
    if not isinstance(value, dict):
        _broken(f"the input is no object: {text[:200]}", payload)
    return value


def _json(payload: bytes) -> dict[str, Any]:
    try:
        value = json.loads(payload.decode("utf-8"), parse_constant=lambda name: _broken(name, payload))
    except ValueError as error:
        _broken(f"not JSON ({error})", payload)
    if not isinstance(value, dict):
        _broken("not a JSON object", payload)
    return value


def _broken(what: str, where: object) -> NoReturn:
    shown = where.decode("utf-8", "replace") if isinstance(where, bytes) else repr(where)
    raise AssertionError(f"{what}: {shown[:600]}")
