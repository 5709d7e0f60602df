"""Keys that rest: out of money, or refused for a reason that may pass. Nobody has to bring them back.

A rest is five minutes, then twice as long each time up to six hours, and ends at the latest when a month begins, where
allowances are renewed. Then one request goes through as a probe, and the rest follow only if it went well. What a
channel's keys say in storage is read at a start and after a person's change (`restore`); in between this is the truth.
"""

from __future__ import annotations

from datetime import UTC, datetime

import attrs

from aihub_lite.domain.channel import Channel
from aihub_lite.domain.clock import Clock

SHORTEST = 300
"""Seconds."""
LONGEST = 6 * 3600
"""Seconds."""

SPENT = "the account is spent"
"""The reason of a rest for want of money."""
Account = tuple[str, str]
"""Ids of a channel and of one of its keys: an account upstream."""
NO_KEY = "-"
"""The key id of a channel that needs no key."""


@attrs.define
class Rest:
    """One key's rest."""

    until: int
    """Unix seconds."""
    times: int
    """In a row."""
    reason: str
    probing: bool = False
    """Whether an attempt is under way that finds out if the key is well again."""


@attrs.define(eq=False)
class KeyRests:
    """The rests of all keys: on the wall clock, as they outlast a start; no jump of it prolongs one past `LONGEST`."""

    clock: Clock
    _rests: dict[Account, Rest] = attrs.field(factory=dict)

    def restore(self, channel: Channel) -> None:
        """Take over what a channel's keys say."""
        self.forget(channel.id)
        for key in channel.keys:
            if key.rests_until:
                self._rests[channel.id, key.id] = Rest(key.rests_until, key.rests, key.disabled)

    def forget(self, channel_id: str) -> None:
        """A channel was deleted or changed."""
        for account in [account for account in self._rests if account[0] == channel_id]:
            del self._rests[account]

    def of(self, account: Account) -> Rest | None:
        """A key's rest, also one whose time is over; None for a key that is well."""
        return self._rests.get(account)

    def seconds(self, rest: Rest) -> float:
        """Until it is over; 0 when it is."""
        left = rest.until - self.clock.wall()
        if left > LONGEST:
            return 0.0  # the clock was set back
        return max(0.0, left)

    def begin(self, account: Account, reason: str) -> Rest | None:
        """A key was refused for a reason that may pass; None where it rests already: the attempt was an older one, or
        the last resort."""
        rest = self._rests.get(account)
        times = 1
        if rest is not None:
            if self.seconds(rest):
                return None
            times = rest.times + 1
        rest = self._rests[account] = Rest(rest_until(self.clock.wall(), times), times, reason)
        return rest

    def end(self, account: Account) -> bool:
        """A key was answered, or will not be used again; whether it rested."""
        return self._rests.pop(account, None) is not None

    def started(self, account: Account) -> Rest | None:
        """An attempt begins; the rest whose probe it is, if it is one."""
        rest = self._rests.get(account)
        if rest is None or rest.probing:
            return None
        rest.probing = True
        return rest


def rest_until(now: float, times: int) -> int:
    """When a rest ends that begins now, the so-manieth in a row; in Unix seconds."""
    seconds = min(SHORTEST * 2 ** min(times - 1, 10), LONGEST)
    return int(min(now + seconds, _next_month(now)))


def _next_month(now: float) -> float:
    today = datetime.fromtimestamp(now, UTC)
    if today.month == 12:
        return datetime(today.year + 1, 1, 1, tzinfo=UTC).timestamp()
    return datetime(today.year, today.month + 1, 1, tzinfo=UTC).timestamp()
