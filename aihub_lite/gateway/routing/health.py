"""How well channels do at the moment: cooldowns after faults and waits after 429s.

Three ways to be out for a while. A key that was answered 429 waits as long as the upstream asked. A channel with
`fault_threshold` faults in a row waits `fault_cooldown` times the number of such waits in a row; then one request
goes through as a probe, and the rest follow only if it went well. A key that is out of money rests: see `key_rests`.
"""

from __future__ import annotations

import math
from typing import Literal

import attrs

from aihub_lite.domain.clock import Clock
from aihub_lite.gateway.routing.key_rests import KeyRests

MAX_COOLDOWNS = 10
"""Cooldowns in a row beyond which they grow no longer."""
MAX_DOUBLINGS = 5
"""Of the second that a key rests after a 429 that does not say for how long."""
LONGEST_TOLD = 60
"""Seconds of a `Retry-After`, beyond which SDKs do not wait (RULES.md C-17)."""


def seconds_told(wait: float) -> int:
    """A wait as `Retry-After` says it: whole seconds, at least one."""
    return min(LONGEST_TOLD, max(1, math.ceil(wait)))


@attrs.frozen
class HealthPolicy:
    """As the settings of the same names; times in seconds."""

    fault_threshold: int
    fault_cooldown: float
    max_cooldown: float


@attrs.frozen
class Obstacle:
    """What keeps a key of a channel out for a while."""

    kind: Literal["cooldown", "probe", "rate_limit", "rest", "limit"]
    """cooldown: after faults in a row. probe: the cooldown is over, and another request finds out how the channel is.
    rate_limit: its upstream asked to wait after a 429. rest: the key is out of money, or was refused for a reason that
    may pass; `last_fault` says which. limit: one of the key or its channel is reached, which `last_fault` names."""
    seconds: float
    """Until it is over; 0 while a probe decides."""
    faults: int = 0
    """In a row."""
    last_fault: str = ""

    @property
    def text(self) -> str:
        """What people read, in a word or two why and for how long."""
        left = f"{math.ceil(self.seconds)} s"
        match self.kind:
            case "cooldown":
                return f"cooling down for {left} after {self.faults} faults in a row ({self.last_fault})"
            case "probe":
                return "its cooldown is over, and another request finds out how it is"
            case "rest":
                return f"its key rests for {left} more: {self.last_fault}"
            case "rate_limit":
                return f"its upstream asked to wait (429): {left} left"
            case "limit" if self.seconds:
                return f"at its limit of {self.last_fault}: {left} left"
            case "limit":
                return f"at its limit of {self.last_fault}"


@attrs.define
class ChannelHealth:
    """One channel's recent past. Times on the monotonic clock."""

    faults: int = 0
    """In a row."""
    cooldowns: int = 0
    """In a row."""
    cooling_until: float = 0.0
    probing: bool = False
    """Whether an attempt is under way that finds out if the channel is well again."""
    last_fault: str = ""
    rate_limited: dict[str, float] = attrs.field(factory=dict)
    """By key id: until when an upstream asked us to wait."""
    rate_limits: int = 0
    """In a row."""
    test_fault: str = ""
    """What was wrong when somebody last tested it, or tried whether it can be reached; no answer has come since."""
    refused: set[str] = attrs.field(factory=set)
    """Ids of keys that the upstream refused, until the registry has disabled them for good."""


@attrs.define
class Health:
    """The health of every channel, by channel id."""

    clock: Clock
    policy: HealthPolicy
    rests: KeyRests = attrs.field(default=attrs.Factory(lambda self: KeyRests(self.clock), takes_self=True))
    _channels: dict[str, ChannelHealth] = attrs.field(factory=dict)
    _seen_well: set[str] = attrs.field(factory=set)

    def was_seen_well(self, channel_id: str) -> bool:
        """Whether a channel answered, or was tested, since the start and its last change: before that it may be as bad
        as an earlier run has found it."""
        return channel_id in self._seen_well

    def of(self, channel_id: str) -> ChannelHealth:
        """A channel's health; of an unknown one it is good."""
        health = self._channels.get(channel_id)
        if health is None:
            health = self._channels[channel_id] = ChannelHealth()
        return health

    def forget(self, channel_id: str) -> None:
        """A channel was deleted, or a person brought it back."""
        self._channels.pop(channel_id, None)
        self._seen_well.discard(channel_id)

    def available(self, channel_id: str) -> bool:
        """Whether faults leave the channel available; after a cooldown they do to one request, as a probe."""
        health = self._channels.get(channel_id)
        if health is None or health.faults < self.policy.fault_threshold:
            return True
        return not health.probing and self.clock.monotonic() >= health.cooling_until

    def rate_limit_wait(self, channel_id: str, key_id: str) -> float:
        """Seconds until a key may be used again after a 429; 0 when it may now."""
        health = self._channels.get(channel_id)
        if health is None or not health.rate_limited:
            return 0.0
        return max(0.0, health.rate_limited.get(key_id, 0.0) - self.clock.monotonic())

    def obstacle(self, channel_id: str, key_id: str) -> Obstacle | None:
        """What keeps a key of a channel out at this moment; None when nothing does."""
        if not self.available(channel_id):
            health = self.of(channel_id)
            seconds = max(0.0, health.cooling_until - self.clock.monotonic())
            if not seconds:
                return Obstacle("probe", 0.0, health.faults, health.last_fault)
            return Obstacle("cooldown", seconds, health.faults, health.last_fault)
        wait = self.rate_limit_wait(channel_id, key_id)
        if wait:
            return Obstacle("rate_limit", wait)
        rest = self.rests.of((channel_id, key_id))
        if rest is None:
            return None
        seconds = self.rests.seconds(rest)
        if seconds:
            return Obstacle("rest", seconds, last_fault=rest.reason)
        if rest.probing:
            return Obstacle("probe", 0.0)
        return None

    def started(self, channel_id: str) -> bool:
        """An attempt begins; True if it is the probe of a channel that was out."""
        health = self._channels.get(channel_id)
        if health is None or health.probing or health.faults < self.policy.fault_threshold:
            return False
        health.probing = True
        return True

    def ended(self, channel_id: str, probe: bool) -> None:
        """An attempt ended, well or not. `probe` as `started` said: older attempts may end during a probe."""
        health = self._channels.get(channel_id)
        if health is not None and probe:
            health.probing = False

    def answered(self, channel_id: str) -> None:
        """An answer began: enough to end a cooldown, but the next fault starts another one."""
        health = self._channels.get(channel_id)
        if health is not None:
            health.faults = min(health.faults, self.policy.fault_threshold - 1)

    def succeeded(self, channel_id: str) -> None:
        """An answer is complete: faults are forgiven. A wait after a 429 ends by itself: the answer may be older."""
        self._seen_well.add(channel_id)
        health = self._channels.get(channel_id)
        if health is not None:
            health.faults = health.cooldowns = health.rate_limits = 0
            health.last_fault = ""
            health.test_fault = ""

    def tested(self, channel_id: str, fault: str) -> None:
        """Somebody tested the channel; `fault` is what was wrong, empty where it works. It is asked all the same."""
        self.of(channel_id).test_fault = fault
        if not fault:
            self._seen_well.add(channel_id)

    def failed(self, channel_id: str, fault: str) -> None:
        """The channel is at fault; enough faults in a row start or prolong a cooldown."""
        health = self.of(channel_id)
        health.faults += 1
        health.last_fault = fault
        if health.faults >= self.policy.fault_threshold:
            now = self.clock.monotonic()
            if now >= health.cooling_until:
                health.cooldowns = min(health.cooldowns + 1, MAX_COOLDOWNS)
                health.cooling_until = now + self.policy.fault_cooldown * health.cooldowns

    def rate_limit(self, channel_id: str, key_id: str, retry_after: float | None) -> float:
        """A 429: the key rests as long as the upstream asked, or a little longer each time if it did not say.

        Returns the seconds that it rests.
        """
        health = self.of(channel_id)
        health.rate_limits += 1
        wait = retry_after
        if wait is None:
            wait = float(2 ** min(health.rate_limits - 1, MAX_DOUBLINGS))
        wait = min(max(wait, 0.0), self.policy.max_cooldown)
        health.rate_limited[key_id] = self.clock.monotonic() + wait
        return wait

    def refuse_key(self, channel_id: str, key_id: str) -> None:
        """The upstream refused a key: from this moment no request uses it."""
        self.of(channel_id).refused.add(key_id)

    def refused(self, channel_id: str, key_id: str) -> bool:
        """Whether a key was refused since a person last looked after its channel."""
        health = self._channels.get(channel_id)
        return health is not None and key_id in health.refused
