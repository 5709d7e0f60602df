"""Betas of Anthropic's API that an upstream does not know: coding tools send some that Anthropic alone has.

Vertex AI refuses such a request whole (anthropics/claude-code#21625, QuantumNous/new-api#2975: "Unexpected value(s) `…`
for the `anthropic-beta` header"), read in November 2026.
"""

from __future__ import annotations

import re

import attrs

REFUSAL = re.compile(r"unexpected value.*anthropic-beta", re.IGNORECASE | re.DOTALL)
NAME = re.compile(r"`([^`]+)`")
MOST = 64
"""Names that are remembered of a channel: clients may send any."""
NONE: frozenset[str] = frozenset()


@attrs.define(eq=False)
class RefusedBetas:
    """What each channel's upstream refused, in memory: it is left out of later requests, until the channel changes."""

    _names: dict[str, frozenset[str]] = attrs.field(factory=dict)
    """By channel id."""

    def left(self, channel_id: str, betas: str) -> str:
        """The betas without those that the upstream does not know."""
        refused = self._names.get(channel_id)
        if refused is None:
            return betas
        return ",".join(name for name in _names_in(betas) if name not in refused)

    def learn(self, channel_id: str, betas: str, refusal: str) -> bool:
        """Whether an upstream's refusal of a request with these betas names some of them, which are left out next."""
        if not betas or not REFUSAL.search(refusal):
            return False
        known = self._names.get(channel_id, NONE)
        more = known.union(set(NAME.findall(refusal)).intersection(_names_in(betas)))
        if more == known or len(more) > MOST:
            return False
        self._names[channel_id] = more
        return True

    def forget(self, channel_id: str) -> None:
        """The channel was changed: its upstream may be another one."""
        self._names.pop(channel_id, None)


def _names_in(betas: str) -> list[str]:
    return [name.strip() for name in betas.split(",")]
