"""What was rehearsed, for good: one transaction, and then every registry has what the copy has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeVar

from aihub_lite.domain.pots.budget import PotBudget, PotKey
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.pots.pot import Tally
from aihub_lite.gateway.rehearsal.rehearsal import MADE_OF, Rehearsal

T = TypeVar("T")
Budgets = Mapping[PotKey, tuple[Sequence[PotBudget], Sequence[Tally]]]
"""Of each pot whose budgets are others: all of them, and tallies for those that are new."""


async def try_out(gateway: Gateway, change: Callable[[Rehearsal], Awaitable[T]]) -> T:
    """What a change of a copy comes to; nothing else comes of it."""
    return await change(Rehearsal.of(gateway))


async def carry_out(gateway: Gateway, change: Callable[[Rehearsal], Awaitable[T]]) -> T:
    """Make a change of a copy count: all of it is stored and then seen by every request, or nothing is.

    It is made twice: first while others may go on to change things, so that whatever it looks up is known by its turn.
    Raises what it raises, and StorageUnavailable.
    """
    await try_out(gateway, change)

    async def in_turn() -> T:
        rehearsal = Rehearsal.of(gateway)
        result = await change(rehearsal)
        if rehearsal.unwritten.statements:
            budgets = await _other_budgets(gateway, rehearsal.gateway)
            await gateway.database.write(*rehearsal.unwritten.statements)
            await _adopt(gateway, rehearsal.gateway, budgets)
        return result

    async def with_alerts() -> T:
        return await gateway.alerts.destinations.changes.run(in_turn)

    return await gateway.registry.tokens.changes.run(lambda: gateway.live_settings.changes.run(with_alerts))


async def _other_budgets(gateway: Gateway, copy: Gateway) -> Budgets:
    """Read before anything is written: from then on nothing may fail."""
    budgets: dict[PotKey, tuple[Sequence[PotBudget], Sequence[Tally]]] = {}
    for key in copy.ledger.pots:
        wanted = copy.pots.budgets_of(key)
        if wanted != gateway.pots.budgets_of(key):
            budgets[key] = (wanted, await gateway.pots.new_tallies(key, wanted))
    return budgets


async def _adopt(gateway: Gateway, copy: Gateway, budgets: Budgets) -> None:
    """Everything that the copy has. Whoever comes is there before what is theirs, and whoever goes, after it."""
    if copy.live_settings.now != gateway.live_settings.now or copy.live_settings.stored != gateway.live_settings.stored:
        gateway.live_settings.adopt(copy.live_settings.stored, copy.live_settings.now)
    for key, pot in gateway.ledger.pots.items():
        if key not in copy.ledger.pots:
            pot.tallies = ()  # the transaction has deleted them from storage, too
    _adopt_catalog(gateway, copy)
    await gateway.people.adopt(copy.people.persons, copy.people.teams)
    # Before the tokens: one without the budgets that it is to have would be one without limits.
    for key, (wanted, tallies) in budgets.items():
        gateway.pots.adopt(key, copy.pots.name_of(key), wanted, tallies)
    await gateway.registry.tokens.adopt(copy.registry.tokens.by_digest)
    gateway.alerts.destinations.adopt(copy.alerts.destinations.by_id)
    await gateway.people.let_go(copy.people.persons, copy.people.teams)


def _adopt_catalog(gateway: Gateway, copy: Gateway) -> None:
    """Channels, models and routes, in one step: no request sees some of them changed and others not."""
    live = gateway.registry.live_catalog
    other = copy.registry.live_catalog
    live.default_prices.update(other.default_prices)
    changed = gateway.registry.channels.adopt(other.channels, copy.registry.channels.last_keys)
    for name in MADE_OF:
        setattr(live, name, getattr(other, name))
    live.publish()
    for channel_id in changed:
        gateway.registry.channels.notify(channel_id)
