"""What limits of an upstream account cost: a gateway with all on a channel and its key, and one without, in turns."""

from __future__ import annotations

from statistics import median
from typing import Any

from aihub_lite.domain.validation import MAX_RATE
from tests.bench.figures import Figure
from tests.bench.plain import CONNECTIONS, Loaded, Target, check
from tests.bench.rig import Bench, Server, chat_request
from tests.support.gateway import Gateway, unique

LIMITS: dict[str, Any] = {"rpm": MAX_RATE, "tpm": MAX_RATE, "concurrency": MAX_RATE, "budget": "1000000000/day"}
"""Counted for every request and never reached."""


def measure(bench: Bench) -> list[Figure]:
    """CPU time per plain request with limits on, and how much more that is than without; medians of the rounds."""
    with bench.nginx() as upstream, bench.gateway("free") as free, bench.gateway("limited") as limited:
        targets = [target_of(bench, free, upstream), target_of(bench, limited, upstream, with_limits=True)]
        seconds = bench.seconds / bench.rounds
        check([[target.load(CONNECTIONS, seconds) for target in targets]])
        rounds = [in_turns(targets, seconds, number) for number in range(bench.rounds)]
    check(rounds)
    more = [100 * (turn[1].per_request_us / turn[0].per_request_us - 1) for turn in rounds]
    without, cost = (median(turn[at].per_request_us for turn in rounds) for at in (0, 1))
    spread = f"{min(more):.1f} to {max(more):.1f}"
    return [
        Figure("limits.cpu_per_request", "CPU per request with limits", "µs", cost, note=f"{without:.0f} without"),
        Figure("limits.cpu_more", "CPU that limits of a channel and key add", "%", median(more), note=spread),
    ]


def in_turns(targets: list[Target], seconds: float, number: int) -> list[Loaded]:
    """Without limits and with them; every other time the other way round."""
    order = [0, 1] if number % 2 == 0 else [1, 0]
    loaded = {at: targets[at].load(CONNECTIONS, seconds) for at in order}
    return [loaded[0], loaded[1]]


def target_of(bench: Bench, gateway: Gateway, upstream: Server, *, with_limits: bool = False) -> Target:
    """A gateway with one channel, whose key is limited too where it is."""
    name = unique("channel")
    model = gateway.add_channel(upstream.url, name=name, **(LIMITS if with_limits else {}))
    if with_limits:
        assert 200 == gateway.admin("PATCH", f"/channels/{name}/keys/1", LIMITS).status
    gateway.set_price(model)
    body = chat_request(model, max_tokens=256)
    return Target(bench, gateway.url, gateway.key, body, gateway.process.pid, gateway)
