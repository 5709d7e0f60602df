"""Servers in processes of their own: what each needs on the machine, and how it is started and ended."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs

from tests.support.process import ROOT

HERE = Path(__file__).parent
APP = "tests.served.servers.app:app"
START_WITHIN = 30.0
BUILD_WITHIN = 300.0
"""Seconds; far more than is needed, so that a hang ends and a slow machine passes."""
NGINX = """
daemon off; master_process off; pid {directory}/nginx.pid; error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off; keepalive_timeout 1s; client_max_body_size 6m;
    client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy; fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi; scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        location / {{ proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; }}
    }}
}}
"""


class ServerMissing(Exception):
    """It is not on this machine; the text says what is."""


@attrs.frozen
class Place:
    """Where a server keeps its files."""

    directory: Path
    stack: ExitStack
    """What ends with it."""

    def run(self, port: int, *command: str) -> int:
        """Start it, and wait until it accepts; ended by its process id."""
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.stack.callback(process.wait)
        self.stack.callback(process.kill)
        until = time.monotonic() + START_WITHIN
        while time.monotonic() < until:
            assert process.poll() is None, f"{command[0]} ended with {process.returncode}"
            with socket.socket() as trial:
                if trial.connect_ex(("127.0.0.1", port)) == 0:
                    return port
        raise TimeoutError(f"{command[0]} does not accept")


def free_port() -> int:
    """One that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def tool(name: str) -> str:
    """Its path; raises ServerMissing."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if path is None:
        raise ServerMissing(f"{name} is not on this machine")
    return path


def uvicorn(place: Place) -> int:
    """Behind httptools, as most Python services are."""
    if importlib.util.find_spec("uvicorn") is None:
        raise ServerMissing("uvicorn is not installed")
    port = free_port()
    return place.run(port, sys.executable, "-m", "uvicorn", APP, "--port", str(port), "--timeout-keep-alive", "1")


def hypercorn(place: Place) -> int:
    """Behind h11; in the process that is ended, where it would have one more for its worker."""
    if importlib.util.find_spec("hypercorn") is None:
        raise ServerMissing("Hypercorn is not installed")
    port = free_port()
    bind = f"127.0.0.1:{port}"
    return place.run(
        port, sys.executable, "-m", "hypercorn", APP, "--bind", bind, "--keep-alive", "1", "--workers", "0"
    )


def nginx(place: Place) -> int:
    """In front of uvicorn."""
    program = tool("nginx")
    behind = uvicorn(place)
    port = free_port()
    config = place.directory / "nginx.conf"
    config.write_text(NGINX.format(directory=place.directory, port=port, behind=behind))
    return place.run(port, program, "-c", str(config), "-p", str(place.directory))


def node(place: Place) -> int:
    """Node's http."""
    port = free_port()
    return place.run(port, tool("node"), str(HERE / "node.mjs"), str(port))


def go(place: Place) -> int:
    """Go's net/http, built first."""
    compiler = tool("go")
    program = place.directory / "main"
    command = (compiler, "build", "-o", str(program), str(HERE / "main.go"))
    subprocess.run(command, check=True, cwd=place.directory, timeout=BUILD_WITHIN, capture_output=True)
    port = free_port()
    return place.run(port, str(program), str(port))


@contextmanager
def started(start: Callable[[Place], int], directory: Path) -> Iterator[str]:
    """The base URL of a server until the block ends; raises ServerMissing."""
    with ExitStack() as stack:
        yield f"http://127.0.0.1:{start(Place(directory, stack))}"
