"""Sees every request from its first byte to its last, around the whole application, for whoever logs or traces it."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.usage import UsageRecord
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.refusals.book import code_of
from aihub_lite.gateway.refusals.texts import kept_model, kept_path
from aihub_lite.telemetry.trace import Trace, trace_of
from aihub_lite.web.gate import App, is_own_path

QUIET = ("/healthz", "/readyz", "/metrics", "/console/static/")
"""What is asked all the time, and tells nothing."""
MOST_KEPT = 10_000
"""What is known of requests that have not ended: those whose clients were let go of leave theirs behind."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
OWN = re.compile(r"/(?:api/[a-z]+/[a-z-]+|[a-z.-]+/[a-z-]+|[a-z.-]+)")
"""Of a path of our own: below it are ids, and the secrets of links."""


@attrs.frozen(kw_only=True)
class RefusedCall:
    """What is known of a call that was refused before it had a record."""

    code: str
    token_id: str
    model: str


@attrs.frozen(kw_only=True)
class EndedRequest:
    """One request that is over. `record` and `refused` are None where there is none of them."""

    request_id: str
    trace: Trace
    method: str
    path: str
    status: int
    """0 where its client left before it was answered."""
    ended_ms: int
    """Unix ms."""
    ms: int
    record: UsageRecord | None
    refused: RefusedCall | None


Listener = Callable[[EndedRequest], None]


@attrs.define(eq=False)
class RequestWatch:
    """Tells its listeners of each request as it ends."""

    clock: Clock
    pass_on: bool
    """Whether upstreams are told of the trace."""
    listeners: Sequence[Listener] = ()
    _records: OrderedDict[str, UsageRecord] = attrs.field(factory=OrderedDict)
    _refused: OrderedDict[str, RefusedCall] = attrs.field(factory=OrderedDict)

    def booked(self, record: UsageRecord) -> None:
        """A settlement is on the disk; its request has not ended, as its last byte leaves after that."""
        _keep(self._records, record.request_id, record)

    def refused(self, exchange: Exchange, error: GatewayError) -> None:
        """A call was refused, and no record tells of it."""
        told = RefusedCall(code=code_of(error), token_id=exchange.token_id, model=kept_model(exchange.model))
        _keep(self._refused, exchange.request_id, told)

    def around(self, app: App) -> App:
        """The same application, watched."""

        async def watched(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http" or scope["path"].startswith(QUIET):
                await app(scope, receive, send)
                return
            began = self.clock.monotonic()
            trace = trace_of(scope["headers"])
            if self.pass_on:
                scope["aihub.traceparent"] = trace.header
            status = 0

            async def sending(message: Any) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            try:
                await app(scope, receive, sending)
            finally:
                self._end(scope, trace, status, began)

        return watched

    def _end(self, scope: Any, trace: Trace, status: int, began: float) -> None:
        request_id = str(scope.get("aihub.request_id", ""))
        method = scope["method"]
        if method not in METHODS:
            method = "OTHER"
        ended = EndedRequest(
            request_id=request_id,
            trace=trace,
            method=method,
            path=told_path(scope["path"]),
            status=status,
            ended_ms=int(self.clock.wall() * 1000),
            ms=round((self.clock.monotonic() - began) * 1000),
            record=self._records.pop(request_id, None),
            refused=self._refused.pop(request_id, None),
        )
        for listener in self.listeners:
            listener(ended)


def told_path(path: str) -> str:
    """A path without what may be a secret or somebody's text."""
    if is_own_path(path):
        match = OWN.match(path)
        return match.group() if match else "/"
    return kept_path(path)


def _keep(kept: OrderedDict[str, Any], request_id: str, told: object) -> None:
    kept[request_id] = told
    if len(kept) > MOST_KEPT:
        kept.popitem(last=False)
