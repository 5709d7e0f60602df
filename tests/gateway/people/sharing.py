"""A gateway that people share, on a clock that the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs

from aihub_lite.config import Settings
from aihub_lite.domain.catalog import Candidate
from aihub_lite.domain.channel import Channel
from aihub_lite.domain.money import Price, Rates
from aihub_lite.domain.people.person import Person, Team
from aihub_lite.domain.pots.budget import GATEWAY, PotKey
from aihub_lite.domain.token import Token
from aihub_lite.domain.usage import Usage
from aihub_lite.gateway.core import Gateway, open_gateway
from aihub_lite.gateway.pots.pot import Pot
from aihub_lite.gateway.state.flight import Flight
from aihub_lite.gateway.state.ledger import Hold
from tests.support.clock import ManualClock

PRICE = Price(Rates(1_000_000, 2_000_000), source="test")
"""1 nano-USD a prompt token, 2 a completion token."""
MOST = Usage(20, 40)
"""A hold of 100."""
CHANNEL = Channel(id="chn_1", name="c", provider="openai", base_url="http://127.0.0.1/v1", created_at=0)
USD = 10**9
Holder = Person | Team | Token | None
"""Whose a pot is; None is the gateway."""


@attrs.define(eq=False)
class Sharing:
    """An open gateway, and what its people do."""

    gateway: Gateway
    clock: ManualClock
    _number: int = 0

    async def team(self, name: str) -> Team:
        return await self.gateway.people.create_team(name)

    async def person(self, name: str, team: Team | None = None) -> Person:
        team_id = team.id if team else ""
        return await self.gateway.people.create_person(name, lambda person: attrs.evolve(person, team_id=team_id))

    async def token(self, of: Person | Team | None = None, **fields: Any) -> Token:
        """A token of a person, a team or the gateway."""
        self._number += 1
        if isinstance(of, Person):
            fields |= {"person_id": of.id, "team_id": of.team_id}
        elif of is not None:
            fields |= {"team_id": of.id}
        name = f"token-{self._number}"
        token, _ = await self.gateway.registry.tokens.create(name, lambda token: attrs.evolve(token, **fields))
        return token

    async def limit(self, who: Holder, *budgets: str) -> Pot:
        """Budgets of a pot: `x/day` is x nano-USD."""
        texts = [_in_nano(text) for text in budgets]
        return await self.gateway.pots.set_budgets(key_of(who), texts)

    def hold(
        self, token: Token, most: Usage = MOST, model: str = "m", tags: Sequence[str] = (), price: Price = PRICE
    ) -> Hold:
        self._number += 1
        flight = Flight(
            request_id=f"{self.gateway.boot_id}-{self._number}",
            token=token,
            surface="chat",
            model=model,
            streamed=False,
            client="",
            started=self.clock.monotonic(),
            started_ms=int(self.clock.wall() * 1000),
            tags=tuple(tags),
            candidate=Candidate(CHANNEL, model, price),
        )
        hold = self.gateway.ledger.hold(flight, price, most, Usage(most.prompt_tokens))
        _ = hold.durable  # has it written
        return hold

    async def spend(self, token: Token, nano: int, model: str = "m", tags: Sequence[str] = ()) -> None:
        """One request of so many prompt tokens."""
        async with self.hold(token, Usage(nano), model, tags) as hold:
            await hold.settle("ok", usage=Usage(nano), source="upstream")

    def pot(self, who: Holder) -> Pot:
        return self.gateway.ledger.pots[key_of(who)]

    def left(self, who: Holder) -> list[int]:
        """What is left of each budget of a pot at this moment."""
        return [tally.left(self.clock.wall()) for tally in self.pot(who).tallies]

    async def one(self, sql: str) -> Any:
        """One value, after everything queued is committed."""
        await self.gateway.database.write(("DELETE FROM holds WHERE request_id = ''", ()))
        return next(iter((await self.gateway.database.read(sql))[0]))


def key_of(who: Holder) -> PotKey:
    if who is None:
        return GATEWAY
    if isinstance(who, Person):
        return PotKey("person", who.id)
    if isinstance(who, Team):
        return PotKey("team", who.id)
    return PotKey("token", who.id)


def _in_nano(text: str) -> str:
    scope, equals, rest = text.rpartition("=")
    amount, _, period = rest.partition("/")
    return f"{scope}{equals}{int(amount) / USD:.9f}/{period}"


@asynccontextmanager
async def sharing(directory: Path, clock: ManualClock | None = None, **settings: Any) -> AsyncIterator[Sharing]:
    clock = clock or ManualClock()
    async with open_gateway(Settings(data_dir=directory, **settings), {}, clock) as gateway:
        yield Sharing(gateway, clock)


def play(
    directory: Path,
    story: Callable[[Sharing], Awaitable[None]],
    clock: ManualClock | None = None,
    **settings: Any,
) -> None:
    """A story on the gateway of this directory, as after a start."""

    async def run() -> None:
        async with sharing(directory, clock, **settings) as it:
            await story(it)

    asyncio.run(run())
