"""Streamed chat completions: what a chunk costs, how long it takes through the gateway, what an open stream holds."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

import attrs
import msgspec

from tests.bench.figures import Figure
from tests.bench.listener import OPENINGS_PER_SECOND, Heard, Spec
from tests.bench.rig import Bench, chat_request, chat_url, priced_model, wait_at_rest
from tests.support.gateway import Gateway
from tests.support.process_figures import resident_bytes

PACE = 20
"""Chunks per second and stream: what a fast model says to one listener."""
BUSY_STREAMS, QUIET_STREAMS, OPEN_STREAMS = 200, 50, 1000
WARM = 1.0
SLACK = 4.0
"""Seconds for which a stream goes on beyond what is measured of it."""
RUSH = 667
"""Streams opened in a second, where many come at once: a thousand in 1.5 s."""
QUIET_PACE = 1
"""So slow that a thousand streams leave the machine at rest."""


def measure(bench: Bench) -> list[Figure]:
    """CPU time per chunk with 200 streams, delay of each chunk with 50, alone and through the gateway in turns."""
    with bench.paced() as upstream, bench.gateway("stream") as gateway:
        model = priced_model(gateway, upstream.url)
        busy = bench.streams(BUSY_STREAMS)
        loaded = hear(bench, gateway, gateway.url, model, busy, PACE, bench.seconds)
        quiet = bench.streams(QUIET_STREAMS)
        seconds = bench.seconds / bench.rounds
        rounds = [
            [hear(bench, gateway, url, model, quiet, PACE, seconds) for url in (upstream.url, gateway.url)]
            for _ in range(bench.rounds)
        ]
        wait_at_rest(gateway)
    return [cost(loaded, busy), *delay(rounds, quiet)]


def measure_memory(bench: Bench) -> list[Figure]:
    """Resident memory after start, and with 1,000 streams open; how long their first chunks took, opened in 1.5 s."""
    with bench.paced() as upstream, bench.gateway("memory") as gateway:
        model = priced_model(gateway, upstream.url)
        idle = resident_bytes(gateway.process.pid)
        count = bench.streams(OPEN_STREAMS)
        seconds = bench.seconds / 2
        alone = hear(bench, gateway, upstream.url, model, count, QUIET_PACE, seconds, rush=True)
        heard = hear(bench, gateway, gateway.url, model, count, QUIET_PACE, seconds, rush=True)
        wait_at_rest(gateway)
        after = resident_bytes(gateway.process.pid)
    held = heard.rss_bytes - idle
    note = f"{heard.rss_bytes / 1e6:.1f} MB with {count}, {after / 1e6:.1f} MB when they had ended"
    return [
        Figure("memory.idle", "resident memory, idle", "MB", idle / 1e6),
        Figure("memory.per_stream", "resident memory per open stream", "kB", held / count / 1e3, note=note),
        Figure(
            "memory.first_chunk",
            f"first chunk, {count} streams opened within {count / RUSH:.1f} s, p99",
            "ms",
            heard.first_p99_ms,
            alone=alone.first_p99_ms,
        ),
    ]


def chunks_for(streams: int, pace: int, seconds: float) -> int:
    """How many chunks a stream needs so that none ends while others are still opened, warmed up or measured."""
    return round(pace * (streams / OPENINGS_PER_SECOND + WARM + seconds + SLACK))


def hear(
    bench: Bench,
    gateway: Gateway,
    base_url: str,
    model: str,
    streams: int,
    pace: int,
    seconds: float,
    *,
    rush: bool = False,
) -> Heard:
    """Listens to so many streams from a process of its own; raises RuntimeError unless all of them were whole.

    In a `rush` they come quickly one after the other, and each is answered at once.
    """
    chunks = chunks_for(streams, pace, seconds)
    fields = {"max_tokens": chunks, "chunks": chunks, "pace": pace, "stream_options": {"include_usage": True}}
    body = dict(chat_request(model, stream=True, at_once=rush, **fields))
    spec = Spec(chat_url(base_url), gateway.key, body, streams, WARM, seconds, gateway.process.pid)
    if rush:
        spec = attrs.evolve(spec, per_second=RUSH)
    command = (sys.executable, "-m", "tests.bench.listener", msgspec.json.encode(attrs.asdict(spec)).decode())
    with bench.process(*command) as process:
        try:
            process.wait(chunks / pace + 90)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"the listener did not end: {process.output}") from None
        process.stdout.wait_line(lambda _: False, 5)
        if process.popen.wait():
            raise RuntimeError(process.output)
        heard = Heard(**msgspec.json.decode(process.stdout.text))
    if (heard.whole, heard.all_chunks) != (streams, streams * chunks):
        raise RuntimeError(f"wanted {streams} whole streams of {chunks} chunks, heard {heard}")
    return heard


def cost(heard: Heard, streams: int) -> Figure:
    """CPU time of the gateway for each chunk."""
    rate = f"{heard.chunks / heard.seconds:,.0f} of {streams * PACE:,} chunks/s; p99 delay {heard.delay_p99_ms:.1f} ms"
    return Figure(
        "stream.cpu_per_chunk", f"CPU per chunk, {streams} streams", "µs", heard.cpu_s / heard.chunks * 1e6, note=rate
    )


def delay(rounds: list[list[Heard]], streams: int) -> list[Figure]:
    """From the upstream's sending a chunk to its arrival at the client; the median of the rounds."""
    title = f"chunk delay, {streams} streams, {{}}"
    halves = [[pair[side] for pair in rounds] for side in (0, 1)]
    p50 = [median(heard.delay_p50_ms for heard in half) for half in halves]
    p99 = [median(heard.delay_p99_ms for heard in half) for half in halves]
    slowest = [max(heard.delay_max_ms for heard in half) for half in halves]
    return [
        Figure("stream.delay_p50", title.format("p50"), "ms", p50[1], alone=p50[0]),
        Figure("stream.delay_p99", title.format("p99"), "ms", p99[1], alone=p99[0]),
        Figure("stream.delay_max", title.format("slowest"), "ms", slowest[1], alone=slowest[0]),
    ]
