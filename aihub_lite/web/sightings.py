"""The last call that each token made, for whoever has just set up a client and waits for a sign of life.

In memory only: one sighting per token, from the moment the process started.
"""

from __future__ import annotations

from typing import Any

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.token import digest_of
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.exchange import Exchange
from aihub_lite.gateway.pipeline import product
from aihub_lite.gateway.registry import Registry

MAX_PATH = 200
FRESH = 1.0
"""Seconds for which one good sighting stands for those after it."""


@attrs.frozen
class Refused:
    """What a refusal said. Not the error itself: its traceback would keep the request, and the client's key."""

    code: str | int | None
    message: str


@attrs.frozen(kw_only=True)
class Sighting:
    """One call with a token's key, and what came of it. `refusal` is None for one that was answered."""

    at: float
    """Unix seconds."""
    path: str
    """As the client asked for it."""
    user_agent: str
    refusal: Refused | None

    @property
    def client(self) -> str:
        """The client's own name and version."""
        return product(self.user_agent)


@attrs.define(eq=False)
class Sightings:
    """The last sighting of each token, by its id."""

    registry: Registry
    clock: Clock
    _last: dict[str, Sighting] = attrs.field(factory=dict)

    def of(self, token_id: str) -> Sighting | None:
        """None while it was not seen."""
        return self._last.get(token_id)

    def note(self, exchange: Exchange, refusal: GatewayError | None) -> None:
        """Remember a call, if it carries a key of ours: also of a token that is disabled, whose user wonders why."""
        if exchange.token is not None:  # an operator's call on its behalf is no sign of its client
            return
        token_id = exchange.token_id or self._presented(exchange)
        now, last = self.clock.wall(), self._last.get(token_id)
        if refusal is None and last is not None and last.refusal is None and 0 <= now - last.at < FRESH:
            return
        if token_id:
            self._last[token_id] = Sighting(
                at=now,
                path=asked_path(exchange.scope),
                user_agent=exchange.header(b"user-agent"),
                refusal=None if refusal is None else Refused(refusal.code, refusal.message),
            )

    def _presented(self, exchange: Exchange) -> str:
        """The id of a token that the line did not let in."""
        for key in exchange.credentials():
            token = self.registry.tokens_by_digest.get(digest_of(key))
            if token is not None:
                return token.id
        return ""

    def forget(self, token_id: str) -> None:
        """Its key is another one now, or the token is gone."""
        self._last.pop(token_id, None)


def asked_path(scope: Any) -> str:
    """The path before the gate straightened it: what is wrong with an address shows there."""
    path = str(scope.get("aihub.asked_path", scope["path"]))[:MAX_PATH]
    return path if path.isprintable() else ascii(path)[1:-1]
