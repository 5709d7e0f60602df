"""An import from its facts to what runs: planned, written in one commit, and known to everything at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import attrs

from aihub_lite.domain.pots.budget import PotKey
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.moving.history import plan_history
from aihub_lite.gateway.moving.offers import plan_offers
from aihub_lite.gateway.moving.owners import plan_owners
from aihub_lite.gateway.moving.planning import Planning
from aihub_lite.moving.move import Move, Remark
from aihub_lite.storage.moving.arrivals import Arrivals, Imported


async def preview(gateway: Gateway, move: Move) -> tuple[Remark, ...]:
    """What would become of each row now; nothing is changed."""
    return (await _planned(gateway, move)).rows_in_order


async def arrive(gateway: Gateway, move: Move, by: str) -> tuple[Remark, ...]:
    """Take everything in that can be taken, all or nothing, once; what became of each row.

    Runs as one change of the registries: nothing else changes meanwhile, requests go on. Raises StorageUnavailable.
    """
    planned = await _planned(gateway, attrs.evolve(move, calls=()))
    # Outside of the turn, as for any new channel: a look-up may take seconds.
    await gateway.registry.channels.price(planned.arrivals.channels)

    async def change() -> _Planned:
        plan = await _planned(gateway, move)
        if plan.arrivals.sources:
            await Imported(gateway.database).add(plan.arrivals, move.program, by, plan.now)
            await _admit(gateway, plan.arrivals)
        return plan

    return (await gateway.registry.tokens.changes.run(change)).rows_in_order


@attrs.frozen
class _Planned:
    """A plan that is made."""

    arrivals: Arrivals
    rows_in_order: tuple[Remark, ...]
    now: int


async def _planned(gateway: Gateway, move: Move) -> _Planned:
    plan = Planning(gateway, move, await Imported(gateway.database).load(move.program))
    plan_owners(plan)
    plan_offers(plan)
    plan.rows += move.left
    # A long log takes its time, and reads nothing that changes but through this change.
    await asyncio.to_thread(plan_history, plan)
    return _Planned(plan.arrivals, tuple(plan.rows), plan.now)


async def _admit(gateway: Gateway, arrivals: Arrivals) -> None:
    """Everything that runs knows of it from now on, as it would after a restart. Nothing in here fails."""
    registry = gateway.registry
    await gateway.people.admit(arrivals.teams, arrivals.people)
    for token, spent in arrivals.tokens:

        def opened(token_id: str = token.id, spent: int = spent) -> None:
            gateway.ledger.balances[token_id].spent = spent

        await registry.tokens.admit(token, opened)
    given: defaultdict[PotKey, int] = defaultdict(int)
    for entry in arrivals.granted:
        given[entry.key] += entry.nano
    for key, nano in arrivals.opened.items():
        if key.kind != "token":  # whose own figure has it already
            gateway.ledger.pots[key].spent += nano
    await gateway.pots.admit(given, arrivals.budgets)
    live = registry.live_catalog
    registry.channels.admit(arrivals.channels)
    for model, (price, hosted) in arrivals.prices.items():
        live.prices[model] = price
        if hosted is not None:
            live.hosted_prices[model] = hosted
    live.aliases.update(arrivals.aliases)
    live.routes.update({route.name: route for route in arrivals.routes})
    live.publish()
    registry.channels.admitted(arrivals.channels)
