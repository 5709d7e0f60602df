"""A token, or a person with all of theirs, that is paused for safety: its requests are refused until it is resumed."""

from __future__ import annotations

from typing import Final, Literal

import attrs

from aihub_lite.domain.money import dollars, usd
from aihub_lite.domain.safety.runaway import RunawayKind

PauseHolder = Literal["token", "person"]
PauseKind = RunawayKind | Literal["manual"]
MANUAL: Final = "manual"
HOUR = 60
"""Minutes."""


@attrs.frozen(kw_only=True)
class SafetyPause:
    """What is paused, and why: figures alone, never anything that somebody wrote."""

    holder: PauseHolder
    id: str
    """Of the token or the person."""
    kind: PauseKind
    """What the breaker saw, or `manual` where somebody paused it by hand."""
    seen: int = 0
    usual: int = 0
    spent: int = 0
    minutes: int = 0
    """These four as a Runaway has them; 0 where it was paused by hand."""
    since: int
    """Unix seconds."""

    @property
    def by_hand(self) -> bool:
        """Whether somebody paused it, and not the gateway by itself."""
        return self.kind == MANUAL


def why(pause: SafetyPause) -> str:
    """What happened, like `it spent $12.40 within 1 h, usually $1.10 at most`; of a person `their tokens spent`."""
    if pause.holder == "person" and not pause.by_hand:
        # Written out: the catalogues of languages have each of these whole.
        return _said(pause, "their tokens spent", "their tokens made", "their tokens sent the same conversation")
    return f"it {seen_text(pause)}"


def seen_text(pause: SafetyPause) -> str:
    """The same without a subject."""
    return _said(pause, "spent", "made", "sent the same conversation")


def _said(pause: SafetyPause, spent: str, made: str, sent: str) -> str:
    span = span_text(pause)
    if pause.kind == "spend":
        return f"{spent} {dollars(usd(pause.seen))} within {span}, usually {dollars(usd(pause.usual))} at most"
    if pause.kind == "requests":
        return f"{made} {pause.seen:,} requests within {span}, usually {pause.usual:,} at most"
    if pause.kind == "repeated":
        cost = dollars(usd(pause.spent))
        return f"{sent} {pause.seen:,} times within {span}, and spent {cost} in its last hour"
    return "was paused by hand"


def span_text(pause: SafetyPause) -> str:
    """Within how long it was seen, in units that are read in every language: `5 min`, `1 h`."""
    if pause.minutes % HOUR:
        return f"{pause.minutes} min"
    return f"{pause.minutes // HOUR} h"


def figure(pause: SafetyPause) -> str:
    """What was seen alone, like `$12.40 within 1 h, usually $1.10 at most`."""
    return seen_text(pause).removeprefix("spent ").removeprefix("made ")
