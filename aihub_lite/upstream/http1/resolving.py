"""Names of hosts to addresses, remembered for a while."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import chain, zip_longest
from typing import Any

import attrs

from aihub_lite.upstream.http1.faults import Disconnected

LookUp = Callable[[str, int], Awaitable[list["Address"]]]
"""Host and port to addresses in order of preference; raises socket.gaierror."""

TTL = 30.0
"""Seconds that addresses are remembered; the system does not say how long it may be."""
MOST = 1024
"""Hosts that are remembered; there are as many as channels have."""


@attrs.frozen
class Address:
    """What a socket is made of, and where it connects to."""

    family: int
    place: tuple[Any, ...]
    """Host and port, and for IPv6 two more, as `socket.connect` takes them."""


async def asked_of_the_system(host: str, port: int) -> list[Address]:
    """In a thread of the loop's, for it may take its time."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Address(family, place) for family, _, _, _, place in found]


@attrs.define(eq=False)
class Resolver:
    """Remembers what was found; whoever wants the same name meanwhile waits for the same answer."""

    look_up: LookUp = asked_of_the_system
    _known: dict[tuple[str, int], tuple[float, list[Address]]] = attrs.field(factory=dict, init=False)
    _asked: dict[tuple[str, int], asyncio.Task[list[Address]]] = attrs.field(factory=dict, init=False)

    async def addresses(self, host: str, port: int) -> list[Address]:
        """In the order to try them in, at least one. Raises socket.gaierror, and Disconnected once it is closed."""
        if (literal := _literal(host, port)) is not None:
            return [literal]
        wanted = (host, port)
        until, addresses = self._known.get(wanted, (0.0, []))
        if until > asyncio.get_running_loop().time():
            return addresses
        task = self._asked.get(wanted)
        if task is None:
            task = self._asked[wanted] = asyncio.create_task(self._ask(host, port))
            task.add_done_callback(partial(self._answered, wanted))
        await asyncio.wait([task])  # one that leaves takes nobody's answer away
        if task.cancelled():
            raise Disconnected("the gateway closes its connections")
        return task.result()

    def close(self) -> None:
        """Nobody waits any more. A thread that asks the system ends by itself."""
        for task in self._asked.values():
            task.cancel()

    def _answered(self, wanted: tuple[str, int], task: asyncio.Task[list[Address]]) -> None:
        del self._asked[wanted]
        if not task.cancelled():
            task.exception()  # all who wanted it may have left: nobody is told then

    async def _ask(self, host: str, port: int) -> list[Address]:
        addresses = _interleaved(await self.look_up(host, port))
        if not addresses:
            raise socket.gaierror(socket.EAI_NONAME, "no address")
        if len(self._known) >= MOST:
            self._known.clear()
        self._known[host, port] = (asyncio.get_running_loop().time() + TTL, addresses)
        return addresses


def _literal(host: str, port: int) -> Address | None:
    """An address that stands for itself."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if address.version == 4:
        return Address(socket.AF_INET, (host, port))
    if "%" in host:  # the system knows the number of a scope
        return None
    return Address(socket.AF_INET6, (host, port, 0, 0))


def _interleaved(addresses: list[Address]) -> list[Address]:
    """RFC 8305, 4: the system's order, but the families take turns, so that a family without a way out costs little."""
    if not addresses:
        return []
    first = [address for address in addresses if address.family == addresses[0].family]
    others = [address for address in addresses if address.family != addresses[0].family]
    turns = chain.from_iterable(zip_longest(first, others))
    return [address for address in turns if address is not None]
