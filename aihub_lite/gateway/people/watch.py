"""What each change of the registries comes to, for the audit log.

Changes run one after the other, so what is otherwise after one than before it is what that one did. Nothing is compared
unless a request has asked to be told: what the gateway changes by itself is in no audit log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import attrs

from aihub_lite.domain.people.audit import Change, Values
from aihub_lite.domain.people.person import Person, Team
from aihub_lite.gateway.people.registry import PeopleRegistry
from aihub_lite.gateway.people.shown_facts import differences
from aihub_lite.gateway.state.live_settings import LiveSettings
from aihub_lite.gateway.state.registry import Registry

Snapshot = Mapping[str, Mapping[str, Any]]
"""Everything that is administered, by kind and then by id."""
COLLECTED: ContextVar[list[Change] | None] = ContextVar("what a request has changed", default=None)
"""A task that a request starts has the request's own list."""


OWNERS = frozenset({"person_id", "team_id"})


def note(kind: str, thing_id: str, name: str, /, **fields: Values) -> None:
    """Say which thing the request is about that is no registry's, and what it was and is now."""
    collected = COLLECTED.get()
    if collected is not None:
        collected.append(Change(kind=kind, id=thing_id, name=name, fields=fields))


@contextmanager
def collecting() -> Iterator[list[Change]]:
    """What is changed by whoever runs in the block."""
    changes: list[Change] = []
    mark = COLLECTED.set(changes)
    try:
        yield changes
    finally:
        COLLECTED.reset(mark)


def merged(changes: Iterable[Change]) -> list[Change]:
    """One change a thing, whatever number of steps it took; what a handler noted of it says nothing more then."""
    merged: dict[tuple[str, str], Change] = {}
    for change in changes:
        before = merged.get((change.kind, change.id))
        fields = dict(change.fields)
        if before is not None:
            fields = {**before.fields, **{name: _span(before, name, change) for name in change.fields}}
        merged[change.kind, change.id] = Change(kind=change.kind, id=change.id, name=change.name, fields=fields)
    return [*merged.values()]


def _span(before: Change, name: str, after: Change) -> tuple[object, object]:
    """From what a field was before the first step to what it is after the last."""
    return before.fields.get(name, after.fields[name])[0], after.fields[name][1]


@attrs.frozen
class Watch:
    """Compares before and after."""

    registry: Registry
    people: PeopleRegistry
    live_settings: LiveSettings

    def begin(self) -> None:
        """From now on every change is watched."""
        for changes in (self.registry.tokens.changes, self.live_settings.changes):
            changes.around = self.around

    @contextmanager
    def around(self) -> Iterator[None]:
        """To be entered in a change's turn; also what a change did before it failed is told."""
        collected = COLLECTED.get()
        if collected is None:
            yield
            return
        before = self.snapshot()
        try:
            yield
        finally:
            collected += self.differences(before, self.snapshot())

    def snapshot(self) -> Snapshot:
        """Everything as it is now."""
        models = self.registry.models
        return {
            "token": dict(self.registry.tokens.by_digest),
            "person": dict(self.people.persons),
            "team": dict(self.people.teams),
            "channel": dict(self.registry.channels.by_id),
            "alias": dict(models.aliases),
            "price": dict(models.prices),
            "price of tools": dict(models.hosted_prices),
            "price of a tier": {
                f"{model} {tier}": rates for model, tiers in models.tier_prices.items() for tier, rates in tiers.items()
            },
            "strategy": dict(models.strategies),
            "route": dict(self.registry.routes.all),
            "model": dict(self.registry.facts.all),
            "settings": {"settings": self.live_settings.now},
        }

    def differences(self, before: Snapshot, after: Snapshot) -> Iterator[Change]:
        """What became otherwise, a change a thing."""
        for kind, things in after.items():
            old, new = (
                {_id_of(kind, key, thing): thing for key, thing in mine.items() if theirs.get(key) is not thing}
                for mine, theirs in ((before[kind], things), (things, before[kind]))
            )
            for thing_id in [*old, *(each for each in new if each not in old)]:
                yield from self._difference(kind, thing_id, old.get(thing_id), new.get(thing_id))

    def _difference(self, kind: str, thing_id: str, old: Any, new: Any) -> Iterator[Change]:
        if old == new:
            return
        fields = dict(self._named_owners(differences(old, new)))
        name = getattr(new or old, "name", "") or thing_id or "all models"
        yield Change(kind=kind, id=thing_id, name=name, fields=fields)

    def _named_owners(self, fields: Mapping[str, Values]) -> Iterator[tuple[str, Values]]:
        """People and teams by their names: whoever reads it later may find nobody of that id."""
        for field, (was, now) in fields.items():
            things: Mapping[str, Person | Team] = self.people.persons
            if field == "team_id":
                things = self.people.teams
            if field in OWNERS:
                yield field.removesuffix("_id"), (_name_in(things, was), _name_in(things, now))
            else:
                yield field, (was, now)


def _name_in(things: Mapping[str, Person | Team], thing_id: object) -> object:
    thing = things.get(str(thing_id))
    if thing is None:
        return thing_id
    return thing.name


def _id_of(kind: str, key: str, thing: Any) -> str:
    """A token is known by its key's digest, which a rotation changes."""
    if kind == "token":
        return str(thing.id)
    return key
