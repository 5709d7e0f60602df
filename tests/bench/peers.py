"""The gateway beside others that do less, or the same, in one run: nginx as a proxy, Portkey's gateway, LiteLLM.

They are looked for in a directory that `--peers` names; those that are not there are left out:

    python3 -m venv DIR/litellm && DIR/litellm/bin/pip install 'litellm[proxy]'
    npm install --prefix DIR @portkey-ai/gateway

Each has one process and one upstream. Ours checks a key, holds money and writes a record; LiteLLM, without a database,
checks a key; Portkey checks that there is one; nginx passes bytes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from statistics import median

import attrs

from tests.bench.figures import Figure
from tests.bench.plain import CONNECTIONS, Loaded, Target, check
from tests.bench.rig import Bench, Server, chat_request, free_port, listening, priced_model, tool
from tests.support.process import Process, clean_environment
from tests.support.process_figures import resident_bytes

START_WITHIN = 120.0
LITELLM_KEY = "sk-bench"
LITELLM = """
model_list:
  - model_name: peer
    litellm_params: {{model: openai/upstream-model, api_base: {upstream}, api_key: sk-upstream,
      input_cost_per_token: 0.00001, output_cost_per_token: 0.00002}}
general_settings: {{master_key: {key}}}
"""
NGINX_PROXY = """
daemon off; master_process off; worker_processes 1; pid {directory}/nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
    access_log off; keepalive_requests 1000000000; tcp_nodelay on;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    upstream provider {{ server {upstream}; keepalive 64; }}
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        location / {{ proxy_pass http://provider; proxy_http_version 1.1; proxy_set_header Connection ""; }}
    }}
}}
"""


@attrs.frozen
class Peer:
    """Another gateway, running."""

    name: str
    server: Server
    started_s: float
    """From its start until it took connections."""
    key: str = "sk-peer"
    model: str = "peer"
    headers: Mapping[str, str] = attrs.field(factory=dict)


def measure(bench: Bench) -> list[Figure]:
    """CPU and requests a second at 32 connections, p50 above the upstream at one, memory after it, and the start."""
    with ExitStack() as running, bench.nginx() as upstream, bench.gateway("peers") as gateway:
        model = priced_model(gateway, upstream.url)
        ours = Target(bench, gateway.url, gateway.key, chat_request(model), gateway.process.pid, gateway)
        peers = [running.enter_context(begin(bench, upstream)) for begin in PEERS if is_there(bench, begin)]
        targets = [ours, *(target_of(bench, peer) for peer in peers)]
        alone = Target(bench, upstream.url, "", chat_request("peer"), upstream.pid)
        seconds = bench.seconds / 2  # some answer so few requests in a second that it would be chance
        check([[target.load(CONNECTIONS, seconds) for target in targets]])
        many = [[target.load(CONNECTIONS, seconds) for target in targets] for _ in range(bench.rounds)]
        one = [[target.load(1, seconds) for target in (*targets, alone)] for _ in range(bench.rounds)]
        check([*many, *one])
        figures = []
        for at, name in enumerate(["aihub_lite", *(peer.name for peer in peers)]):
            figures += figures_of(name, [turn[at] for turn in many], [(turn[at], turn[-1]) for turn in one])
            figures.append(figure(name, "memory", "memory afterwards", "MB", resident_bytes(targets[at].pid) / 1e6))
        figures += [figure(peer.name, "start", "start", "s", peer.started_s) for peer in peers]
    return figures


def figures_of(name: str, many: list[Loaded], one: list[tuple[Loaded, Loaded]]) -> list[Figure]:
    """Medians of the rounds."""
    added = median((through.load.p50_us - alone.load.p50_us) / 1000 for through, alone in one)
    return [
        figure(name, "cpu", "CPU per request", "µs", median(loaded.per_request_us for loaded in many)),
        figure(name, "requests", "requests", "/s", median(loaded.load.per_second for loaded in many)),
        figure(name, "p50", "p50 above the upstream", "ms", added),
    ]


def figure(name: str, what: str, title: str, unit: str, value: float) -> Figure:
    """One cell of the table of gateways."""
    return Figure(f"peers.{name}.{what}", f"{name}: {title}", unit, value)


def target_of(bench: Bench, peer: Peer) -> Target:
    """What is loaded of it."""
    body = chat_request(peer.model, max_tokens=256)
    return Target(bench, peer.server.url, peer.key, body, peer.server.pid, headers=peer.headers)


@contextmanager
def nginx_proxy(bench: Bench, upstream: Server) -> Iterator[Peer]:
    """The least that stands between."""
    directory = bench.directory / "nginx-proxy"
    directory.mkdir()
    port = free_port()
    config = directory / "nginx.conf"
    address = upstream.url.removeprefix("http://").removesuffix("/v1")
    config.write_text(NGINX_PROXY.format(directory=directory, port=port, upstream=address))
    with started(bench, "nginx", port, {}, tool("nginx"), "-c", str(config), "-p", str(directory)) as peer:
        yield peer


@contextmanager
def portkey(bench: Bench, upstream: Server) -> Iterator[Peer]:
    """Its gateway without its cloud; who it asks is said with each request."""
    port = free_port()
    program = portkey_program(bench)
    variables = {"TRUSTED_CUSTOM_HOSTS": "127.0.0.1"}
    command = (tool("node"), str(program), "--headless", f"--port={port}")
    with started(bench, "portkey", port, variables, *command) as peer:
        yield attrs.evolve(peer, headers={"x-portkey-provider": "openai", "x-portkey-custom-host": upstream.url})


@contextmanager
def litellm(bench: Bench, upstream: Server) -> Iterator[Peer]:
    """Its proxy with a master key and a price."""
    port = free_port()
    config = bench.directory / "litellm.yaml"
    config.write_text(LITELLM.format(upstream=upstream.url, key=LITELLM_KEY))
    command = (str(litellm_program(bench)), "--config", str(config), "--port", str(port), "--host", "127.0.0.1")
    with started(bench, "litellm", port, {"LITELLM_LOG": "ERROR"}, *command) as peer:
        yield attrs.evolve(peer, key=LITELLM_KEY)


@contextmanager
def started(bench: Bench, name: str, port: int, variables: Mapping[str, str], *command: str) -> Iterator[Peer]:
    """A peer's process, once it takes connections."""
    began = time.monotonic()
    with Process.spawn(command, clean_environment(bench.directory, {}, variables)) as process:
        server = listening(port, process, START_WITHIN)
        yield Peer(name, server, time.monotonic() - began)


def portkey_program(bench: Bench) -> Path:
    """Where it is, if it is there."""
    return bench.peers / "node_modules/@portkey-ai/gateway/build/start-server.js"


def litellm_program(bench: Bench) -> Path:
    """Where it is, if it is there."""
    return bench.peers / "litellm/bin/litellm"


Begin = Callable[[Bench, Server], AbstractContextManager[Peer]]
PEERS: tuple[Begin, ...] = (nginx_proxy, portkey, litellm)
PROGRAMS: Mapping[Begin, Callable[[Bench], Path]] = {portkey: portkey_program, litellm: litellm_program}
"""What has to be installed; nginx is there, as it is everybody's upstream."""


def is_there(bench: Bench, begin: Begin) -> bool:
    """Whether a peer is installed."""
    return begin not in PROGRAMS or PROGRAMS[begin](bench).exists()
