"""Which pots there are, and which of them each token draws from: its own budgets, its person's, its team's, the
gateway's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Self

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.domain.money import plain, usd
from aihub_lite.domain.people.person import Person, Team
from aihub_lite.domain.pots.budget import GATEWAY, PotBudget, PotKey, PotKind, budgets_of
from aihub_lite.domain.pots.windows import window
from aihub_lite.domain.token import Token
from aihub_lite.errors import InvalidRequest, NotFound
from aihub_lite.gateway.people.registry import PeopleRegistry
from aihub_lite.gateway.people.watch import note
from aihub_lite.gateway.pots.pot import Pot, Tally, draw_of, tally_of
from aihub_lite.gateway.state.changes import Changes, serialized
from aihub_lite.gateway.state.ledger import Hold, Ledger
from aihub_lite.gateway.state.tokens import TokenRegistry
from aihub_lite.storage.pots.book import PotBook
from aihub_lite.storage.pots.budgets import PotBudgets
from aihub_lite.storage.pots.credits import Credits
from aihub_lite.storage.sqlite.database import Database

SHARED = ("person", "team")
"""Kinds whose pots are there from the first day, limited or not: what they spend is counted."""


@attrs.define(eq=False)
class PotRegistry:
    """All pots beside what a token has in its own row. Change them by the methods only."""

    people: PeopleRegistry
    tokens: TokenRegistry
    ledger: Ledger
    clock: Clock
    changes: Changes = attrs.field(repr=False)
    stored: PotBudgets
    credits: Credits
    book: PotBook

    @classmethod
    async def open(cls, database: Database, people: PeopleRegistry, tokens: TokenRegistry, ledger: Ledger) -> Self:
        """All that is stored, with what the book has of each budget's running window. Both registries are loaded, and
        the ledger follows the tokens already."""
        stored = PotBudgets(database)
        pots = cls(people, tokens, ledger, ledger.clock, tokens.changes, stored, Credits(database), PotBook(database))
        await pots._load()
        pots.follow()
        return pots

    def follow(self) -> None:
        """From now on pots come and go with those whose they are."""
        self.tokens.on_change.append(self.token_changed)
        self.people.on_person.append(partial(self._holder_changed, "person"))
        self.people.on_team.append(partial(self._holder_changed, "team"))

    async def _load(self) -> None:
        given = await self.credits.sums()
        for person, spent in await self.people.stored_persons.load():
            key = PotKey("person", person.id)
            self.all[key] = Pot(key, person.name, spent, given.get(key))
        for team, spent in await self.people.stored_teams.load():
            key = PotKey("team", team.id)
            self.all[key] = Pot(key, team.name, spent, given.get(key))
        names = {token.id: token.name for token in self.tokens.by_digest.values()}
        for key, budgets in (await self.stored.load()).items():
            pot = self.all.get(key)
            if pot is None and (key == GATEWAY or key.holder in names):
                pot = self.all[key] = Pot(key, names.get(key.holder, ""))
            if pot is not None:
                pot.tallies = tuple([await self._tally(key, budget) for budget in budgets])
        self._join_all()

    @property
    def all(self) -> dict[PotKey, Pot]:
        """Every pot there is."""
        return self.ledger.pots

    def key_of(self, who: str) -> PotKey:
        """The pot that `token:NAME`, `person:NAME`, `team:NAME` or `gateway` names, or a name or id that only one of
        them has; raises NotFound, or InvalidRequest where several do."""
        if who == "gateway":
            return GATEWAY
        kind, colon, ref = who.partition(":")
        looks: dict[str, Callable[[str], Token | Person | Team]] = {
            "person": self.people.person,
            "team": self.people.team,
            "token": self.tokens.get,
        }
        if colon and kind in looks:
            return PotKey(kind, looks[kind](ref).id)  # type: ignore[arg-type]
        found = []
        for kind, look in looks.items():
            try:
                found.append(PotKey(kind, look(who).id))  # type: ignore[arg-type]
            except NotFound:
                continue
        if not found:
            raise NotFound(f"There is no person, team or token {who[:64]!r}.")
        if len(found) > 1:
            choices = " or ".join(f"{key.kind}:{who}" for key in found)
            raise InvalidRequest(f"{who[:64]!r} is several: say {choices[:200]}")
        return found[0]

    def name_of(self, key: PotKey) -> str:
        """Of its holder; empty for the gateway. Raises NotFound where it was deleted."""
        if key.kind == "person":
            return self.people.person(key.holder).name
        if key.kind == "team":
            return self.people.team(key.holder).name
        if key.kind == "token":
            return self.tokens.get(key.holder).name
        return ""

    def chain_of(self, token: Token) -> tuple[Pot, ...]:
        """What a token's requests draw from beside its own quota and budget, innermost first."""
        keys = (PotKey("token", token.id), PotKey("person", token.person_id), PotKey("team", token.team_id), GATEWAY)
        pots = (self.all.get(key) for key in keys)
        return tuple(pot for pot in pots if pot is not None and (pot.tallies or pot.key.kind in SHARED))

    @serialized
    async def set_budgets(self, key: PotKey, texts: Sequence[str]) -> Pot:
        """Give a pot other budgets; what the windows of those that stay have seen stays. Raises InvalidRequest, and
        NotFound where the holder was deleted meanwhile."""
        name = self.name_of(key)
        budgets = budgets_of(texts, self.clock.wall(), self.budgets_of(key))
        await self.stored.replace(key, budgets)
        self.adopt(key, name, budgets, await self.new_tallies(key, budgets))
        return self.all[key]

    def budgets_of(self, key: PotKey) -> list[PotBudget]:
        """Those that a pot has now."""
        pot = self.all.get(key)
        if pot is None:
            return []
        return [tally.budget for tally in pot.tallies]

    async def new_tallies(self, key: PotKey, budgets: Sequence[PotBudget]) -> list[Tally]:
        """For those of the budgets that the pot has not, with what the book has of their running windows."""
        known = {budget.window_key for budget in self.budgets_of(key)}
        return [await self._tally(key, budget) for budget in budgets if budget.window_key not in known]

    def adopt(self, key: PotKey, name: str, budgets: Sequence[PotBudget], tallies: Sequence[Tally]) -> None:
        """Let a pot have budgets that are stored already, within a change; what the windows of those that stay have
        seen stays. `tallies` are for the new ones."""
        told = [budget.text for budget in self.budgets_of(key)]
        pot = self.all.setdefault(key, Pot(key, name))
        by_window = {tally.budget.window_key: tally for tally in (*tallies, *pot.tallies)}
        for budget in budgets:
            by_window[budget.window_key].budget = budget
        pot.tallies = tuple(by_window[budget.window_key] for budget in budgets)
        note(key.kind, key.holder, name or key.kind, budgets=(told, [budget.text for budget in budgets]))
        self._join_all()

    async def admit(self, given: Mapping[PotKey, int], budgets: Mapping[PotKey, Sequence[PotBudget]]) -> None:
        """Give pots, whose holders were let in before, the credits and budgets that storage has for them already;
        within the change that put them there."""
        for key, nano in given.items():
            self.all[key].credit = nano
        for key, each in budgets.items():
            pot = self.all.setdefault(key, Pot(key, self.name_of(key)))
            pot.tallies = tuple([await self._tally(key, budget) for budget in each])
        self._join_all()

    @serialized
    async def add_credit(self, key: PotKey, entry: Callable[[], Awaitable[None]]) -> Pot:
        """Store an entry by `entry`, then count what all entries of the pot come to."""
        name = self.name_of(key)
        await entry()
        pot = self.all[key]
        before = pot.credit
        pot.credit = sum(credit.nano for credit in await self.credits.of(key))
        note(key.kind, key.holder, name, credit=(_usd_text(before), _usd_text(pot.credit)))
        return pot

    async def _tally(self, key: PotKey, budget: PotBudget) -> Tally:
        """A budget, with what the book has of its running window."""
        wall = self.clock.wall()
        booked = partial(self.book.spent_between, key, budget)
        start, end = window(budget.period, wall, budget.anchor)
        tally = tally_of(budget, wall, booked, await booked(int(start * 1000), int(end * 1000)))
        tally.windows.turned = self.ledger.leaps.turned
        return tally

    async def token_changed(self, before: Token | None, after: Token | None) -> None:
        """A token is new, belongs to somebody else, has another name, or was deleted."""
        if after is not None:
            self._join(after)
            pot = self.all.get(PotKey("token", after.id))
            if pot is not None:
                pot.name = after.name
        elif before is not None:
            await self._drop(PotKey("token", before.id))

    async def _holder_changed(self, kind: PotKind, before: Person | Team | None, after: Person | Team | None) -> None:
        if after is None:
            if before is not None:
                await self._drop(PotKey(kind, before.id))
            return
        key = PotKey(kind, after.id)
        pot = self.all.get(key)
        if pot is None:
            self.all[key] = Pot(key, after.name)
        else:
            pot.name = after.name

    async def _drop(self, key: PotKey) -> None:
        """Requests under way still settle against what they hold; the credits stay, for the statement."""
        pot = self.all.pop(key, None)
        if pot is None:
            return
        if pot.tallies:
            await self.stored.replace(key, ())
        if key.kind != "token":
            self._join_all()

    def _join(self, token: Token) -> None:
        balance = self.ledger.balances.get(token.id)
        if balance is not None:
            balance.pots = self.chain_of(token)

    def _join_all(self) -> None:
        """Nothing awaits here: every request sees its chain as it was, or as it is."""
        for balance in self.ledger.balances.values():
            balance.pots = self.chain_of(balance.token)
        for hold in self.ledger.open_holds.values():
            self._redraw(hold)

    def _redraw(self, hold: Hold) -> None:
        """As the book will have it: by whose the token was when the request began."""
        flight = hold.flight
        pots = self.chain_of(flight.token)
        draw = None
        if pots:
            draw = draw_of(pots, hold.amount, flight.model, flight.tags)
        hold.redraw(draw)


def _usd_text(nano: int | None) -> str | None:
    if nano is None:
        return None
    return plain(usd(nano))
