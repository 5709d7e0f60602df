"""Tool calls of one streamed choice, numbered anew.

Upstreams leave out `index`, give every call index 0, repeat id and name in each delta, send the name late or as
`""`, or send arguments as an object. Clients want an index contiguous from 0, id, type and name in a call's first
delta only, and strings (clients.md rule 9).
"""

from __future__ import annotations

from typing import Any

import attrs

from aihub_lite.wire.chat_parts import TEXT_NAME, arguments_text

OURS = frozenset({"index", "id", "type", *TEXT_NAME})
"""Fields of a call's delta that are written anew; others are passed on."""


@attrs.define(eq=False)
class _Call:
    kind: str
    upstream_id: str = ""
    id: str = ""
    index: int | None = None
    """Our index; None while the call waits for its name."""
    text: str = ""
    """What came before the name."""
    body: dict[str, Any] = attrs.field(factory=dict)
    extra: dict[str, Any] = attrs.field(factory=dict)


@attrs.define
class ToolCalls:
    """Turns the calls of upstream deltas into ours; `id_prefix` makes ids for calls that come without."""

    id_prefix: str
    sent: int = attrs.field(default=0, init=False)
    """How many calls have been passed on; above 0 the answer ends with `tool_calls`."""
    _by_index: dict[int, _Call] = attrs.field(factory=dict, init=False)
    _by_id: dict[str, _Call] = attrs.field(factory=dict, init=False)
    _waiting: list[_Call] = attrs.field(factory=list, init=False)
    _last: _Call | None = attrs.field(default=None, init=False)

    def push(self, delta: object) -> dict[str, Any] | None:
        """Our delta for one upstream call delta; None when there is nothing to say (yet)."""
        if not isinstance(delta, dict):
            return None
        kind = "custom" if isinstance(delta.get("custom"), dict) else "function"
        given = delta.get(kind)
        body = dict(given) if isinstance(given, dict) else {}
        name = body.pop("name", None)
        name = name if isinstance(name, str) else ""
        text = arguments_text(body.pop(TEXT_NAME[kind], None))
        extra = {key: value for key, value in delta.items() if key not in OURS}
        call = self._route(delta, name, kind)
        if call.index is not None:
            if not (text or body or extra):
                return None
            return {"index": call.index, call.kind: {**body, TEXT_NAME[call.kind]: text}, **extra}
        call.text += text
        call.body |= body
        call.extra |= extra
        return self._start(call, name) if name else None

    def flush(self) -> list[dict[str, Any]]:
        """At the end of the choice: calls whose name never came but whose arguments did, for the client to judge."""
        return [self._start(call, "") for call in list(self._waiting) if call.text]

    def _start(self, call: _Call, name: str) -> dict[str, Any]:
        self._waiting.remove(call)
        call.index, self.sent = self.sent, self.sent + 1
        call.id = call.id or f"{self.id_prefix}_{call.index}"
        body = {"name": name, **call.body, TEXT_NAME[call.kind]: call.text}
        return {"index": call.index, "id": call.id, "type": call.kind, call.kind: body, **call.extra}

    def _route(self, delta: dict[str, Any], name: str, kind: str) -> _Call:
        """The call that a delta belongs to, by index, else by id, else the last one unless it starts a new one."""
        index, upstream_id = delta.get("index"), delta.get("id")
        upstream_id = upstream_id if isinstance(upstream_id, str) else ""
        if isinstance(index, int) and not isinstance(index, bool):
            call = self._by_index.get(index)
            if call is None or (name and upstream_id and call.upstream_id and upstream_id != call.upstream_id):
                call = self._by_index[index] = self._new(upstream_id, kind)
        else:
            call = self._by_id.get(upstream_id) if upstream_id else None if name else self._last
            call = call or self._new(upstream_id, kind)
        if upstream_id and not call.upstream_id:
            self._identify(call, upstream_id)
        self._last = call
        return call

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
