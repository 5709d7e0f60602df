"""The settings in force: what the process was started with, and over its defaults what an operator has set since."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Self

import attrs

from aihub_lite.config import LIVE, REASONS, BadSetting, Settings, changed, variable_of
from aihub_lite.errors import Conflict, InvalidRequest
from aihub_lite.gateway.alone import alone
from aihub_lite.storage.database import Database
from aihub_lite.storage.settings import StoredSettings

log = logging.getLogger(__name__)


@attrs.define(eq=False)
class Tuning:
    """A variable or a flag that was given is the word of whoever runs the process: nothing stored overrides it."""

    started: Settings
    store: StoredSettings
    now: Settings
    """What counts."""
    stored: dict[str, Any] = attrs.field(factory=dict)
    heard: list[Callable[[Settings], None]] = attrs.field(factory=list)
    """Called with the settings in force after every change, for those who keep a value of their own."""
    turn: asyncio.Lock = attrs.field(factory=asyncio.Lock, repr=False)
    changes: set[asyncio.Future[Any]] = attrs.field(factory=set, repr=False)

    @classmethod
    async def open(cls, started: Settings, database: Database) -> Self:
        """With what was stored. A value that this release does not take is left out, and the log says so."""
        tuning = cls(started, StoredSettings(database), started)
        for name, value in (await tuning.store.load()).items():
            try:
                tuning.now = tuning._over({**tuning.stored, name: value})
            except BadSetting as error:
                log.warning("the stored setting %s", error)
            else:
                tuning.stored[name] = value
        return tuning

    def source(self, name: str) -> str:
        """Where a value in force is from: the variable or flag that was given, else `set` or `default`."""
        return self.started.sources.get(name) or ("set" if name in self.stored else "default")

    @alone
    async def change(self, values: Mapping[str, Any]) -> None:
        """Set some, and put those that are None back to their defaults; all or none, and at once.

        Raises InvalidRequest, or Conflict for one that the environment fixes. A change once begun is finished even
        if its caller goes away, so that storage and memory never part.
        """
        for name, value in values.items():
            self._check(name, value)
        kept = {name: value for name, value in {**self.stored, **values}.items() if value is not None}
        try:
            now = self._over(kept)
        except BadSetting as error:
            raise InvalidRequest(str(error)) from None
        checked = {name: value if value is None else getattr(now, name) for name, value in values.items()}
        await self.store.put(checked)
        self.stored, self.now = {name: checked.get(name, value) for name, value in kept.items()}, now
        for heard in self.heard:
            heard(now)

    def _check(self, name: str, value: Any) -> None:
        if name not in REASONS:
            raise InvalidRequest(f"unknown field {name[:64]}")
        if name not in LIVE:
            raise InvalidRequest(f"{name}: counts from the start on: set {variable_of(name)} and start again")
        if value is not None and name in self.started.sources:
            raise Conflict(f"{name}: is fixed by {self.started.sources[name]}")

    def _over(self, stored: Mapping[str, Any]) -> Settings:
        counts = {name: value for name, value in stored.items() if name in LIVE and name not in self.started.sources}
        return changed(self.started, **counts)
