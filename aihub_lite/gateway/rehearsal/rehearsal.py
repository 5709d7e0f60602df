"""A copy of everything that is administered, on which changes can be tried: nothing of them is written, or served."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

import attrs

from aihub_lite.domain.people.audit import Change
from aihub_lite.gateway.alerts.desk import AlertDesk
from aihub_lite.gateway.alerts.destinations import KIND, DestinationRegistry
from aihub_lite.gateway.core import Gateway
from aihub_lite.gateway.people.ownership import follow_owners
from aihub_lite.gateway.people.pots import PotRegistry
from aihub_lite.gateway.people.registry import PeopleRegistry
from aihub_lite.gateway.people.watch import Snapshot, Watch, collecting, merged
from aihub_lite.gateway.pots.pot import Pot, Tally
from aihub_lite.gateway.state.changes import Changes
from aihub_lite.gateway.state.ledger import Ledger
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.gateway.state.registry import Registry
from aihub_lite.storage.alerts.destinations import Destinations
from aihub_lite.storage.people.invitations import Invitations
from aihub_lite.storage.people.persons import Persons
from aihub_lite.storage.people.teams import Teams
from aihub_lite.storage.pots.book import PotBook
from aihub_lite.storage.pots.budgets import PotBudgets
from aihub_lite.storage.pots.credits import Credits
from aihub_lite.storage.settings import StoredSettings
from aihub_lite.storage.sqlite.unwritten import Unwritten

MADE_OF = ("aliases", "prices", "tier_prices", "hosted_prices", "strategies", "routes", "own_facts")
"""What a catalog is made of beside channels: dictionaries of the live catalog."""


@attrs.frozen
class Difference:
    """One thing that became otherwise; `sign` is `+` for a new one, `-` for one that is gone, else `~`."""

    sign: str
    change: Change


@attrs.frozen(eq=False)
class Rehearsal:
    """Facts are never changed but replaced, so the copy shares them with what it is a copy of."""

    gateway: Gateway
    """With registries of its own; whatever is called on them counts in the copy alone."""
    unwritten: Unwritten
    """What the changes would write."""

    @classmethod
    def of(cls, gateway: Gateway) -> Self:
        """Everything as it is at this moment."""
        unwritten = Unwritten.over(gateway.database)
        registry = _registry(gateway, unwritten)
        people = PeopleRegistry(
            Persons(unwritten),
            Teams(unwritten),
            Invitations(unwritten),
            gateway.clock,
            registry.tokens.changes,
            dict(gateway.people.persons),
            dict(gateway.people.teams),
        )
        follow_owners(people, registry.tokens)
        live = gateway.live_settings
        live_settings = LiveSettings(live.started, StoredSettings(unwritten), live.now, dict(live.stored))
        ledger = _ledger(gateway, registry)
        pots = _pots(gateway, unwritten, people, registry, ledger)
        copy = attrs.evolve(
            gateway,
            database=unwritten,
            registry=registry,
            people=people,
            live_settings=live_settings,
            ledger=ledger,
            pots=pots,
            alerts=_alerts(gateway, unwritten),
        )
        return cls(copy, unwritten)

    @contextmanager
    def compared(self) -> Iterator[list[Difference]]:
        """What is otherwise after the block than before it, in a list that is filled at its end."""
        differences: list[Difference] = []
        watch = Watch(self.gateway.registry, self.gateway.people, self.gateway.live_settings)
        before = watch.snapshot()
        destinations = self.gateway.alerts.destinations.by_id
        alerts_before = dict(destinations)
        with collecting() as noted:
            yield differences
        after = watch.snapshot()
        changes = merged([*watch.differences(before, after), *noted])
        told = [change for change in changes if _says_anything(change)]
        before, after = {**before, KIND: alerts_before}, {**after, KIND: destinations}
        differences += [Difference(_sign(change, before, after), change) for change in told]


def _says_anything(change: Change) -> bool:
    """A budget that is set to what it was is noted, and nothing."""
    return any(was != now for was, now in change.fields.values()) or not change.fields


def _sign(change: Change, before: Snapshot, after: Snapshot) -> str:
    if change.kind not in after:
        return "~"  # the gateway's own pot is always there
    was, now = (change.id in _ids(each, change.kind) for each in (before, after))
    if was == now:
        return "~"
    return "+" if now else "-"


def _ids(snapshot: Snapshot, kind: str) -> set[str]:
    things = snapshot[kind]
    if kind == "token":
        return {token.id for token in things.values()}
    return set(things)


def _registry(gateway: Gateway, unwritten: Unwritten) -> Registry:
    live = gateway.registry
    registry = Registry.over(unwritten, gateway.clock, gateway.prices.look_up)
    registry.tokens.by_digest.update(live.tokens.by_digest)
    registry.channels.last_keys.update(live.channels.last_keys)
    catalog = registry.live_catalog
    catalog.channels = dict(live.live_catalog.channels)
    catalog.descriptions = dict(live.live_catalog.descriptions)
    catalog.default_prices = dict(live.live_catalog.default_prices)
    for name in MADE_OF:
        setattr(catalog, name, dict(getattr(live.live_catalog, name)))
    catalog.tier_prices = {model: dict(tiers) for model, tiers in catalog.tier_prices.items()}
    catalog.guesses = live.live_catalog.guesses
    catalog.publish()
    return registry


def _alerts(gateway: Gateway, unwritten: Unwritten) -> AlertDesk:
    """With destinations of its own. Nothing is sent of a copy."""
    live = gateway.alerts.destinations
    return attrs.evolve(
        gateway.alerts,
        destinations=DestinationRegistry(Destinations(unwritten), gateway.clock, by_id=dict(live.by_id)),
    )


def _ledger(gateway: Gateway, registry: Registry) -> Ledger:
    """Accounts without any request: nothing is booked in a copy."""
    ledger = Ledger(gateway.clock, gateway.ledger.journal, gateway.boot_id)
    for token in registry.tokens.by_digest.values():
        ledger.open_account(token, gateway.ledger.balances[token.id].spent)
    registry.tokens.on_change.append(ledger.token_changed)
    return ledger


def _pots(
    gateway: Gateway, unwritten: Unwritten, people: PeopleRegistry, registry: Registry, ledger: Ledger
) -> PotRegistry:
    for key, pot in gateway.ledger.pots.items():
        tallies = tuple(Tally(tally.budget, tally.windows) for tally in pot.tallies)
        ledger.pots[key] = Pot(key, pot.name, pot.spent, pot.credit, tallies=tallies)
    changes: Changes = registry.tokens.changes
    pots = PotRegistry(
        people,
        registry.tokens,
        ledger,
        gateway.clock,
        changes,
        PotBudgets(unwritten),
        Credits(unwritten),
        PotBook(unwritten),
    )
    pots.follow()
    return pots
