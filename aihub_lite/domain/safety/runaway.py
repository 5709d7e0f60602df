"""What the breaker finds: a token that leaves its own past."""

from __future__ import annotations

from typing import Literal, get_args

import attrs

RunawayKind = Literal["spend", "requests", "repeated"]
RUNAWAY_KINDS: tuple[RunawayKind, ...] = get_args(RunawayKind)


@attrs.frozen
class Runaway:
    """Why a token is paused: what was seen, beside what is usual for it."""

    kind: RunawayKind
    seen: int
    """Of `spend` nano-USD within the time that was judged, of `requests` how many, of `repeated` how often the same
    conversation came."""
    usual: int
    """The most of the same that its past makes usual; 0 of `repeated`, which nothing makes usual."""
    spent: int
    """Nano-USD within the sliding hour."""
    minutes: int = 60
    """Within how many `seen` was seen."""
