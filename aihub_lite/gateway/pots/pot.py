"""Pots above a token, and what one request takes from all of them at once. Amounts in nano-USD."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from aihub_lite.domain.pots.budget import PotBudget, PotKey
from aihub_lite.domain.pots.windows import window
from aihub_lite.domain.token import Budget
from aihub_lite.errors import QuotaExhausted
from aihub_lite.gateway.pots.windows import Booked, Windows

OWN_KINDS = ("token", "person")
"""Pots whose figures are the client's own; of others it learns the name alone."""


@attrs.define(eq=False)
class Tally:
    """One budget of a pot: what its windows have seen, and what is on hold."""

    budget: PotBudget
    windows: Windows
    held: int = 0

    def left(self, wall: float) -> int:
        """What may still be spent in the window of Unix time `wall`."""
        return self.budget.nano - self.windows.at(wall) - self.held


@attrs.define(eq=False)
class Pot:
    """What several requests share: all of a token, a person, a team or the gateway."""

    key: PotKey
    name: str
    """Of its holder; empty for the gateway."""
    spent: int = 0
    """Of all time."""
    credit: int | None = None
    """The sum of its credits; None where it never had any, and has no limit but its budgets."""
    held: int = 0
    tallies: tuple[Tally, ...] = ()

    @property
    def limited(self) -> bool:
        """Whether what may be spent has an end."""
        return self.credit is not None or bool(self.tallies)

    @property
    def credit_left(self) -> int | None:
        """What is left of its credits; None where it has none to go by."""
        if self.credit is None:
            return None
        return self.credit - self.spent - self.held

    def check(self, amount: int, model: str, tags: Sequence[str], wall: float) -> list[Tally]:
        """The tallies that a request counts in; raises QuotaExhausted where it may cost more than is left."""
        left = self.credit_left
        if left is not None and _is_short(left, amount):
            raise self._exhausted(amount, left, "credits")
        covering = [tally for tally in self.tallies if tally.budget.covers(model, tags)]
        for tally in covering:
            left = tally.left(wall)
            if _is_short(left, amount):
                raise self._exhausted(amount, left, budget_name(tally.budget), tally.windows.end)
        return covering

    def shares_left(self, wall: float) -> list[float]:
        """What is left at Unix time `wall` of its credits, and of each budget for all requests, as shares of them."""
        shares = []
        if self.credit is not None:
            shares.append((self.credit - self.spent - self.held) / max(self.credit, 1))
        for_all = [tally for tally in self.tallies if not tally.budget.scope]
        return shares + [tally.left(wall) / max(tally.budget.nano, 1) for tally in for_all]

    def scarcest(self, wall: float) -> tuple[float, str] | None:
        """The least that is left at Unix time `wall` of any of its limits, as a share, and which requests that one is
        for: a pattern of models, a tag, or all where it is empty. None where it has no limit."""
        shares = [(share, "") for share in self.shares_left(wall)]
        scoped = [tally for tally in self.tallies if tally.budget.scope]
        shares += [(tally.left(wall) / max(tally.budget.nano, 1), tally.budget.scope) for tally in scoped]
        return min(shares, default=None)

    def charge(self, cost: int, started: float, model: str, tags: Sequence[str]) -> None:
        """Add the cost of a request that began at Unix time `started`."""
        self.spent += cost
        for tally in self.tallies:
            if tally.budget.covers(model, tags):
                tally.windows.add(cost, started)

    def _exhausted(self, needed: int, left: int, what: str, refills: float | None = None) -> QuotaExhausted:
        kind = self.key.kind
        name = f"the {what} of {kind} {self.name}"
        if kind == "token":
            name = f"the token's {what}"
        elif kind == "gateway":
            name = f"the {what} of the gateway"
        return QuotaExhausted(needed, left, name, refills=refills, told=kind in OWN_KINDS)


def _is_short(left: int, amount: int) -> bool:
    # Who has nothing left starts nothing more, not even what costs nothing to hold.
    return left < amount or left <= 0


def budget_name(budget: PotBudget | Budget) -> str:
    """`budget per day for claude-opus-*`."""
    name = f"budget per {budget.period}"
    if isinstance(budget, Budget) or not budget.scope:
        return name
    if budget.tag:
        return f"{name} for the tag {budget.tag}"
    return f"{name} for {budget.model}"


def tally_of(budget: PotBudget, wall: float, booked: Booked, spent: int = 0) -> Tally:
    """A budget whose window of Unix time `wall` has seen `spent`."""
    start, end = window(budget.period, wall, budget.anchor)
    return Tally(budget, Windows(budget.period, start, end, spent, budget.anchor, booked))


@attrs.frozen(eq=False)
class Draw:
    """What one hold takes from a chain of pots."""

    pots: tuple[Pot, ...]
    tallies: list[Tally]
    """Those of the pots that count it."""
    amount: int

    def take(self) -> None:
        """Put the amount on hold in each."""
        for pot in self.pots:
            pot.held += self.amount
        for tally in self.tallies:
            tally.held += self.amount

    def give_back(self) -> None:
        """End what `take` began."""
        for pot in self.pots:
            pot.held -= self.amount
        for tally in self.tallies:
            tally.held -= self.amount

    def repriced(self, amount: int, model: str, tags: Sequence[str], wall: float) -> Draw:
        """What the same request would take for another model, in place of this; raises QuotaExhausted."""
        self.give_back()
        try:
            return draw_from(self.pots, amount, model, tags, wall)
        finally:
            self.take()

    def settle(self, cost: int, started: float, model: str, tags: Sequence[str]) -> None:
        """Turn what is held into what the request, which began at Unix time `started`, came to."""
        self.give_back()
        for pot in self.pots:
            pot.charge(cost, started, model, tags)


def draw_of(pots: tuple[Pot, ...], amount: int, model: str, tags: Sequence[str]) -> Draw:
    """What a request that is under way takes from pots that have changed, be there enough or not."""
    tallies = [tally for pot in pots for tally in pot.tallies if tally.budget.covers(model, tags)]
    return Draw(pots, tallies, amount)


def draw_from(pots: tuple[Pot, ...], amount: int, model: str, tags: Sequence[str], wall: float) -> Draw:
    """What a request would take; nothing is taken yet. Raises QuotaExhausted for the first pot that is short."""
    tallies = [tally for pot in pots for tally in pot.check(amount, model, tags, wall)]
    return Draw(pots, tallies, amount)


def all_windows(pots: Iterable[Pot]) -> list[Windows]:
    """Those of all budgets of some pots."""
    return [tally.windows for pot in pots for tally in pot.tallies]
