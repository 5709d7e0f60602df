"""Long requests: a coding tool's conversation with its tools, through the gateway and through its bare stack."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from tests.bench.figures import Figure
from tests.bench.plain import Target, check
from tests.bench.rig import TEXT, Bench, priced_model

CONNECTIONS = 32
MESSAGES, TOOLS = 80, 20
SIZES: Mapping[str, int] = {"28kb": 225, "180kb": 3020}
"""Letters of each message, for a body of about that size."""


def measure(bench: Bench) -> list[Figure]:
    """CPU time per request; medians of the rounds."""
    with bench.nginx() as upstream, bench.gateway("bodies") as gateway, bench.bare(upstream) as bare:
        model = priced_model(gateway, upstream.url)
        figures = []
        for name, letters in SIZES.items():
            body = conversation(model, letters)
            targets = [
                Target(bench, gateway.url, gateway.key, body, gateway.process.pid, gateway),
                Target(bench, bare.url, gateway.key, body, bare.pid),
            ]
            figures.append(cost(bench, name, targets))
    return figures


def cost(bench: Bench, name: str, targets: list[Target]) -> Figure:
    """Of one size of body, the targets in turns."""
    seconds = bench.seconds / bench.rounds
    check([[target.load(CONNECTIONS, 1.0) for target in targets]])
    rounds = [[target.load(CONNECTIONS, seconds) for target in targets] for _ in range(bench.rounds)]
    check(rounds)
    value, bare = (median(turn[at].per_request_us for turn in rounds) for at in (0, 1))
    return Figure(f"bodies.cpu_{name}", f"CPU per request, {MESSAGES} messages, {name}", "µs", value, bare)


def conversation(model: str, letters: int) -> Mapping[str, object]:
    """A request as a coding tool makes it after a while."""
    text = (TEXT * (letters // len(TEXT) + 1))[:letters]
    messages: list[Mapping[str, object]] = [{"role": "system", "content": text}]
    while len(messages) < MESSAGES:
        number = len(messages)
        arguments = f'{{"path": "src/{number}.py"}}'
        call = {"id": f"call_{number}", "type": "function", "function": {"name": "tool_1", "arguments": arguments}}
        messages += [
            {"role": "user", "content": text},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"call_{number}", "content": text},
        ]
    return {"model": model, "messages": messages, "tools": [tool(number) for number in range(TOOLS)], "max_tokens": 256}


def tool(number: int) -> Mapping[str, object]:
    """One of its tools."""
    properties = {"path": {"type": "string", "description": "Where the file is, from the project's root."}}
    parameters = {"type": "object", "properties": properties, "required": ["path"]}
    function = {"name": f"tool_{number}", "description": TEXT, "parameters": parameters}
    return {"type": "function", "function": function}
