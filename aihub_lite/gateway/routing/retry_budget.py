"""How many attempts a model may have beyond its requests: in an outage, retries must not be what keeps it down.

The rule is that of Finagle and Linkerd: a share of the requests of the last seconds, and a few whatever came, so that a
quiet gateway fails over. An attempt that gave an answer was no waste and is given back, and one at a channel that has
answered of late and not failed since needs no leave: of fifty requests that lose their channel at once, all move on to
a healthy one. Only attempts after faults of channels count; a 429 or a refused key leads on to an account that may well
be fine, and keeps the next request away from its own.
"""

from __future__ import annotations

import attrs

from aihub_lite.domain.clock import Clock

SECONDS = 10
SHARE = 0.2
"""Of the requests of the last SECONDS."""
FLOOR = 10
"""Attempts in SECONDS that a quiet model has too."""
TRUST = 60
"""Seconds for which an answer speaks for its channel."""


class Recent:
    """How many of something there were in the last SECONDS, to the second."""

    __slots__ = ("_counts", "_second", "total")

    def __init__(self) -> None:
        self.total = 0
        self._second = 0
        self._counts = [0] * SECONDS

    def add(self, second: int) -> None:
        """One more, in this second of the monotonic clock."""
        self.pass_until(second)
        self._counts[second % SECONDS] += 1
        self.total += 1

    def take_back(self, second: int) -> None:
        """One less of those added in this second, if that is not over for long."""
        if second > self._second - SECONDS:
            self._counts[second % SECONDS] -= 1
            self.total -= 1

    def pass_until(self, second: int) -> None:
        """Forget what was longer ago."""
        if second == self._second:
            return
        for passed in range(max(self._second, second - SECONDS) + 1, second + 1):
            self.total -= self._counts[passed % SECONDS]
            self._counts[passed % SECONDS] = 0
        self._second = second


@attrs.define(eq=False)
class RetryBudget:
    """One model's."""

    clock: Clock
    requests: Recent = attrs.field(factory=Recent)
    retries: Recent = attrs.field(factory=Recent)

    def request(self) -> None:
        """A request came."""
        self.requests.add(int(self.clock.monotonic()))

    def take(self, *, trusted: bool = False) -> int | None:
        """One more attempt, as a ticket to give back; None where there were too many, unless its channel is trusted."""
        second = int(self.clock.monotonic())
        self.requests.pass_until(second)
        self.retries.pass_until(second)
        if self.retries.total >= max(FLOOR, int(self.requests.total * SHARE)) and not trusted:
            return None
        self.retries.add(second)
        return second

    def give_back(self, ticket: int) -> None:
        """The attempt gave an answer."""
        self.retries.take_back(ticket)


@attrs.define(eq=False)
class RetryBudgets:
    """Those of all models, and which channels are trusted: they have answered, and not failed since."""

    clock: Clock
    _budgets: dict[str, RetryBudget] = attrs.field(factory=dict)
    """By model id."""
    _answers: dict[str, float] = attrs.field(factory=dict)
    """When the trusted channels last answered, by channel id."""

    def of_request(self, model: str) -> Tries:
        """A request for a model came, whose attempts begin."""
        budget = self._budgets.get(model)
        if budget is None:
            budget = self._budgets[model] = RetryBudget(self.clock)
        budget.request()
        return Tries(self, budget)

    def answered(self, channel_id: str) -> None:
        """A channel gave an answer."""
        self._answers[channel_id] = self.clock.monotonic()

    def failed(self, channel_id: str) -> None:
        """A channel is at fault."""
        self._answers.pop(channel_id, None)

    def trusts(self, channel_id: str) -> bool:
        """Whether a channel may be tried whatever the budget says."""
        answered_at = self._answers.get(channel_id)
        return answered_at is not None and self.clock.monotonic() - answered_at < TRUST


@attrs.define(eq=False)
class Tries:
    """The attempts of one request."""

    budgets: RetryBudgets
    budget: RetryBudget
    _ticket: int | None = None
    """Of the attempt under way, where the budget counts it."""

    def may_go_on(self, channel_id: str, *, counted: bool) -> bool:
        """Whether one more attempt may be made, at this channel; after some failures the budget does not count it."""
        self._ticket = None
        if not counted:
            return True
        self._ticket = self.budget.take(trusted=self.budgets.trusts(channel_id))
        return self._ticket is not None

    def answered(self, channel_id: str) -> None:
        """The attempt under way gave an answer."""
        self.budgets.answered(channel_id)
        if self._ticket is not None:
            self.budget.give_back(self._ticket)
