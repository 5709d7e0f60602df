"""The settings in force: what the process was started with, and over its defaults what an operator has set since."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Self

import attrs

from aihub_lite.config import LIVE, REASONS, BadSetting, Settings, variable_of, with_values
from aihub_lite.errors import Conflict, InvalidRequest
from aihub_lite.gateway.state.changes import Changes, serialized
from aihub_lite.storage.settings import StoredSettings
from aihub_lite.storage.sqlite.database import Database

log = logging.getLogger(__name__)


@attrs.define(eq=False)
class LiveSettings:
    """A variable or a flag that was given is the word of whoever runs the process: nothing stored overrides it."""

    started: Settings
    """What the process was started with."""
    store: StoredSettings
    now: Settings = attrs.field(default=attrs.Factory(lambda self: self.started, takes_self=True))
    """Those in force; read at each use, since a change replaces them."""
    stored: dict[str, object] = attrs.field(factory=dict)
    on_change: list[Callable[[], None]] = attrs.field(factory=list)
    """Called after every change, for those who wait for one."""
    changes: Changes = attrs.field(factory=Changes, repr=False)

    @classmethod
    async def open(cls, started: Settings, database: Database) -> Self:
        """With what was stored. A value that this release does not take is left out, and the log says so."""
        live_settings = cls(started, StoredSettings(database))
        # One by one: a value that is not valid must not take the others with it.
        for name, value in (await live_settings.store.load()).items():
            try:
                live_settings.now = live_settings._over({**live_settings.stored, name: value})
            except BadSetting as error:
                log.warning("the stored setting %s", error)
            else:
                live_settings.stored[name] = value
        return live_settings

    def source(self, name: str) -> str:
        """Where a value in force is from: the variable or flag that was given, else `set` or `default`."""
        if name in self.started.sources:
            return self.started.sources[name]
        return "set" if name in self.stored else "default"

    @serialized
    async def change(self, values: Mapping[str, object]) -> None:
        """Set some, and put those that are None back to their defaults; all or none, and at once.

        Raises InvalidRequest, or Conflict for one that the environment fixes. A change once begun is finished even
        if its caller goes away, so that storage and memory never part.
        """
        for name, value in values.items():
            self._check(name, value)
        stored = {name: value for name, value in {**self.stored, **values}.items() if value is not None}
        try:
            now = self._over(stored)
        except BadSetting as error:
            raise InvalidRequest(str(error)) from None
        # A setting may convert what was typed: kept is what came of it.
        stored.update({name: getattr(now, name) for name in values if name in stored})
        await self.store.put({name: stored.get(name) for name in values})
        self.adopt(stored, now)

    def adopt(self, stored: dict[str, object], now: Settings) -> None:
        """Let those count that are stored already, within a change."""
        self.stored = stored
        self.now = now
        for listener in self.on_change:
            listener()

    def _check(self, name: str, value: object) -> None:
        if name not in REASONS:
            raise InvalidRequest(f"unknown field {name[:64]}")
        if name not in LIVE:
            raise InvalidRequest(f"{name}: counts from the start on: set {variable_of(name)} and start again")
        if value is not None and name in self.started.sources:
            raise Conflict(f"{name}: is fixed by {self.started.sources[name]}")

    def _over(self, stored: Mapping[str, object]) -> Settings:
        """The settings at start with stored ones over their defaults; raises BadSetting."""
        values = {name: value for name, value in stored.items() if name in LIVE and name not in self.started.sources}
        return with_values(self.started, **values)
