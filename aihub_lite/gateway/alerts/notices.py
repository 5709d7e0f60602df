"""Conditions that somebody notices as they come and go, where nothing else holds them: a full disk, spending."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from aihub_lite.domain.alerts.condition import Condition


@attrs.define(eq=False)
class Notices:
    """One of each kind at most; gone at a restart, unless it is noticed again."""

    on_change: list[Callable[[], None]] = attrs.field(factory=list)
    _all: dict[str, Condition] = attrs.field(factory=dict)
    """By kind."""

    @property
    def all(self) -> tuple[Condition, ...]:
        """Those that hold."""
        return tuple(self._all.values())

    def post(self, kind: str, *, subject: str = "", detail: str = "", figure: str = "") -> None:
        """It holds from now on."""
        condition = Condition(kind, subject, "", detail, figure=figure)
        news = kind not in self._all
        self._all[kind] = condition
        if news:
            self._changed()

    def remove(self, kind: str) -> None:
        """It holds no more."""
        if self._all.pop(kind, None) is not None:
            self._changed()

    def _changed(self) -> None:
        for listener in self.on_change:
            listener()
