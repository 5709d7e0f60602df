"""What may stand in each section of the file: the bodies of the admin API, and the little that is beside them.

The class of a section says its fields, by which they are read, checked for form, and described in the schema.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from aihub_lite.config import HINTS, LIVE
from aihub_lite.web.admin.channel_input import ChannelInput
from aihub_lite.web.admin.models import FactsInput
from aihub_lite.web.admin.people.persons import PersonInput
from aihub_lite.web.admin.pots.pots import PotInput
from aihub_lite.web.admin.prices import PriceInput, RatesInput
from aihub_lite.web.admin.routes import RouteChange
from aihub_lite.web.admin.tokens import TokenInput
from aihub_lite.web.limits import LimitsInput

EVERY_MODEL = "*"
"""Under strategies: that of all models that have none of their own."""


@attrs.frozen(kw_only=True)
class TokenEntry(TokenInput):
    """`[tokens.NAME]`."""

    digest: str | None = None
    """SHA-256 of the key, in hex; without one a new token gets a new key."""
    hint: str | None = None
    """The key's last characters."""
    self_made: bool | None = None
    """Whether its person has made it for themselves; unless said, a token that there is stays what it is."""


@attrs.frozen(kw_only=True)
class PersonEntry(PersonInput):
    """`[people.NAME]`."""

    budgets: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class KeyEntry(LimitsInput):
    """One of a channel's keys."""

    key: str | None = None
    """`env:NAME`, or the key itself; left out of one that the channel has under its `id`."""
    id: str | None = None
    enabled: bool = True


@attrs.frozen(kw_only=True)
class ChannelEntry(ChannelInput):
    """`[channels.NAME]`, but for `keys`: those are KeyEntries."""

    enabled: bool = True
    origin: str = "operator"
    """`env`, `local` or `builtin` for one that appears by itself."""


@attrs.frozen(kw_only=True)
class AlertEntry:
    """`[alerts.NAME]`."""

    url: str | None = None
    """`env:NAME`, or the address itself; left out of a destination that is there."""
    secret: str | None = None
    """The same; a new webhook without one is given one."""
    events: tuple[str, ...] = ()
    quiet: str = ""
    urgent: bool = False
    enabled: bool = True


@attrs.frozen(kw_only=True)
class PriceEntry(PriceInput):
    """`[prices.MODEL]`, but for `services`: rates by tier of service."""


SettingsEntry = attrs.make_class(
    "SettingsEntry", {name: attrs.field(type=HINTS[name] | None, default=None) for name in LIVE}, frozen=True
)
"""`[settings]`."""


@attrs.frozen
class Section:
    """One section: what is in it, and which fields of the class stand elsewhere."""

    kind: Any
    named: bool = True
    """Whether it holds one table a name."""
    without: frozenset[str] = frozenset()
    more: frozenset[str] = frozenset()
    """Fields that are read apart."""

    @property
    def fields(self) -> tuple[str, ...]:
        """All names that a table of it may have."""
        if self.kind is str:
            return ()
        known = [field.name for field in attrs.fields(self.kind) if field.name not in self.without]
        return (*known, *sorted(self.more))


NAME = frozenset({"name"})
SECTIONS: Mapping[str, Section] = {
    "settings": Section(SettingsEntry, named=False),
    "gateway": Section(PotInput, named=False),
    "teams": Section(PotInput),
    "people": Section(PersonEntry, without=NAME),
    "channels": Section(ChannelEntry, without=NAME | {"provider"}, more=frozenset({"type"})),
    "routes": Section(RouteChange),
    "aliases": Section(str),
    "strategies": Section(str),
    "models": Section(FactsInput),
    "prices": Section(
        PriceEntry, without=frozenset({"model", "tier", "above", "at", "weekdays"}), more=frozenset({"services"})
    ),
    "tokens": Section(TokenEntry, without=NAME),
    "alerts": Section(AlertEntry),
}
"""By their names, in the order in which they are written and applied."""
SEALED = "sealed"
"""The section beside them all, with the key to what is sealed in the file."""
RATES = tuple(field.name for field in attrs.fields(RatesInput))
