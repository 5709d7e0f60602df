"""wrk as load: one POST over and over, its figures exact instead of as it prints them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import attrs
import msgspec

from tests.bench.rig import Bench, tool

SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer {key}"
{headers}
wrk.body = [==[{body}]==]
done = function(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'FIGURES {{"requests":%d,"duration_us":%d,"p50_us":%d,"p99_us":%d,"refused":%d,"broken":%d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
"""
_numbers = itertools.count()


@attrs.frozen
class Load:
    """One run of wrk. It hangs up on requests under way when its time is over, so up to one per connection more
    were begun than are counted. Latencies are as wrk corrects them for the requests that a stall kept from starting.
    """

    requests: int
    duration_us: int
    p50_us: int
    p99_us: int
    refused: int
    """Answers whose status is not 2xx or 3xx."""
    broken: int

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return self.requests / self.duration_us * 1e6


def run_wrk(
    bench: Bench,
    url: str,
    key: str,
    body: Mapping[str, object],
    connections: int,
    seconds: float,
    headers: Mapping[str, str] | None = None,
) -> Load:
    """Loads `url` for whole seconds, at least one; raises RuntimeError when wrk says no figures."""
    script = bench.directory / f"post-{next(_numbers)}.lua"
    more = "\n".join(f'wrk.headers["{name}"] = "{value}"' for name, value in (headers or {}).items())
    script.write_text(SCRIPT.format(key=key, body=msgspec.json.encode(body).decode(), headers=more))
    duration = f"{max(1, round(seconds))}s"
    arguments = ("-t1", f"-c{connections}", f"-d{duration}", "--timeout", "10s", "-s", str(script), url)
    with bench.process(tool("wrk"), *arguments) as process:
        process.wait(seconds + 30)
        process.stdout.wait_line(lambda _: False, 5)
        line = next((line for line in process.stdout.lines if line.startswith("FIGURES ")), None)
    if line is None:
        raise RuntimeError(process.output)
    return Load(**msgspec.json.decode(line.removeprefix("FIGURES ")))
