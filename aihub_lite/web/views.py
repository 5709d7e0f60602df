"""Facts as the admin API shows them: money as a number in USD, times in RFC 3339 and UTC, never a key."""

from __future__ import annotations

from typing import Any

from aihub_lite.domain.clock import moment_text as moment_text  # noqa: PLC0414  beside the other texts of a view
from aihub_lite.domain.money import NANO
from aihub_lite.gateway.state.balance import Balance

Json = dict[str, Any]


def money(nano: int) -> float:
    """USD; to the nano-dollar for all below a million, where a float has digits enough."""
    return nano / NANO


def optional_money(nano: int | None) -> float | None:
    """The same for an amount that may not be set."""
    if nano is None:
        return None
    return money(nano)


def left_usd(balance: Balance, wall: float) -> float | None:
    """What a token may still spend, never below zero; None where nothing limits it."""
    left = balance.left(wall)
    if left is None:
        return None
    return money(max(left, 0))


def optional_moment(seconds: float | None) -> str | None:
    """The same for a time that may not be set."""
    if seconds is None:
        return None
    return moment_text(seconds)
