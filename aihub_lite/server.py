"""Serves the gateway on a socket until a signal says otherwise."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import logging
import os
import resource
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import uvloop
from hypercorn.config import Config

from aihub_lite.config import Settings
from aihub_lite.connections import Acceptor
from aihub_lite.drain import Drain
from aihub_lite.gateway.bootstrap import appearing
from aihub_lite.gateway.core import open_gateway
from aihub_lite.gateway.retention import forgetting
from aihub_lite.logs import log_to_stderr
from aihub_lite.storage.faults import AlreadyRunning, StorageFault
from aihub_lite.storage.lock import DataLock
from aihub_lite.web.app import create_app
from aihub_lite.welcome import Welcome

log = logging.getLogger(__name__)

EX_CONFIG = 78
"""sysexits.h: the data directory cannot be used; a supervisor need not try again."""
LAST_WORDS = 5.0
KEEP_ALIVE = 15.0
"""Seconds an idle connection is kept; Hypercorn also gives that long for a request's head."""
HEAD_LIMIT = 64 * 1024
SERVER_FILE = "server.json"
PROBE_PAUSE = 0.005


def run(settings: Settings) -> int:
    """Serve until a signal; returns the exit status."""
    log_to_stderr(settings.log_level)
    logging.getLogger("hpack").setLevel(logging.INFO)  # at DEBUG it tells every header, and headers hold keys
    logging.getLogger("hypercorn").setLevel(max(logging.WARNING, logging.getLevelName(settings.log_level)))
    if not settings.certfile and not loopback(settings.host):
        log.warning("%s is open to others and not encrypted: use --certfile and --keyfile, or a proxy", settings.host)
    raise_descriptors()
    try:
        with DataLock.take(settings.data_dir):
            return uvloop.run(serve_gateway(settings))
    except AlreadyRunning as error:
        print(f"aihub-lite: {error}", file=sys.stderr)
        return 1
    except StorageFault as error:
        print(f"aihub-lite: {error}", file=sys.stderr)
        return EX_CONFIG
    except OSError as error:  # a certificate that cannot be read among them
        print(f"aihub-lite: cannot serve on {settings.host} port {settings.port}: {error}", file=sys.stderr)
        return 1


async def serve_gateway(settings: Settings) -> int:
    """Bind, open, serve, announce, drain, close."""
    with bound(settings) as listener:
        host, port = settings.host, listener.getsockname()[1]
        async with open_gateway(settings) as gateway:
            drain = Drain(gateway.flights, settings.drain_timeout, LAST_WORDS)
            with drain.on_signals():
                acceptor = Acceptor(create_app(gateway), server_config(settings))
                server = asyncio.create_task(acceptor.serve(listener, drain.over))
                async with appearing(gateway), forgetting(gateway):
                    await asyncio.wait(
                        {server, asyncio.create_task(answers(host, port, settings))}, return_when="FIRST_COMPLETED"
                    )
                    if not server.done():
                        settle_memory()
                        with server_file(settings, port, gateway.run_key):
                            await Welcome(
                                gateway, url_of(host, port, settings), url_of(reachable(host), port, settings)
                            ).show()
                            await asyncio.wait({server})
                await server
    return 0


def settle_memory() -> None:
    """Take what start-up made out of the garbage collector's sight, and let it look at the rest less often.

    Measured on plain requests: a fifth of their CPU.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def raise_descriptors() -> None:
    """A stream takes two descriptors, and 1,024 is a common soft limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def bound(settings: Settings) -> Iterator[socket.socket]:
    """A listening socket, so that the port is known before anything is said about it."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        yield listener


def server_config(settings: Settings) -> Config:
    """Hypercorn's settings. `read_timeout` stays unset: it would cut clients that only listen."""
    config = Config()
    config.accesslog = None
    config.errorlog = logging.getLogger("hypercorn.error")
    config.include_server_header = False
    config.include_date_header = False
    config.keep_alive_timeout = KEEP_ALIVE
    config.h11_max_incomplete_size = HEAD_LIMIT
    config.graceful_timeout = LAST_WORDS
    config.backlog = 2048
    if settings.certfile and settings.keyfile:
        config.certfile, config.keyfile = str(settings.certfile), str(settings.keyfile)
        config.alpn_protocols = ["h2", "http/1.1"]
    return config


async def answers(host: str, port: int, settings: Settings) -> None:
    """Returns once the server has answered a request of our own."""
    context = None
    if settings.certfile:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # our own socket, nothing is sent
    while True:
        try:
            reader, writer = await asyncio.open_connection(reachable(host), port, ssl=context)
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            head = await reader.read(16)
            writer.close()
            await writer.wait_closed()
            if head.startswith(b"HTTP/1.1 200"):
                return
        except OSError:
            await asyncio.sleep(PROBE_PAUSE)


def reachable(host: str) -> str:
    """An address at which a client on this machine finds a socket that is bound to `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104  a comparison


def url_of(host: str, port: int, settings: Settings) -> str:
    """The gateway's address as printed."""
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.certfile else 'http'}://{shown}:{port}"


@contextmanager
def server_file(settings: Settings, port: int, run_key: str) -> Iterator[None]:
    """Tells the command line, by a private file in the data directory, where the running server is and its key."""
    path = Path(settings.data_dir) / SERVER_FILE
    entry = {"url": url_of(reachable(settings.host), port, settings), "pid": os.getpid(), "key": run_key}
    if settings.certfile:
        entry["certfile"] = str(settings.certfile.absolute())
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(entry))
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def loopback(host: str) -> bool:
    """Whether nobody but this machine reaches a socket that is bound to `host`."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
