"""What the machine under the gateway can be wrong about: files, disk, descriptors, and who reaches its socket."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from aihub_lite.config import SERVER_FILE
from aihub_lite.gateway.core import Gateway
from aihub_lite.storage.sqlite.looking import look_through
from aihub_lite.web.doctor.finding import Finding, names_of

MIB = 2**20
LEAST = 128 * MIB
"""Bytes below which a gateway may stop booking any moment."""
LITTLE = 1024 * MIB
SECONDS = 15.0
"""For the pages of a database: a larger one is not read to its end."""
OTHERS = 0o077
MORE = 64
"""Descriptors beside those of requests: database, log, listening."""


async def database(gateway: Gateway) -> list[Finding]:
    """Whether its pages and what its rows point at are whole."""
    path = gateway.database.path
    facts = {"path": str(path)}
    try:
        flaw, loose = await asyncio.to_thread(look_through, path, SECONDS)
    except TimeoutError:
        return [Finding("database_large", "info", {**facts, "seconds": f"{SECONDS:.0f}"})]
    if flaw:
        return [Finding("database_damaged", "error", {**facts, "reason": flaw})]
    if loose:
        return [Finding("database_loose", "warning", {**facts, "count": str(loose)})]
    return []


async def files(gateway: Gateway) -> list[Finding]:
    """Whether somebody else on this machine may read keys."""
    return await asyncio.to_thread(_files, gateway.settings.data_dir, gateway.backups.directory)


def _files(data_dir: Path, backups: Path) -> list[Finding]:
    found = []
    if open_ones := [path.name for path in _private(data_dir, backups) if path.stat().st_mode & OTHERS]:
        found.append(Finding("files_open", "error", {"names": names_of(open_ones), "directory": str(data_dir)}))
    if data_dir.stat().st_mode & OTHERS:
        found.append(Finding("directory_open", "warning", {"directory": str(data_dir)}))
    return found


def _private(data_dir: Path, backups: Path) -> Iterator[Path]:
    for directory, pattern in ((data_dir, "*"), (backups, "aihub*")):
        with suppress(OSError):
            yield from (path for path in sorted(directory.glob(pattern)) if path.is_file())


async def disk(gateway: Gateway) -> list[Finding]:
    """Whether there is room for the database, and for a copy of it."""
    path = gateway.database.path
    free = (await asyncio.to_thread(shutil.disk_usage, path.parent)).free
    size = path.stat().st_size
    facts = {"directory": str(path.parent), "free": str(free // MIB), "size": str(size // MIB)}
    if free < LEAST:
        return [Finding("disk_full", "error", facts)]
    if free < max(LITTLE, 3 * size // 2):
        return [Finding("disk_low", "warning", facts)]
    return []


async def descriptors(gateway: Gateway) -> list[Finding]:
    """Whether as many requests as may run at once can all be connected, on both sides."""
    with suppress(ImportError):
        import resource  # noqa: PLC0415  not everywhere

        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 2 * gateway.settings.max_in_flight + MORE
        if soft != resource.RLIM_INFINITY and soft < wanted:
            return [Finding("descriptors_few", "warning", {"limit": str(soft), "wanted": str(wanted)})]
    return []


async def exposure(gateway: Gateway) -> list[Finding]:
    """Whether keys cross a network in the open."""
    settings = gateway.settings
    if settings.certfile or _is_loopback(settings.host) or settings.trusted_proxies:
        return []
    return [Finding("exposed", "warning", {"host": settings.host})]


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_serving(data_dir: Path) -> bool:
    """Whether this very process answers on a socket, rather than a command beside none."""
    try:
        text = (data_dir / SERVER_FILE).read_text()
    except OSError:
        return False
    return f'"pid":{os.getpid()},' in text
