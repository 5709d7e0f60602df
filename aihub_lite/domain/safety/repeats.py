"""A conversation that is sent again and again as it is: how often, and what that cost."""

from __future__ import annotations

import attrs

from aihub_lite.domain.safety.runaway import Runaway
from aihub_lite.domain.safety.spans import PERCENT

TOO_OFTEN = ((100, 50), (50, 100))
"""Which share of the rounds that an operator sets is too many once they cost which share of the floor, in percent: dear
ones are stopped sooner, and none that cost next to nothing."""
EACH = 2
"""Rounds for each token but the first that sends it, at least: twenty machines that begin with the same prompt, one
after the other, repeat nothing."""
WITHIN = 3600.0
"""Seconds after which a conversation that comes again is no repetition."""


@attrs.define(eq=False, slots=True)
class Repeats:
    """One conversation, by its digest; no text of it."""

    digest: int | None = None
    """None before one was reckoned."""
    rounds: int = 0
    """How often it was sent after it had been answered. Samples that are asked for at once are one round together."""
    spent: int = 0
    """Nano-USD, of all its answers."""
    ended: float = 0.0
    """Monotonic: when the first answer of the last round was there."""
    senders: tuple[str, ...] = ()
    """The ids of the tokens that sent it."""

    def begin(self, digest: int | None) -> None:
        """Another conversation takes this one's place, or the same begins anew."""
        self.digest = digest
        self.rounds = 0
        self.spent = 0
        self.ended = 0.0
        self.senders = ()

    def answered(self, token_id: str, started: float, ended: float, spent: int) -> None:
        """An answer that cost something was settled. What cost nothing had failed, and to try that again is right."""
        if spent <= 0:
            return
        if ended - self.ended > WITHIN:
            self.rounds = 0
            self.spent = 0
            self.senders = ()
        if token_id not in self.senders:
            self.senders += (token_id,)
        self.spent += spent
        if not self.rounds or started >= self.ended:
            self.rounds += 1
            self.ended = ended

    def runaway(self, most_rounds: int, floor: int, hour_spent: int) -> Runaway | None:
        """What is too much of it; None where nothing is. `most_rounds` of 0 allows any number."""
        if not most_rounds or self.rounds < EACH * (len(self.senders) - 1):
            return None
        for rounds, cost in TOO_OFTEN:
            if self.rounds >= most_rounds * rounds / PERCENT and self.spent >= floor * cost // PERCENT:
                return Runaway("repeated", self.rounds, 0, hour_spent)
        return None
