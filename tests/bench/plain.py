"""Chat completions that are not streamed: through the gateway, through its bare stack, and from the upstream alone."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

import attrs

from tests.bench.figures import Figure
from tests.bench.rig import Bench, chat_request, chat_url, priced_model, wait_at_rest
from tests.bench.wrk import Load, run_wrk
from tests.support.gateway import Gateway
from tests.support.process_figures import cpu_seconds, main_thread_seconds

CONNECTIONS = 32


@attrs.frozen
class Loaded:
    """A process under load, with the CPU seconds it took; `loop_s` of them in its first thread, the event loop's."""

    load: Load
    cpu_s: float
    loop_s: float

    @property
    def per_request_us(self) -> float:
        """µs of CPU for each request."""
        return self.cpu_s / self.load.requests * 1e6


@attrs.frozen
class Target:
    """What is loaded: a gateway or what it is compared with."""

    bench: Bench
    url: str
    key: str
    body: Mapping[str, object]
    pid: int
    gateway: Gateway | None = None
    headers: Mapping[str, str] = attrs.field(factory=dict)
    """Of each request, besides the usual ones."""

    def load(self, connections: int, seconds: float) -> Loaded:
        """So many connections for so long; a gateway has done the work for every request when its time is read."""
        cpu = cpu_seconds(self.pid)
        loop = main_thread_seconds(self.pid)
        load = run_wrk(self.bench, chat_url(self.url), self.key, self.body, connections, seconds, self.headers)
        if self.gateway:
            wait_at_rest(self.gateway)
        return Loaded(load, cpu_seconds(self.pid) - cpu, main_thread_seconds(self.pid) - loop)


def measure(bench: Bench) -> list[Figure]:
    """Throughput and CPU time at 32 connections, latency at one."""
    seconds = bench.seconds / bench.rounds
    with (
        bench.nginx() as upstream,
        bench.gateway("plain") as gateway,
        bench.bare(upstream) as bare,
    ):
        body = chat_request(priced_model(gateway, upstream.url), max_tokens=256)
        targets = [
            Target(bench, gateway.url, gateway.key, body, gateway.process.pid, gateway),
            Target(bench, bare.url, gateway.key, body, bare.pid),
            Target(bench, upstream.url, gateway.key, body, upstream.pid),
        ]
        warm = [target.load(CONNECTIONS, seconds) for target in targets]
        many = [[target.load(CONNECTIONS, seconds) for target in targets] for _ in range(bench.rounds)]
        one = [[target.load(1, seconds) for target in targets] for _ in range(bench.rounds)]
    check([warm, *many, *one])
    return [*throughput(many), *latency(one)]


def in_turn(targets: list[Target], number: int, seconds: float) -> list[Loaded]:
    """All of them, each turn beginning with another, and every other turn the other way round."""
    order = [(place + number) % len(targets) for place in range(len(targets))]
    if number % 2:
        order.reverse()
    loaded = {at: targets[at].load(CONNECTIONS, seconds) for at in order}
    return [loaded[at] for at in range(len(targets))]


def check(rounds: list[list[Loaded]]) -> None:
    """Raises RuntimeError when not every request was answered with 200: figures of errors mean nothing."""
    loads = [loaded.load for turn in rounds for loaded in turn]
    refused = sum(load.refused for load in loads)
    broken = sum(load.broken for load in loads)
    if refused or broken:
        raise RuntimeError(f"{refused} requests were refused, {broken} connections broken")


def throughput(rounds: list[list[Loaded]]) -> list[Figure]:
    """At 32 connections: medians of the rounds."""
    rates = [median(turn[target].load.per_second for turn in rounds) for target in range(3)]
    costs = [median(turn[target].per_request_us for turn in rounds) for target in range(3)]
    gateway = [turn[0] for turn in rounds]
    apart = (
        sum(loaded.cpu_s - loaded.loop_s for loaded in gateway) / sum(loaded.load.requests for loaded in gateway) * 1e6
    )
    per_request = [loaded.per_request_us for loaded in gateway]
    spread = f"{min(per_request):.0f} to {max(per_request):.0f}"
    note = f"{spread}; {apart:.0f} of it outside the event loop's thread"
    return [
        figure("plain.requests", "requests, 32 connections", "/s", rates),
        figure("plain.cpu_per_request", "CPU per request, 32 connections", "µs", costs, note),
    ]


def figure(key: str, title: str, unit: str, values: list[float], note: str = "") -> Figure:
    """Of the three targets, as `measure` orders them."""
    value, bare, alone = values
    return Figure(key, title, unit, value, bare, alone, note)


def latency(rounds: list[list[Loaded]]) -> list[Figure]:
    """At one connection: medians of the rounds."""
    p50 = [[turn[target].load.p50_us / 1000 for turn in rounds] for target in range(3)]
    p99 = [[turn[target].load.p99_us / 1000 for turn in rounds] for target in range(3)]
    added, bare = ([over - alone for over, alone in zip(p50[at], p50[2], strict=True)] for at in (0, 1))
    spread = f"{min(added):.2f} to {max(added):.2f}"
    return [
        figure("plain.p50", "p50, 1 connection", "ms", [median(times) for times in p50]),
        figure("plain.p99", "p99, 1 connection", "ms", [median(times) for times in p99]),
        Figure("plain.p50_added", "p50 above the upstream alone", "ms", median(added), median(bare), note=spread),
    ]
