"""What every part of the benchmark stands on: a gateway with everything on, and its upstreams."""

from __future__ import annotations

import resource
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs
import msgspec

from tests.support.gateway import CHAT, Gateway, running
from tests.support.process import COMMAND, Home, NotStarted, Process, clean_environment

PROMPT_TOKENS, COMPLETION_TOKENS = 31, 44
INPUT_NANO, OUTPUT_NANO = 10_000, 20_000
"""Nano-USD per token, as `Gateway.set_price` sets them when asked for nothing else."""
GENEROUS = {"quota": "1000000", "rpm": 100_000_000}
"""A token whose limits are checked on every request and never reached."""
TEXT = (
    "A gateway stands between clients and providers: it checks who asks, sets money aside, picks a channel, passes "
    "the answer on and books what it came to. This is about as long as a short answer is."
)
ANSWER = {
    "id": "chatcmpl-bench",
    "object": "chat.completion",
    "created": 1_700_000_000,
    "model": "upstream-model",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
    "usage": {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": COMPLETION_TOKENS,
        "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
    },
}
NGINX = """
daemon off; master_process off; worker_processes 1; pid {directory}/nginx.pid; error_log stderr;
events {{ worker_connections 4096; }}
http {{
    access_log off; default_type application/json; keepalive_requests 1000000000; tcp_nodelay on;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{ listen 127.0.0.1:{port} backlog=2048; location / {{ return 200 '{answer}'; }} }}
}}
"""


class ToolMissing(Exception):
    """A program that the benchmark needs is not installed."""


def tool(name: str) -> str:
    """Its path; raises ToolMissing."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise ToolMissing(f"{name} is not installed: apt-get install nginx-light wrk")
    return path


@attrs.frozen
class Server:
    """A server that is not the gateway; `url` is the base URL to give a channel."""

    url: str
    pid: int


@attrs.frozen
class Bench:
    """One run: where it keeps its files, how long each measurement takes, and of which gateway."""

    directory: Path
    seconds: float = 8.0
    rounds: int = 4
    """How often what is compared is measured in turns, so that noise meets all of it."""
    share: float = 1.0
    """Of the streams: a test of the benchmark itself does with fewer."""
    command: tuple[str, ...] = COMMAND
    peers: Path = Path()
    """Where other gateways are installed."""

    def streams(self, count: int) -> int:
        """How many streams to open where a full run opens `count`."""
        return max(4, round(count * self.share))

    def home(self, name: str) -> Home:
        """An empty data directory; default settings, so with every limit and the log as an operator has them."""
        directory = self.directory / name
        directory.mkdir()
        return Home(directory / "data", {}, command=self.command)

    @contextmanager
    def gateway(self, name: str) -> Iterator[Gateway]:
        """A running gateway whose `key` is that of a generous token."""
        with running(self.home(name)) as gateway:
            gateway.key = gateway.add_token(**GENEROUS)
            yield gateway

    @contextmanager
    def process(self, *command: str) -> Iterator[Process]:
        """Any other process of the benchmark, ended with the block."""
        with Process.spawn(command, clean_environment(self.directory, {}, {})) as process:
            try:
                yield process
            except BaseException:
                print(process.output[-5000:], file=sys.stderr)
                raise

    @contextmanager
    def nginx(self) -> Iterator[Server]:
        """nginx with one answer for everything."""
        port = free_port()
        directory = self.directory / "nginx"
        directory.mkdir(exist_ok=True)
        config = directory / "nginx.conf"
        config.write_text(NGINX.format(directory=directory, port=port, answer=msgspec.json.encode(ANSWER).decode()))
        with self.process(tool("nginx"), "-c", str(config), "-p", str(directory)) as process:
            yield listening(port, process)

    @contextmanager
    def bare(self, upstream: Server) -> Iterator[Server]:
        """The gateway's stack with nothing in between."""
        port = free_port()
        command = (sys.executable, "-m", "tests.bench.bare", str(port), upstream.url + "/chat/completions")
        with self.process(*command) as process:
            yield listening(port, process)

    @contextmanager
    def paced(self) -> Iterator[Server]:
        """The upstream that streams."""
        port = free_port()
        with self.process(sys.executable, "-m", "tests.bench.paced", str(port)) as process:
            yield listening(port, process)


def priced_model(gateway: Gateway, base_url: str) -> str:
    """A model with a price at a channel with a key; its public id."""
    model = gateway.add_channel(base_url)
    gateway.set_price(model)
    return model


def chat_request(model: str, **fields: object) -> Mapping[str, object]:
    """A request as a chat application makes it."""
    messages = [
        {"role": "system", "content": "You are a helpful assistant. Answer briefly and say when you are not sure."},
        {"role": "user", "content": "What does a gateway do for a small team that uses several providers?"},
    ]
    return {"model": model, "messages": messages, "temperature": 0.7, **fields}


def chat_url(base_url: str) -> str:
    """Where a chat request goes; a gateway's URL has no path, an upstream's base URL ends in `/v1`."""
    return base_url.removesuffix("/v1") + CHAT


def wait_at_rest(gateway: Gateway) -> None:
    """Returns once nothing is under way."""
    gateway.wait_status(30, in_flight=0, open_holds=0)


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def listening(port: int, process: Process, within: float = 10.0) -> Server:
    """The server, once it accepts connections; raises NotStarted after so many seconds."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and process.running:
        with socket.socket() as sock:
            if sock.connect_ex(("127.0.0.1", port)) == 0:
                return Server(f"http://127.0.0.1:{port}/v1", process.pid)
        time.sleep(0.01)  # between two looks
    raise NotStarted(process.output)


def allow_many_files() -> None:
    """A thousand streams are two thousand descriptors in the gateway, which inherits this limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
