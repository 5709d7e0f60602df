"""How well channels do at the moment: cooldowns, probes, and whose turn it is.

Two ways to be out for a while. A key that was answered 429 waits as long as the upstream asked. A channel with
`fault_threshold` faults in a row waits `fault_cooldown` times the number of such waits in a row; then one request
goes through as a probe, and the rest follow only if it went well.
"""

from __future__ import annotations

import attrs

from aihub_lite.domain.clock import Clock

MAX_COOLDOWNS = 10


@attrs.frozen
class HealthPolicy:
    """Figures from the settings; seconds."""

    fault_threshold: int
    fault_cooldown: float
    max_cooldown: float


@attrs.define
class ChannelHealth:
    """One channel's recent past. Times on the monotonic clock."""

    faults: int = 0
    cooldowns: int = 0
    cooling_until: float = 0.0
    probing: bool = False
    last_fault: str = ""
    rate_limited: dict[str, float] = attrs.field(factory=dict)
    """By key id: until when an upstream asked us to wait."""
    rate_limits: int = 0
    refused: set[str] = attrs.field(factory=set)
    """Ids of keys that the upstream refused, until the registry has disabled them for good."""


@attrs.define
class Health:
    """The health of every channel, by channel id."""

    clock: Clock
    policy: HealthPolicy
    _channels: dict[str, ChannelHealth] = attrs.field(factory=dict)

    def of(self, channel_id: str) -> ChannelHealth:
        """A channel's health; an unknown one is well."""
        health = self._channels.get(channel_id)
        if health is None:
            health = self._channels[channel_id] = ChannelHealth()
        return health

    def forget(self, channel_id: str) -> None:
        """A channel was deleted, or a person brought it back."""
        self._channels.pop(channel_id, None)

    def fit(self, channel_id: str) -> bool:
        """Whether faults keep the channel out; after a cooldown only while nobody else probes it."""
        health = self._channels.get(channel_id)
        if health is None or health.faults < self.policy.fault_threshold:
            return True
        return not health.probing and self.clock.monotonic() >= health.cooling_until

    def waits(self, channel_id: str, key_id: str) -> float:
        """Seconds until a key may be used again after a 429; 0 when it may now."""
        health = self._channels.get(channel_id)
        if health is None or not health.rate_limited:
            return 0.0
        return max(0.0, health.rate_limited.get(key_id, 0.0) - self.clock.monotonic())

    def started(self, channel_id: str) -> bool:
        """An attempt begins; True if it is the probe of a channel that was out."""
        health = self._channels.get(channel_id)
        if health is None or health.probing or health.faults < self.policy.fault_threshold:
            return False
        health.probing = True
        return True

    def ended(self, channel_id: str, probe: bool) -> None:
        """An attempt ended, however; `probe` as `started` said: older attempts may end while a probe is under way."""
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
        health = self._channels.get(channel_id)
        if health is not None:
            health.faults = health.cooldowns = health.rate_limits = 0
            health.last_fault = ""

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

    def rate_limit(self, channel_id: str, key_id: str, retry_after: float | None) -> None:
        """A 429: the key rests as long as the upstream asked, or a little longer each time if it did not say."""
        health = self.of(channel_id)
        health.rate_limits += 1
        wait = float(2 ** min(health.rate_limits - 1, 5)) if retry_after is None else retry_after
        health.rate_limited[key_id] = self.clock.monotonic() + min(max(wait, 0.0), self.policy.max_cooldown)

    def refuse_key(self, channel_id: str, key_id: str) -> None:
        """The upstream refused a key: from this moment no request uses it."""
        self.of(channel_id).refused.add(key_id)

    def refused(self, channel_id: str, key_id: str) -> bool:
        """Whether a key was refused since a person last looked after its channel."""
        health = self._channels.get(channel_id)
        return health is not None and key_id in health.refused
