"""What a token has spent, has on hold and has left, in nano-USD."""

from __future__ import annotations

import attrs

from aihub_lite.domain.pots.windows import window
from aihub_lite.domain.token import Budget, Token
from aihub_lite.errors import QuotaExhausted
from aihub_lite.gateway.pots.pot import Pot, budget_name
from aihub_lite.gateway.pots.windows import Windows


@attrs.define
class Balance:
    """What one token has spent and has on hold, in nano-USD."""

    token: Token
    spent: int
    """Of all time."""
    held: int = 0
    windows: Windows | None = None
    """Of the token's budget, where it has one."""
    pots: tuple[Pot, ...] = ()
    """What else its requests draw from: its other budgets, its person, its team, the gateway."""

    @property
    def limited(self) -> bool:
        """Whether what it may spend has an end."""
        if self.token.limited or not self.pots:
            return self.token.limited
        return any(pot.limited for pot in self.pots)

    def left(self, wall: float) -> int | None:
        """What it may still spend at Unix time `wall`; None is unlimited."""
        limits = []
        if self.token.quota_nano is not None:
            limits.append(self.token.quota_nano - self.spent - self.held)
        if self.token.budget is not None:
            limits.append(self.token.budget.nano - self.spent_now(wall) - self.held)
        return min(limits, default=None)

    def exhausted(self, needed: int, wall: float, back: int = 0) -> QuotaExhausted:
        """The refusal of what may cost `needed`, where so much would be given `back`: which limit is in its way."""
        quota = None
        if self.token.quota_nano is not None:
            quota = self.token.quota_nano - self.spent - self.held + back
        if self.token.budget is None or self.windows is None:
            return QuotaExhausted(needed, quota or 0)
        left = self.token.budget.nano - self.spent_now(wall) - self.held + back
        if quota is not None and quota <= left:
            return QuotaExhausted(needed, quota)
        return QuotaExhausted(needed, left, f"the token's {budget_name(self.token.budget)}", refills=self.windows.end)

    def spent_now(self, wall: float) -> int:
        """Spent in the budget's running period where there is a budget, else of all time."""
        if self.windows is None:
            return self.spent
        return self.windows.at(wall)

    def charge(self, cost: int, started: float) -> None:
        """Add the cost of a request that began at Unix time `started`."""
        self.spent += cost
        if self.windows is not None:
            self.windows.add(cost, started)

    def open_window(self, budget: Budget, wall: float, spent: int) -> Windows:
        """Begin with the window of this time, and what the book says of it."""
        self.windows = Windows(budget.period, *window(budget.period, wall), spent)
        return self.windows
