"""What limits of an upstream account cost: three channels of one gateway, in turns. One has none, one has all of them,
and of one the key has all of them, too.

Two processes differ by more than what is measured here, and so does one process from one second to the next: hence one
gateway and short turns. Whether a channel has limits is asked for each request where any channel has some; that is in
all figures, and takes less than a microsecond.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from types import MappingProxyType
from typing import Any

from aihub_lite.domain.validation import MAX_RATE
from tests.bench.figures import Figure
from tests.bench.plain import CONNECTIONS, Loaded, Target, check, in_turn
from tests.bench.rig import Bench, Server, chat_request
from tests.support.gateway import Gateway, unique

LIMITS: Mapping[str, Any] = {"rpm": MAX_RATE, "tpm": MAX_RATE, "concurrency": MAX_RATE, "budget": "1000000000/day"}
"""Counted for every request and never reached."""
NONE: Mapping[str, Any] = MappingProxyType({})
TURN = 0.5
"""Seconds."""


def measure(bench: Bench) -> list[Figure]:
    """CPU time per plain request with limits on, and how much more that is than without; medians of the turns."""
    with bench.nginx() as upstream, bench.gateway("limited") as gateway:
        targets = [
            target_of(bench, gateway, upstream),
            target_of(bench, gateway, upstream, LIMITS),
            target_of(bench, gateway, upstream, LIMITS, LIMITS),
        ]
        check([[target.load(CONNECTIONS, bench.seconds / bench.rounds) for target in targets]])
        turns = [in_turn(targets, number, TURN) for number in range(max(2, round(bench.seconds * bench.rounds)))]
    check(turns)
    without, cost = (median(turn[at].per_request_us for turn in turns) for at in (0, 1))
    return [
        Figure("limits.cpu_per_request", "CPU per request with limits", "µs", cost, note=f"{without:.0f} without"),
        added("limits.cpu_more", "CPU that a channel's limits add", turns, 1),
        added("limits.cpu_more_by_key", "CPU that limits of a channel and its key add", turns, 2),
    ]


def added(key: str, title: str, turns: list[list[Loaded]], at: int) -> Figure:
    """By which share a target's requests cost more than those of the one without limits in the same turn."""
    more = [100 * (turn[at].per_request_us / turn[0].per_request_us - 1) for turn in turns]
    spread = f"of {len(more)} turns half between {quarter(more, 1):.1f} and {quarter(more, 3):.1f}"
    return Figure(key, title, "%", median(more), note=spread)


def quarter(values: list[float], number: int) -> float:
    """The value below which so many quarters of all lie."""
    return sorted(values)[len(values) * number // 4]


def target_of(
    bench: Bench,
    gateway: Gateway,
    upstream: Server,
    limits: Mapping[str, Any] = NONE,
    limits_of_key: Mapping[str, Any] = NONE,
) -> Target:
    """A channel of its own, with its only key."""
    name = unique("channel")
    model = gateway.add_channel(upstream.url, name=name, **limits)
    if limits_of_key:
        assert 200 == gateway.admin("PATCH", f"/channels/{name}/keys/1", limits_of_key).status
    gateway.set_price(model)
    return Target(bench, gateway.url, gateway.key, chat_request(model, max_tokens=256), gateway.process.pid, gateway)
