"""The last call that each token made, for a console page that waits until a newly set up client calls.

In memory only: one sighting per token, from the moment the process started.
"""

from __future__ import annotations

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.errors import GatewayError
from aihub_lite.gateway.client.callers import product, received_path
from aihub_lite.gateway.client.exchange import Exchange
from aihub_lite.gateway.refusals.book import RefusalBook
from aihub_lite.gateway.state.registry import Registry

FRESH = 1.0
"""Seconds for which one good sighting stands for those after it."""


@attrs.frozen
class Refused:
    """Code and text of a refusal. Not the error itself: its traceback would keep the request, and the client's key."""

    code: str | int | None
    message: str


@attrs.frozen(kw_only=True)
class Sighting:
    """One call with a token's key, and what came of it. `refusal` is None for one that was answered."""

    at: float
    """Unix seconds."""
    path: str
    """As the client sent it."""
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
    refusals: RefusalBook
    """Where those are noted that no usage record tells of."""
    _last: dict[str, Sighting] = attrs.field(factory=dict)

    def of(self, token_id: str) -> Sighting | None:
        """The token's last sighting since the process started, if there was one."""
        return self._last.get(token_id)

    def answered(self, exchange: Exchange) -> None:
        """Remember a call that was answered."""
        self._remember(exchange, self._caller(exchange), None)

    def refused(self, exchange: Exchange, refusal: GatewayError, *, seen: bool = True) -> None:
        """Remember a call that was refused, also of a token that is disabled, whose user wonders why.

        Unless `seen`, it is no sighting, but noted all the same.
        """
        caller = self._caller(exchange)
        if not exchange.recorded:
            self.refusals.note(exchange, refusal, caller)
        if seen:
            self._remember(exchange, caller, refusal)

    def _remember(self, exchange: Exchange, token_id: str, refusal: GatewayError | None) -> None:
        if exchange.token is not None or not token_id:  # an operator's call on its behalf is no sign of its client
            return
        last = self._last.get(token_id)
        now = self.clock.wall()
        # A busy token would make a sighting per request; one a second tells the page as much.
        if refusal is None and last is not None and last.refusal is None and 0 <= now - last.at < FRESH:
            return
        refused = None
        if refusal is not None:
            refused = Refused(refusal.code, refusal.message)
        self._last[token_id] = Sighting(
            at=now,
            path=received_path(exchange.scope),
            user_agent=exchange.header(b"user-agent"),
            refusal=refused,
        )

    def _caller(self, exchange: Exchange) -> str:
        """The id of the token that a call is one of; empty where it carries no key of ours."""
        if exchange.token is not None:
            return exchange.token.id
        return exchange.token_id or self._presented(exchange)

    def _presented(self, exchange: Exchange) -> str:
        """The id of a token that the line did not let in."""
        for key in exchange.credentials():
            token = self.registry.tokens.of_key(key)
            if token is not None:
                return token.id
        return ""

    def forget(self, token_id: str) -> None:
        """To be called when the token's key was replaced or the token deleted."""
        self._last.pop(token_id, None)
