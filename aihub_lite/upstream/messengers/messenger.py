"""Carries a letter to a service: one try, under a clock of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

import attrs
import msgspec

from aihub_lite.domain.alerts.destination import AlertDestination, Service, host_text, is_metadata, resolved, target_of
from aihub_lite.errors import InvalidRequest
from aihub_lite.upstream.http1.client import HttpClient
from aihub_lite.upstream.http1.dialing import Dialer
from aihub_lite.upstream.http1.faults import TransportFault
from aihub_lite.upstream.http1.request import Parcel
from aihub_lite.upstream.http1.resolving import Address, LookUp, Resolver, asked_of_the_system
from aihub_lite.upstream.messengers.forms import FORMS, AlertLetter, Post
from aihub_lite.upstream.messengers.others import MISSING, UNKNOWN, Apprise
from aihub_lite.upstream.transport import Response, fields_of
from aihub_lite.upstream.ways import Ways, tls_context

PATIENCE = 15.0
"""Seconds for a try."""
CONNECT = 5.0
MOST_BYTES = 64 * 1024
"""Of an answer."""
LONGEST_WAIT = 3600.0
"""A Retry-After beyond it is not believed."""
PASSING = frozenset({408, 425, 429, *range(500, 600)})
"""Statuses after which another try may do better."""
NOT_SET = "the variable of its address is not set"
NOT_ASKED = "a cloud's own service, which is not asked"
FOR_GOOD = frozenset({MISSING, UNKNOWN})


@attrs.frozen(kw_only=True)
class SendOutcome:
    """What became of a try."""

    error: str = ""
    """Empty where it has arrived; never holds an address or a secret."""
    again: bool = False
    """Whether another try may do better."""
    wait: float = 0.0
    """Seconds that the service asked to wait before."""

    @property
    def ok(self) -> bool:
        """Whether it has arrived."""
        return not self.error


@attrs.define(eq=False)
class Messenger:
    """Connections to services: `async with Messenger(environ) as messenger`."""

    environ: Mapping[str, str] = attrs.field(repr=False)
    look_up: LookUp = asked_of_the_system
    patience: float = PATIENCE
    client: HttpClient = attrs.field(init=False)
    ways: Ways = attrs.field(init=False)
    others: Apprise = attrs.field(factory=Apprise, init=False)

    async def __aenter__(self) -> Self:
        self.client = HttpClient(Dialer(tls_context, Resolver(self._looked_up)))
        self.ways = Ways(self.environ)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.close()

    async def send(self, destination: AlertDestination, letter: AlertLetter) -> SendOutcome:
        """Every end is an outcome."""
        address = resolved(destination.url, self.environ)
        if not address:
            return SendOutcome(error=NOT_SET)
        try:
            target = target_of(address)
        except InvalidRequest as refusal:
            return SendOutcome(error=refusal.message)
        try:
            async with asyncio.timeout(self.patience):
                if target.service == "apprise":
                    error = await self.others.send(target.url, letter)
                    return SendOutcome(error=error, again=error not in FOR_GOOD)
                secret = resolved(destination.secret, self.environ)
                if destination.secret.value and not secret:
                    return SendOutcome(error="the variable of its secret is not set")
                return await self._post(target.service, FORMS[target.service](target, letter, secret))
        except TimeoutError:
            return SendOutcome(error="no answer in time", again=True)
        except TransportFault as fault:
            return SendOutcome(error=str(fault), again=True)

    async def _post(self, service: Service, post: Post) -> SendOutcome:
        given = {"content-type": "application/json", **post.headers}
        headers = fields_of([(name.encode(), value.encode("latin-1", "replace")) for name, value in given.items()])
        way = self.ways.find(None, _without_user(post.url))
        answer = await self.client.ask("POST", _without_user(post.url), headers, post.body, CONNECT, Parcel(), way)
        response = Response(answer.status, answer.fields, answer)
        try:
            if 200 <= response.status < 300:
                return SendOutcome()  # it has arrived, whatever else the service says
            body = await response.read(MOST_BYTES)
        finally:
            await response.aclose()
        return refusal_of(service, response.status, response.headers.get("retry-after", ""), body)

    async def _looked_up(self, host: str, port: int) -> list[Address]:
        """Addresses of a name, unless it is one of a service that hands out a machine's credentials: whoever types
        addresses in may own the name."""
        found = await self.look_up(host, port)
        if is_metadata(host) or any(is_metadata(str(address.place[0])) for address in found):
            raise socket.gaierror(socket.EAI_NONAME, NOT_ASKED)
        return found


def refusal_of(service: Service, status: int, retry_after: str, body: bytes) -> SendOutcome:
    """What an answer comes to that says no."""
    return SendOutcome(error=f"{service} answered {status}", again=status in PASSING, wait=_wait(retry_after, body))


def _wait(retry_after: str, body: bytes) -> float:
    """In seconds, as the head says it, or Discord's and Telegram's bodies."""
    if seconds := _seconds(retry_after):
        return seconds
    try:
        told: Any = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return 0.0
    if not isinstance(told, dict):
        return 0.0
    inner = told.get("parameters")
    if isinstance(inner, dict):
        told = inner
    return _seconds(told.get("retry_after", ""))


def _seconds(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        return 0.0
    if not seconds > 0:
        return 0.0
    return min(seconds, LONGEST_WAIT)


def _without_user(url: str) -> str:
    """An address as a request names it: what stands before an @ is for a header, or for nobody."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, host_text(parts), parts.path or "/", parts.query, ""))
