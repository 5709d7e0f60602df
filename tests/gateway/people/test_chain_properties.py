"""Chains of pots, whatever happens in them: what pots have is what the records come to."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aihub_lite.domain.usage import Usage
from aihub_lite.errors import QuotaExhausted
from aihub_lite.gateway.pots.pot import Pot
from aihub_lite.gateway.state.ledger import Hold
from tests.gateway.people.sharing import PRICE, Holder, Sharing, sharing
from tests.support.clock import ManualClock
from tests.support.examples import examples

pytestmark = pytest.mark.attack("T-44")

MODELS = ("a", "b")
TAGS: tuple[tuple[str, ...], ...] = ((), ("ci",), ("ci", "x"))
BUDGETS = ("a={}/day", "tag:ci={}/hour", "{}/day", "{}/5h")
limits = st.lists(st.tuples(st.sampled_from(BUDGETS), st.integers(0, 400)), max_size=3, unique_by=lambda each: each[0])
events = st.one_of(
    st.tuples(st.just("hold"), st.integers(0, 4), st.integers(0, 120), st.sampled_from(MODELS), st.sampled_from(TAGS)),
    st.tuples(st.just("reprice"), st.integers(0, 9), st.integers(0, 150), st.sampled_from(MODELS)),
    st.tuples(st.just("settle"), st.integers(0, 9), st.integers(0, 100)),
    st.tuples(st.just("overrun"), st.integers(0, 9), st.integers(1, 50)),
    st.tuples(st.just("fail"), st.integers(0, 9)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("limit"), st.integers(0, 3), limits),
)


class Story:
    """Plays events, and keeps account of what each pot may be below zero by."""

    def __init__(self, it: Sharing) -> None:
        self.it = it
        self.holds: list[Hold] = []
        self.overrun = 0

    async def prepare(self, budgets: list[Any]) -> None:
        team = await self.it.team("research")
        ada = await self.it.person("Ada", team)
        bob = await self.it.person("Bob", team)
        self.tokens = [
            await self.it.token(ada),
            await self.it.token(ada),
            await self.it.token(bob),
            await self.it.token(team),
            await self.it.token(),
        ]
        self.pots: list[Holder] = [ada, bob, team, None]
        for number, texts in enumerate(budgets):
            await self.limit(number, texts)

    async def limit(self, number: int, texts: Any) -> None:
        await self.it.limit(self.pots[number], *(text.format(amount) for text, amount in texts))

    async def hold(self, token: int, amount: int, model: str, tags: tuple[str, ...]) -> None:
        try:
            self.holds.append(self.it.hold(self.tokens[token], Usage(amount), model, tags))
        except QuotaExhausted:
            return

    async def reprice(self, number: int, amount: int, model: str) -> None:
        hold = self.pick(number)
        if hold is None:
            return
        before = hold.flight.model
        hold.flight.model = model
        try:
            self.it.gateway.ledger.reprice(hold, PRICE, Usage(amount), Usage(min(amount, 5)))
        except QuotaExhausted:
            hold.flight.model = before

    async def settle(self, number: int, percent: int) -> None:
        await self.end(number, lambda hold: hold.amount * percent // 100)

    async def overrun_by(self, number: int, more: int) -> None:
        self.overrun += more
        await self.end(number, lambda hold: hold.amount + more)

    async def end(self, number: int, cost: Any) -> None:
        hold = self.pick(number)
        if hold is not None:
            self.holds.remove(hold)
            async with hold:
                await hold.settle("ok", usage=Usage(cost(hold)), source="upstream")

    async def fail(self, number: int) -> None:
        hold = self.pick(number)
        if hold is not None:
            self.holds.remove(hold)
            async with hold:
                pass  # nobody settles it

    async def cancel(self, number: int) -> None:
        hold = self.pick(number)
        if hold is not None:
            self.holds.remove(hold)
            settling = asyncio.create_task(hold.settle("ok", usage=Usage(hold.amount), source="upstream"))
            await asyncio.sleep(0)
            settling.cancel()
            await asyncio.wait({settling})

    async def wait(self, minutes: int) -> None:
        self.it.clock.advance(minutes * 60)

    def pick(self, number: int) -> Hold | None:
        if not self.holds:
            return None
        return self.holds[number % len(self.holds)]

    async def play(self, event: tuple[Any, ...]) -> None:
        name, *rest = event
        await getattr(self, {"overrun": "overrun_by"}.get(name, name))(*rest)
        self.check_held()

    def check_held(self) -> None:
        """What is on hold in each pot is what the requests under way have there."""
        for pot in self.it.gateway.ledger.pots.values():
            drawing = [hold for hold in self.holds if hold.draw is not None and pot in hold.draw.pots]
            assert (pot.key, sum(hold.amount for hold in drawing)) == (pot.key, pot.held)
            for tally in pot.tallies:
                counted = [h for h in drawing if tally.budget.covers(h.flight.model, h.flight.tags)]
                assert (tally.budget, sum(h.amount for h in counted)) == (tally.budget, tally.held)

    async def check_books(self) -> None:
        """Nothing is held, and each pot has spent what its records come to."""
        it = self.it
        wall = it.clock.wall()
        for pot in it.gateway.ledger.pots.values():
            column = {"person": "person_id", "team": "team_id"}.get(pot.key.kind)
            if column is not None:
                where = f"{column} = '{pot.key.holder}'"
                booked = await it.one(f"SELECT coalesce(sum(charge_nano), 0) FROM usage_records WHERE {where}")
                days = await it.one(f"SELECT coalesce(sum(charge_nano), 0) FROM people_days WHERE {where}")
                stored = await it.gateway.pots.book.spent(pot.key)
                assert (booked, booked, booked) == (pot.spent, days, stored)
            for tally in pot.tallies:
                windows = tally.windows
                windows.at(wall)
                since, until = int(windows.start * 1000), int(windows.end * 1000)
                book = await it.gateway.pots.book.spent_between(pot.key, tally.budget, since, until)
                assert (tally.budget, book) == (tally.budget, windows.spent)


def never_oversold(pot: Pot, wall: float, overrun: int, limited_late: bool) -> bool:
    """Below zero only by what an upstream charged beyond what was held, or by what was there before the limit."""
    return limited_late or all(tally.left(wall) >= -overrun for tally in pot.tallies)


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(limits, min_size=4, max_size=4), st.lists(events, max_size=25))
def test_every_pot_has_what_its_records_come_to_and_is_never_oversold(
    budgets: list[Any], story: list[tuple[Any, ...]]
) -> None:
    async def run(directory: Path) -> None:
        async with sharing(directory, ManualClock()) as it:
            told = Story(it)
            await told.prepare(budgets)
            limited_late = any(event[0] == "limit" for event in story)
            for event in story:
                await told.play(event)
                for pot in it.gateway.ledger.pots.values():
                    assert never_oversold(pot, it.clock.wall(), told.overrun, limited_late)
            while told.holds:
                await told.settle(0, 50)
            told.check_held()
            await told.check_books()

    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory)))
