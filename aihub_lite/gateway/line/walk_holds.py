"""What is set aside while a named route is walked: the most that the model that is tried may come to."""

from __future__ import annotations

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.adapters.surface import AnySurface
from aihub_lite.gateway.line.holds import estimate_on
from aihub_lite.gateway.routing.account_limits import Demand
from aihub_lite.gateway.routing.walk import Leg, Walk
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.gateway.state.ledger import Hold, Ledger
from aihub_lite.gateway.state.limits import TokensUsed
from aihub_lite.wire.protocols import Request


@attrs.define(eq=False)
class WalkHolds:
    """The one hold of a request, made for its first model and priced anew for each that follows."""

    ledger: Ledger
    flight: Flight
    request: Request
    surface: AnySurface
    settings: Settings
    clock: Clock
    tokens_used: TokensUsed
    hold: Hold | None = None

    def enter(self, leg: Leg) -> None:
        """Set money aside for a model before it is tried; raises QuotaExhausted, and leaves the hold as it was."""
        now = self.clock.wall()
        estimate = estimate_on(leg.way, leg.model, self.surface, self.request, self.settings, now)
        before = self.flight.model
        self.flight.model = leg.model.id
        try:
            if self.hold is None:
                self.hold = self.ledger.hold(
                    self.flight, estimate.price, estimate.most, estimate.prompt, self.tokens_used
                )
            else:
                self.ledger.reprice(self.hold, estimate.price, estimate.most, estimate.prompt)
            leg.way.demand = Demand(estimate.most.tokens, self.hold.amount)
        except BaseException:
            self.flight.model = before
            raise


def held(walk: Walk, holds: WalkHolds) -> Hold:
    """The hold for the first model of a walk that the token can pay for; raises QuotaExhausted."""
    walk.enter = holds.enter
    holds.flight.passed = walk.passed
    walk.start()
    assert holds.hold is not None  # noqa: S101  a walk that has started has entered a model
    return holds.hold
