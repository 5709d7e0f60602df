"""Tool calls of one streamed choice, numbered anew.

Upstreams leave out `index`, give every call index 0, repeat id and name in each delta, send the name late or as
`""`, or send arguments as an object. Clients want an index contiguous from 0, id, type and name in a call's first
delta only, and strings (RULES.md C-9).
"""

from __future__ import annotations

import attrs

from aihub_lite.wire.chat.normalise import NO_ARGUMENTS, TEXT_NAME, arguments_text, kind_of
from aihub_lite.wire.json_types import JsonObject, JsonView

REWRITTEN = frozenset({"index", "id", "type", *TEXT_NAME})
"""Fields of a call, or of its delta, that are written anew; others are passed on. An index is for deltas only."""


def id_prefix(request_id: str, choice: int) -> str:
    """What the ids of calls begin with that come without one; `choice` is the index of theirs."""
    if choice == 0:
        return f"call_{request_id}"
    return f"call_{request_id}_{choice}"


@attrs.define(eq=False)
class _Call:
    kind: str
    upstream_id: str = ""
    id: str = ""
    index: int | None = None
    """Our index; None while the call waits for its name."""
    text: str = ""
    """What came before the name."""
    has_text: bool = False
    """Whether anything but white space has been passed on of its arguments or input."""
    body: JsonObject = attrs.field(factory=dict)
    """What else the function said before the name."""
    extra: JsonObject = attrs.field(factory=dict)
    """Fields that are only passed on, from before the name."""


@attrs.define
class ToolCalls:
    """Turns the calls of upstream deltas into ours; `id_prefix` makes ids for calls that come without."""

    id_prefix: str
    sent: int = attrs.field(default=0, init=False)
    """How many calls have been passed on; above 0 the answer ends with `tool_calls`."""
    _by_index: dict[int, _Call] = attrs.field(factory=dict, init=False)
    _by_id: dict[str, _Call] = attrs.field(factory=dict, init=False)
    _waiting: list[_Call] = attrs.field(factory=list, init=False)
    _started: list[_Call] = attrs.field(factory=list, init=False)
    _last: _Call | None = attrs.field(default=None, init=False)

    def push(self, delta: object) -> JsonObject | None:
        """Our delta for one upstream call delta; None when there is nothing to say (yet)."""
        if not isinstance(delta, dict):
            return None
        kind = kind_of(delta)
        payload = delta.get(kind)
        body: JsonObject = {}
        if isinstance(payload, dict):
            body |= payload
        name = body.pop("name", None)
        if not isinstance(name, str):
            name = ""
        text = arguments_text(body.pop(TEXT_NAME[kind], None))
        extra = {key: value for key, value in delta.items() if key not in REWRITTEN}
        call = self._route(delta, name, kind)
        if call.index is not None:
            if not (text or body or extra):
                return None
            call.has_text = call.has_text or bool(text.strip())
            return {"index": call.index, call.kind: {**body, TEXT_NAME[call.kind]: text}, **extra}
        call.text += text
        call.body |= body
        call.extra |= extra
        if not name:
            return None
        return self._start(call, name)

    def flush(self, *, whole: bool) -> list[JsonObject]:
        """At the end of the choice: calls whose name never came but whose arguments did, for the client to judge; and,
        where the calls are whole, an empty object for each that has no arguments."""
        deltas = [self._start(call, "") for call in list(self._waiting) if call.text]
        if whole:
            empty = [call.index for call in self._started if call.kind == "function" and not call.has_text]
            deltas += [{"index": index, "function": {"arguments": NO_ARGUMENTS}} for index in empty]
        return deltas

    def _start(self, call: _Call, name: str) -> JsonObject:
        self._waiting.remove(call)
        self._started.append(call)
        call.has_text = bool(call.text.strip())
        call.index = self.sent
        self.sent += 1
        call.id = call.id or f"{self.id_prefix}_{call.index}"
        body = {"name": name, **call.body, TEXT_NAME[call.kind]: call.text}
        return {"index": call.index, "id": call.id, "type": call.kind, call.kind: body, **call.extra}

    def _route(self, delta: JsonView, name: str, kind: str) -> _Call:
        """The call that a delta belongs to, by index, else by id, else the last one unless it starts a new one."""
        index = delta.get("index")
        upstream_id = delta.get("id")
        if not isinstance(upstream_id, str):
            upstream_id = ""
        if isinstance(index, int) and not isinstance(index, bool):
            call = self._at_index(index, upstream_id, name, kind)
        else:
            call = self._without_index(upstream_id, name, kind)
        if upstream_id and not call.upstream_id:
            self._identify(call, upstream_id)
        self._last = call
        return call

    def _at_index(self, index: int, upstream_id: str, name: str, kind: str) -> _Call:
        call = self._by_index.get(index)
        # A name under another id begins another call, whatever its index: some upstreams give 0 to all of them.
        if call is None or (name and upstream_id and call.upstream_id and upstream_id != call.upstream_id):
            call = self._by_index[index] = self._new(upstream_id, kind)
        return call

    def _without_index(self, upstream_id: str, name: str, kind: str) -> _Call:
        call = None
        if upstream_id:
            call = self._by_id.get(upstream_id)
        elif not name:
            call = self._last
        return call or self._new(upstream_id, kind)

    def _new(self, upstream_id: str, kind: str) -> _Call:
        call = _Call(kind)
        self._waiting.append(call)
        if upstream_id:
            self._identify(call, upstream_id)
        return call

    def _identify(self, call: _Call, upstream_id: str) -> None:
        call.upstream_id = upstream_id
        # Two calls under one id would be answered as one: the second gets an id of ours.
        if self._by_id.setdefault(upstream_id, call) is call:
            call.id = upstream_id
