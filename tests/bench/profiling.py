"""Where the event loop's time goes while the gateway is under load: a guide for whoever makes it faster."""

from __future__ import annotations

import signal
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
import msgspec

from tests.bench import plain, streams
from tests.bench.rig import Bench, chat_request, chat_url, priced_model, wait_at_rest
from tests.bench.sampled import Profile
from tests.bench.wrk import run_wrk
from tests.support.gateway import Gateway

TOP = 40
WARM_SECONDS = 1.0


def profile(bench: Bench, what: str) -> str:
    """The report for `plain` or `stream`."""
    output = bench.directory / "profile.json"
    python, *program = bench.command
    sampled = attrs.evolve(bench, command=(python, "-m", "tests.bench.sampled", str(output), *program))
    count, unit = (_plain if what == "plain" else _stream)(sampled)
    return report(msgspec.json.decode(output.read_bytes(), type=Profile), count, unit)


def _plain(bench: Bench) -> tuple[int, str]:
    with bench.nginx() as upstream, bench.gateway("profile") as gateway:
        body = chat_request(priced_model(gateway, upstream.url), max_tokens=256)
        url = chat_url(gateway.url)
        run_wrk(bench, url, gateway.key, body, plain.CONNECTIONS, WARM_SECONDS)
        with sampling(gateway):
            load = run_wrk(bench, url, gateway.key, body, plain.CONNECTIONS, bench.seconds)
    return load.requests, "request"


def _stream(bench: Bench) -> tuple[int, str]:
    """Includes the opening and the end of the streams, spread over many chunks."""
    with bench.paced() as upstream, bench.gateway("profile") as gateway:
        model = priced_model(gateway, upstream.url)
        count = bench.streams(streams.BUSY_STREAMS)
        with sampling(gateway):
            heard = streams.hear(bench, gateway, gateway.url, model, count, streams.PACE, bench.seconds)
    return heard.all_chunks, "chunk"


@contextmanager
def sampling(gateway: Gateway) -> Iterator[None]:
    """Only what happens inside the block counts: start and end are another matter."""
    gateway.process.signal(signal.SIGUSR1)
    yield
    wait_at_rest(gateway)
    gateway.process.signal(signal.SIGUSR1)
    wait_at_rest(gateway)  # an answer means that the signal was seen


def report(profile: Profile, count: int, unit: str) -> str:
    """Tables of µs per request or chunk, most first."""
    scale = 1e6 / count
    rooms: dict[str, float] = defaultdict(float)
    for name, seconds in profile.own.items():
        rooms[room_of(name)] += seconds
    total = (
        f"{profile.seconds * scale:.1f} µs of the event loop's thread per {unit}, "
        f"{profile.samples} samples, {count:,} {unit}s"
    )
    tables: Mapping[str, Mapping[str, float]] = {
        "by library or room, own time": rooms,
        "by function, own time": profile.own,
        "by line, own time": profile.lines,
        "by function, with what it calls": profile.inclusive,
    }
    return "\n".join([total, *(_section(title, seconds, scale, unit) for title, seconds in tables.items())])


def room_of(name: str) -> str:
    """The package, and within ours the room."""
    parts = Path(name.partition(":")[0]).parts
    if "aihub_lite" in parts:
        return "/".join(parts[parts.index("aihub_lite") :][:2])
    if name.startswith("<"):
        return "generated code"
    return "/".join(parts[:2]) if parts[0].startswith("python") or parts[0] == "lib" else parts[0]


def _section(title: str, seconds: Mapping[str, float], scale: float, unit: str) -> str:
    most = sorted(seconds.items(), key=lambda item: -item[1])[:TOP]
    lines = [f"{taken * scale:8.2f}  {name}" for name, taken in most]
    return "\n".join(["", f"µs per {unit}, {title}:", *lines])
