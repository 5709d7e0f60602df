"""A named route: a name that clients ask for like a model, with the models that are tried for it in order."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import attrs

from aihub_lite.domain.hours import HourSpan

Reason = Literal["down", "rate", "quota", "context", "content", "slow"]
"""Why a request goes on to the next model. down: no channel of the model answers. rate: 429s. quota: the accounts at
its upstreams are spent. context: the prompt is too long for it. content: its policy refuses what was asked. slow: no
first byte in the route's patience."""
REASONS: tuple[Reason, ...] = get_args(Reason)
DEFAULT_REASONS: tuple[Reason, ...] = ("down", "rate", "quota", "context")
"""Another model's policy, or one's patience, is for the operator to decide."""


@attrs.frozen(kw_only=True)
class DayHours:
    """Hours of the day in a zone."""

    span: HourSpan
    """Its minutes are those of the zone's clocks."""
    zone: str = "UTC"

    @property
    def text(self) -> str:
        """`00:30-08:30@UTC`."""
        return f"{self.span.text}@{self.zone}"

    def covers(self, wall: float) -> bool:
        """Whether a Unix time is in them."""
        offset = datetime.fromtimestamp(wall, ZoneInfo(self.zone)).utcoffset()
        if offset is None:
            return self.span.covers(wall)
        return self.span.covers(wall + offset.total_seconds())


@attrs.frozen(kw_only=True)
class Conditions:
    """When a model of a route is tried: all that are set must hold, else it is passed over."""

    below_budget: int | None = None
    """Per cent of the token's quota or budget: less than that is left. Of a token without one nothing ever is."""
    over_tokens: int | None = None
    """The prompt has more tokens than that, by our own count."""
    tag: str = ""
    """The request carries this tag."""
    hours: DayHours | None = None


@attrs.frozen(kw_only=True)
class RouteStep:
    """One model of a route, by any of its names."""

    model: str
    when: Conditions = Conditions()


@attrs.frozen(kw_only=True)
class NamedRoute:
    """One route as configured."""

    name: str
    steps: tuple[RouteStep, ...]
    on: tuple[Reason, ...] = DEFAULT_REASONS
    patience: float | None = None
    """Seconds that a model has for its first byte while there is another one to try; None where none counts."""


@attrs.frozen
class PassedOver:
    """A model of a route that was not tried, or not for long, and why; with a channel, only a lane of it."""

    model: str
    """Empty for a lane of a plain model."""
    why: str
    channel: str = ""
    key: str = ""
    """Its id, where the channel has several."""
    before: int = 0
    """The attempt, from 1 on, that the lane would have come before; 0: it stood behind all that were made."""

    @property
    def is_lane(self) -> bool:
        """Whether it is about a lane, or several, and not about a whole model."""
        return bool(self.channel) or not self.model
