"""Whether a stream comes to clients as it is sent: the gateway asks itself through its public address.

What stands in front (a proxy, a CDN) may keep an answer until it is whole: clients then see nothing for a minute and
give up. The stream that is asked for holds dots; a ticket that is good once opens it, so that no key goes to an address
that may be somebody else's.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator

import attrs

from aihub_lite.gateway.core import Gateway
from aihub_lite.upstream.demo import DemoUpstream
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.transport import Transport
from aihub_lite.web.doctor.finding import Finding
from aihub_lite.web.doctor.machine import is_serving

PATH = "/console/doctor/stream"
PIECES = 5
PAUSE = 0.25
"""Seconds between two pieces."""
SHARE = 0.4
"""Of the time from the first to the last piece: one that took less of it was kept back."""
WITHIN = 12.0
MOST = 64 * 1024
TICKETS = 16
"""That are open at once, at most."""


@attrs.define
class Tickets:
    """Those that the doctor has written for itself."""

    open: set[str] = attrs.field(factory=set)

    def write(self) -> str:
        """A new one, good for one stream."""
        if len(self.open) >= TICKETS:
            self.open.clear()
        ticket = secrets.token_urlsafe(24)
        self.open.add(ticket)
        return ticket

    def take(self, ticket: str) -> bool:
        """Whether it is one; never again after that."""
        if ticket not in self.open:
            return False
        self.open.discard(ticket)
        return True


async def dots() -> AsyncIterator[bytes]:
    """The stream: comments of SSE, which no client shows."""
    for number in range(PIECES):
        if number:
            await asyncio.sleep(PAUSE)
        yield b": .\n\n"


async def streams(gateway: Gateway, tickets: Tickets) -> list[Finding]:
    """Asks; only a gateway that serves can, and only where it knows its public address."""
    url = gateway.settings.public_url
    if not url or not await asyncio.to_thread(is_serving, gateway.settings.data_dir):
        return []
    ticket = tickets.write()
    try:
        async with asyncio.timeout(WITHIN):
            # A client of its own: a connection to itself that the gateway keeps has both ends here.
            async with Transport(gateway.settings, DemoUpstream(), gateway.clock, gateway.environ) as transport:
                return await _ask(transport, url, ticket)
    except (TransportFault, TimeoutError) as error:
        reason = str(error) or "no answer in time"
        return [Finding("public_url_unreached", "warning", {"url": url, "reason": reason})]
    finally:
        tickets.take(ticket)


async def _ask(transport: Transport, url: str, ticket: str) -> list[Finding]:
    response = await transport.send("GET", f"{url}{PATH}/{ticket}", (), None)
    try:
        if response.status != 200:
            return [Finding("public_url_elsewhere", "warning", {"url": url, "status": str(response.status)})]
        came = []
        size = 0
        async for piece in response:
            size += len(piece)
            if size > MOST:
                break
            came.append(time.monotonic())
    finally:
        await response.aclose()
    if len(came) < 2 or came[-1] - came[0] < SHARE * PAUSE * (PIECES - 1):
        return [Finding("proxy_buffers", "error", {"url": url})]
    return []
