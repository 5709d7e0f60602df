"""A strict checker of Responses streams, from the API's reference and its clients, not from the code it checks."""

from __future__ import annotations

import json
from typing import Any, NoReturn

import attrs

COMMENT = b": keep-alive"
TERMINAL = {"response.completed": "completed", "response.incomplete": "incomplete", "response.failed": "failed"}
DELTAS = {
    "response.output_text.delta": ("response.output_text.done", "text"),
    "response.refusal.delta": ("response.refusal.done", "refusal"),
    "response.function_call_arguments.delta": ("response.function_call_arguments.done", "arguments"),
    "response.custom_tool_call_input.delta": ("response.custom_tool_call_input.done", "input"),
    "response.reasoning_summary_text.delta": ("response.reasoning_summary_text.done", "text"),
    "response.reasoning_text.delta": ("response.reasoning_text.done", "text"),
}
"""By what kind of event a text comes: by which it ends, and where the whole of it stands there."""
DONE = dict(DELTAS.values())
PLACES = ("item_id", "output_index", "content_index", "summary_index")
RESPONSE = {
    *("id", "object", "created_at", "status", "error", "incomplete_details", "instructions", "model", "output"),
    *("parallel_tool_calls", "temperature", "tool_choice", "tools", "top_p", "usage", "metadata"),
}
"""Fields that typed clients want in a response, null or not."""


@attrs.define
class CheckedResponse:
    """A whole stream as a client has it at the end."""

    response: dict[str, Any] = attrs.field(factory=dict)
    kinds: list[str] = attrs.field(factory=list)
    comments: int = 0

    @property
    def output(self) -> list[dict[str, Any]]:
        """The items of the response as it stood last."""
        items: list[dict[str, Any]] = self.response["output"]
        return items


@attrs.define
class _State:
    payload: bytes = b""
    number: int = -1
    texts: dict[tuple[Any, ...], str] = attrs.field(factory=dict)
    ended: set[tuple[Any, ...]] = attrs.field(factory=set)
    added: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    done: dict[int, dict[str, Any]] = attrs.field(factory=dict)
    parts: dict[tuple[Any, ...], bool] = attrs.field(factory=dict)
    """By place: whether it is open."""

    def broken(self, what: str) -> NoReturn:
        raise AssertionError(f"{what}: {self.payload[:700]!r}")


def check_responses_stream(raw: bytes) -> CheckedResponse:
    """Accumulates a stream's bytes; AssertionError with the event on the first broken rule."""
    seen = CheckedResponse()
    state = _State()
    for name, payload in _events(raw, seen):
        state.payload = payload
        event = json.loads(payload.decode(), parse_constant=state.broken)
        if seen.kinds and seen.kinds[-1] in TERMINAL:
            state.broken("an event after the last one")
        if not isinstance(event, dict) or event.get("type") != name:
            state.broken(f"the event line says {name}, its data another type")
        number = event.get("sequence_number")
        if type(number) is not int or number <= state.number:
            state.broken(f"a sequence number that is not above {state.number}")
        state.number = number
        if (name == "response.created") == bool(seen.kinds):
            state.broken("response.created comes first, and once")
        seen.kinds.append(name)
        _event(seen, state, event, name)
    if not seen.kinds or seen.kinds[-1] not in TERMINAL:
        raise AssertionError(f"the stream ends without a last event: {raw[-300:]!r}")
    return seen


def check_response(response: dict[str, Any]) -> dict[str, Any]:
    """The object that is answered, or stands in the last event."""
    missing = RESPONSE - response.keys()
    assert not missing, f"a response without {missing}"
    assert response["object"] == "response"
    assert response["id"].startswith("resp_"), response["id"]
    assert type(response["created_at"]) in (int, float)
    assert (response["status"] == "failed") == (response["error"] is not None)
    assert (response["status"] == "incomplete") == (response["incomplete_details"] is not None)
    if response["status"] in ("completed", "incomplete"):
        _usage(response["usage"])
    ids = [item.get("id") for item in response["output"]]
    assert len(ids) == len(set(ids)), f"two items with one id: {ids}"
    calls = [item["call_id"] for item in response["output"] if "call_id" in item]
    assert len(calls) == len(set(calls)), f"two calls with one id: {calls}"
    return response


def _usage(usage: dict[str, Any]) -> None:
    details = usage["input_tokens_details"]["cached_tokens"], usage["output_tokens_details"]["reasoning_tokens"]
    counts = [usage["input_tokens"], usage["output_tokens"], usage["total_tokens"], *details]
    assert all(type(count) is int and count >= 0 for count in counts), usage


def _events(raw: bytes, seen: CheckedResponse) -> list[tuple[str, bytes]]:
    """Type and data of every event; each is two lines and a blank one."""
    assert b"\r" not in raw
    assert b"[DONE]" not in raw, "no [DONE] on this surface"
    events = []
    lines = iter(raw.split(b"\n"))
    for line in lines:
        if line == COMMENT:
            seen.comments += 1
            continue
        if line == b"":
            assert next(lines, None) is None, f"a blank line that ends no event: {raw[:400]!r}"
            break
        data = next(lines, b"")
        blank = next(lines, None)
        assert line.startswith(b"event: ") and data.startswith(b"data: ") and blank == b"", f"{line!r}, {data[:300]!r}"
        events.append((line[7:].decode(), data[6:]))
    return events


def _event(seen: CheckedResponse, state: _State, event: dict[str, Any], name: str) -> None:
    if "response" in event:
        response = check_response(event["response"])
        if seen.response and seen.response["id"] != response["id"]:
            state.broken("a response has one id")
        seen.response = response
        if name in TERMINAL:
            _last(state, response, TERMINAL[name])
        elif response["status"] not in ("in_progress", "queued"):
            state.broken("a response ends in its last event")
        return
    index = event.get("output_index")
    if type(index) is not int:
        state.broken("an event of an item says which")
    if name == "response.output_item.added":
        if index != len(state.added):
            state.broken("items come one after another")
        state.added[index] = event["item"]
    elif name == "response.output_item.done":
        _item_done(state, index, event["item"])
    elif index not in state.added or index in state.done:
        state.broken("an event of an item that is not open")
    else:
        _inside(state, event, name)


def _item_done(state: _State, index: int, item: dict[str, Any]) -> None:
    added = state.added.get(index)
    if added is None or index in state.done:
        state.broken("an item ends that is not open")
    if (added.get("id"), added["type"]) != (item.get("id"), item["type"]):
        state.broken("an item changes its id or type")
    if any(is_open for place, is_open in state.parts.items() if place[1] == index):
        state.broken("an item ends before its parts")
    for place, text in state.texts.items():
        if place[1] == index and place not in state.ended:
            state.broken(f"an item ends before its text {text[:50]!r}")
    state.done[index] = item


def _inside(state: _State, event: dict[str, Any], name: str) -> None:
    index = event["output_index"]
    if "item_id" in event and event["item_id"] != state.added[index].get("id"):
        state.broken("an event names another item's id")
    place = tuple(event.get(field) for field in PLACES)
    if name.endswith(("part.added", "part.done")):
        _part(state, event, name, place)
    elif name in DELTAS:
        if place in state.ended:
            state.broken("a delta after its text has ended")
        if place in state.parts and not state.parts[place]:
            state.broken("a delta of a part that has ended")
        state.texts[place] = state.texts.get(place, "") + event["delta"]
    elif name in DONE:
        if event[DONE[name]] != state.texts.get(place, ""):
            state.broken("a text is not what its deltas said")
        state.ended.add(place)


def _part(state: _State, event: dict[str, Any], name: str, place: tuple[Any, ...]) -> None:
    if name.endswith("added"):
        if state.parts.get(place) is not None:
            state.broken("a part begins twice")
        state.parts[place] = True
        return
    if not state.parts.get(place):
        state.broken("a part ends that is not open")
    state.parts[place] = False
    part = event["part"]
    if part.get("text", part.get("refusal")) != state.texts.get(place, ""):
        state.broken("a part is not what its deltas said")


def _last(state: _State, response: dict[str, Any], status: str) -> None:
    if response["status"] != status:
        state.broken("the last event and its response disagree")
    if status == "failed":
        return
    if state.added.keys() != state.done.keys():
        state.broken("an item never ended")
    if response["output"] != [state.done[index] for index in sorted(state.done)]:
        state.broken("the output is not what its items were")
