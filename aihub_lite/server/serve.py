"""Serves the gateway on a socket until a signal ends it."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import msgspec

from aihub_lite.config import DATABASE, SERVER_FILE, BadSetting, Settings
from aihub_lite.domain.addresses import is_loopback
from aihub_lite.domain.settings.checks import host_and_port
from aihub_lite.errors import StorageUnavailable
from aihub_lite.gateway.conditions.watch import watching
from aihub_lite.gateway.core import Gateway, open_gateway, running
from aihub_lite.gateway.upkeep.backing_up import backing_up
from aihub_lite.gateway.upkeep.bootstrap import discovering
from aihub_lite.gateway.upkeep.retention import deleting_old_records
from aihub_lite.gateway.upkeep.summing import summing_up
from aihub_lite.server.activation import inherited_socket
from aihub_lite.server.clocks import LAST_WORDS
from aihub_lite.server.configuration import NotApplied, following
from aihub_lite.server.downgrade import forget_downgrade, tell_of_downgrade
from aihub_lite.server.drain import Drain
from aihub_lite.server.front import PlainFront, front_of
from aihub_lite.server.http1.connection import Patience
from aihub_lite.server.http1.listener import Connections
from aihub_lite.server.logs import log_to_stderr, requests_beside
from aihub_lite.server.welcome import Welcome
from aihub_lite.storage.sqlite.faults import AlreadyRunning, NewerSchema, StorageFault, Unwritable
from aihub_lite.storage.sqlite.lock import DataLock
from aihub_lite.telemetry.opening import Telemetry, telemetry_of
from aihub_lite.web.app import create_app, only, warm_up
from aihub_lite.web.gate import Gate

log = logging.getLogger(__name__)

EX_CONFIG = 78
"""sysexits.h: the data directory cannot be used; a supervisor need not try again."""
WARM = "what first requests would wait for is made"
SOON = 1.5
"""Seconds after the socket is bound: whoever starts a gateway for a request gets the answer before."""
PROBE_PAUSE = 0.005
"""Seconds between two looks at whether the server accepts connections."""


def run(settings: Settings, configuration: Path | None = None) -> int:
    """Serve until a signal; returns the exit status. A file of configuration is applied first, and on SIGHUP."""
    log_to_stderr(settings.log_level, settings.log_format)
    logging.getLogger("hpack").setLevel(logging.INFO)  # at DEBUG it logs every header, and headers hold keys
    logging.getLogger("hypercorn").setLevel(max(logging.WARNING, logging.getLevelName(settings.log_level)))
    raise_descriptors()
    try:
        inherited = inherited_socket()
        if inherited is not None:
            settings = attrs.evolve(settings, host=inherited.getsockname()[0])
        warn_of_exposure(settings)
        with DataLock.take(settings.data_dir) as lock:
            warn_of_lost_wal(settings.data_dir, lock)
            with requests_beside(settings.log_requests):
                return run_in_loop(serve_gateway(settings, inherited, configuration))
    except AlreadyRunning as error:
        print(f"aihub-lite: {error}", file=sys.stderr)
        return 1
    except NotApplied as error:
        print(f"aihub-lite: {error}", file=sys.stderr)
        return EX_CONFIG
    except StorageFault as error:
        print(f"aihub-lite: {error}", file=sys.stderr)
        if isinstance(error, NewerSchema):
            tell_of_downgrade(settings)
        return EX_CONFIG
    except StorageUnavailable as error:  # a full disk, where the last run has left holds that are to be booked
        print(f"aihub-lite: {error.message}", file=sys.stderr)
        return EX_CONFIG
    except OSError as error:  # a certificate that cannot be read among them
        print(f"aihub-lite: cannot serve on {settings.host} port {settings.port}: {error}", file=sys.stderr)
        return 1


def run_in_loop(serving: Coroutine[Any, Any, int]) -> int:
    """Run to the end in uvloop, or where there is none (Windows) in Python's own loop."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return asyncio.run(serving)
    return uvloop.run(serving)


def warn_of_exposure(settings: Settings) -> None:
    """Say so where keys go over a network as they are."""
    if not settings.certfile and not is_loopback(settings.host):
        log.warning("%s is open to others and not encrypted: use --certfile and --keyfile, or a proxy", settings.host)


def warn_of_lost_wal(data_dir: Path, lock: DataLock) -> None:
    """Say that the WAL of a run that was killed is gone, where its index is gone too: nobody knows what was in it."""
    database = data_dir / DATABASE
    if lock.after_kill and database.exists() and not database.with_name(f"{DATABASE}-wal").exists():
        log.warning("the last run was killed, and %s-wal is gone: what was booked last may be missing", database)


async def serve_gateway(settings: Settings, inherited: socket.socket | None, configuration: Path | None = None) -> int:
    """Bind, or take the socket that was passed; open, serve, announce, drain, close."""
    with inherited or listening_socket(settings.host, settings.port) as listener:
        port = listener.getsockname()[1]
        async with (
            open_gateway(settings) as gateway,
            telemetry_of(gateway) as telemetry,
            following(gateway, configuration),
        ):
            await asyncio.to_thread(forget_downgrade, settings.data_dir)
            drain = Drain(gateway.flights, settings.drain_timeout, LAST_WORDS, hands_over=inherited is not None)
            with drain.on_signals():
                app = create_app(gateway, telemetry.public)
                front = front_of(telemetry.around(app), settings)
                leave = drain.handing_over if drain.hands_over else None
                server = asyncio.create_task(front.serve(listener, drain.over, leave))
                async with (
                    discovering(gateway),
                    deleting_old_records(gateway),
                    backing_up(gateway),
                    summing_up(gateway),
                    watching(gateway),
                    running(warm(app), "warm-up"),
                    telling(telemetry, gateway),
                ):
                    await announce(gateway, settings, port, server)
                await server
    return 0


@asynccontextmanager
async def telling(telemetry: Telemetry, gateway: Gateway) -> AsyncIterator[None]:
    """Answer at `metrics_listen` inside the block, where that is wanted. Raises BadSetting."""
    settings = gateway.settings
    if not telemetry.private:
        yield
        return
    host, port = host_and_port(settings.metrics_listen)
    with ExitStack() as stack:
        try:
            listener = stack.enter_context(listening_socket(host, port))
        except OSError as error:
            raise BadSetting(f"metrics_listen: cannot listen on {settings.metrics_listen}: {error.strerror}") from None
        url = url_of(host, listener.getsockname()[1], attrs.evolve(settings, certfile=None, keyfile=None))
        if not (is_loopback(host) or settings.metrics_key):
            log.warning("%s/metrics is open to whoever reaches it: set metrics_key, or listen on 127.0.0.1", url)
        front = PlainFront(Connections(only(telemetry.private, gateway.clock), Patience(write=LAST_WORDS)))
        async with running(front.serve(listener, for_ever), "metrics"):
            log.info("metrics at %s/metrics", url)
            yield


async def for_ever() -> None:
    """Never returns; whoever waits is cancelled."""
    await asyncio.Event().wait()


async def announce(gateway: Gateway, settings: Settings, port: int, server: asyncio.Task[None]) -> None:
    """Once the server answers, say where it is for as long as it runs; say nothing where it ends before."""
    answering = asyncio.create_task(wait_until_it_answers(port, settings))
    await asyncio.wait({server, answering}, return_when=asyncio.FIRST_COMPLETED)
    if server.done():
        return
    tune_garbage_collector()
    url = url_of(settings.host, port, settings)
    local_url = url_of(local_address(settings.host), port, settings)
    with server_file(settings, local_url, gateway.run_key):
        await Welcome(gateway, url, local_url).show()
        await asyncio.wait({server})


async def warm(app: Gate) -> None:
    """Get the framework and the console ready, so that nobody's first page waits for them."""
    await asyncio.sleep(SOON)
    await warm_up(app)
    tune_garbage_collector()
    log.debug(WARM)


def tune_garbage_collector() -> None:
    """Exempt what start-up made from garbage collection, and let the collector run less often.

    Measured on plain requests: it saves a fifth of their CPU time.
    """
    gc.collect()  # else garbage of the start would be exempt as well
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


def raise_descriptors() -> None:
    """A stream takes two descriptors, and 1,024 is a common soft limit. Windows has no such limit."""
    try:
        import resource  # noqa: PLC0415
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def listening_socket(host: str, port: int) -> Iterator[socket.socket]:
    """A bound socket, so that the port is known before anybody is told about it."""
    family = socket.AF_INET
    if ":" in host:
        family = socket.AF_INET6
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        # Without it a restart would wait until the kernel has forgotten the connections of the last run.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        yield listener


async def wait_until_it_answers(port: int, settings: Settings) -> None:
    """Returns once the server has answered a request of ours."""
    context = None
    if settings.certfile:
        context = ssl.create_default_context()
        # It is our own socket, and the request holds nothing secret.
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    while True:
        try:
            reader, writer = await asyncio.open_connection(local_address(settings.host), port, ssl=context)
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
            head = await reader.read(16)
            writer.close()
            await writer.wait_closed()
            if head.startswith(b"HTTP/1.1 200"):
                return
        except OSError:
            await asyncio.sleep(PROBE_PAUSE)


def local_address(host: str) -> str:
    """An address at which a client on this machine finds a socket that is bound to `host`."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104  a comparison


def url_of(host: str, port: int, settings: Settings) -> str:
    """The URL of the gateway at an address, without a path."""
    scheme = "http"
    if settings.certfile:
        scheme = "https"
    if ":" in host:
        host = f"[{host}]"
    return f"{scheme}://{host}:{port}"


@contextmanager
def server_file(settings: Settings, url: str, run_key: str) -> Iterator[None]:
    """A private file in the data directory that tells the command line the running server's address and key."""
    path = Path(settings.data_dir) / SERVER_FILE
    entry = {"url": url, "pid": os.getpid(), "key": run_key}
    if settings.certfile:
        entry["certfile"] = str(settings.certfile.absolute())
    # A server that was killed leaves its file behind; its pid tells that it is not ours.
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(entry))
    except OSError as error:
        raise Unwritable(path, error.strerror or str(error)) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
